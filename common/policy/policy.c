/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule with the lowest number that fits is looked for in two places, the networks and the
 * others; what one has found bounds how far the other looks.
 */
#include "common/policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/sort.h"
#include "common/base/util.h"
#include "common/policy/group.h"

/* HTTP/3's: RFC 9114, 3.1 */
#define QUIC_PORT 443

/* --- making one ----------------------------------------------------------- */

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	free(policy->rules);
	free(policy->by_node);
	free(policy->others);
	free(policy->nodes);
	free(policy->lans);
	policy_names_free(&policy->names);
	for (uint32_t i = 0; i < policy->text_count; i++)
		free(policy->texts[i]);
	free(policy->texts);
	free(policy);
}

int policy_add(struct policy *policy, const struct policy_rule *rule)
{
	if (policy->count == POLICY_RULES_MAX)
		return -E2BIG;
	if (policy->count == policy->room) {
		uint32_t room = policy->room ? 2 * policy->room : 16;
		struct policy_rule *rules = reallocarray(policy->rules, room, sizeof(*rules));

		if (!rules)
			return -ENOMEM;
		policy->rules = rules;
		policy->room = room;
	}
	policy->rules[policy->count++] = *rule;
	return 0;
}

const char *policy_keep(struct policy *policy, const char *text)
{
	char **texts = reallocarray(policy->texts, policy->text_count + 1, sizeof(*texts));
	char *copy = texts ? strdup(text) : NULL;

	if (texts)
		policy->texts = texts;
	if (copy)
		policy->texts[policy->text_count++] = copy;
	return copy;
}

int policy_default(struct policy *policy, enum policy_verdict verdict)
{
	if (policy->otherwise_set)
		return -EEXIST;
	policy->otherwise_set = true;
	policy->otherwise = verdict;
	return 0;
}

static int network_compare(const struct policy_network *a, const struct policy_network *b)
{
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order : (int)a->len - (int)b->len;
}

/* Rules for one network one behind another, then in the order that they were given in */
static bool rule_before(uint32_t a, uint32_t b, const void *arg)
{
	const struct policy_rule *rules = arg;
	int order = network_compare(&rules[a].network, &rules[b].network);

	return order ? order < 0 : a < b;
}

static bool network_inside(const struct policy_network *inner, const struct policy_network *outer)
{
	return inner->len >= outer->len && policy_network_has(outer, &inner->addr);
}

/* Rules for one network become one node; wider networks come before those in them */
static void make_nodes(struct policy *policy, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct policy_network *network = &policy->rules[policy->by_node[i]].network;
		uint32_t parent = policy->node_count ? policy->node_count - 1 : POLICY_NONE;

		if (parent != POLICY_NONE &&
		    !network_compare(&policy->nodes[parent].network, network)) {
			policy->nodes[parent].count++;
			continue;
		}
		while (parent != POLICY_NONE &&
		       !network_inside(network, &policy->nodes[parent].network))
			parent = policy->nodes[parent].parent;
		policy->nodes[policy->node_count++] = (struct policy_node){
			.network = *network,
			.parent = parent,
			.first = i,
			.count = 1,
		};
	}
}

int policy_set_lans(struct policy *policy, const struct policy_network *lans, uint32_t count)
{
	struct policy_network *copy = calloc(count + 1, sizeof(*lans));

	if (!copy)
		return -ENOMEM;
	if (count)
		memcpy(copy, lans, count * sizeof(*lans));
	free(policy->lans);
	policy->lans = copy;
	policy->lan_count = count;
	return 0;
}

static int index_names(struct policy *policy)
{
	struct policy_named *named = calloc(policy->count + 1, sizeof(*named));
	uint32_t count = 0;
	int rc;

	for (uint32_t i = 0; named && i < policy->count; i++) {
		if (policy->rules[i].destination != POLICY_TO_NAME)
			continue;
		named[count] = policy->rules[i].name;
		named[count++].rule = i;
	}
	rc = named ? policy_names_make(&policy->names, named, count) : -ENOMEM;
	free(named);
	return rc;
}

int policy_finish(struct policy *policy, const struct policy_network *lans, uint32_t lan_count)
{
	bool any_allow = false;
	uint32_t count = 0;

	policy->by_node = calloc(policy->count + 1, sizeof(*policy->by_node));
	policy->others = calloc(policy->count + 1, sizeof(*policy->others));
	policy->nodes = calloc(policy->count + 1, sizeof(*policy->nodes));
	if (!policy->by_node || !policy->others || !policy->nodes ||
	    policy_set_lans(policy, lans, lan_count) || index_names(policy))
		return -ENOMEM;
	for (uint32_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		any_allow |= rule->verdict == POLICY_ALLOW;
		if (rule->destination == POLICY_TO_NETWORK)
			policy->by_node[count++] = i;
		else if (rule->destination != POLICY_TO_NAME)
			policy->others[policy->others_count++] = i;
	}
	sort_u32_by(policy->by_node, count, rule_before, policy->rules);
	make_nodes(policy, count);
	if (!policy->otherwise_set)
		policy->otherwise = any_allow ? POLICY_DENY : POLICY_ALLOW;
	return 0;
}

/* --- judging -------------------------------------------------------------- */

static unsigned int protocol_bit(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return POLICY_TCP;
	case IPPROTO_UDP:
		return POLICY_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return POLICY_ICMP;
	default:
		return 0;
	}
}

/* Whether a rule is for the flow's protocol and port */
static bool service_fits(const struct policy_rule *rule, const struct policy_query *query)
{
	unsigned int protocol = protocol_bit(query->protocol);

	if (!(rule->protocols & protocol))
		return false;
	if (!rule->ports_count)
		return true;
	for (unsigned int i = 0; protocol != POLICY_ICMP && i < rule->ports_count; i++)
		if (query->port >= rule->ports[i].first && query->port <= rule->ports[i].last)
			return true;
	return false;
}

static bool in_lan(const struct policy *policy, const struct in6_addr *addr)
{
	for (uint32_t i = 0; i < policy->lan_count; i++)
		if (policy_network_has(&policy->lans[i], addr))
			return true;
	return false;
}

/* Whether nothing but what @query says it stands for is known of the address */
static bool stands_for(const struct policy_query *query)
{
	return query->host || query->dns_only;
}

/* Whether the address means the same everywhere, and is nobody's own */
static bool is_public(const struct in6_addr *addr)
{
	return policy_is_global(addr) && !policy_is_private(addr) && !policy_is_metadata(addr);
}

static bool in_group(const struct policy *policy, enum policy_group group,
		     const struct policy_query *query, const struct in6_addr *addr)
{
	if (group == POLICY_HOST)
		return query->host;
	if (group == POLICY_DNS)
		return query->dns;
	if (stands_for(query))
		return false;
	switch (group) {
	case POLICY_LAN:
		return in_lan(policy, addr);
	case POLICY_PRIVATE:
		return policy_is_private(addr);
	case POLICY_METADATA:
		return policy_is_metadata(addr);
	case POLICY_INTERNET:
		return !query->dns && is_public(addr) && !in_lan(policy, addr);
	case POLICY_HOST:
	case POLICY_DNS:
	case POLICY_GROUPS:
		break;
	}
	return false;
}

/* The first of the rules that are for no network, before rule @end */
static uint32_t first_other(const struct policy *policy, const struct policy_query *query,
			    const struct in6_addr *addr, uint32_t end)
{
	for (uint32_t i = 0; i < policy->others_count && policy->others[i] < end; i++) {
		const struct policy_rule *rule = &policy->rules[policy->others[i]];

		if (!service_fits(rule, query))
			continue;
		/* "Everything" is not meant to open the host */
		if (rule->destination == POLICY_TO_ANY
			    ? rule->verdict != POLICY_ALLOW || !query->host
			    : in_group(policy, rule->group, query, addr))
			return policy->others[i];
	}
	return end;
}

/* The innermost network with @addr, or POLICY_NONE */
static uint32_t find_node(const struct policy *policy, const struct in6_addr *addr)
{
	uint32_t low = 0, high = policy->node_count, node;

	/* The last one that doesn't begin behind the address */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (memcmp(&policy->nodes[middle].network.addr, addr, sizeof(*addr)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	node = low ? low - 1 : POLICY_NONE;
	while (node != POLICY_NONE && !policy_network_has(&policy->nodes[node].network, addr))
		node = policy->nodes[node].parent;
	return node;
}

/* The first of the rules for networks with @addr, before rule @end */
static uint32_t first_network(const struct policy *policy, const struct policy_query *query,
			      const struct in6_addr *addr, uint32_t end)
{
	uint32_t node = find_node(policy, addr);

	for (; node != POLICY_NONE; node = policy->nodes[node].parent) {
		const struct policy_node *n = &policy->nodes[node];

		if (stands_for(query) && n->network.len < 128)
			break; /* and all that it lies in is wider */
		if (addr_is_ipv4(addr) && n->network.len < 96)
			break; /* of IPv6, and not meant */
		for (uint32_t i = n->first; i < n->first + n->count; i++) {
			if (policy->by_node[i] >= end)
				break;
			if (service_fits(&policy->rules[policy->by_node[i]], query))
				end = policy->by_node[i];
		}
	}
	return end;
}

/* QUIC says the name that it is for in a way that can't be read here (RFC 9001, 5.2): a rule for a
 * name that doesn't ask for UDP leaves programs to TCP, whose first bytes are looked at
 */
static bool may_be_quic(const struct policy *policy, const struct policy_rule *rule,
			const struct policy_query *query)
{
	return query->protocol == IPPROTO_UDP && query->port == QUIC_PORT &&
	       rule->verdict == POLICY_ALLOW && rule->protocols != POLICY_UDP &&
	       policy->sni != POLICY_SNI_OFF;
}

/* The first of the rules for @name, before rule @end */
static uint32_t first_name(const struct policy *policy, const struct policy_query *query,
			   const char *name, uint32_t end)
{
	struct policy_name_walk walk = policy_name_walk(&policy->names, name);
	const struct policy_name *found;

	while ((found = policy_name_next(&walk)))
		for (uint32_t i = found->first; i < found->first + found->count; i++) {
			uint32_t at = policy->names.rules[i];
			const struct policy_rule *rule = &policy->rules[at];

			if (at >= end)
				break;
			if (service_fits(rule, query) && !may_be_quic(policy, rule, query))
				end = at;
		}
	return end;
}

static struct policy_answer judge_as(const struct policy *policy, const struct policy_query *query,
				     const struct in6_addr *addr)
{
	const char *name = query->name_count ? query->names[0] : NULL;
	uint32_t rule = first_other(policy, query, addr, policy->count);

	rule = first_network(policy, query, addr, rule);
	for (uint32_t i = 0; !stands_for(query) && i < query->name_count; i++) {
		uint32_t first = first_name(policy, query, query->names[i], rule);

		if (first < rule)
			name = query->names[i];
		rule = first;
	}
	if (rule == policy->count)
		return (struct policy_answer){ policy->otherwise, POLICY_NONE, name };
	return (struct policy_answer){ policy->rules[rule].verdict, rule, name };
}

struct policy_answer policy_judge(const struct policy *policy, const struct policy_query *query)
{
	struct policy_answer answer = judge_as(policy, query, &query->addr);
	struct policy_network translator;
	struct in6_addr ip4;

	if (answer.verdict != POLICY_ALLOW || stands_for(query) ||
	    !policy_embedded(&query->addr, &ip4, &translator))
		return answer;
	if (answer.rule != POLICY_NONE) {
		const struct policy_rule *rule = &policy->rules[answer.rule];

		if (rule->destination == POLICY_TO_NETWORK &&
		    network_inside(&rule->network, &translator))
			return answer;
	}
	return judge_as(policy, query, &ip4);
}

/* --- names ---------------------------------------------------------------- */

/* Whether a rule is for all that there is in public */
static bool is_for_public(const struct policy_rule *rule)
{
	return rule->destination == POLICY_TO_ANY ||
	       (rule->destination == POLICY_TO_GROUP && rule->group == POLICY_INTERNET);
}

/* The first rule from number @from on that has a say in whether @name may be asked for */
static uint32_t next_for_question(const struct policy *policy, const char *name, uint32_t from)
{
	struct policy_name_walk walk = policy_name_walk(&policy->names, name);
	const struct policy_name *found;
	uint32_t end = policy->count;

	while ((found = policy_name_next(&walk)))
		for (uint32_t i = found->first; i < found->first + found->count; i++)
			if (policy->names.rules[i] >= from) {
				end = MIN(end, policy->names.rules[i]);
				break;
			}
	for (uint32_t i = 0; i < policy->others_count && policy->others[i] < end; i++) {
		const struct policy_rule *rule = &policy->rules[policy->others[i]];

		if (policy->others[i] >= from && is_for_public(rule) &&
		    (rule->destination == POLICY_TO_ANY || rule->verdict == POLICY_ALLOW))
			return policy->others[i];
	}
	return end;
}

/* Whether a rule says so of all protocols and ports */
static bool is_total(const struct policy_rule *rule)
{
	return rule->protocols == (POLICY_TCP | POLICY_UDP | POLICY_ICMP) && !rule->ports_count;
}

struct policy_answer policy_judge_question(const struct policy *policy, const char *name)
{
	uint32_t rule = 0;

	while ((rule = next_for_question(policy, name, rule)) < policy->count) {
		enum policy_verdict verdict = policy->rules[rule].verdict;

		if (verdict == POLICY_ALLOW || is_total(&policy->rules[rule]))
			return (struct policy_answer){ verdict, rule, name };
		rule++;
	}
	return (struct policy_answer){ policy->otherwise, POLICY_NONE, name };
}

struct policy_answer policy_judge_name(const struct policy *policy,
				       const struct policy_query *query, const char *name)
{
	uint32_t rule = first_name(policy, query, name, policy->count);

	for (uint32_t i = 0; i < policy->others_count && policy->others[i] < rule; i++) {
		const struct policy_rule *other = &policy->rules[policy->others[i]];

		if (is_for_public(other) && service_fits(other, query))
			rule = policy->others[i];
	}
	if (rule == policy->count)
		return (struct policy_answer){ policy->otherwise, POLICY_NONE, name };
	return (struct policy_answer){ policy->rules[rule].verdict, rule, name };
}

/* Whether a rule for a network or a group allows any of @addr */
static bool is_named(const struct policy *policy, const struct in6_addr *addr)
{
	const struct policy_query query = { .addr = *addr };

	for (uint32_t node = find_node(policy, addr); node != POLICY_NONE;
	     node = policy->nodes[node].parent) {
		const struct policy_node *n = &policy->nodes[node];

		for (uint32_t i = n->first; i < n->first + n->count; i++)
			if (policy->rules[policy->by_node[i]].verdict == POLICY_ALLOW)
				return true;
	}
	for (uint32_t i = 0; i < policy->others_count; i++) {
		const struct policy_rule *rule = &policy->rules[policy->others[i]];

		if (rule->destination == POLICY_TO_GROUP && rule->verdict == POLICY_ALLOW &&
		    in_group(policy, rule->group, &query, addr))
			return true;
	}
	return false;
}

static bool may_lead_to(const struct policy *policy, const struct in6_addr *addr)
{
	return addr_is_unicast(addr) && (is_public(addr) || is_named(policy, addr));
}

bool policy_may_learn(const struct policy *policy, const struct in6_addr *addr)
{
	struct policy_network translator;
	struct in6_addr ip4;

	return may_lead_to(policy, addr) &&
	       (!policy_embedded(addr, &ip4, &translator) || may_lead_to(policy, &ip4));
}
