/* SPDX-License-Identifier: Apache-2.0
 *
 * A moving average of outcomes decides, a bucket of time bounds the cost.
 */
#include "common/engine/poll.h"

#include "common/base/util.h"

/* Beyond so many bytes a batch it's throughput that counts, and others need the core */
#define POLL_BULK_BYTES 16384

/* Polls in vain may take 1/32 of the time, saved up for at most 4 ms */
#define POLL_CREDIT_SHARE 32
#define POLL_CREDIT_MAX_NS 4000000ULL

#define POLL_SCORE_WEIGHT 8 /* an outcome counts 1/8 */
#define POLL_SCORE_MIN (POLL_SCORE_ONE / 4)
#define POLL_CROWD_WEIGHT 8 /* a batch likewise, */
#define POLL_CROWD_BATCH 64 /* and a larger one as one of this size */
#define POLL_CROWD_MAX (2 * POLL_CROWD_ONE)
#define POLL_RETRY 16 /* with a low score, every so many sleeps it's tried again */

void poll_policy_init(struct poll_policy *policy, uint32_t limit_us, uint64_t now_ns)
{
	*policy = (struct poll_policy){
		.limit_ns = (uint64_t)limit_us * 1000,
		.credit_ns = POLL_CREDIT_MAX_NS,
		.credit_at_ns = now_ns,
		.score = POLL_SCORE_ONE / 2,
	};
}

void poll_policy_batch(struct poll_policy *policy, uint64_t things)
{
	uint32_t size = (uint32_t)MIN(things, POLL_CROWD_BATCH) * POLL_CROWD_ONE;

	policy->crowd = (policy->crowd * (POLL_CROWD_WEIGHT - 1) + size) / POLL_CROWD_WEIGHT;
}

bool poll_policy_wanted(struct poll_policy *policy, uint64_t bytes, uint64_t now_ns)
{
	policy->credit_ns =
		MIN(policy->credit_ns + (now_ns - policy->credit_at_ns) / POLL_CREDIT_SHARE,
		    POLL_CREDIT_MAX_NS);
	policy->credit_at_ns = now_ns;
	if (!policy->limit_ns || policy->crowd > POLL_CROWD_MAX || bytes > POLL_BULK_BYTES ||
	    policy->credit_ns < policy->limit_ns)
		return false;
	if (policy->score >= POLL_SCORE_MIN)
		return true;
	if (++policy->skipped < POLL_RETRY)
		return false;
	policy->skipped = 0;
	return true;
}

void poll_policy_result(struct poll_policy *policy, bool paid_off, uint64_t spent_ns)
{
	policy->score -= policy->score / POLL_SCORE_WEIGHT;
	if (paid_off)
		policy->score += POLL_SCORE_ONE / POLL_SCORE_WEIGHT;
	else
		policy->credit_ns -= MIN(spent_ns, policy->credit_ns);
}
