/* SPDX-License-Identifier: Apache-2.0
 *
 * Two policies that hold together: the one that was given, and one of somebody who is trusted less,
 * a container for one, which can only narrow it. Each is asked for itself, and what leaves is
 * allowed by both. So nothing that is in one of them opens what the other closes.
 */
#ifndef COMMON_POLICY_PAIR_H
#define COMMON_POLICY_PAIR_H

#include "common/policy/policy.h"

enum policy_part { POLICY_GIVEN, POLICY_NARROW, POLICY_PARTS };

struct policy_pair {
	const struct policy *of[POLICY_PARTS]; /* NULL: there is none, and it allows everything */
};

/* What has been decided by those that were asked, in the order of enum policy_part */
struct policy_decision {
	struct policy_answer answer[POLICY_PARTS]; /* of those that were asked */
	bool asked[POLICY_PARTS];
	enum policy_part decider; /* who refuses, else the first that was asked */
};

/* policy_decision_answer() - what holds: without a policy, that everything is allowed */
static inline const struct policy_answer *
policy_decision_answer(const struct policy_decision *decision)
{
	return &decision->answer[decision->decider];
}

/* How one of them judges */
typedef struct policy_answer policy_pair_judge_fn(const struct policy *policy,
						  const struct policy_query *query,
						  const char *name);

/* policy_pair_ask() - one after the other, until one refuses
 * @query, @name:	for @judge
 */
struct policy_decision policy_pair_ask(const struct policy_pair *pair, policy_pair_judge_fn *judge,
				       const struct policy_query *query, const char *name);

/* policy_pair_judge() - policy_judge() of both */
struct policy_decision policy_pair_judge(const struct policy_pair *pair,
					 const struct policy_query *query);

/* policy_pair_judge_question() - policy_judge_question() of those that read names: the others have
 * said already whether a resolver may be asked at all
 */
struct policy_decision policy_pair_judge_question(const struct policy_pair *pair, const char *name);

/* policy_pair_may_learn() - whether an answer may lead there for both: they share what is learnt */
bool policy_pair_may_learn(const struct policy_pair *pair, const struct in6_addr *addr);

static inline bool policy_pair_reads_names(const struct policy_pair *pair)
{
	return policy_reads_names(pair->of[POLICY_GIVEN]) ||
	       policy_reads_names(pair->of[POLICY_NARROW]);
}

/* policy_pair_sni() - the same for both, if there are two; there has to be one */
static inline enum policy_sni policy_pair_sni(const struct policy_pair *pair)
{
	const struct policy *given = pair->of[POLICY_GIVEN];

	return (given ? given : pair->of[POLICY_NARROW])->sni;
}

#endif
