/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders to the process that configures the namespace: which ones it refuses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "netns/beside/mirror.h"
#include "test/unit/addr_text.h"

static struct mirror_order order4(void)
{
	return (struct mirror_order){
		.ipv4 = true,
		.addr_count = 2,
		.added = 1,
		.addrs = { { addr("198.51.100.1"), 24, false },
			   { addr("169.254.2.1"), 16, false } },
		.default_route = true,
		.gateway = addr("198.51.100.2"),
		.had_gateway = addr("169.254.2.2"),
	};
}

static void test_mirror_orders_that_make_sense(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	assert_true(mirror_order_is_sound(&order));
	order.gateway = order.had_gateway = in6addr_any;
	assert_true(mirror_order_is_sound(&order));
	order = (struct mirror_order){
		.addr_count = 1,
		.added = 1,
		.addrs = { { addr("2001:db8::1"), 128, true } },
		.gateway = addr("fe80::1"),
	};
	assert_true(mirror_order_is_sound(&order));
}

static void test_mirror_counts_out_of_bounds_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.added = 3;
	assert_false(mirror_order_is_sound(&order));
	order.added = 0;
	order.addr_count = MIRROR_ADDRS_MAX + 1;
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_routes_that_make_no_sense_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.routes.count = 1;
	order.routes.items[0].dst = addr("10.0.0.0");
	assert_true(mirror_order_is_sound(&order));
	order.routes.items[0].dst_len = 33;
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.routes.count = ROUTE_VALUES_MAX + 1;
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_prefix_too_long_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.addrs[1].prefix_len = 33;
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_other_family_refused(void **state)
{
	struct mirror_order order = order4();

	(void)state;
	order.gateway = addr("fe80::1");
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.had_gateway = addr("fe80::1");
	assert_false(mirror_order_is_sound(&order));
	order = order4();
	order.ipv4 = false;
	assert_false(mirror_order_is_sound(&order));
}

static void test_mirror_no_unicast_address_refused(void **state)
{
	const char *const texts[] = { "0.0.0.0", "224.0.0.1", "127.0.0.1" };
	struct mirror_order order = order4();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		order.addrs[0].addr = addr(texts[i]);
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
