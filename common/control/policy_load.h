/* SPDX-License-Identifier: Apache-2.0
 *
 * "policy load": a policy's text, in a descriptor that came with the request, becomes the policy in
 * force, or nothing changes. The text is in memory that nobody can change or cut any more
 * (memfd_create(2) with seals), so that reading it never waits.
 */
#ifndef COMMON_CONTROL_POLICY_LOAD_H
#define COMMON_CONTROL_POLICY_LOAD_H

#include "common/base/err.h"
#include "common/engine/engine.h"

/* Longest text */
#define CONTROL_POLICY_MAX (16 * 1024 * 1024)

/* What has come of it */
struct control_policy_loaded {
	uint32_t rules;
	uint32_t ended; /* flows that it denies */
};

/* control_policy_load() - carry it out
 * @fd:		closed, whatever becomes of it; -1: none came
 * @name:	what messages, and rules, call the text
 *
 * Return: 0, or -errno with @err set
 */
int control_policy_load(struct engine *engine, int fd, const char *name,
			struct control_policy_loaded *ret, struct err *err);

#endif
