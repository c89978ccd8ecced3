/* SPDX-License-Identifier: Apache-2.0
 *
 * The hook's command line, which stands in a bundle's config.json or in a hooks.d file: an
 * administrator's, so nothing in it needs permission.
 */
#ifndef HOOKS_ARGUMENTS_H
#define HOOKS_ARGUMENTS_H

#include <stdio.h>

#include "hooks/words.h"

#define ARGUMENTS_POLICY_DEFAULT "/etc/pasta/oci-hook-policy.json"
#define ARGUMENTS_CONFIG_DEFAULT "/etc/pasta/oci-hook.json"

enum arguments_action {
	ARGUMENTS_BY_STATE, /* the container's status says which */
	ARGUMENTS_CREATE_RUNTIME,
	ARGUMENTS_POSTSTOP,
	ARGUMENTS_PRINT_HELP,
	ARGUMENTS_PRINT_VERSION,
};

struct arguments {
	enum arguments_action action;
	const char *policy;
	const char *config; /* NULL: the default one, if it's there */
	const char *pasta; /* NULL: that of the configuration, or the one beside us */
	const char *runtime_dir; /* NULL: the default one */
	struct words options;
	struct words publish;
};

/* arguments_parse() - Return: 0, or -errno with @err set; arguments_fini() is needed either way */
int arguments_parse(int argc, char **argv, struct arguments *ret, struct hook_err *err);

void arguments_fini(struct arguments *arguments);

void arguments_usage(FILE *out);

#endif
