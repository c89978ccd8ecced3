/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits on what is logged: one message a second, and what the next one says of those left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/log.h"

#define SECOND_NS 1000000000ULL

static void test_log_limit_counts_what_is_left_out(void **state)
{
	struct log_limit limit = { 0 };
	uint64_t suppressed = 99;

	(void)state;
	assert_true(log_limit_pass(&limit, SECOND_NS, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_false(log_limit_pass(&limit, SECOND_NS + 1, &suppressed));
	assert_false(log_limit_pass(&limit, 2 * SECOND_NS - 1, &suppressed));
	assert_true(log_limit_pass(&limit, 2 * SECOND_NS, &suppressed));
	assert_int_equal(suppressed, 2);
	assert_true(log_limit_pass(&limit, 3 * SECOND_NS, &suppressed));
	assert_int_equal(suppressed, 0);
}

static void test_log_limit_more_says_nothing_of_none(void **state)
{
	(void)state;
	assert_string_equal(log_limit_more(0).text, "");
	assert_string_equal(log_limit_more(1).text, " (1 more like this)");
	assert_string_equal(log_limit_more(UINT64_MAX).text,
			    " (18446744073709551615 more like this)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_limit_counts_what_is_left_out),
		cmocka_unit_test(test_log_limit_more_says_nothing_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
