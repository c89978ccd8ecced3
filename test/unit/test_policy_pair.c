/* SPDX-License-Identifier: Apache-2.0
 *
 * Two policies that hold together: whatever is in one, the other is not opened by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/util.h"
#include "common/policy/audit.h"
#include "common/policy/pair.h"
#include "common/policy/rule.h"
#include "test/unit/addr_text.h"
#include "test/unit/policy_rules.h"

#define RULES(...) RULES_OF(NULL, __VA_ARGS__)

static void drop(struct policy_pair *pair)
{
	for (int i = 0; i < POLICY_PARTS; i++)
		policy_free((struct policy *)pair->of[i]);
}

static struct policy_decision judge(const struct policy_pair *pair, const char *text, uint16_t port,
				    const char *name)
{
	const struct policy_query query = { .protocol = IPPROTO_TCP,
					    .addr = addr(text),
					    .port = port,
					    .names = &name,
					    .name_count = !!name };

	return policy_pair_judge(pair, &query);
}

static void assert_decided(const struct policy_decision *decision, enum policy_verdict verdict,
			   enum policy_part part, uint32_t rule)
{
	const struct policy_answer *answer = policy_decision_answer(decision);

	assert_int_equal(answer->verdict, verdict);
	assert_int_equal(answer->rule, rule);
	assert_int_equal(decision->decider, part);
}

static void test_both_must_allow(void **state)
{
	struct policy_pair pair = { { RULES("+192.0.2.0/24"),
				      RULES("-192.0.2.7", "+192.0.0.0/16:80", "+203.0.113.1") } };
	struct policy_decision decision = judge(&pair, "192.0.2.1", 80, NULL);

	(void)state;
	assert_decided(&decision, POLICY_ALLOW, POLICY_GIVEN, 0);
	assert_true(decision.asked[POLICY_NARROW]);
	assert_int_equal(decision.answer[POLICY_NARROW].rule, 1);
	decision = judge(&pair, "192.0.2.1", 81, NULL);
	assert_decided(&decision, POLICY_DENY, POLICY_NARROW, POLICY_NONE);
	decision = judge(&pair, "192.0.2.7", 80, NULL);
	assert_decided(&decision, POLICY_DENY, POLICY_NARROW, 0);
	decision = judge(&pair, "203.0.113.1", 80, NULL);
	assert_decided(&decision, POLICY_DENY, POLICY_GIVEN, POLICY_NONE);
	assert_false(decision.asked[POLICY_NARROW]);
	drop(&pair);
}

static void test_alone_it_narrows_everything(void **state)
{
	struct policy_pair none = { { NULL, NULL } };
	struct policy_pair pair = { { NULL, RULES("+192.0.2.0/24") } };
	struct policy_decision decision = judge(&pair, "192.0.2.1", 80, NULL);

	(void)state;
	assert_decided(&decision, POLICY_ALLOW, POLICY_NARROW, 0);
	decision = judge(&pair, "203.0.113.1", 80, NULL);
	assert_decided(&decision, POLICY_DENY, POLICY_NARROW, POLICY_NONE);
	decision = judge(&none, "203.0.113.1", 80, NULL);
	assert_decided(&decision, POLICY_ALLOW, POLICY_GIVEN, POLICY_NONE);
	assert_false(decision.asked[POLICY_GIVEN] || decision.asked[POLICY_NARROW]);
	drop(&pair);
}

static void test_a_name_of_one_opens_nothing_of_the_other(void **state)
{
	struct policy_pair pair = { { RULES("+a.test", "+192.0.2.0/24"), RULES("+b.test") } };
	struct policy_decision decision = judge(&pair, "192.0.2.1", 80, "b.test");

	(void)state;
	assert_decided(&decision, POLICY_ALLOW, POLICY_GIVEN, 1);
	decision = judge(&pair, "198.51.100.1", 80, "b.test");
	assert_decided(&decision, POLICY_DENY, POLICY_GIVEN, POLICY_NONE);
	decision = judge(&pair, "198.51.100.1", 80, "a.test");
	assert_decided(&decision, POLICY_DENY, POLICY_NARROW, POLICY_NONE);
	drop(&pair);
}

static void test_questions_are_judged_by_those_with_names(void **state)
{
	struct policy_pair pair = { { RULES("+*.test"), RULES("+a.test", "+a.example") } };
	struct policy_pair networks = { { RULES("+192.0.2.0/24"), RULES("+a.test") } };
	struct policy_decision decision = policy_pair_judge_question(&pair, "a.test");

	(void)state;
	assert_decided(&decision, POLICY_ALLOW, POLICY_GIVEN, 0);
	decision = policy_pair_judge_question(&pair, "b.test");
	assert_decided(&decision, POLICY_DENY, POLICY_NARROW, POLICY_NONE);
	decision = policy_pair_judge_question(&pair, "a.example");
	assert_decided(&decision, POLICY_DENY, POLICY_GIVEN, POLICY_NONE);
	decision = policy_pair_judge_question(&networks, "a.test");
	assert_decided(&decision, POLICY_ALLOW, POLICY_NARROW, 0);
	assert_false(decision.asked[POLICY_GIVEN]);
	drop(&pair);
	drop(&networks);
}

static void test_an_answer_leads_only_where_both_may_learn(void **state)
{
	struct policy_pair pair = { { RULES("+a.test", "+10.0.0.0/8"),
				      RULES("+a.test", "+10.9.0.0/16", "+192.168.0.0/16") } };
	const struct in6_addr both = addr("10.9.0.1"), given = addr("10.8.0.1"),
			      narrow = addr("192.168.0.1"), public = addr("1.2.3.4");

	(void)state;
	assert_true(policy_pair_may_learn(&pair, &both));
	assert_true(policy_pair_may_learn(&pair, &public));
	assert_false(policy_pair_may_learn(&pair, &given));
	assert_false(policy_pair_may_learn(&pair, &narrow));
	drop(&pair);
}

static void test_each_counts_its_own_hits(void **state)
{
	struct policy_pair pair = { { RULES("+192.0.2.0/24"), RULES("+any:80") } };
	const char *const tried[] = { "192.0.2.1", "192.0.2.2", "203.0.113.1" };
	struct policy *loaded = RULES("-any");
	struct policy_audit audit;

	(void)state;
	assert_int_equal(policy_audit_init(&audit, &pair), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
		struct policy_decision decision = judge(&pair, tried[i], i == 1 ? 81 : 80, NULL);

		policy_audit_note(&audit, &decision, &(struct policy_event){ 0 });
	}
	assert_int_equal(audit.hits[POLICY_GIVEN][0], 2);
	assert_int_equal(audit.hits[POLICY_GIVEN][1], 1);
	assert_int_equal(audit.hits[POLICY_NARROW][0], 1);
	assert_int_equal(audit.hits[POLICY_NARROW][1], 1);
	assert_int_equal(policy_audit_change(&audit, loaded), 0);
	assert_int_equal(audit.hits[POLICY_GIVEN][0], 0);
	assert_int_equal(audit.hits[POLICY_NARROW][0], 1);
	policy_audit_fini(&audit);
	policy_free(loaded);
	drop(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_must_allow),
		cmocka_unit_test(test_alone_it_narrows_everything),
		cmocka_unit_test(test_a_name_of_one_opens_nothing_of_the_other),
		cmocka_unit_test(test_questions_are_judged_by_those_with_names),
		cmocka_unit_test(test_an_answer_leads_only_where_both_may_learn),
		cmocka_unit_test(test_each_counts_its_own_hits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
