/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules have numbers from 1 on. Texts are cut where a piece of an answer could get too long.
 */
#include "common/control/policy.h"

#include <stdio.h>

#include "common/base/addr.h"
#include "common/fwd/outbound.h"
#include "common/policy/audit.h"
#include "common/policy/rule.h"

#define TEXT_SHOWN 200

static void put_text(struct json *json, const char *name, const char *value)
{
	char text[TEXT_SHOWN];

	snprintf(text, sizeof(text), "%s", value);
	json_put_string(json, name, text);
}

static void put_hits(struct json *json, const struct fwd_table *fwd, enum policy_part part,
		     uint32_t i)
{
	if (fwd->audit && fwd->audit->hits[part])
		json_put_uint(json, "hits", fwd->audit->hits[part][i]);
}

/* Whose a rule is; --policy's go without saying */
static void put_part(struct json *json, enum policy_part part)
{
	if (part == POLICY_NARROW)
		json_put_string(json, "policy", "narrow");
}

static void put_default(struct json *json, const struct fwd_table *fwd, enum policy_part part,
			const char *name)
{
	const struct policy *policy = fwd_policies(fwd).of[part];

	json_put_object(json, name);
	json_put_string(json, "verdict",
			policy_verdict_text(policy ? policy->otherwise : POLICY_ALLOW));
	if (policy)
		put_hits(json, fwd, part, policy->count);
	json_end_object(json);
}

void control_policy_show(const struct engine *engine, struct json *json)
{
	const struct fwd_table *fwd = engine_fwd(engine);

	put_default(json, fwd, POLICY_GIVEN, "default");
	if (fwd->narrow)
		put_default(json, fwd, POLICY_NARROW, "narrow_default");
}

static void put_rule(struct json *json, const struct fwd_table *fwd, enum policy_part part,
		     uint32_t i)
{
	const struct policy_pair policies = fwd_policies(fwd);
	const struct policy_rule *rule = &policies.of[part]->rules[i];

	json_put_uint(json, "id", (uint64_t)i + 1);
	put_part(json, part);
	json_put_string(json, "verdict", policy_verdict_text(rule->verdict));
	put_text(json, "rule", rule->text);
	put_text(json, "source", rule->source);
	if (rule->line)
		json_put_uint(json, "line", rule->line);
}

bool control_policy_rule(const struct engine *engine, uint32_t i, struct json *json)
{
	const struct fwd_table *fwd = engine_fwd(engine);
	const struct policy_pair policies = fwd_policies(fwd);
	int part = 0;

	while (part < POLICY_PARTS && (!policies.of[part] || i >= policies.of[part]->count)) {
		i -= policies.of[part] ? policies.of[part]->count : 0;
		part++;
	}
	if (part == POLICY_PARTS)
		return false;
	json_put_object(json, NULL);
	put_rule(json, fwd, (enum policy_part)part, i);
	put_hits(json, fwd, (enum policy_part)part, i);
	json_end_object(json);
	return true;
}

bool control_policy_learn(const struct engine *engine)
{
	struct policy_lessons *lessons = engine_fwd(engine)->lessons;

	if (lessons)
		policy_lessons_sort(lessons);
	return lessons;
}

bool control_policy_lesson(const struct engine *engine, uint32_t *at, struct json *json)
{
	char line[POLICY_LESSONS_LINE_MAX];

	if (!policy_lessons_line(engine_fwd(engine)->lessons, at, line))
		return false;
	json_put_string(json, NULL, line);
	return true;
}

static uint8_t ip_protocol(const struct control_policy_test *test)
{
	if (test->protocol == POLICY_TCP)
		return IPPROTO_TCP;
	if (test->protocol == POLICY_UDP)
		return IPPROTO_UDP;
	return addr_is_ipv4(&test->addr) ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

static struct policy_decision judge_name(const struct fwd_table *fwd,
					 const struct control_policy_test *test)
{
	const struct policy_pair policies = fwd_policies(fwd);
	const struct policy_query query = {
		.protocol = ip_protocol(test),
		.port = test->port,
	};

	return policy_pair_ask(&policies, policy_judge_name, &query, test->name);
}

static enum fwd_verdict judge_addr(const struct fwd_table *fwd,
				   const struct control_policy_test *test,
				   struct policy_decision *ret_decision)
{
	const struct in6_addr *ns = &fwd_family_of(fwd, &test->addr)->ns_addr;
	const struct fwd_query query = {
		.protocol = ip_protocol(test),
		.ns = addr_is_unspecified(ns) ? test->addr : *ns,
		.remote = test->addr,
		.remote_port = test->port,
	};

	struct fwd_opinion opinion;
	enum fwd_verdict verdict = fwd_outbound_judge(fwd, &query, &opinion);

	if (verdict == FWD_ALLOW)
		*ret_decision = opinion.decision;
	return verdict;
}

void control_policy_test(const struct engine *engine, const struct control_policy_test *test,
			 struct json *json)
{
	const struct fwd_table *fwd = engine_fwd(engine);
	enum fwd_verdict verdict = FWD_ALLOW;
	const struct policy_answer *answer;
	struct policy_decision decision;

	if (test->name[0])
		decision = judge_name(fwd, test);
	else
		verdict = judge_addr(fwd, test, &decision);
	if (verdict != FWD_ALLOW) {
		json_put_string(json, "verdict", "deny");
		json_put_string(json, "why", fwd_verdict_text(verdict));
		return;
	}
	answer = policy_decision_answer(&decision);
	if (answer->rule != POLICY_NONE) {
		put_rule(json, fwd, decision.decider, answer->rule);
		return;
	}
	put_part(json, decision.decider);
	json_put_string(json, "verdict", policy_verdict_text(answer->verdict));
	json_put_string(json, "rule", "default");
}
