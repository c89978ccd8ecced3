/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers in their order.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "common/base/sort.h"

static void test_sort_nothing_and_one(void **state)
{
	uint32_t one[] = { 7, 3 };

	(void)state;
	sort_u32(one, 0);
	sort_u32(one, 1);
	assert_int_equal(one[0], 7);
	assert_int_equal(one[1], 3);
}

static void test_sort_extremes_and_equals(void **state)
{
	uint32_t values[] = { 5, UINT32_MAX, 0, 5, UINT32_MAX, 1, 0 };
	static const uint32_t sorted[] = { 0, 0, 1, 5, 5, UINT32_MAX, UINT32_MAX };

	(void)state;
	sort_u32(values, 7);
	assert_memory_equal(values, sorted, sizeof(sorted));
}

static int compare(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

static void test_sort_is_as_libc_does_it(void **state)
{
	static uint32_t values[1000], expected[1000];

	(void)state;
	srandom(1);
	for (size_t count = 0; count <= 1000; count = count * 2 + 1) {
		for (size_t i = 0; i < count; i++)
			values[i] = expected[i] = (uint32_t)random() % (uint32_t)(count + 1);
		qsort(expected, count, sizeof(expected[0]), compare);
		sort_u32(values, count);
		assert_memory_equal(values, expected, count * sizeof(values[0]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort_nothing_and_one),
		cmocka_unit_test(test_sort_extremes_and_equals),
		cmocka_unit_test(test_sort_is_as_libc_does_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
