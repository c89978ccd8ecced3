/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether to poll for a short time before going to sleep. An answer that arrives within tens of
 * microseconds is cheaper to wait for than to be woken for, so after an event the worker polls;
 * but only while that has been paying off lately, not under bulk load, not while so much goes on
 * that a batch has several things to do (then it's the core that others wait for, not the answer),
 * and never more in vain than a fixed share of a core. Pure: time comes in as a parameter.
 */
#ifndef COMMON_ENGINE_POLL_H
#define COMMON_ENGINE_POLL_H

#include <stdbool.h>
#include <stdint.h>

struct poll_policy {
	uint64_t limit_ns; /* longest poll, 0: never */
	uint64_t credit_ns; /* what may still be polled in vain */
	uint64_t credit_at_ns; /* when credit was last added */
	uint32_t score; /* share of polls that paid off lately, of POLL_SCORE_ONE */
	uint32_t skipped; /* sleeps since the last poll */
	uint32_t crowd; /* things to do a batch lately, of POLL_CROWD_ONE */
};

#define POLL_SCORE_ONE 1024
#define POLL_CROWD_ONE 64

void poll_policy_init(struct poll_policy *policy, uint32_t limit_us, uint64_t now_ns);

/* poll_policy_batch() - a batch ends
 * @things:	frames or events that it had
 */
void poll_policy_batch(struct poll_policy *policy, uint64_t things);

/* poll_policy_wanted() - whether to poll now
 * @bytes:	moved in the batch that has just ended
 */
bool poll_policy_wanted(struct poll_policy *policy, uint64_t bytes, uint64_t now_ns);

/* poll_policy_result() - what a poll came to
 * @paid_off:	an event came in time
 */
void poll_policy_result(struct poll_policy *policy, bool paid_off, uint64_t spent_ns);

#endif
