/* SPDX-License-Identifier: Apache-2.0
 *
 * The addressing rules, one small case each: a template for both families, then what the user's
 * options change, then local mode.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/engine/addressing.h"
#include "test/unit/addr_text.h"

/* Input and output of one case; every output byte is 0xa5 before */
struct fixture {
	struct addressing_addr addrs4[ADDRESSING_ADDRS_MAX + 8];
	struct addressing_addr addrs6[4];
	struct addressing_host host;
	struct addressing_request request;
	struct addressing result;
	struct config config;
};

static void assert_none(const struct in6_addr *a)
{
	assert_true(addr_is_unspecified(a));
}

/* A host with a template for both families: two addresses in each, and IPv6 link-local */
static void fixture_init(struct fixture *f)
{
	memset(f, 0xa5, sizeof(*f));
	f->addrs4[0] = (struct addressing_addr){ addr("198.51.100.1"), 24, false, false };
	f->addrs4[1] = (struct addressing_addr){ addr("192.0.2.1"), 28, false, false };
	f->addrs6[0] = (struct addressing_addr){ addr("fe80::42"), 64, true, false };
	f->addrs6[1] = (struct addressing_addr){ addr("2001:db8:1::1"), 64, false, false };
	f->addrs6[2] = (struct addressing_addr){ addr("2001:db8:2::1"), 48, false, false };
	f->host = (struct addressing_host){
		.ip4 = { .found = true,
			 .ifname = "eth0",
			 .outbound_ifindex = 3,
			 .gateway = addr("198.51.100.2"),
			 .addrs = f->addrs4,
			 .addr_count = 2 },
		.ip6 = { .found = true,
			 .ifname = "eth1",
			 .outbound_ifindex = 4,
			 .gateway = addr("fe80::2"),
			 .addrs = f->addrs6,
			 .addr_count = 3 },
	};
	addressing_request_init(&f->request);
}

static void fixture_init_local(struct fixture *f)
{
	fixture_init(f);
	memset(&f->host, 0, sizeof(f->host));
}

static void resolve(struct fixture *f)
{
	addressing_resolve(&f->host, &f->request, &f->result, &f->config);
}

static void test_template_addresses_copied_without_link_local(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve(&f);
	assert_int_equal(f.result.ip4.addr_count, 2);
	assert_addr(&f.result.ip4.addrs[0].addr, "198.51.100.1");
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 24);
	assert_addr(&f.result.ip4.addrs[1].addr, "192.0.2.1");
	assert_int_equal(f.result.ip6.addr_count, 2);
	assert_addr(&f.result.ip6.addrs[0].addr, "2001:db8:1::1");
	assert_int_equal(f.result.ip6.addrs[1].prefix_len, 48);
	assert_false(f.result.ip4.local);
	assert_false(f.result.ip6.local);
}

static void test_template_gateway_and_routes_copied(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve(&f);
	assert_addr(&f.result.ip4.gateway, "198.51.100.2");
	assert_addr(&f.result.ip6.gateway, "fe80::2");
	assert_true(f.result.ip4.copy_routes);
	assert_true(f.result.ip6.copy_routes);
}

static void test_engine_learns_addresses_and_default_mapping(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve(&f);
	assert_true(f.config.fwd.ip4.enabled);
	assert_addr(&f.config.fwd.ip4.ns_addr, "198.51.100.1");
	assert_addr(&f.config.fwd.ip6.ns_addr, "2001:db8:1::1");
	assert_addr(&f.config.fwd.ip4.map_host_loopback, "198.51.100.2");
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::2");
	assert_int_equal(f.config.fwd.ip6.scope_id, 4);
	assert_true(f.config.fwd.tcp && f.config.fwd.udp && f.config.fwd.icmp);
	assert_true(f.config.ndp);
}

static void test_names_and_sizes_default(void **state)
{
	static const uint8_t mac[ETH_ALEN] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	resolve(&f);
	assert_string_equal(f.result.ns_ifname, "eth0");
	assert_int_equal(f.result.mtu, 65520);
	assert_int_equal(f.config.link.mtu, 65520);
	assert_memory_equal(f.config.link.our_mac, mac, ETH_ALEN);
}

static void test_interface_named_after_ipv6_template_without_ipv4(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.disabled = true;
	resolve(&f);
	assert_string_equal(f.result.ns_ifname, "eth1");
	fixture_init(&f);
	memset(&f.host.ip4, 0, sizeof(f.host.ip4));
	resolve(&f);
	assert_string_equal(f.result.ns_ifname, "eth1");
}

static void test_interface_name_asked_for_wins(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	memcpy(f.request.ns_ifname, "net7", 5);
	resolve(&f);
	assert_string_equal(f.result.ns_ifname, "net7");
}

static void test_address_asked_for_is_the_only_one(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.addr = addr("10.0.2.100");
	f.request.ip4.prefix_len = 25;
	resolve(&f);
	assert_int_equal(f.result.ip4.addr_count, 1);
	assert_addr(&f.result.ip4.addrs[0].addr, "10.0.2.100");
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 25);
	assert_addr(&f.config.fwd.ip4.ns_addr, "10.0.2.100");
	assert_int_equal(f.result.ip6.addr_count, 2);
}

static void test_address_without_length_gets_class_netmask(void **state)
{
	static const struct {
		const char *addr;
		unsigned int len;
	} cases[] = {
		{ "10.0.2.100", 8 },	{ "126.0.0.1", 8 },   { "128.0.0.1", 16 },
		{ "191.255.0.1", 16 },	{ "192.0.2.1", 24 },  { "223.255.255.1", 24 },
		{ "240.0.0.1", 32 },	{ "198.51.100.9", 24 },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_init(&f);
		f.request.ip4.addr = addr(cases[i].addr);
		resolve(&f);
		assert_int_equal(f.result.ip4.addrs[0].prefix_len, cases[i].len);
	}
}

static void test_netmask_applies_to_address_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.addr = addr("10.0.2.100");
	f.request.netmask_len = 24;
	resolve(&f);
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 24);
}

static void test_netmask_alone_changes_first_template_address(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.netmask_len = 20;
	resolve(&f);
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 20);
	assert_int_equal(f.result.ip4.addrs[1].prefix_len, 28);
	assert_int_equal(f.result.ip6.addrs[0].prefix_len, 64);
}

static void test_ipv6_address_without_length_gets_64(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip6.addr = addr("2001:db8::100");
	f.request.netmask_len = 24;
	resolve(&f);
	assert_int_equal(f.result.ip6.addr_count, 1);
	assert_int_equal(f.result.ip6.addrs[0].prefix_len, 64);
}

static void test_no_copy_addrs_keeps_first_that_is_not_link_local(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.no_copy_addrs = true;
	resolve(&f);
	assert_int_equal(f.result.ip4.addr_count, 1);
	assert_addr(&f.result.ip4.addrs[0].addr, "198.51.100.1");
	assert_int_equal(f.result.ip6.addr_count, 1);
	assert_addr(&f.result.ip6.addrs[0].addr, "2001:db8:1::1");
}

static void test_gateway_asked_for_stops_route_copy_of_its_family(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.gateway = addr("10.0.2.2");
	resolve(&f);
	assert_addr(&f.result.ip4.gateway, "10.0.2.2");
	assert_false(f.result.ip4.copy_routes);
	assert_true(f.result.ip6.copy_routes);
	assert_addr(&f.config.fwd.ip4.map_host_loopback, "10.0.2.2");
}

static void test_default_route_on_the_link_unless_a_gateway_was_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.host.ip4.gateway = in6addr_any;
	f.host.ip4.default_on_link = true;
	resolve(&f);
	assert_true(f.result.ip4.default_on_link);
	assert_none(&f.result.ip4.gateway);
	assert_none(&f.config.fwd.ip4.map_host_loopback);
	f.request.ip4.gateway = addr("198.51.100.77");
	resolve(&f);
	assert_false(f.result.ip4.default_on_link);
}

static void test_no_copy_routes_keeps_gateway(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.no_copy_routes = true;
	resolve(&f);
	assert_false(f.result.ip4.copy_routes);
	assert_false(f.result.ip6.copy_routes);
	assert_addr(&f.result.ip4.gateway, "198.51.100.2");
}

static void test_no_gateway_means_no_mapping(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.host.ip4.gateway = in6addr_any;
	resolve(&f);
	assert_none(&f.result.ip4.gateway);
	assert_none(&f.config.fwd.ip4.map_host_loopback);
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::2");
}

static void test_no_map_gw_keeps_gateway_unmapped(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.no_map_gw = true;
	resolve(&f);
	assert_addr(&f.result.ip4.gateway, "198.51.100.2");
	assert_none(&f.config.fwd.ip4.map_host_loopback);
	assert_none(&f.config.fwd.ip6.map_host_loopback);
}

static void test_map_host_loopback_replaces_gateway_of_its_family(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.map_host_loopback = addr("192.0.2.99");
	resolve(&f);
	assert_addr(&f.config.fwd.ip4.map_host_loopback, "192.0.2.99");
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::2");
}

static void test_map_host_loopback_survives_no_map_gw(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.map_host_loopback = addr("192.0.2.99");
	f.request.no_map_gw = true;
	resolve(&f);
	assert_addr(&f.config.fwd.ip4.map_host_loopback, "192.0.2.99");
	assert_none(&f.config.fwd.ip6.map_host_loopback);
}

static void test_map_host_loopback_none_maps_nothing(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip4.map_host_loopback_none = f.request.ip6.map_host_loopback_none = true;
	resolve(&f);
	assert_none(&f.config.fwd.ip4.map_host_loopback);
	assert_none(&f.config.fwd.ip6.map_host_loopback);
}

static void test_outbound_address_and_interface_reach_the_engine(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip6.outbound_addr = addr("2001:db8:1::7");
	memcpy(f.host.ip6.outbound_ifname, "eth5", 5);
	resolve(&f);
	assert_addr(&f.config.fwd.ip6.outbound_addr, "2001:db8:1::7");
	assert_string_equal(f.config.fwd.ip6.outbound_ifname, "eth5");
	assert_none(&f.config.fwd.ip4.outbound_addr);
	assert_string_equal(f.config.fwd.ip4.outbound_ifname, "");
}

static void test_disabled_family_is_empty(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.ip6.disabled = true;
	resolve(&f);
	assert_false(f.result.ip6.enabled);
	assert_false(f.result.ip6.local);
	assert_int_equal(f.result.ip6.addr_count, 0);
	assert_none(&f.result.ip6.gateway);
	assert_false(f.config.fwd.ip6.enabled);
	assert_true(f.config.fwd.ip4.enabled);
}

static void test_mtu_zero_leaves_the_kernels(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.mtu = 0;
	resolve(&f);
	assert_int_equal(f.result.mtu, 0);
	assert_int_equal(f.config.link.mtu, 1500);
}

static void test_handlers_off(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.no_tcp = true;
	f.request.no_ndp = true;
	resolve(&f);
	assert_false(f.config.fwd.tcp);
	assert_true(f.config.fwd.udp);
	assert_true(f.config.fwd.icmp);
	assert_false(f.config.ndp);
}

static void test_no_icmp_implies_no_ndp(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.request.no_icmp = true;
	resolve(&f);
	assert_false(f.config.fwd.icmp);
	assert_false(f.config.ndp);
}

static void test_more_addresses_than_there_is_room_for_are_counted(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_SIZE(f.addrs4); i++) {
		f.addrs4[i] = f.addrs4[0];
		f.addrs4[i].addr.s6_addr[15] = (uint8_t)(i + 1);
	}
	f.host.ip4.addr_count = ARRAY_SIZE(f.addrs4);
	resolve(&f);
	assert_int_equal(f.result.ip4.addr_count, ADDRESSING_ADDRS_MAX);
	assert_int_equal(f.result.ip4.addrs_left_out, 8);
}

static void test_local_mode_defaults(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init_local(&f);
	resolve(&f);
	assert_true(f.result.ip4.local && f.result.ip6.local);
	assert_int_equal(f.result.ip4.addr_count, 1);
	assert_addr(&f.result.ip4.addrs[0].addr, "169.254.2.1");
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 16);
	assert_addr(&f.result.ip4.gateway, "169.254.2.2");
	assert_int_equal(f.result.ip6.addr_count, 0);
	assert_addr(&f.result.ip6.gateway, "fe80::1");
	assert_string_equal(f.result.ns_ifname, "tap0");
	assert_false(f.result.ip4.copy_routes || f.result.ip6.copy_routes);
}

static void test_local_mode_gateway_is_host_loopback(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init_local(&f);
	resolve(&f);
	assert_addr(&f.config.fwd.ip4.ns_addr, "169.254.2.1");
	assert_none(&f.config.fwd.ip6.ns_addr);
	assert_addr(&f.config.fwd.ip4.map_host_loopback, "169.254.2.2");
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::1");
	assert_int_equal(f.config.fwd.ip6.scope_id, 0);
}

static void test_local_mode_options_win_one_by_one(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init_local(&f);
	f.request.ip4.gateway = addr("169.254.9.9");
	f.request.ip6.addr = addr("fd00::1");
	memcpy(f.request.ns_ifname, "net7", 5);
	resolve(&f);
	assert_addr(&f.result.ip4.addrs[0].addr, "169.254.2.1");
	assert_addr(&f.result.ip4.gateway, "169.254.9.9");
	assert_addr(&f.result.ip6.addrs[0].addr, "fd00::1");
	assert_addr(&f.result.ip6.gateway, "fe80::1");
	assert_string_equal(f.result.ns_ifname, "net7");
}

static void test_local_mode_address_and_netmask_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init_local(&f);
	f.request.ip4.addr = addr("10.1.2.3");
	resolve(&f);
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 8);
	fixture_init_local(&f);
	f.request.netmask_len = 24;
	resolve(&f);
	assert_addr(&f.result.ip4.addrs[0].addr, "169.254.2.1");
	assert_int_equal(f.result.ip4.addrs[0].prefix_len, 24);
}

static void test_local_mode_without_mapping(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init_local(&f);
	f.request.no_map_gw = true;
	resolve(&f);
	assert_addr(&f.result.ip4.gateway, "169.254.2.2");
	assert_none(&f.config.fwd.ip4.map_host_loopback);
}

static void test_local_mode_of_one_family_only(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	memset(&f.host.ip6, 0, sizeof(f.host.ip6));
	resolve(&f);
	assert_false(f.result.ip4.local);
	assert_true(f.result.ip6.local);
	assert_string_equal(f.result.ns_ifname, "eth0");
	assert_addr(&f.result.ip6.gateway, "fe80::1");
}

static void test_local_mode_never_enables_a_disabled_family(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init_local(&f);
	f.request.ip4.disabled = true;
	resolve(&f);
	assert_false(f.result.ip4.enabled);
	assert_int_equal(f.result.ip4.addr_count, 0);
	assert_none(&f.result.ip4.gateway);
	assert_true(f.result.ip6.local);
}

static void test_template_without_default_route_is_not_local_mode(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.host.ip4.gateway = in6addr_any;
	resolve(&f);
	assert_false(f.result.ip4.local);
	assert_addr(&f.result.ip4.addrs[0].addr, "198.51.100.1");
	assert_true(f.result.ip4.copy_routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_template_addresses_copied_without_link_local),
		cmocka_unit_test(test_template_gateway_and_routes_copied),
		cmocka_unit_test(test_engine_learns_addresses_and_default_mapping),
		cmocka_unit_test(test_names_and_sizes_default),
		cmocka_unit_test(test_interface_named_after_ipv6_template_without_ipv4),
		cmocka_unit_test(test_interface_name_asked_for_wins),
		cmocka_unit_test(test_address_asked_for_is_the_only_one),
		cmocka_unit_test(test_address_without_length_gets_class_netmask),
		cmocka_unit_test(test_netmask_applies_to_address_asked_for),
		cmocka_unit_test(test_netmask_alone_changes_first_template_address),
		cmocka_unit_test(test_ipv6_address_without_length_gets_64),
		cmocka_unit_test(test_no_copy_addrs_keeps_first_that_is_not_link_local),
		cmocka_unit_test(test_gateway_asked_for_stops_route_copy_of_its_family),
		cmocka_unit_test(test_default_route_on_the_link_unless_a_gateway_was_asked_for),
		cmocka_unit_test(test_no_copy_routes_keeps_gateway),
		cmocka_unit_test(test_no_gateway_means_no_mapping),
		cmocka_unit_test(test_no_map_gw_keeps_gateway_unmapped),
		cmocka_unit_test(test_map_host_loopback_replaces_gateway_of_its_family),
		cmocka_unit_test(test_map_host_loopback_survives_no_map_gw),
		cmocka_unit_test(test_map_host_loopback_none_maps_nothing),
		cmocka_unit_test(test_outbound_address_and_interface_reach_the_engine),
		cmocka_unit_test(test_disabled_family_is_empty),
		cmocka_unit_test(test_mtu_zero_leaves_the_kernels),
		cmocka_unit_test(test_handlers_off),
		cmocka_unit_test(test_no_icmp_implies_no_ndp),
		cmocka_unit_test(test_more_addresses_than_there_is_room_for_are_counted),
		cmocka_unit_test(test_local_mode_defaults),
		cmocka_unit_test(test_local_mode_gateway_is_host_loopback),
		cmocka_unit_test(test_local_mode_options_win_one_by_one),
		cmocka_unit_test(test_local_mode_address_and_netmask_asked_for),
		cmocka_unit_test(test_local_mode_without_mapping),
		cmocka_unit_test(test_local_mode_of_one_family_only),
		cmocka_unit_test(test_local_mode_never_enables_a_disabled_family),
		cmocka_unit_test(test_template_without_default_route_is_not_local_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
