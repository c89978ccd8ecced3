/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes as plain values: there and back, and which ones are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <cmocka.h>

#include "netns/host/host_routes.h"
#include "netns/host/route_values.h"
#include "test/unit/addr_text.h"

#define IFINDEX 7

static struct route_values some(void)
{
	struct route_values values;

	memset(&values, 0, sizeof(values));
	values.count = 2;
	values.items[0].dst = addr("0.0.0.0");
	values.items[0].gateway = addr("192.0.2.1");
	values.items[0].source = addr("192.0.2.7");
	values.items[0].metric = 100;
	values.items[0].protocol = 16;
	values.items[0].mtu = 1400;
	values.items[0].on_link = true;
	values.items[1].dst = addr("192.0.2.0");
	values.items[1].dst_len = 24;
	values.items[1].scope = 253;
	return values;
}

static struct host_routes *routes_of(const struct route_values *values, bool ipv4)
{
	struct host_routes *routes = host_routes_new(IFINDEX);

	assert_non_null(routes);
	for (uint32_t i = 0; i < values->count; i++)
		assert_int_equal(route_values_append(values, i, ipv4, routes), 0);
	return routes;
}

static void test_route_values_there_and_back(void **state)
{
	struct route_values values = some(), back;
	struct host_routes *routes = routes_of(&values, true);

	(void)state;
	memset(&back, 0xa5, sizeof(back));
	assert_true(route_values_are_sound(&values, true));
	route_values_make(routes, &back);
	assert_memory_equal(&back, &values, route_values_size(&values));
	assert_int_equal(((const uint8_t *)&back)[sizeof(back) - 1], 0xa5);
	host_routes_free(routes);
}

static void test_route_values_ip6_there_and_back(void **state)
{
	struct route_values values, back;
	struct host_routes *routes;

	(void)state;
	memset(&values, 0, sizeof(values));
	values.count = 2;
	values.items[0].gateway = addr("fe80::1");
	values.items[0].metric = 1024;
	values.items[1].dst = addr("2001:db8::");
	values.items[1].dst_len = 64;
	assert_true(route_values_are_sound(&values, false));
	routes = routes_of(&values, false);
	route_values_make(routes, &back);
	assert_memory_equal(&back, &values, route_values_size(&values));
	host_routes_free(routes);
}

static void test_route_values_no_more_than_fit_in(void **state)
{
	struct route_values values = some();
	struct host_routes *routes = host_routes_new(IFINDEX);

	(void)state;
	for (int i = 0; i <= ROUTE_VALUES_MAX; i++)
		assert_int_equal(route_values_append(&values, 1, true, routes), 0);
	route_values_make(routes, &values);
	assert_int_equal(values.count, ROUTE_VALUES_MAX);
	assert_true(values.cut);
	host_routes_free(routes);
	route_values_make(NULL, &values);
	assert_int_equal(values.count, 0);
}

static void test_route_values_other_interfaces_left_out(void **state)
{
	struct route_values values = some();
	struct host_routes *routes = routes_of(&values, true);

	(void)state;
	routes->ifindex++;
	route_values_make(routes, &values);
	assert_int_equal(values.count, 0);
	host_routes_free(routes);
}

static void test_route_values_join_what_is_new(void **state)
{
	struct route_values now = some(), given = some();

	(void)state;
	given.count = 1;
	assert_false(route_values_equal(&given, &now));
	route_values_join(&now, true, &given);
	assert_memory_equal(&given, &now, sizeof(now));
	route_values_join(&now, true, &given);
	assert_true(route_values_equal(&given, &now));
	given = (struct route_values){ .count = 0 };
	route_values_join(&now, false, &given);
	assert_int_equal(given.count, 1);
	assert_int_equal(given.items[0].dst_len, 24);
}

static void test_route_values_equal_in_any_order(void **state)
{
	struct route_values a = some(), b = some();

	(void)state;
	b.items[0] = a.items[1];
	b.items[1] = a.items[0];
	assert_true(route_values_equal(&a, &b));
	b.items[1].metric++;
	assert_false(route_values_equal(&a, &b));
}

static void test_route_values_link_local_network_left_out(void **state)
{
	struct route_values values;
	struct host_routes *routes;

	(void)state;
	memset(&values, 0, sizeof(values));
	values.count = 1;
	values.items[0].dst = addr("fe80::");
	values.items[0].dst_len = 64;
	values.items[0].metric = 256;
	routes = routes_of(&values, false);
	route_values_make(routes, &values);
	assert_int_equal(values.count, 0);
	host_routes_free(routes);
}

static void test_route_values_default_alone(void **state)
{
	struct in6_addr gateway = addr("198.51.100.2");
	struct route_values values;

	(void)state;
	memset(&values, 0xa5, sizeof(values));
	route_values_default(true, &gateway, 7, &values);
	assert_true(route_values_are_sound(&values, true));
	assert_int_equal(values.count, 1);
	assert_int_equal(values.items[0].dst_len, 0);
	assert_int_equal(values.items[0].metric, 7);
	route_values_default(true, &in6addr_any, 0, &values);
	assert_int_equal(values.items[0].scope, RT_SCOPE_LINK);
	route_values_default(false, &in6addr_any, 0, &values);
	assert_true(route_values_are_sound(&values, false));
	assert_int_equal(values.items[0].metric, 1024);
}

static void test_route_values_that_make_no_sense_refused(void **state)
{
	struct route_values values = some();

	(void)state;
	assert_false(route_values_are_sound(&values, false));
	values.items[1].dst_len = 33;
	assert_false(route_values_are_sound(&values, true));
	values = some();
	values.items[0].gateway = addr("fe80::1");
	assert_false(route_values_are_sound(&values, true));
	values = some();
	values.items[0].source = addr("fe80::1");
	assert_false(route_values_are_sound(&values, true));
	values = some();
	values.count = ROUTE_VALUES_MAX + 1;
	assert_false(route_values_are_sound(&values, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route_values_there_and_back),
		cmocka_unit_test(test_route_values_ip6_there_and_back),
		cmocka_unit_test(test_route_values_no_more_than_fit_in),
		cmocka_unit_test(test_route_values_other_interfaces_left_out),
		cmocka_unit_test(test_route_values_join_what_is_new),
		cmocka_unit_test(test_route_values_equal_in_any_order),
		cmocka_unit_test(test_route_values_link_local_network_left_out),
		cmocka_unit_test(test_route_values_default_alone),
		cmocka_unit_test(test_route_values_that_make_no_sense_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
