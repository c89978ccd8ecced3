/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders to the process that configures the namespace: which ones it refuses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "netns/beside/mirror_order.h"
#include "test/unit/addr_text.h"

static struct mirror_order order4(void)
{
	struct mirror_order order = {
		.ipv4 = true,
		.next = { .addr_count = 2,
			  .addrs = { { addr("198.51.100.1"), 24, false },
				     { addr("169.254.2.1"), 16, false } } },
	};
	struct in6_addr gateway = addr("198.51.100.2");

	route_values_default(true, &gateway, 0, &order.next.routes);
	return order;
}

static void test_mirror_orders_that_make_sense(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	assert_true(mirror_order_is_sound(&order));
	order.next = (struct mirror_given){ .addr_count = 0 };
	assert_true(mirror_order_is_sound(&order));
	order = (struct mirror_order){
		.next = { .addr_count = 1, .addrs = { { addr("2001:db8::1"), 128, true } } },
	};
	assert_true(mirror_order_is_sound(&order));
}

static void test_mirror_counts_out_of_bounds_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.next.addr_count = MIRROR_ADDRS_MAX + 1;
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.next.addr_count = UINT32_MAX;
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.next.routes.count = ROUTE_VALUES_MAX + 1;
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_routes_that_make_no_sense_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.next.routes.items[0].dst_len = 33;
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.next.routes.items[0].gateway = addr("fe80::1");
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_prefix_too_long_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.next.addrs[1].prefix_len = 33;
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_other_family_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.ipv4 = false;
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.next.addrs[0].addr = addr("2001:db8::1");
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_no_unicast_address_refused(void **state)
{
	const char *const texts[] = { "0.0.0.0", "224.0.0.1", "127.0.0.1" };
	struct mirror_order order = order4();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		order.next.addrs[0].addr = addr(texts[i]);
		assert_false(mirror_order_is_sound(&order));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mirror_orders_that_make_sense),
		cmocka_unit_test(test_mirror_counts_out_of_bounds_refused),
		cmocka_unit_test(test_mirror_routes_that_make_no_sense_refused),
		cmocka_unit_test(test_mirror_prefix_too_long_refused),
		cmocka_unit_test(test_mirror_other_family_refused),
		cmocka_unit_test(test_mirror_no_unicast_address_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
