/* SPDX-License-Identifier: Apache-2.0
 *
 * How often what was decided against, by the reason: of connections, and of each datagram that
 * would have opened a flow. The worker owns one, in which all count who carry a refusal out.
 */
#ifndef COMMON_FWD_REFUSALS_H
#define COMMON_FWD_REFUSALS_H

#include <stdint.h>

#include "common/fwd/fwd.h"

struct fwd_refusals {
	uint64_t by[FWD_VERDICTS]; /* verdict; FWD_ALLOW: unused */
};

static inline void fwd_refusals_count(struct fwd_refusals *refusals, enum fwd_verdict verdict)
{
	refusals->by[verdict]++;
}

#endif
