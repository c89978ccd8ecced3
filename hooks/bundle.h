/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container's bundle says about its namespaces: whether the network is the container's own,
 * or the host's, or somebody else's.
 */
#ifndef HOOKS_BUNDLE_H
#define HOOKS_BUNDLE_H

#include <stdbool.h>

#include "hooks/document.h"

struct bundle {
	bool own_pid_namespace; /* so its process can't be in ours */
};

/* bundle_check() - look at config.json's contents
 *
 * Return: 0 if the container gets a network namespace of its own; or -EINVAL with @err set
 */
int bundle_check(const json_t *config, struct bundle *ret, struct hook_err *err);

/* bundle_read() - the same, with the config.json in a folder */
int bundle_read(const char *folder, struct bundle *ret, struct hook_err *err);

#endif
