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
	return table->learnt && policy_reads_names(table->policy);
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

static struct fwd_opinion opinion_of(const struct fwd_table *table,
				     const struct policy_query *query)
{
	struct fwd_opinion opinion = { { POLICY_ALLOW, POLICY_NONE, NULL }, false };
	struct policy_answer *answer = &opinion.answer;

	if (!table->policy)
		return opinion;
	opinion.asks = reads_names(table) && query->dns && query->port == FWD_DNS_PORT;
	*answer = policy_judge(table->policy, query);
	if (answer->verdict != POLICY_ALLOW && opinion.asks &&
	    (answer->rule == POLICY_NONE ||
	     table->policy->rules[answer->rule].destination == POLICY_TO_ANY))
		*answer = (struct policy_answer){ POLICY_ALLOW, POLICY_NONE, NULL };
	return opinion;
}

struct fwd_opinion fwd_egress_judge(const struct fwd_table *table, const struct fwd_exit *exit)
{
	const char *names[POLICY_LEARNT_NAMES];
	const struct policy_query query = query_of(table, exit, names);

	return opinion_of(table, &query);
}

static void note(const struct fwd_table *table, const struct fwd_exit *exit,
		 const struct policy_answer *answer)
{
	if (table->audit)
		policy_audit_note(table->audit, &(struct policy_event){
							.answer = *answer,
							.protocol = exit->protocol,
							.src = exit->ns,
							.src_port = exit->ns_port,
							.dst = exit->addr,
							.dst_port = exit->port,
						});
}

void fwd_egress_note(const struct fwd_table *table, const struct flow_key *key,
		     const struct policy_answer *answer)
{
	const struct fwd_exit exit = {
		.protocol = key->protocol,
		.ns = key->ns,
		.ns_port = key->ns_port,
		.addr = key->remote,
		.port = key->remote_port,
	};

	note(table, &exit, answer);
}

enum fwd_verdict fwd_egress(const struct fwd_table *table, const struct fwd_exit *exit,
			    struct fwd_opinion *ret_opinion)
{
	const char *names[POLICY_LEARNT_NAMES];
	const struct policy_query query = query_of(table, exit, names);
	const struct fwd_opinion opinion = opinion_of(table, &query);
	const struct policy_answer answer = opinion.answer;

	*ret_opinion = opinion;
	/* Of questions each is noted */
	if (answer.verdict != POLICY_ALLOW || !opinion.asks)
		note(table, exit, &answer);
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
