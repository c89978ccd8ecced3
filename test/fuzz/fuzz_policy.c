/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of a policy, one a line: what is taken is sound, what is refused is refused in one line,
 * and of a made policy any address is judged as by trying each rule.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/policy/group.h"
#include "common/policy/rule.h"

#define RULE_MAX_BYTES 512

static void check_rule(const struct policy_rule *rule)
{
	char text[POLICY_RULE_TEXT_MAX];
	struct policy_network network = rule->network;

	REQUIRE(rule->protocols && rule->ports_count <= POLICY_PORTS_MAX);
	for (unsigned int i = 0; i < rule->ports_count; i++)
		REQUIRE(rule->ports[i].first && rule->ports[i].first <= rule->ports[i].last);
	REQUIRE(rule->destination != POLICY_TO_NETWORK || !policy_network_trim(&network));
	REQUIRE(strlen(policy_rule_format(rule, text)) < sizeof(text) - 1);
}

static void check_judgement(const struct policy *policy, const struct in6_addr *addr)
{
	const struct policy_query query = { .protocol = IPPROTO_TCP, .addr = *addr, .port = 443 };
	const struct policy_answer answer = policy_judge(policy, &query);

	REQUIRE(answer.rule == POLICY_NONE ? answer.verdict == policy->otherwise
					   : answer.rule < policy->count);
	REQUIRE(answer.rule == POLICY_NONE || answer.verdict == policy->rules[answer.rule].verdict);
	if (answer.rule != POLICY_NONE &&
	    policy->rules[answer.rule].destination == POLICY_TO_NETWORK) {
		struct policy_network translator;
		struct in6_addr ip4;

		REQUIRE(policy_network_has(&policy->rules[answer.rule].network, addr) ||
			(policy_embedded(addr, &ip4, &translator) &&
			 policy_network_has(&policy->rules[answer.rule].network, &ip4)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = policy_new();
	char text[RULE_MAX_BYTES];

	if (!policy)
		return 0;
	for (size_t at = 0, len; at < size; at += len + 1) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		struct policy_rule rule;
		struct err err = { "" };

		len = end ? (size_t)(end - data) - at : size - at;
		if (len >= sizeof(text))
			break;
		memcpy(text, data + at, len);
		text[len] = '\0';
		if (policy_rule_parse(text, at % 2 ? POLICY_ALLOW : POLICY_DENY, &rule, &err)) {
			REQUIRE(err.text[0] && !strchr(err.text, '\n'));
			continue;
		}
		check_rule(&rule);
		REQUIRE(!policy_add(policy, &rule));
	}
	if (!policy_finish(policy, NULL, 0)) {
		struct in6_addr addr = in6addr_any;

		memcpy(&addr, data, size < sizeof(addr) ? size : sizeof(addr));
		check_judgement(policy, &addr);
		for (uint32_t i = 0; i < policy->count; i++)
			check_judgement(policy, &policy->rules[i].network.addr);
	}
	policy_free(policy);
	return 0;
}
