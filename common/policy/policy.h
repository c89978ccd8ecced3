/* SPDX-License-Identifier: Apache-2.0
 *
 * What a namespace may reach: an ordered list of rules, of which the first that fits a new flow
 * decides, and what holds if none does. Made once from text (rule.h), completed by policy_finish(),
 * and const from then on; to judge allocates nothing.
 *
 * Networks are looked up, not tried one by one: any two of them either lie within one another or
 * have nothing in common, so those that contain an address are the innermost one, found by binary
 * search, and what that lies in. Rules for groups and for everything are few, and tried in turn.
 *
 * An address that stands for the host is not part of the network that it was taken from: rules for
 * the host, or for exactly that address, open it, no others do. It is closed by these and by rules
 * for everything.
 *
 * Names are those that the flow's address was learnt for (learnt.h), of which it may have several:
 * a rule for any of them fits. What stands for the host has none.
 *
 * IPv6 addresses that a translator or a relay on the way turns into an IPv4 address are that one as
 * well: both have to be allowed, unless a rule says so of the translator's own network.
 */
#ifndef COMMON_POLICY_POLICY_H
#define COMMON_POLICY_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/policy/name.h"
#include "common/policy/network.h"

enum policy_verdict {
	POLICY_ALLOW,
	POLICY_DENY, /* who asked is told */
	POLICY_DROP, /* and here not */
};

/* Of these, a destination may be in several */
enum policy_group {
	POLICY_HOST, /* everything that is the host */
	POLICY_LAN, /* in a network that the host is directly connected to */
	POLICY_PRIVATE,
	POLICY_METADATA, /* where clouds keep a machine's credentials */
	POLICY_INTERNET, /* global, and in none of the others */
	POLICY_DNS, /* the host's resolvers */
	POLICY_GROUPS,
};

enum policy_destination { POLICY_TO_ANY, POLICY_TO_NETWORK, POLICY_TO_GROUP, POLICY_TO_NAME };

/* What a TCP connection is held to that only a rule for a name lets out: see tcp/gate.h */
enum policy_sni {
	POLICY_SNI_ON, /* the name that it says, if it says one */
	POLICY_SNI_STRICT, /* it has to */
	POLICY_SNI_OFF,
};

#define POLICY_TCP 1U
#define POLICY_UDP 2U
#define POLICY_ICMP 4U /* ICMPv6, too */

struct policy_ports {
	uint16_t first, last; /* host order */
};

#define POLICY_PORTS_MAX 16

struct policy_rule {
	enum policy_verdict verdict;
	unsigned int protocols; /* bits as above */
	enum policy_destination destination;
	struct policy_network network;
	enum policy_group group;
	struct policy_named name; /* in ->text */
	unsigned int ports_count; /* 0: all; else those of TCP and UDP alone */
	struct policy_ports ports[POLICY_PORTS_MAX];
	const char *text; /* as it was written, without its verdict; not owned: see policy_keep() */
	const char *source; /* file or option that it comes from, likewise */
	uint32_t line; /* in that file; 0: none */
};

/* A network that rules are for */
struct policy_node {
	struct policy_network network;
	uint32_t parent; /* the innermost one that it lies in, or POLICY_NONE */
	uint32_t first, count; /* its rules, in ->by_node */
};

#define POLICY_NONE UINT32_MAX

struct policy {
	enum policy_verdict otherwise;
	bool otherwise_set; /* by policy_default() */
	enum policy_sni sni;
	bool learning; /* names are of interest, though no rule has one */
	struct policy_rule *rules;
	uint32_t count, room;
	uint32_t *by_node; /* numbers of rules, ascending for each node */
	uint32_t *others; /* numbers of rules for everything and for groups, ascending */
	uint32_t others_count;
	struct policy_node *nodes; /* ascending */
	uint32_t node_count;
	struct policy_names names;
	struct policy_network *lans;
	uint32_t lan_count;
	char **texts;
	uint32_t text_count;
};

struct policy_query {
	uint8_t protocol; /* as in IP */
	struct in6_addr addr; /* that was asked for */
	uint16_t port; /* host order; 0 for ICMP */
	bool host; /* it stands for the host, or is an address of the host's own */
	bool dns; /* it leads to one of the host's resolvers */
	bool dns_only; /* and stands for nothing else: not the address's network */
	const char *const *names; /* that the address was learnt for, in lower case */
	uint32_t name_count;
};

struct policy_answer {
	enum policy_verdict verdict;
	uint32_t rule; /* its number, or POLICY_NONE: none has fit */
	const char *name; /* of the query's: that the rule fits by, else any; NULL: it has none */
};

#define POLICY_RULES_MAX 1000000

/* policy_new() - without a rule. Return: the caller's until policy_free(); NULL: no memory */
struct policy *policy_new(void);
void policy_free(struct policy *policy); /* NULL is fine */

/* policy_add() - a rule after all others; its name's text must live as long as the policy. Return:
 * 0, -ENOMEM, or -E2BIG beyond POLICY_RULES_MAX */
int policy_add(struct policy *policy, const struct policy_rule *rule);

/* policy_keep() - a copy of @text that lives as long as the policy. Return: NULL: no memory */
const char *policy_keep(struct policy *policy, const char *text);

/* policy_default() - what holds if no rule fits. Return: 0, or -EEXIST if that was said before */
int policy_default(struct policy *policy, enum policy_verdict verdict);

/* policy_finish() - after the last rule, once
 *
 * @lans:	networks that the host is directly connected to; copied
 *
 * Return: 0 or -ENOMEM
 */
int policy_finish(struct policy *policy, const struct policy_network *lans, uint32_t lan_count);

/* policy_set_lans() - others, later on: nothing else of a finished policy changes. Return: 0, or
 * -ENOMEM: they stay as they were
 */
int policy_set_lans(struct policy *policy, const struct policy_network *lans, uint32_t count);

/* policy_judge() - whether a new flow may be; pure */
struct policy_answer policy_judge(const struct policy *policy, const struct policy_query *query);

/* policy_reads_names() - whether any rule is for a name, or it's to be learnt which could be */
static inline bool policy_reads_names(const struct policy *policy)
{
	return policy && (policy->names.count || policy->learning);
}

/* policy_is_by_name() - whether a rule for a name has decided */
static inline bool policy_is_by_name(const struct policy *policy,
				     const struct policy_answer *answer)
{
	return policy && answer->rule != POLICY_NONE &&
	       policy->rules[answer->rule].destination == POLICY_TO_NAME;
}

/* policy_judge_question() - whether a resolver may be asked for @name: a rule has to be able to
 * allow something by it, so it's one for names, for everything or for all public addresses
 */
struct policy_answer policy_judge_question(const struct policy *policy, const char *name);

/* policy_judge_name() - what becomes of a flow to a public address that was learnt for @name, by
 * rules for names, for everything or for all public addresses; those for networks aren't asked.
 * Pure
 * @query:	its protocol and port
 */
struct policy_answer policy_judge_name(const struct policy *policy,
				       const struct policy_query *query, const char *name);

/* policy_may_learn() - whether an answer may lead to @addr: not into private networks and the
 * like, unless rules for networks or groups allow something of them
 */
bool policy_may_learn(const struct policy *policy, const struct in6_addr *addr);

#endif
