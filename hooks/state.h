/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a container, as a runtime gives it to its hooks on standard input (OCI runtime
 * specification, "State"). Fields that aren't ours are ignored.
 */
#ifndef HOOKS_STATE_H
#define HOOKS_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "hooks/document.h"

#define STATE_MAX_BYTES (1 << 20)
#define STATE_WHAT "the container's state on standard input"

struct state {
	json_t *root; /* what all strings live in */
	const char *id;
	const char *bundle; /* absolute */
	const json_t *annotations; /* values are strings; NULL if there are none */
	pid_t pid; /* 0: there is none any more */
	bool stopped;
};

/* state_take() - check a document and take it over, whatever comes out
 *
 * Return: 0; or -EINVAL with @err set. state_fini() is needed in either case.
 */
int state_take(json_t *root, struct state *ret, struct hook_err *err);

void state_fini(struct state *state);

#endif
