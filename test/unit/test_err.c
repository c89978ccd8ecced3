/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of failures: set, given a remedy, cut when they are too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/err.h"

static void test_err_remedy_goes_behind(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_set(&err, -5, "it %s", "broke"), -5);
	assert_int_equal(err_remedy(&err, -5, "mend it"), -5);
	assert_string_equal(err.text, "it broke (mend it)");
}

static void test_err_remedy_unknown_leaves_the_text(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, -5, "it broke");
	assert_int_equal(err_remedy(&err, -5, NULL), -5);
	assert_string_equal(err.text, "it broke");
}

static void test_err_too_long_is_cut(void **state)
{
	char longer[2 * sizeof(struct err)];
	struct err err;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, -5, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_remedy(&err, -5, "mend it");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_remedy_goes_behind),
		cmocka_unit_test(test_err_remedy_unknown_leaves_the_text),
		cmocka_unit_test(test_err_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
