/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a flow is decided that comes to a forwarded port of the host: which way it goes, to which
 * address in the namespace, and what is seen as its source there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "test/unit/fwd_fixture.h"

/* by_tap() - it must go to @ns, and be seen as coming from @source */
static void by_tap(const struct fwd_table *table, const char *peer, const char *local,
		   const char *source, const char *ns)
{
	struct fwd_arrival arrival = arrival_make(peer, local);
	struct fwd_to_ns way;

	memset(&way, 0xa5, sizeof(way));
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_false(way.splice);
	assert_addr(&way.remote, source);
	assert_addr(&way.ns, ns);
	assert_int_equal(way.remote_port, 40000);
	assert_int_equal(way.ns_port, 80);
}

static void by_splice(const struct fwd_table *table, const char *peer, const char *local,
		      const char *ns)
{
	struct fwd_arrival arrival = arrival_make(peer, local);
	struct fwd_to_ns way;

	memset(&way, 0xa5, sizeof(way));
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_true(way.splice);
	assert_addr(&way.ns, ns);
	assert_int_equal(way.ns_port, 80);
}

static enum fwd_verdict decide(const struct fwd_table *table, const char *peer, const char *local)
{
	struct fwd_arrival arrival = arrival_make(peer, local);
	struct fwd_to_ns way;

	return fwd_to_ns(table, &arrival, &way);
}

static void test_fwd_to_ns_remote_keeps_its_address(void **state)
{
	const struct fwd_table *table = *state;

	by_tap(table, "203.0.113.9", "198.51.100.1", "203.0.113.9", "198.51.100.1");
	by_tap(table, "203.0.113.9", "192.0.2.3", "203.0.113.9", "198.51.100.1");
	by_tap(table, "2001:db8:9::9", "2001:db8:1::1", "2001:db8:9::9", "2001:db8:1::1");
	by_tap(table, "fe80::99", "fe80::1", "fe80::99", "2001:db8:1::1");
}

static void test_fwd_to_ns_local_is_spliced_to_the_namespace_address(void **state)
{
	const struct fwd_table *table = *state;

	by_splice(table, "127.0.0.1", "127.0.0.1", "198.51.100.1");
	by_splice(table, "127.0.0.1", "127.0.0.2", "198.51.100.1");
	by_splice(table, "::1", "::1", "2001:db8:1::1");
	by_splice(table, "192.0.2.3", "192.0.2.3", "198.51.100.1");
}

/* RFC 1350, 4: the answers come from another port */
static void test_fwd_to_ns_local_tftp_goes_by_the_tap(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_arrival arrival = arrival_make("127.0.0.1", "127.0.0.1");
	struct fwd_to_ns way;

	arrival.to_port = 69;
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_true(way.splice); /* of TCP */
	arrival.protocol = IPPROTO_UDP;
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_false(way.splice);
	assert_addr(&way.ns, "198.51.100.1");
	table->host_lo_to_ns_lo = true;
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_true(way.splice);
}

static void test_fwd_to_ns_loopback_to_loopback(void **state)
{
	struct fwd_table *table = *state;

	table->host_lo_to_ns_lo = true;
	by_splice(table, "127.0.0.1", "127.0.0.2", "127.0.0.2");
	by_splice(table, "::1", "::1", "::1");
	by_splice(table, "192.0.2.3", "192.0.2.3", "198.51.100.1");
	by_tap(table, "203.0.113.9", "198.51.100.1", "203.0.113.9", "198.51.100.1");
}

static void test_fwd_to_ns_local_by_the_tap_is_mapped(void **state)
{
	struct fwd_table *table = *state;

	table->no_splice = true;
	by_tap(table, "127.0.0.1", "127.0.0.1", "198.51.100.2", "198.51.100.1");
	by_tap(table, "198.51.100.1", "198.51.100.1", "198.51.100.2", "198.51.100.1");
	by_tap(table, "::1", "::1", "fe80::2", "2001:db8:1::1");
	table->ip4.map_guest_addr = addr("192.0.2.99");
	by_tap(table, "127.0.0.1", "127.0.0.1", "198.51.100.2", "198.51.100.1");
	by_tap(table, "198.51.100.1", "198.51.100.1", "192.0.2.99", "198.51.100.1");
}

static void test_fwd_to_ns_without_mappings_the_gateway_stands_for_the_host(void **state)
{
	struct fwd_table *table = *state;

	table->no_splice = true;
	table->ip4.map_host_loopback = in6addr_any;
	by_tap(table, "127.0.0.1", "127.0.0.1", "198.51.100.2", "198.51.100.1");
	table->ip4.gateway = in6addr_any;
	assert_int_equal(decide(table, "127.0.0.1", "127.0.0.1"), FWD_REFUSE_UNMAPPED);
}

static void test_fwd_to_ns_namespace_addresses_are_no_sources(void **state)
{
	const struct fwd_table *table = *state;

	by_tap(table, "198.51.100.8", "198.51.100.1", "198.51.100.2", "198.51.100.1");
}

static void test_fwd_to_ns_the_address_that_was_asked_for(void **state)
{
	struct fwd_table *table = *state;

	by_tap(table, "203.0.113.9", "198.51.100.8", "203.0.113.9", "198.51.100.1");
	by_splice(table, "198.51.100.8", "198.51.100.8", "198.51.100.1");
	table->ns_addrs_set = true;
	by_tap(table, "203.0.113.9", "198.51.100.8", "203.0.113.9", "198.51.100.8");
	by_tap(table, "203.0.113.9", "198.51.100.1", "203.0.113.9", "198.51.100.1");
	by_splice(table, "198.51.100.8", "198.51.100.8", "198.51.100.8");
	/* not the namespace's, or not known */
	by_tap(table, "203.0.113.9", "192.0.2.3", "203.0.113.9", "198.51.100.1");
	by_tap(table, "203.0.113.9", "0.0.0.0", "203.0.113.9", "198.51.100.1");
	by_tap(table, "2001:db8:9::9", "::", "2001:db8:9::9", "2001:db8:1::1");
	by_splice(table, "127.0.0.1", "127.0.0.1", "198.51.100.1");
	table->no_splice = true;
	by_tap(table, "198.51.100.8", "198.51.100.8", "198.51.100.2", "198.51.100.8");
}

static void test_fwd_to_ns_target_of_the_rule_wins(void **state)
{
	struct fwd_arrival arrival = arrival_make("203.0.113.9", "198.51.100.1");
	struct fwd_table *table = *state;
	struct fwd_to_ns way;

	table->ns_addrs_set = true;
	arrival.to_addr = addr("192.0.2.50");
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_false(way.splice);
	assert_addr(&way.ns, "192.0.2.50");
	arrival.peer = arrival.local = addr("127.0.0.1");
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_true(way.splice);
	assert_addr(&way.ns, "192.0.2.50");
}

static void test_fwd_to_ns_loopback_as_target_of_the_rule_is_spliced(void **state)
{
	struct fwd_arrival arrival = arrival_make("203.0.113.9", "198.51.100.1");
	struct fwd_table *table = *state;
	struct fwd_to_ns way;

	arrival.to_addr = addr("127.0.0.1");
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_true(way.splice);
	assert_addr(&way.ns, "127.0.0.1");
	table->no_splice = true;
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_REFUSE_DESTINATION);
}

static void test_fwd_to_ns_target_of_the_other_family_refused(void **state)
{
	struct fwd_arrival arrival = arrival_make("203.0.113.9", "198.51.100.1");
	const struct fwd_table *table = *state;
	struct fwd_to_ns way;

	arrival.to_addr = addr("2001:db8::1");
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_REFUSE_DESTINATION);
}

static void test_fwd_to_ns_no_address_in_the_namespace(void **state)
{
	struct fwd_table *table = *state;

	table->ip6.ns_addr = in6addr_any;
	table->ip6.ns_addr_count = 0;
	assert_int_equal(decide(table, "2001:db8:9::9", "2001:db8:1::1"), FWD_REFUSE_NO_ADDRESS);
	/* a link-local one has no scope here, so it is the tap's business */
	table->ip6.ns_addr = addr("fe80::77");
	by_tap(table, "::1", "::1", "fe80::2", "fe80::77");
}

static void test_fwd_to_ns_without_a_tap_only_local_ones(void **state)
{
	struct fwd_table *table = *state;

	table->no_tap = true;
	by_splice(table, "127.0.0.1", "127.0.0.3", "127.0.0.3");
	by_splice(table, "192.0.2.3", "192.0.2.3", "127.0.0.1");
	assert_int_equal(decide(table, "203.0.113.9", "198.51.100.1"), FWD_REFUSE_NO_TAP);
}

/* other() - what remains if the namespace refuses what came to @local */
static void other(const struct fwd_table *table, const char *local, const char *expected)
{
	struct fwd_arrival arrival = arrival_make(local, local);
	struct fwd_to_ns way;

	memset(&way, 0xa5, sizeof(way));
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_addr(&way.other, expected);
}

static void test_fwd_to_ns_localhost_is_both_families(void **state)
{
	struct fwd_table *table = *state;

	other(table, "::1", "198.51.100.1");
	other(table, "127.0.0.1", "2001:db8:1::1");
	other(table, "127.0.0.2", "::");
	other(table, "198.51.100.1", "::");
	table->host_lo_to_ns_lo = true;
	other(table, "::1", "127.0.0.1");
	other(table, "127.0.0.1", "::1");
	table->ip6.enabled = false;
	other(table, "127.0.0.1", "::");
}

static void test_fwd_to_ns_localhost_without_an_address_of_its_family(void **state)
{
	struct fwd_table *table = *state;

	table->ip6.ns_addr = in6addr_any;
	table->ip6.ns_addr_count = 0;
	by_splice(table, "::1", "::1", "198.51.100.1");
	other(table, "::1", "::");
	table->ip6.ns_addr = addr("fe80::77");
	by_tap(table, "::1", "::1", "fe80::2", "fe80::77");
	other(table, "127.0.0.1", "::");
	table->no_splice = true;
	other(table, "::1", "::");
}

static void test_fwd_to_ns_the_other_family_is_not_for_rules_with_a_target(void **state)
{
	struct fwd_arrival arrival = arrival_make("127.0.0.1", "127.0.0.1");
	const struct fwd_table *table = *state;
	struct fwd_to_ns way;

	arrival.to_addr = addr("192.0.2.50");
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_addr(&way.other, "::");
}

static void test_fwd_to_ns_what_is_off(void **state)
{
	struct fwd_table *table = *state;

	table->tcp = false;
	assert_int_equal(decide(table, "127.0.0.1", "127.0.0.1"), FWD_REFUSE_PROTOCOL_OFF);
	table->tcp = true;
	table->ip4.enabled = false;
	assert_int_equal(decide(table, "127.0.0.1", "127.0.0.1"), FWD_REFUSE_FAMILY_OFF);
	assert_int_equal(decide(table, "::1", "::1"), FWD_ALLOW);
}

static void test_fwd_to_ns_bad_sources(void **state)
{
	struct fwd_arrival arrival = arrival_make("203.0.113.9", "198.51.100.1");
	const struct fwd_table *table = *state;
	struct fwd_to_ns way;

	assert_int_equal(decide(table, "0.0.0.0", "198.51.100.1"), FWD_REFUSE_SOURCE);
	assert_int_equal(decide(table, "224.0.0.1", "198.51.100.1"), FWD_REFUSE_SOURCE);
	assert_int_equal(decide(table, "::", "::"), FWD_REFUSE_SOURCE);
	arrival.peer_port = 0;
	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_REFUSE_SOURCE);
}

static void test_fwd_to_ns_ports_start_with_the_own_one_and_differ(void **state)
{
	struct fwd_arrival arrival = arrival_make("203.0.113.9", "198.51.100.1");
	const struct fwd_table *table = *state;
	struct fwd_to_ns way;

	assert_int_equal(fwd_to_ns(table, &arrival, &way), FWD_ALLOW);
	assert_int_equal(fwd_to_ns_port(&way, &arrival, 0), 40000);
	for (unsigned int i = 1; i < FWD_TO_NS_PORTS; i++) {
		uint16_t port = fwd_to_ns_port(&way, &arrival, i);

		assert_true(port >= 49152);
		for (unsigned int j = 1; j < i; j++)
			assert_int_not_equal(fwd_to_ns_port(&way, &arrival, j), port);
	}
}

static void test_fwd_outbound_guest_address_is_the_hosts_own(void **state)
{
	const struct fwd_query query = query_make(IPPROTO_TCP, "198.51.100.1", "192.0.2.99");
	struct fwd_table *table = *state;
	struct fwd_target target;

	table->ip4.outbound_addr = addr("203.0.113.1");
	memcpy(table->ip4.outbound_ifname, "eth9", 5);
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_ALLOW);
	assert_addr(&target.addr, "192.0.2.99");
	table->ip4.map_guest_addr = addr("192.0.2.99");
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_ALLOW);
	assert_addr(&target.addr, "198.51.100.1");
	assert_null(target.bind_ifname);
	assert_true(addr_is_unspecified(&target.bind_addr));
	table->ip4.host_addr = addr("203.0.113.7"); /* it has another one since then */
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_ALLOW);
	assert_addr(&target.addr, "203.0.113.7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fwd_test(test_fwd_to_ns_remote_keeps_its_address),
		fwd_test(test_fwd_to_ns_local_is_spliced_to_the_namespace_address),
		fwd_test(test_fwd_to_ns_local_tftp_goes_by_the_tap),
		fwd_test(test_fwd_to_ns_loopback_to_loopback),
		fwd_test(test_fwd_to_ns_local_by_the_tap_is_mapped),
		fwd_test(test_fwd_to_ns_without_mappings_the_gateway_stands_for_the_host),
		fwd_test(test_fwd_to_ns_namespace_addresses_are_no_sources),
		fwd_test(test_fwd_to_ns_the_address_that_was_asked_for),
		fwd_test(test_fwd_to_ns_target_of_the_rule_wins),
		fwd_test(test_fwd_to_ns_loopback_as_target_of_the_rule_is_spliced),
		fwd_test(test_fwd_to_ns_target_of_the_other_family_refused),
		fwd_test(test_fwd_to_ns_no_address_in_the_namespace),
		fwd_test(test_fwd_to_ns_without_a_tap_only_local_ones),
		fwd_test(test_fwd_to_ns_localhost_is_both_families),
		fwd_test(test_fwd_to_ns_localhost_without_an_address_of_its_family),
		fwd_test(test_fwd_to_ns_the_other_family_is_not_for_rules_with_a_target),
		fwd_test(test_fwd_to_ns_what_is_off),
		fwd_test(test_fwd_to_ns_bad_sources),
		fwd_test(test_fwd_to_ns_ports_start_with_the_own_one_and_differ),
		fwd_test(test_fwd_outbound_guest_address_is_the_hosts_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
