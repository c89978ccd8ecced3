/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy from a list of rules, for tests.
 */
#ifndef TEST_UNIT_POLICY_RULES_H
#define TEST_UNIT_POLICY_RULES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/util.h"
#include "common/policy/policy.h"
#include "common/policy/rule.h"

/* "+RULE" allows, "-RULE" denies, "!RULE" drops
 * @lan:	a network that the host is connected to; NULL: none
 */
static inline struct policy *policy_of_rules(const char *const *rules, size_t count,
					     const struct policy_network *lan)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	for (size_t i = 0; i < count; i++) {
		struct policy_rule rule;
		struct err err;

		assert_int_equal(policy_rule_parse(rules[i] + 1,
						   rules[i][0] == '+'	? POLICY_ALLOW
						   : rules[i][0] == '-' ? POLICY_DENY
									: POLICY_DROP,
						   &rule, &err),
				 0);
		assert_int_equal(policy_add(policy, &rule), 0);
	}
	assert_int_equal(policy_finish(policy, lan, !!lan), 0);
	return policy;
}

/* RULES_OF() - @lan: as above */
#define RULES_OF(lan, ...)                                                                         \
	policy_of_rules((const char *const[]){ __VA_ARGS__ },                                      \
			ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), lan)

#endif
