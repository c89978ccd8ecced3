/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules by DNS name, and what is learnt of names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/policy/learnt.h"
#include "common/policy/policy.h"
#include "common/policy/rule.h"
#include "test/unit/addr_text.h"
#include "test/unit/policy_rules.h"

#define RULES(...) RULES_OF(NULL, __VA_ARGS__)

static struct policy_answer judge(const struct policy *policy, const char *name, uint16_t port)
{
	const struct policy_query query = { .protocol = IPPROTO_TCP,
					    .addr = addr("192.0.2.1"),
					    .port = port,
					    .names = &name,
					    .name_count = !!name };

	return policy_judge(policy, &query);
}

static void test_names_are_matched_whole_or_by_their_end(void **state)
{
	struct policy *policy = RULES("+Example.org:443", "+*.example.org:80", "+*.com");

	(void)state;
	assert_int_equal(judge(policy, "example.org", 443).rule, 0);
	assert_int_equal(judge(policy, "www.example.org", 443).verdict, POLICY_DENY);
	assert_int_equal(judge(policy, "www.example.org", 80).rule, 1);
	assert_int_equal(judge(policy, "a.b.example.org", 80).rule, 1);
	assert_int_equal(judge(policy, "example.org", 80).verdict, POLICY_DENY);
	assert_int_equal(judge(policy, "badexample.org", 80).verdict, POLICY_DENY);
	assert_int_equal(judge(policy, "x.com", 1).rule, 2);
	assert_int_equal(judge(policy, "com", 1).verdict, POLICY_DENY);
	assert_int_equal(judge(policy, NULL, 443).verdict, POLICY_DENY);
	policy_free(policy);
}

static void test_of_several_names_the_first_rule_for_any_decides(void **state)
{
	struct policy *policy = RULES("-bad.test", "+good.test", "-any");
	const char *const names[] = { "good.test", "bad.test" };
	struct policy_query query = { .protocol = IPPROTO_TCP,
				      .addr = addr("192.0.2.1"),
				      .port = 1,
				      .names = names,
				      .name_count = 1 };
	struct policy_answer answer = policy_judge(policy, &query);

	(void)state;
	assert_int_equal(answer.verdict, POLICY_ALLOW);
	assert_string_equal(answer.name, "good.test");
	query.name_count = 2;
	answer = policy_judge(policy, &query);
	assert_int_equal(answer.verdict, POLICY_DENY);
	assert_string_equal(answer.name, "bad.test");
	/* What stands for the host has no name */
	query.name_count = 1;
	query.host = true;
	assert_int_equal(policy_judge(policy, &query).verdict, POLICY_DENY);
	policy_free(policy);
}

static enum policy_verdict judge_udp(const struct policy *policy, const char *name, uint16_t port)
{
	const struct policy_query query = { .protocol = IPPROTO_UDP,
					    .addr = addr("192.0.2.1"),
					    .port = port,
					    .names = &name,
					    .name_count = 1 };

	return policy_judge(policy, &query).verdict;
}

static void test_quic_takes_a_rule_of_its_own(void **state)
{
	struct policy *policy = RULES("+up.test", "+udp/quic.test:443");

	(void)state;
	assert_int_equal(judge_udp(policy, "up.test", 80), POLICY_ALLOW);
	assert_int_equal(judge_udp(policy, "up.test", 443), POLICY_DENY);
	assert_int_equal(judge_udp(policy, "quic.test", 443), POLICY_ALLOW);
	policy->sni = POLICY_SNI_OFF;
	assert_int_equal(judge_udp(policy, "up.test", 443), POLICY_ALLOW);
	policy_free(policy);
}

static enum policy_verdict question(const struct policy *policy, const char *name)
{
	return policy_judge_question(policy, name).verdict;
}

static void test_questions_go_where_a_rule_could_allow_something(void **state)
{
	struct policy *names = RULES("+up.test:443", "+192.0.2.0/24", "+@private", "-any:80");
	struct policy *all = RULES("-*.bad.test:80", "-*.worse.test", "+any:443", "+up.test");
	struct policy *closed = RULES("-worse.test", "+any");

	(void)state;
	assert_int_equal(question(names, "up.test"), POLICY_ALLOW);
	assert_int_equal(question(names, "x.up.test"), POLICY_DENY);
	assert_int_equal(question(names, "test"), POLICY_DENY);
	assert_int_equal(question(names, ""), POLICY_DENY);
	assert_int_equal(question(all, "other.test"), POLICY_ALLOW);
	assert_int_equal(question(all, "x.bad.test"), POLICY_ALLOW); /* at other ports */
	assert_int_equal(question(all, "x.worse.test"), POLICY_DENY);
	assert_int_equal(question(closed, "worse.test"), POLICY_DENY);
	assert_int_equal(question(closed, "x.worse.test"), POLICY_ALLOW);
	policy_free(names);
	policy_free(all);
	policy_free(closed);
}

static bool may(const struct policy *policy, const char *text)
{
	const struct in6_addr a = addr(text);

	return policy_may_learn(policy, &a);
}

static void test_answers_may_not_lead_into_private_networks(void **state)
{
	struct policy *policy = RULES("+up.test", "-10.1.0.0/16");
	struct policy *open = RULES("+up.test", "+tcp/10.1.0.0/16:80", "+@metadata");

	(void)state;
	assert_true(may(policy, "192.0.2.1"));
	assert_true(may(policy, "2001:db8::1"));
	assert_true(may(policy, "64:ff9b::192.0.2.1"));
	assert_false(may(policy, "10.1.2.3"));
	assert_false(may(policy, "169.254.169.254"));
	assert_false(may(policy, "64:ff9b::10.1.2.3"));
	assert_false(may(policy, "127.0.0.1"));
	assert_false(may(policy, "fd00::1"));
	assert_false(may(policy, "::"));
	assert_false(may(policy, "224.0.0.1"));
	assert_true(may(open, "10.1.2.3"));
	assert_false(may(open, "10.2.2.3"));
	assert_true(may(open, "169.254.169.254"));
	assert_true(may(open, "64:ff9b::10.1.2.3") == may(open, "10.1.2.3"));
	policy_free(policy);
	policy_free(open);
}

/* --- many ----------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Of few labels, so that names are often alike */
static void random_name(uint32_t *seed, char *text, size_t size)
{
	unsigned int labels = 1 + next_random(seed) % 4;
	size_t used = 0;

	for (unsigned int i = 0; i < labels; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%c", i ? "." : "",
					 (char)('a' + next_random(seed) % 3));
}

static bool fits(const struct policy_rule *rule, const char *name)
{
	size_t len = strlen(name);

	if (!rule->name.below)
		return len == rule->name.len && !strncmp(rule->name.text, name, len);
	return len > rule->name.len && name[len - rule->name.len - 1] == '.' &&
	       !strncmp(name + len - rule->name.len, rule->name.text, rule->name.len);
}

static void test_the_lookup_finds_what_trying_all_finds(void **state)
{
	static char texts[60][16];
	uint32_t seed = 3;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct policy *policy = policy_new();
		uint32_t count = next_random(&seed) % 60;

		for (uint32_t i = 0; i < count; i++) {
			struct policy_rule rule = {
				.verdict = POLICY_ALLOW,
				.protocols = POLICY_TCP,
				.destination = POLICY_TO_NAME,
				.name = { .text = texts[i], .below = next_random(&seed) % 2 },
			};

			random_name(&seed, texts[i], sizeof(texts[i]));
			rule.name.len = (uint8_t)strlen(texts[i]);
			assert_int_equal(policy_add(policy, &rule), 0);
		}
		assert_int_equal(policy_finish(policy, NULL, 0), 0);
		for (int i = 0; i < 100; i++) {
			uint32_t wanted = 0;
			char name[16];

			random_name(&seed, name, sizeof(name));
			while (wanted < count && !fits(&policy->rules[wanted], name))
				wanted++;
			assert_int_equal(judge(policy, name, 1).rule,
					 wanted < count ? wanted : POLICY_NONE);
			assert_int_equal(policy_judge_question(policy, name).rule,
					 wanted < count ? wanted : POLICY_NONE);
		}
		policy_free(policy);
	}
}

/* --- learning ------------------------------------------------------------- */

static const struct siphash_key secret = { { 1, 2 } };

static uint32_t find(const struct policy_learnt *learnt, const char *text, uint64_t now_s,
		     const char **ret_first)
{
	const struct policy_learnt_entry *found[POLICY_LEARNT_NAMES];
	const struct in6_addr a = addr(text);
	uint32_t count = policy_learnt_find(learnt, &a, now_s * NS_PER_S, found);

	*ret_first = count ? found[0]->name : "";
	return count;
}

static void add(struct policy_learnt *learnt, const char *text, const char *name, uint32_t ttl_s,
		uint64_t now_s)
{
	const struct in6_addr a = addr(text);

	policy_learnt_add(learnt, &a, name, ttl_s, now_s * NS_PER_S);
}

static void test_what_is_learnt_holds_for_its_time(void **state)
{
	struct policy_learnt learnt;
	const char *first;

	(void)state;
	assert_int_equal(policy_learnt_init(&learnt, &secret), 0);
	add(&learnt, "192.0.2.1", "a.test", 0, 1000);
	add(&learnt, "192.0.2.1", "b.test", 300, 1000);
	assert_int_equal(find(&learnt, "192.0.2.2", 1000, &first), 0);
	assert_int_equal(find(&learnt, "192.0.2.1", 1059, &first), 2);
	assert_string_equal(first, "b.test");
	assert_int_equal(find(&learnt, "192.0.2.1", 1060, &first), 1);
	assert_int_equal(find(&learnt, "192.0.2.1", 1299, &first), 1);
	assert_int_equal(find(&learnt, "192.0.2.1", 1300, &first), 0);
	/* Known again, and a shorter time makes none shorter */
	add(&learnt, "192.0.2.1", "a.test", 100, 1300);
	add(&learnt, "192.0.2.1", "a.test", 1, 1310);
	assert_int_equal(find(&learnt, "192.0.2.1", 1399, &first), 1);
	assert_int_equal(find(&learnt, "192.0.2.1", 1400, &first), 0);
	assert_int_equal(learnt.used, 2);
	policy_learnt_fini(&learnt);
}

static void test_flows_hold_names(void **state)
{
	const struct policy_learnt_entry *found[POLICY_LEARNT_NAMES];
	const struct in6_addr a = addr("192.0.2.1");
	struct policy_learnt learnt;
	const char *first;
	uint32_t held;

	(void)state;
	assert_int_equal(policy_learnt_init(&learnt, &secret), 0);
	add(&learnt, "192.0.2.1", "a.test", 0, 0);
	assert_int_equal(policy_learnt_find(&learnt, &a, 0, found), 1);
	held = policy_learnt_hold(&learnt, found[0]->name);
	assert_int_equal(find(&learnt, "192.0.2.1", 9999, &first), 1);
	policy_learnt_release(&learnt, held);
	assert_int_equal(find(&learnt, "192.0.2.1", 9999, &first), 0);
	policy_learnt_release(&learnt, policy_learnt_hold(&learnt, NULL));
	policy_learnt_fini(&learnt);
}

static void test_the_oldest_goes_first(void **state)
{
	struct policy_learnt learnt;
	const char *first;
	char name[16], text[32];

	(void)state;
	assert_int_equal(policy_learnt_init(&learnt, &secret), 0);
	for (unsigned int i = 0; i < POLICY_LEARNT_MAX; i++) {
		snprintf(text, sizeof(text), "2001:db8::%x", i);
		add(&learnt, text, "a.test", 100, 0);
	}
	add(&learnt, "2001:db8::0", "a.test", 100, 0); /* the youngest now */
	assert_int_equal(learnt.displaced, 0);
	add(&learnt, "192.0.2.1", "b.test", 100, 0);
	assert_int_equal(learnt.displaced, 1);
	assert_int_equal(find(&learnt, "2001:db8::0", 0, &first), 1);
	assert_int_equal(find(&learnt, "2001:db8::1", 0, &first), 0);
	assert_int_equal(find(&learnt, "2001:db8::2", 0, &first), 1);
	/* One address doesn't take all */
	for (unsigned int i = 0; i < 3 * POLICY_LEARNT_NAMES; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		add(&learnt, "192.0.2.1", name, 100, 0);
	}
	assert_int_equal(find(&learnt, "192.0.2.1", 0, &first), POLICY_LEARNT_NAMES);
	assert_string_equal(first, name);
	assert_int_equal(find(&learnt, "2001:db8::ff", 0, &first), 1);
	policy_learnt_fini(&learnt);
}

/* Whatever is done, the table's lists have what they should: as by a list that is tried through */
static void test_learning_by_chance(void **state)
{
	struct policy_learnt learnt;
	uint32_t seed = 5, held[64] = { 0 }, seen;
	uint64_t now_s = 0;

	(void)state;
	assert_int_equal(policy_learnt_init(&learnt, &secret), 0);
	for (unsigned int i = 0; i < 200000; i++) {
		const struct policy_learnt_entry *found[POLICY_LEARNT_NAMES];
		uint32_t *flow = &held[next_random(&seed) % ARRAY_SIZE(held)], count;
		char text[32], name[16];
		struct in6_addr a;

		snprintf(text, sizeof(text), "2001:db8::%x", next_random(&seed) % 3000);
		snprintf(name, sizeof(name), "%u.test", next_random(&seed) % 40);
		add(&learnt, text, name, next_random(&seed) % 200, now_s);
		now_s += !(next_random(&seed) % 8);
		a = addr(text);
		count = policy_learnt_find(&learnt, &a, now_s * NS_PER_S, found);
		assert_in_range(count, 1, POLICY_LEARNT_NAMES);
		assert_string_equal(found[0]->name, name);
		policy_learnt_release(&learnt, *flow);
		*flow = policy_learnt_hold(&learnt, found[count - 1]->name);
	}
	seen = 0;
	for (uint32_t n = learnt.oldest, older = 0; n; older = n, n = learnt.entries[n - 1].newer) {
		assert_int_equal(learnt.entries[n - 1].older, older);
		seen++;
	}
	for (uint32_t n = learnt.free_first; n; n = learnt.entries[n - 1].next)
		seen++;
	assert_int_equal(seen, learnt.used);
	policy_learnt_fini(&learnt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_matched_whole_or_by_their_end),
		cmocka_unit_test(test_of_several_names_the_first_rule_for_any_decides),
		cmocka_unit_test(test_quic_takes_a_rule_of_its_own),
		cmocka_unit_test(test_questions_go_where_a_rule_could_allow_something),
		cmocka_unit_test(test_answers_may_not_lead_into_private_networks),
		cmocka_unit_test(test_the_lookup_finds_what_trying_all_finds),
		cmocka_unit_test(test_what_is_learnt_holds_for_its_time),
		cmocka_unit_test(test_flows_hold_names),
		cmocka_unit_test(test_the_oldest_goes_first),
		cmocka_unit_test(test_learning_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
