/* SPDX-License-Identifier: Apache-2.0
 *
 * What messages of one datagram, and of many, add to a count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/flow/count.h"

static void test_flow_count_one_datagram(void **state)
{
	struct flow_count count = { 0 };

	(void)state;
	flow_count_add(&count, 100, 100);
	flow_count_add(&count, 50, 1400);
	assert_int_equal(count.bytes, 150);
	assert_int_equal(count.packets, 2);
}

static void test_flow_count_empty_datagram(void **state)
{
	struct flow_count count = { 0 };

	(void)state;
	flow_count_add(&count, 0, 0);
	assert_int_equal(count.bytes, 0);
	assert_int_equal(count.packets, 1);
}

static void test_flow_count_train(void **state)
{
	struct flow_count count = { 0 };

	(void)state;
	flow_count_add(&count, 4000, 1000);
	flow_count_add(&count, 2001, 1000);
	assert_int_equal(count.bytes, 6001);
	assert_int_equal(count.packets, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_count_one_datagram),
		cmocka_unit_test(test_flow_count_empty_datagram),
		cmocka_unit_test(test_flow_count_train),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
