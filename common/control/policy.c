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

static void put_hits(struct json *json, const struct fwd_table *fwd, uint32_t i)
{
	if (fwd->audit)
		json_put_uint(json, "hits", fwd->audit->hits[i]);
}

void control_policy_show(const struct engine *engine, struct json *json)
{
	const struct fwd_table *fwd = engine_fwd(engine);
	const struct policy *policy = fwd->policy;

	json_put_object(json, "default");
	json_put_string(json, "verdict",
			policy_verdict_text(policy ? policy->otherwise : POLICY_ALLOW));
	if (policy)
		put_hits(json, fwd, policy->count);
	json_end_object(json);
}

static void put_rule(struct json *json, const struct policy *policy, uint32_t i)
{
	const struct policy_rule *rule = &policy->rules[i];

	json_put_uint(json, "id", (uint64_t)i + 1);
	json_put_string(json, "verdict", policy_verdict_text(rule->verdict));
	put_text(json, "rule", rule->text);
	put_text(json, "source", rule->source);
	if (rule->line)
		json_put_uint(json, "line", rule->line);
}

bool control_policy_rule(const struct engine *engine, uint32_t i, struct json *json)
{
	const struct fwd_table *fwd = engine_fwd(engine);

	if (!fwd->policy || i >= fwd->policy->count)
		return false;
	json_put_object(json, NULL);
	put_rule(json, fwd->policy, i);
	put_hits(json, fwd, i);
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

static enum fwd_verdict judge_name(const struct fwd_table *fwd,
				   const struct control_policy_test *test,
				   struct policy_answer *ret_answer)
{
	const struct policy_query query = {
		.protocol = ip_protocol(test),
		.port = test->port,
	};

	*ret_answer = (struct policy_answer){ POLICY_ALLOW, POLICY_NONE, NULL };
	if (fwd->policy)
		*ret_answer = policy_judge_name(fwd->policy, &query, test->name);
	return FWD_ALLOW;
}

static enum fwd_verdict judge_addr(const struct fwd_table *fwd,
				   const struct control_policy_test *test,
				   struct policy_answer *ret_answer)
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
		*ret_answer = opinion.answer;
	return verdict;
}

void control_policy_test(const struct engine *engine, const struct control_policy_test *test,
			 struct json *json)
{
	const struct fwd_table *fwd = engine_fwd(engine);
	struct policy_answer answer;
	enum fwd_verdict verdict =
		test->name[0] ? judge_name(fwd, test, &answer) : judge_addr(fwd, test, &answer);

	if (verdict != FWD_ALLOW) {
		json_put_string(json, "verdict", "deny");
		json_put_string(json, "why", fwd_verdict_text(verdict));
		return;
	}
	if (answer.rule != POLICY_NONE) {
		put_rule(json, fwd->policy, answer.rule);
		return;
	}
	json_put_string(json, "verdict", policy_verdict_text(answer.verdict));
	json_put_string(json, "rule", "default");
}
