/* SPDX-License-Identifier: Apache-2.0
 *
 * Another policy for a running engine: put in force as a whole, between batches. Flows that are
 * there are judged by it: those of the namespace's that it denies end, the others go on as they
 * are, and so do all that came to forwarded ports.
 */
#ifndef COMMON_ENGINE_POLICY_CHANGE_H
#define COMMON_ENGINE_POLICY_CHANGE_H

#include <stdint.h>

#include "common/policy/audit.h"
#include "common/policy/policy.h"

struct worker;

struct policy_change {
	struct worker *worker;
	struct policy *loaded; /* since the start, and ours; NULL: none was */
	struct policy_audit audit; /* of it, if the configuration has none */
};

void policy_change_init(struct policy_change *change, struct worker *worker);
void policy_change_fini(struct policy_change *change);

/* policy_change_lans() - the host is connected to other networks, or has other addresses. Flows are
 * judged again
 */
void policy_change_lans(struct policy_change *change, const struct policy_network *lans,
			uint32_t count);

/* policy_change_apply() - have another policy hold
 * @policy:	finished; owned by @change unless this fails
 * @ret_ended:	flows that it denies
 *
 * Return: 0 or -ENOMEM, and then nothing has changed
 */
int policy_change_apply(struct policy_change *change, struct policy *policy, uint32_t *ret_ended);

#endif
