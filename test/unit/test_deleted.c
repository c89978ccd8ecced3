/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody has deleted, and is not to come back: what is the same, and what is forgotten.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "netns/tap/deleted.h"
#include "test/unit/addr_text.h"

static int new_deleted(void **state)
{
	*state = calloc(1, sizeof(struct deleted));
	return *state ? 0 : -1;
}

static int free_deleted(void **state)
{
	free(*state);
	return 0;
}

static struct route_value route4(void)
{
	return (struct route_value){ .dst = addr("10.8.0.0"),
				     .dst_len = 16,
				     .gateway = addr("198.51.100.2"),
				     .source = addr("198.51.100.1"),
				     .metric = 7,
				     .protocol = 4 };
}

static void test_deleted_addresses_are_known_by_themselves(void **state)
{
	struct deleted *deleted = *state;
	struct in6_addr ip4 = addr("192.0.2.1"), ip6 = addr("2001:db8::1");

	assert_false(deleted_has_addr(deleted, &ip4));
	deleted_add_addr(deleted, &ip4);
	assert_true(deleted_has_addr(deleted, &ip4));
	assert_false(deleted_has_addr(deleted, &ip6));
	deleted_add_addr(deleted, &ip6);
	assert_true(deleted_has_addr(deleted, &ip4));
	assert_true(deleted_has_addr(deleted, &ip6));
}

static void test_deleted_route_of_another_source_is_the_same(void **state)
{
	struct deleted *deleted = *state;
	struct route_value route = route4();

	deleted_add_route(deleted, &route);
	route.source = addr("192.0.2.1");
	route.mtu = 1300;
	route.protocol = 3;
	assert_true(deleted_has_route(deleted, &route));
}

static void test_deleted_route_by_another_gateway_is_another(void **state)
{
	struct deleted *deleted = *state;
	struct route_value route = route4();

	deleted_add_route(deleted, &route);
	route.gateway = addr("198.51.100.3");
	assert_false(deleted_has_route(deleted, &route));
	route = route4();
	route.metric = 8;
	assert_false(deleted_has_route(deleted, &route));
	route = route4();
	route.dst_len = 17;
	assert_false(deleted_has_route(deleted, &route));
	route = route4();
	route.tos = 8;
	assert_false(deleted_has_route(deleted, &route));
	route = route4();
	route.dst = addr("10.9.0.0");
	assert_false(deleted_has_route(deleted, &route));
}

static void test_deleted_first_is_forgotten_first(void **state)
{
	struct deleted *deleted = *state;

	for (uint32_t i = 0; i <= DELETED_ADDRS_MAX; i++) {
		struct in6_addr ip = addr_from_be32(htonl(0xc0000200 + i));

		deleted_add_addr(deleted, &ip);
		deleted_add_addr(deleted, &ip);
	}
	for (uint32_t i = 0; i <= DELETED_ADDRS_MAX; i++) {
		struct in6_addr ip = addr_from_be32(htonl(0xc0000200 + i));

		assert_int_equal(deleted_has_addr(deleted, &ip), i > 0);
	}
}

static void test_deleted_first_route_is_forgotten_first(void **state)
{
	struct route_value route = route4();
	struct deleted *deleted = *state;

	for (route.metric = 0; route.metric <= DELETED_ROUTES_MAX; route.metric++) {
		deleted_add_route(deleted, &route);
		deleted_add_route(deleted, &route);
	}
	for (route.metric = 0; route.metric <= DELETED_ROUTES_MAX; route.metric++)
		assert_int_equal(deleted_has_route(deleted, &route), route.metric > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_deleted, free_deleted)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_deleted_addresses_are_known_by_themselves),
		TEST(test_deleted_route_of_another_source_is_the_same),
		TEST(test_deleted_route_by_another_gateway_is_another),
		TEST(test_deleted_first_is_forgotten_first),
		TEST(test_deleted_first_route_is_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
