/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a flow is decided: queries to a forwarding address go to the host's resolver, and nothing
 * else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/fwd/fwd.h"
#include "test/unit/addr_text.h"

static struct fwd_table table_make(const char *resolver4, const char *resolver6)
{
	struct fwd_table table = {
		.ip4 = {
			.enabled = true,
			.dns_forward = addr("198.51.100.2"),
			.map_host_loopback = addr("198.51.100.2"),
			.outbound_addr = addr("198.51.100.44"),
			.outbound_ifname = "v4",
		},
		.ip6 = {
			.enabled = true,
			.dns_forward = addr("fd00::1"),
			.outbound_addr = addr("2001:db8::44"),
			.outbound_ifname = "v6",
			.scope_id = 7,
		},
		.tcp = true,
		.udp = true,
		.icmp = true,
	};

	assert_int_equal(resolv_server_parse(resolver4, &table.ip4.resolver), 0);
	assert_int_equal(resolv_server_parse(resolver6, &table.ip6.resolver), 0);
	table.ip4.resolver_tls = table.ip4.resolver;
	table.ip6.resolver_tls = table.ip6.resolver;
	return table;
}

static struct fwd_target ask(const struct fwd_table *table, uint8_t protocol, const char *remote,
			     uint16_t port)
{
	struct fwd_query query = {
		.protocol = protocol,
		.remote = addr(remote),
		.ns_port = 40000,
		.remote_port = port,
	};
	struct fwd_target target;

	query.ns = addr(addr_is_ipv4(&query.remote) ? "198.51.100.1" : "2001:db8::1");
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_ALLOW);
	return target;
}

static void assert_target(const struct fwd_target *target, const char *expected, const char *ifname)
{
	char text[ADDR_TEXT_MAX];

	assert_string_equal(addr_format(&target->addr, text), expected);
	if (ifname)
		assert_string_equal(target->bind_ifname, ifname);
	else
		assert_null(target->bind_ifname);
}

static void test_fwd_dns_ports_53_and_853_of_udp_and_tcp(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	static const uint16_t ports[] = { 53, 853 };
	struct fwd_table table = table_make("127.0.0.53", "::1");

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fwd_target target = ask(&table, protocols[i % 2], "198.51.100.2",
					       ports[i / 2]);

		assert_target(&target, "127.0.0.53", NULL);
		assert_int_equal(target.port, ports[i / 2]);
		assert_true(target.dns);
		assert_true(addr_is_unspecified(&target.bind_addr));
	}
}

static void test_fwd_dns_other_ports_are_not_forwarded(void **state)
{
	struct fwd_table table = table_make("127.0.0.53", "::1");
	struct fwd_target target = ask(&table, IPPROTO_TCP, "198.51.100.2", 80);

	(void)state;
	assert_target(&target, "127.0.0.1", NULL); /* the gateway */
	assert_false(target.dns);
	target = ask(&table, IPPROTO_UDP, "fd00::1", 54);
	assert_target(&target, "fd00::1", "v6");
	target = ask(&table, IPPROTO_ICMPV6, "fd00::1", 0);
	assert_target(&target, "fd00::1", "v6");
}

static void test_fwd_dns_other_addresses_are_not_forwarded(void **state)
{
	struct fwd_table table = table_make("127.0.0.53", "::1");
	struct fwd_target target = ask(&table, IPPROTO_UDP, "192.0.2.53", 53);

	(void)state;
	assert_target(&target, "192.0.2.53", "v4");
	assert_false(target.dns);
}

static void test_fwd_dns_remote_resolver_is_asked_like_anybody(void **state)
{
	struct fwd_table table = table_make("192.0.2.53", "2001:db8::53");
	struct fwd_target target = ask(&table, IPPROTO_UDP, "198.51.100.2", 53);

	(void)state;
	assert_target(&target, "192.0.2.53", "v4");
	assert_true(addr_equal(&target.bind_addr, &table.ip4.outbound_addr));
	target = ask(&table, IPPROTO_UDP, "fd00::1", 53);
	assert_target(&target, "2001:db8::53", "v6");
	assert_true(addr_equal(&target.bind_addr, &table.ip6.outbound_addr));
}

static void test_fwd_dns_resolver_of_the_other_family(void **state)
{
	struct fwd_table table = table_make("2001:db8::53", "192.0.2.53");
	struct fwd_target target = ask(&table, IPPROTO_UDP, "198.51.100.2", 53);

	(void)state;
	assert_target(&target, "2001:db8::53", "v6");
	assert_true(addr_equal(&target.bind_addr, &table.ip6.outbound_addr));
	target = ask(&table, IPPROTO_TCP, "fd00::1", 853);
	assert_target(&target, "192.0.2.53", "v4");
}

static void test_fwd_dns_scopes(void **state)
{
	struct fwd_table table = table_make("fe80::53%eth0", "fe80::53%9");
	struct fwd_target target = ask(&table, IPPROTO_UDP, "198.51.100.2", 53);

	(void)state;
	assert_target(&target, "fe80::53", "eth0");
	target = ask(&table, IPPROTO_UDP, "fd00::1", 53);
	assert_int_equal(target.scope_id, 9);
	table = table_make("fe80::53", "::1");
	target = ask(&table, IPPROTO_UDP, "198.51.100.2", 53);
	assert_int_equal(target.scope_id, 7);
}

static void test_fwd_dns_port_853_has_its_own_resolver(void **state)
{
	struct fwd_table table = table_make("127.0.0.53", "::1");
	struct fwd_target target;

	(void)state;
	assert_int_equal(resolv_server_parse("192.0.2.53", &table.ip4.resolver_tls), 0);
	target = ask(&table, IPPROTO_TCP, "198.51.100.2", 53);
	assert_target(&target, "127.0.0.53", NULL);
	target = ask(&table, IPPROTO_TCP, "198.51.100.2", 853);
	assert_target(&target, "192.0.2.53", "v4");
	assert_true(target.dns);
}

static void test_fwd_dns_loopback_mapping_that_is_a_resolver(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	struct fwd_table table = table_make("127.0.0.53", "::1");
	struct fwd_target target;

	(void)state;
	table.ip4.map_host_loopback = addr("192.0.2.1");
	table.ip6.map_host_loopback = addr("fe80::1");
	assert_int_equal(resolv_server_parse("192.0.2.1", &table.ip4.map_resolver), 0);
	assert_int_equal(resolv_server_parse("fe80::1%eth7", &table.ip6.map_resolver), 0);
	for (int i = 0; i < 2; i++) {
		target = ask(&table, protocols[i], "192.0.2.1", 53);
		assert_target(&target, "192.0.2.1", "v4");
		assert_false(target.dns);
		target = ask(&table, protocols[i], "fe80::1", 853);
		assert_target(&target, "fe80::1", "eth7");
		assert_int_equal(target.port, 853);
		target = ask(&table, protocols[i], "192.0.2.1", 80);
		assert_target(&target, "127.0.0.1", NULL);
		target = ask(&table, protocols[i], "fe80::1", 54);
		assert_target(&target, "::1", NULL);
	}
	target = ask(&table, IPPROTO_ICMP, "192.0.2.1", 0);
	assert_target(&target, "127.0.0.1", NULL);

	table.ip4.dns_forward = addr("192.0.2.1");
	target = ask(&table, IPPROTO_UDP, "192.0.2.1", 53);
	assert_target(&target, "127.0.0.53", NULL); /* what the user asked for */
}

static void test_fwd_dns_off_without_address_or_resolver(void **state)
{
	struct fwd_table table = table_make("127.0.0.53", "::1");
	struct fwd_target target;

	(void)state;
	table.ip6.resolver = (struct resolv_server){ .ifname = "" };
	target = ask(&table, IPPROTO_UDP, "fd00::1", 53);
	assert_target(&target, "fd00::1", "v6");
	table.ip4.dns_forward = in6addr_any;
	target = ask(&table, IPPROTO_UDP, "198.51.100.2", 53);
	assert_target(&target, "127.0.0.1", NULL);
	assert_false(target.dns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fwd_dns_ports_53_and_853_of_udp_and_tcp),
		cmocka_unit_test(test_fwd_dns_other_ports_are_not_forwarded),
		cmocka_unit_test(test_fwd_dns_other_addresses_are_not_forwarded),
		cmocka_unit_test(test_fwd_dns_remote_resolver_is_asked_like_anybody),
		cmocka_unit_test(test_fwd_dns_resolver_of_the_other_family),
		cmocka_unit_test(test_fwd_dns_scopes),
		cmocka_unit_test(test_fwd_dns_port_853_has_its_own_resolver),
		cmocka_unit_test(test_fwd_dns_loopback_mapping_that_is_a_resolver),
		cmocka_unit_test(test_fwd_dns_off_without_address_or_resolver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
