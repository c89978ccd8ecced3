/* SPDX-License-Identifier: Apache-2.0
 *
 * A resolver of the host's is one by its address and port: its other ports are like anybody's.
 */
#include "common/fwd/egress.h"

#include "common/base/addr.h"
#include "common/base/clock.h"

static bool is_resolver(const struct fwd_table *table, const struct fwd_exit *exit)
{
	if (!fwd_is_dns(exit->protocol, exit->port))
		return false;
	for (uint32_t i = 0; i < table->resolver_count; i++)
		if (addr_equal(&table->resolvers[i], &exit->addr))
			return true;
	return false;
}

static bool reads_names(const struct fwd_table *table)
{
	const struct policy_pair policies = fwd_policies(table);

	return table->learnt && policy_pair_reads_names(&policies);
}

/* The names that the address was learnt for. Return: how many */
static uint32_t names_of(const struct fwd_table *table, const struct in6_addr *addr,
			 const char *names[POLICY_LEARNT_NAMES])
{
	const struct policy_learnt_entry *entries[POLICY_LEARNT_NAMES];
	uint32_t count = 0;

	if (reads_names(table))
		count = policy_learnt_find(table->learnt, addr, clock_now_ns(), entries);
	for (uint32_t i = 0; i < count; i++)
		names[i] = entries[i]->name;
	return count;
}

/* What the policy is asked of a flow; @names has to stay as long */
static struct policy_query query_of(const struct fwd_table *table, const struct fwd_exit *exit,
				    const char *names[POLICY_LEARNT_NAMES])
{
	return (struct policy_query){
		.protocol = exit->protocol,
		.addr = exit->addr,
		.port = exit->port,
		.host = exit->meaning == FWD_MEANS_HOST,
		.dns = exit->meaning == FWD_MEANS_RESOLVER || is_resolver(table, exit),
		.dns_only = exit->meaning == FWD_MEANS_RESOLVER,
		.names = names,
		.name_count = names_of(table, &exit->addr, names),
	};
}

/* Of a flow that questions go by: each is judged by who reads names */
static struct policy_answer judge_but_questions(const struct policy *policy,
						const struct policy_query *query, const char *name)
{
	const struct policy_answer answer = policy_judge(policy, query);

	(void)name;
	if (answer.verdict != POLICY_ALLOW && policy_reads_names(policy) &&
	    (answer.rule == POLICY_NONE || policy->rules[answer.rule].destination == POLICY_TO_ANY))
		return (struct policy_answer){ POLICY_ALLOW, POLICY_NONE, NULL };
	return answer;
}

/* The name that a rule of either policy lets the flow out by. Return: NULL: none */
static const char *name_in(const struct policy_pair *policies,
			   const struct policy_decision *decision)
{
	for (int i = 0; i < POLICY_PARTS; i++)
		if (policy_is_by_name(policies->of[i], &decision->answer[i]))
			return decision->answer[i].name;
	return NULL;
}

static struct fwd_opinion opinion_of(const struct fwd_table *table,
				     const struct policy_query *query)
{
	const struct policy_pair policies = fwd_policies(table);
	struct fwd_opinion opinion;

	opinion.asks = reads_names(table) && query->dns && query->port == FWD_DNS_PORT;
	if (opinion.asks)
		opinion.decision = policy_pair_ask(&policies, judge_but_questions, query, NULL);
	else
		opinion.decision = policy_pair_judge(&policies, query);
	opinion.name = name_in(&policies, &opinion.decision);
	return opinion;
}

struct fwd_opinion fwd_egress_judge(const struct fwd_table *table, const struct fwd_exit *exit)
{
	const char *names[POLICY_LEARNT_NAMES];
	const struct policy_query query = query_of(table, exit, names);

	return opinion_of(table, &query);
}

/* Return: whether it could be noted */
static bool note(const struct fwd_table *table, const struct fwd_exit *exit,
		 const struct policy_decision *decision)
{
	const struct policy_event event = {
		.answer = *policy_decision_answer(decision),
		.part = decision->decider,
		.protocol = exit->protocol,
		.src = exit->ns,
		.src_port = exit->ns_port,
		.dst = exit->addr,
		.dst_port = exit->port,
	};

	return !table->audit || policy_audit_note(table->audit, decision, &event);
}

void fwd_egress_note(const struct fwd_table *table, const struct flow_key *key,
		     const struct policy_decision *decision)
{
	const struct fwd_exit exit = {
		.protocol = key->protocol,
		.ns = key->ns,
		.ns_port = key->ns_port,
		.addr = key->remote,
		.port = key->remote_port,
	};

	note(table, &exit, decision);
}

enum fwd_verdict fwd_egress(const struct fwd_table *table, const struct fwd_exit *exit,
			    struct fwd_opinion *ret_opinion)
{
	const char *names[POLICY_LEARNT_NAMES];
	const struct policy_query query = query_of(table, exit, names);
	const struct fwd_opinion opinion = opinion_of(table, &query);
	const struct policy_answer answer = *policy_decision_answer(&opinion.decision);

	*ret_opinion = opinion;
	/* Of questions each is noted. What can't be is none that anybody should rely on */
	if ((answer.verdict != POLICY_ALLOW || !opinion.asks) &&
	    !note(table, exit, &opinion.decision))
		return FWD_REFUSE_SILENTLY;
	if (table->lessons && answer.verdict == POLICY_ALLOW)
		policy_lessons_note(table->lessons, &query, query.host ? NULL : answer.name);
	switch (answer.verdict) {
	case POLICY_ALLOW:
		return FWD_ALLOW;
	case POLICY_DENY:
		return FWD_REFUSE_POLICY;
	case POLICY_DROP:
		break;
	}
	return FWD_REFUSE_SILENTLY;
}

enum fwd_verdict fwd_egress_local(const struct fwd_table *table, const struct fwd_arrival *arrival,
				  const struct in6_addr *addr, uint16_t port)
{
	struct fwd_opinion opinion;
	const struct fwd_exit exit = {
		.protocol = arrival->protocol,
		.ns = arrival->peer,
		.ns_port = arrival->peer_port,
		.addr = *addr,
		.port = port,
		.meaning = FWD_MEANS_HOST,
	};

	return fwd_egress(table, &exit, &opinion);
}
