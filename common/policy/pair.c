/* SPDX-License-Identifier: Apache-2.0 */
#include "common/policy/pair.h"

struct policy_decision policy_pair_ask(const struct policy_pair *pair, policy_pair_judge_fn *judge,
				       const struct policy_query *query, const char *name)
{
	const struct policy_answer open = { POLICY_ALLOW, POLICY_NONE, NULL };
	struct policy_decision decision = { .answer = { open, open } };

	for (int i = POLICY_PARTS - 1; i >= 0; i--)
		if (pair->of[i])
			decision.decider = (enum policy_part)i; /* the first, until one refuses */
	for (int i = 0; i < POLICY_PARTS; i++) {
		if (!pair->of[i])
			continue;
		decision.asked[i] = true;
		decision.answer[i] = judge(pair->of[i], query, name);
		if (decision.answer[i].verdict != POLICY_ALLOW) {
			decision.decider = (enum policy_part)i;
			break;
		}
	}
	return decision;
}

static struct policy_answer judge_flow(const struct policy *policy,
				       const struct policy_query *query, const char *name)
{
	(void)name;
	return policy_judge(policy, query);
}

struct policy_decision policy_pair_judge(const struct policy_pair *pair,
					 const struct policy_query *query)
{
	return policy_pair_ask(pair, judge_flow, query, NULL);
}

static struct policy_answer judge_question(const struct policy *policy,
					   const struct policy_query *query, const char *name)
{
	(void)query;
	return policy_judge_question(policy, name);
}

struct policy_decision policy_pair_judge_question(const struct policy_pair *pair, const char *name)
{
	struct policy_pair readers = *pair;

	for (int i = 0; i < POLICY_PARTS; i++)
		if (!policy_reads_names(pair->of[i]))
			readers.of[i] = NULL;
	return policy_pair_ask(&readers, judge_question, NULL, name);
}

bool policy_pair_may_learn(const struct policy_pair *pair, const struct in6_addr *addr)
{
	for (int i = 0; i < POLICY_PARTS; i++)
		if (pair->of[i] && !policy_may_learn(pair->of[i], addr))
			return false;
	return true;
}
