/* SPDX-License-Identifier: Apache-2.0
 *
 * What a namespace gets later on, from states that addressing_resolve() makes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/engine/growth.h"
#include "test/unit/addr_text.h"

struct fixture {
	struct addressing_addr addrs[ADDRESSING_ADDRS_MAX];
	struct addressing_host offline, online;
	struct addressing_request request;
	struct addressing given, now;
	struct growth growth;
};

/* IPv4 and IPv6 of one host: two addresses, a default route */
static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ .addrs = {
				       { addr("198.51.100.1"), 24, false, false },
				       { addr("192.0.2.1"), 28, false, false },
				       { addr("2001:db8:1::1"), 64, false, false },
			       } };
	f->online = (struct addressing_host){
		.ip4 = { .found = true,
			 .ifname = "eth0",
			 .gateway = addr("198.51.100.2"),
			 .has_default = true,
			 .addrs = f->addrs,
			 .addr_count = 2 },
		.ip6 = { .found = true,
			 .ifname = "eth0",
			 .gateway = addr("fe80::2"),
			 .has_default = true,
			 .addrs = f->addrs + 2,
			 .addr_count = 1 },
	};
	addressing_request_init(&f->request);
}

static void resolve(const struct fixture *f, const struct addressing_host *host,
		    struct addressing *ret)
{
	struct config config;

	addressing_resolve(host, &f->request, ret, &config);
}

static void resolve_both(struct fixture *f)
{
	resolve(f, &f->offline, &f->given);
	resolve(f, &f->online, &f->now);
}

static void test_local_mode_gets_addresses_and_default_route(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve_both(&f);
	assert_true(growth_is_possible(&f.given.ip4));
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_true(f.growth.moved);
	assert_true(f.growth.default_route);
	assert_true(f.growth.next.copy_routes);
	assert_false(f.growth.next.local);
	assert_int_equal(f.growth.next.addr_count, 3);
	assert_addr(&f.growth.next.addrs[0].addr, "198.51.100.1");
	assert_int_equal(f.growth.next.addrs[1].prefix_len, 28);
	assert_addr(&f.growth.next.addrs[2].addr, "169.254.2.1");
	assert_addr(&f.growth.next.gateway, "198.51.100.2");
	assert_true(growth_find(&f.given.ip6, &f.now.ip6, &f.growth));
	assert_int_equal(f.growth.next.addr_count, 1);
	assert_addr(&f.growth.next.addrs[0].addr, "2001:db8:1::1");
}

static void test_once_given_is_never_given_again(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve_both(&f);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	f.given.ip4 = f.growth.next;
	assert_false(growth_is_possible(&f.given.ip4));
	f.addrs[0].addr = addr("198.51.100.77");
	f.online.ip4.gateway = addr("198.51.100.3");
	resolve(&f, &f.online, &f.now);
	assert_false(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
}

static void test_default_route_may_come_later_than_addresses(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.online.ip4.has_default = false;
	f.online.ip4.gateway = in6addr_any;
	resolve_both(&f);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_true(f.growth.moved);
	assert_false(f.growth.default_route);
	assert_addr(&f.growth.next.gateway, "169.254.2.2");
	f.given.ip4 = f.growth.next;
	assert_true(growth_is_possible(&f.given.ip4));
	assert_false(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));

	f.online.ip4.has_default = true;
	f.online.ip4.gateway = addr("198.51.100.2");
	resolve(&f, &f.online, &f.now);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_false(f.growth.moved);
	assert_true(f.growth.default_route);
	assert_int_equal(f.growth.next.addr_count, 3);
}

static void test_host_without_default_route_at_start(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.offline = f.online;
	f.offline.ip4.has_default = false;
	f.offline.ip4.gateway = in6addr_any;
	f.online.ip4.gateway = in6addr_any;
	f.online.ip4.default_on_link = true;
	resolve_both(&f);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_false(f.growth.moved);
	assert_true(f.growth.default_route);
	assert_true(f.growth.next.default_on_link);
	assert_false(growth_is_possible(&f.given.ip6));
}

/* As on a laptop that is offline, but has a bridge for containers */
static void test_other_interface_than_at_start(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.offline.ip4 = f.online.ip4;
	f.offline.ip4.addrs = f.addrs + 1;
	f.offline.ip4.addr_count = 1;
	f.offline.ip4.has_default = false;
	f.offline.ip4.gateway = in6addr_any;
	resolve_both(&f);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_true(f.growth.moved);
	assert_true(f.growth.default_route);
	assert_int_equal(f.growth.next.addr_count, 2);
	assert_addr(&f.growth.next.addrs[0].addr, "198.51.100.1");
	assert_addr(&f.growth.next.addrs[1].addr, "192.0.2.1");
}

static void test_nothing_while_the_host_has_nothing(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve_both(&f);
	assert_false(growth_find(&f.given.ip4, &f.given.ip4, &f.growth));
	assert_false(growth_find(&f.now.ip4, &f.given.ip4, &f.growth)); /* and nothing is taken */
}

static void test_what_the_user_has_asked_for_stays(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.addr = addr("10.0.2.15");
	f.request.ip4.gateway = addr("10.0.2.2");
	f.request.ip6.disabled = true;
	resolve_both(&f);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_false(f.growth.moved);
	assert_false(f.growth.default_route);
	assert_addr(&f.growth.next.gateway, "10.0.2.2");
	assert_int_equal(f.growth.next.addr_count, 1);
	assert_false(growth_is_possible(&f.given.ip6));
	assert_false(growth_find(&f.given.ip6, &f.now.ip6, &f.growth));
}

static void test_as_many_addresses_as_there_may_be(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (uint32_t i = 0; i < ADDRESSING_ADDRS_MAX; i++)
		f.addrs[i] = (struct addressing_addr){ addr_from_be32(htonl(0x0a000001 + i)), 8,
						       false, false };
	f.online.ip4.addr_count = ADDRESSING_ADDRS_MAX;
	resolve_both(&f);
	assert_true(growth_find(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_true(f.growth.moved);
	assert_int_equal(f.growth.next.addr_count, ADDRESSING_ADDRS_MAX);
}

static void test_mirror_is_like_the_host(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.offline = f.online;
	resolve_both(&f);
	assert_false(growth_mirror(&f.given.ip4, &f.now.ip4, &f.growth));
	f.addrs[0].addr = addr("198.51.100.77");
	f.online.ip4.gateway = addr("198.51.100.3");
	resolve(&f, &f.online, &f.now);
	assert_true(growth_mirror(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_true(f.growth.moved);
	assert_int_equal(f.growth.next.addr_count, 2);
	assert_addr(&f.growth.next.addrs[0].addr, "198.51.100.77");
	assert_addr(&f.growth.next.gateway, "198.51.100.3");
	f.given.ip4 = f.growth.next;
	assert_false(growth_mirror(&f.given.ip4, &f.now.ip4, &f.growth));
	assert_false(f.growth.moved);
}

static void test_mirror_falls_back_to_local_mode(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve_both(&f);
	assert_true(growth_mirror(&f.now.ip4, &f.given.ip4, &f.growth));
	assert_true(f.growth.moved && f.growth.next.local);
	assert_int_equal(f.growth.next.addr_count, 1);
	assert_addr(&f.growth.next.addrs[0].addr, "169.254.2.1");
	assert_addr(&f.growth.next.gateway, "169.254.2.2");
	assert_true(growth_mirror(&f.now.ip6, &f.given.ip6, &f.growth));
	assert_int_equal(f.growth.next.addr_count, 0);
	assert_addr(&f.growth.next.gateway, "fe80::1");
}

static void test_mirror_sees_small_changes(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.offline = f.online;
	resolve_both(&f);
	f.now.ip6.addrs[0].deprecated = true;
	assert_true(growth_mirror(&f.given.ip6, &f.now.ip6, &f.growth));
	assert_true(f.growth.next.addrs[0].deprecated);
	assert_false(f.growth.moved);
	f.now = f.given;
	f.now.ip4.addrs[1].prefix_len++;
	assert_true(growth_mirror(&f.given.ip4, &f.now.ip4, &f.growth));
	f.now = f.given;
	f.now.ip4.default_from = ADDRESSING_DEFAULT_NONE;
	assert_true(growth_mirror(&f.given.ip4, &f.now.ip4, &f.growth));
}

static void test_mirror_leaves_a_family_that_is_off_alone(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve_both(&f);
	f.given.ip6.enabled = false;
	assert_false(growth_mirror(&f.given.ip6, &f.now.ip6, &f.growth));
	assert_false(f.growth.next.enabled);
	assert_int_equal(f.growth.next.addr_count, f.given.ip6.addr_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local_mode_gets_addresses_and_default_route),
		cmocka_unit_test(test_once_given_is_never_given_again),
		cmocka_unit_test(test_default_route_may_come_later_than_addresses),
		cmocka_unit_test(test_host_without_default_route_at_start),
		cmocka_unit_test(test_other_interface_than_at_start),
		cmocka_unit_test(test_nothing_while_the_host_has_nothing),
		cmocka_unit_test(test_what_the_user_has_asked_for_stays),
		cmocka_unit_test(test_as_many_addresses_as_there_may_be),
		cmocka_unit_test(test_mirror_is_like_the_host),
		cmocka_unit_test(test_mirror_falls_back_to_local_mode),
		cmocka_unit_test(test_mirror_sees_small_changes),
		cmocka_unit_test(test_mirror_leaves_a_family_that_is_off_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
