/* SPDX-License-Identifier: Apache-2.0
 *
 * Template choice: links, addresses and next hops as literals, one rule a test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "netns/host/host_choice.h"

enum { LO = 1, ETH, WLAN, DOWN, BARE };

static const struct choice_link links[] = {
	{ .ifindex = LO, .ifname = "lo", .up = true, .loopback = true },
	{ .ifindex = ETH, .ifname = "eth", .up = true },
	{ .ifindex = WLAN, .ifname = "wlan", .up = true },
	{ .ifindex = DOWN, .ifname = "down" },
	{ .ifindex = BARE, .ifname = "bare", .up = true },
};

static struct in6_addr addr(const char *text)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	if (*text)
		assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* Every link but BARE has an address of both families; that one has link-local ones */
static struct choice choose(const struct choice_hop *hops, size_t count, int family,
			    unsigned int named)
{
	const struct choice_addr addrs[] = {
		{ .ifindex = ETH, .addr = addr("192.0.2.2") },
		{ .ifindex = ETH, .addr = addr("2001:db8::2") },
		{ .ifindex = WLAN, .addr = addr("198.51.100.2") },
		{ .ifindex = WLAN, .addr = addr("2001:db8:1::2") },
		{ .ifindex = DOWN, .addr = addr("203.0.113.2") },
		{ .ifindex = BARE, .addr = addr("169.254.3.4"), .link_local = true },
		{ .ifindex = BARE, .addr = addr("fe80::1"), .link_local = true },
	};
	const struct choice_view view = {
		.links = links,
		.link_count = ARRAY_SIZE(links),
		.addrs = addrs,
		.addr_count = ARRAY_SIZE(addrs),
		.hops = hops,
		.hop_count = count,
	};

	return host_choose(&view, family, named ? &links[named - 1] : NULL);
}

static struct choice_hop hop(unsigned int route, unsigned int ifindex, const char *gateway)
{
	return (struct choice_hop){
		.family = AF_INET,
		.route = route,
		.is_default = true,
		.weight = 1,
		.ifindex = ifindex,
		.gateway = addr(gateway),
	};
}

static void assert_choice(struct choice choice, unsigned int ifindex, const char *gateway)
{
	struct in6_addr expected = addr(gateway);

	assert_non_null(choice.link);
	assert_int_equal(choice.link->ifindex, ifindex);
	assert_memory_equal(&choice.gateway, &expected, sizeof(expected));
}

static void test_choice_lowest_metric_wins(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(1, WLAN, "198.51.100.1") };

	(void)state;
	hops[0].metric = 600;
	hops[1].metric = 100;
	assert_choice(choose(hops, 2, AF_INET, 0), WLAN, "198.51.100.1");
}

static void test_choice_first_of_equal_metrics_wins(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(1, WLAN, "198.51.100.1") };

	(void)state;
	hops[1].weight = 9; /* weights count within one route only */
	assert_choice(choose(hops, 2, AF_INET, 0), ETH, "192.0.2.1");
}

static void test_choice_multipath_highest_weight_wins(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(0, WLAN, "198.51.100.1") };

	(void)state;
	hops[1].weight = 5;
	assert_choice(choose(hops, 2, AF_INET, 0), WLAN, "198.51.100.1");
}

static void test_choice_multipath_first_of_equal_weights_wins(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(0, WLAN, "198.51.100.1") };

	(void)state;
	assert_choice(choose(hops, 2, AF_INET, 0), ETH, "192.0.2.1");
}

static void test_choice_dead_hop_is_passed_over(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(0, WLAN, "198.51.100.1") };

	(void)state;
	hops[0].dead = true;
	assert_choice(choose(hops, 2, AF_INET, 0), WLAN, "198.51.100.1");
}

static void test_choice_default_without_gateway(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "") };

	(void)state;
	assert_choice(choose(hops, 1, AF_INET, 0), ETH, "");
}

static void test_choice_default_beats_earlier_route(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(1, WLAN, "198.51.100.1") };

	(void)state;
	hops[0].is_default = false;
	hops[1].metric = 5000;
	assert_choice(choose(hops, 2, AF_INET, 0), WLAN, "198.51.100.1");
}

static void test_choice_default_without_gateway_is_on_the_link(void **state)
{
	struct choice_hop hops[] = { hop(0, WLAN, "") };
	struct choice c = choose(hops, 1, AF_INET, 0);

	(void)state;
	assert_choice(c, WLAN, "");
	assert_true(c.default_on_link);
	hops[0].is_default = false;
	c = choose(hops, 1, AF_INET, 0);
	assert_false(c.default_on_link);
}

static void test_choice_no_default_takes_first_and_its_only_gateway(void **state)
{
	struct choice_hop hops[] = { hop(0, WLAN, ""), hop(1, WLAN, "198.51.100.7") };

	(void)state;
	hops[0].is_default = hops[1].is_default = false;
	assert_choice(choose(hops, 2, AF_INET, 0), WLAN, "198.51.100.7");
}

static void test_choice_no_default_two_gateways_is_none(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(1, ETH, "192.0.2.9") };

	(void)state;
	hops[0].is_default = hops[1].is_default = false;
	assert_choice(choose(hops, 2, AF_INET, 0), ETH, "");
}

static void test_choice_no_default_gateway_of_another_interface_is_none(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, ""), hop(1, WLAN, "198.51.100.1") };

	(void)state;
	hops[0].is_default = hops[1].is_default = false;
	assert_choice(choose(hops, 2, AF_INET, 0), ETH, "");
}

static void test_choice_down_bare_and_loopback_are_no_template(void **state)
{
	struct choice_hop hops[] = { hop(0, DOWN, "203.0.113.1"), hop(1, BARE, "169.254.0.1"),
				     hop(2, LO, "127.0.0.2"), hop(3, 77, "192.0.2.1") };

	(void)state;
	assert_null(choose(hops, ARRAY_SIZE(hops), AF_INET, 0).link);
}

static void test_choice_other_family_does_not_count(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1") };

	(void)state;
	assert_null(choose(hops, 1, AF_INET6, 0).link);
}

static void test_choice_ipv6(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(1, WLAN, "fe80::1") };

	(void)state;
	hops[1].family = AF_INET6;
	assert_choice(choose(hops, 2, AF_INET6, 0), WLAN, "fe80::1");
}

static void test_choice_nothing_on_the_host(void **state)
{
	(void)state;
	assert_null(choose(NULL, 0, AF_INET, 0).link);
}

static void test_choice_named_ignores_other_routes(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1"), hop(1, WLAN, "198.51.100.1") };

	(void)state;
	hops[1].metric = 900;
	assert_choice(choose(hops, 2, AF_INET, WLAN), WLAN, "198.51.100.1");
}

static void test_choice_named_needs_no_route(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1") };

	(void)state;
	assert_choice(choose(hops, 1, AF_INET, WLAN), WLAN, "");
}

static void test_choice_named_may_be_down(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1") };

	(void)state;
	assert_choice(choose(hops, 1, AF_INET, DOWN), DOWN, "");
}

static void test_choice_named_without_address_is_none(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "192.0.2.1") };

	(void)state;
	assert_null(choose(hops, 1, AF_INET6, DOWN).link);
	assert_null(choose(hops, 1, AF_INET, BARE).link);
	assert_null(choose(hops, 1, AF_INET, LO).link);
}

static void test_choice_preference_decides_between_equal_metrics(void **state)
{
	struct choice_hop hops[] = { hop(0, ETH, "2001:db8::1"), hop(1, WLAN, "2001:db8:1::1") };

	(void)state;
	hops[0].family = hops[1].family = AF_INET6;
	hops[1].preference = 1;
	assert_choice(choose(hops, 2, AF_INET6, 0), WLAN, "2001:db8:1::1");
	hops[1].preference = -1;
	assert_choice(choose(hops, 2, AF_INET6, 0), ETH, "2001:db8::1");
	hops[1].preference = 1;
	hops[1].metric = 1;
	assert_choice(choose(hops, 2, AF_INET6, 0), ETH, "2001:db8::1");
}

static void test_choice_default_by_bare_interface_leaves_none(void **state)
{
	struct choice_hop hops[] = {
		hop(0, BARE, "192.0.2.1"),
		{ .family = AF_INET, .route = 1, .weight = 1, .ifindex = ETH },
		hop(2, WLAN, "198.51.100.1"),
	};

	(void)state;
	hops[2].metric = 600;
	assert_null(choose(hops, 2, AF_INET, 0).link);
	assert_choice(choose(hops, 3, AF_INET, 0), WLAN, "198.51.100.1");
	assert_choice(choose(hops, 2, AF_INET, ETH), ETH, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice_lowest_metric_wins),
		cmocka_unit_test(test_choice_first_of_equal_metrics_wins),
		cmocka_unit_test(test_choice_multipath_highest_weight_wins),
		cmocka_unit_test(test_choice_multipath_first_of_equal_weights_wins),
		cmocka_unit_test(test_choice_dead_hop_is_passed_over),
		cmocka_unit_test(test_choice_default_without_gateway),
		cmocka_unit_test(test_choice_default_beats_earlier_route),
		cmocka_unit_test(test_choice_default_without_gateway_is_on_the_link),
		cmocka_unit_test(test_choice_no_default_takes_first_and_its_only_gateway),
		cmocka_unit_test(test_choice_no_default_two_gateways_is_none),
		cmocka_unit_test(test_choice_no_default_gateway_of_another_interface_is_none),
		cmocka_unit_test(test_choice_down_bare_and_loopback_are_no_template),
		cmocka_unit_test(test_choice_other_family_does_not_count),
		cmocka_unit_test(test_choice_ipv6),
		cmocka_unit_test(test_choice_nothing_on_the_host),
		cmocka_unit_test(test_choice_named_ignores_other_routes),
		cmocka_unit_test(test_choice_named_needs_no_route),
		cmocka_unit_test(test_choice_named_may_be_down),
		cmocka_unit_test(test_choice_named_without_address_is_none),
		cmocka_unit_test(test_choice_preference_decides_between_equal_metrics),
		cmocka_unit_test(test_choice_default_by_bare_interface_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
