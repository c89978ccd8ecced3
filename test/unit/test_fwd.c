/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a flow is decided: what may pass, and what a destination stands for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/util.h"
#include "common/fwd/egress.h"
#include "test/unit/fwd_fixture.h"

static enum fwd_verdict decide(const struct fwd_table *table, uint8_t protocol, const char *ns,
			       const char *remote)
{
	struct fwd_query query = query_make(protocol, ns, remote);
	struct fwd_target target;

	return fwd_to_host(table, &query, &target);
}

static struct fwd_target allow(const struct fwd_table *table, uint8_t protocol, const char *ns,
			       const char *remote)
{
	struct fwd_query query = query_make(protocol, ns, remote);
	struct fwd_target target;

	assert_int_equal(fwd_to_host(table, &query, &target), FWD_ALLOW);
	return target;
}

static void test_fwd_outside_destination_unchanged(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target = allow(table, IPPROTO_TCP, "198.51.100.1", "203.0.113.9");

	assert_addr(&target.addr, "203.0.113.9");
	assert_int_equal(target.port, 80);
	assert_int_equal(target.scope_id, 0);
	assert_true(addr_is_unspecified(&target.bind_addr));
	assert_null(target.bind_ifname);
}

static void test_fwd_gateway_is_host_loopback_ipv4(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target = allow(table, IPPROTO_UDP, "198.51.100.1", "198.51.100.2");

	assert_addr(&target.addr, "127.0.0.1");
	assert_int_equal(target.port, 80);
}

static void test_fwd_gateway_is_host_loopback_ipv6(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target = allow(table, IPPROTO_TCP, "2001:db8:1::1", "fe80::2");

	assert_addr(&target.addr, "::1");
	assert_int_equal(target.scope_id, 0);
}

static void test_fwd_loopback_mapping_ignores_outbound_options(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target;

	table->ip4.outbound_addr = addr("198.51.100.7");
	memcpy(table->ip4.outbound_ifname, "eth0", 5);
	target = allow(table, IPPROTO_TCP, "198.51.100.1", "198.51.100.2");
	assert_true(addr_is_unspecified(&target.bind_addr));
	assert_null(target.bind_ifname);
}

static void test_fwd_outbound_address_and_interface_bound(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target;

	table->ip4.outbound_addr = addr("198.51.100.7");
	memcpy(table->ip4.outbound_ifname, "eth0", 5);
	target = allow(table, IPPROTO_TCP, "198.51.100.1", "203.0.113.9");
	assert_addr(&target.bind_addr, "198.51.100.7");
	assert_string_equal(target.bind_ifname, "eth0");
}

static void test_fwd_no_mapping_unless_set(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target;

	table->ip4.map_host_loopback = in6addr_any;
	target = allow(table, IPPROTO_TCP, "198.51.100.1", "198.51.100.2");
	assert_addr(&target.addr, "198.51.100.2");
}

static void test_fwd_link_local_destination_scoped(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_target target = allow(table, IPPROTO_TCP, "fe80::1", "fe80::99");

	assert_int_equal(target.scope_id, 7);
	target = allow(table, IPPROTO_TCP, "fe80::1", "2001:db8::9");
	assert_int_equal(target.scope_id, 0);
}

static void test_fwd_loopback_destination_refused(void **state)
{
	struct fwd_table *table = *state;
	static const char *const targets[] = { "127.0.0.1", "127.255.255.254", "0.0.0.0" };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		assert_int_equal(decide(table, IPPROTO_TCP, "198.51.100.1", targets[i]),
				 FWD_REFUSE_DESTINATION);
	assert_int_equal(decide(table, IPPROTO_TCP, "2001:db8:1::1", "::1"),
			 FWD_REFUSE_DESTINATION);
	assert_int_equal(decide(table, IPPROTO_TCP, "2001:db8:1::1", "::"), FWD_REFUSE_DESTINATION);
}

static void test_fwd_unspecified_destination_refused_without_mapping(void **state)
{
	struct fwd_table *table = *state;

	table->ip4.map_host_loopback = in6addr_any;
	table->ip6.map_host_loopback = in6addr_any;
	assert_int_equal(decide(table, IPPROTO_UDP, "198.51.100.1", "0.0.0.0"),
			 FWD_REFUSE_DESTINATION);
	assert_int_equal(decide(table, IPPROTO_UDP, "2001:db8:1::1", "::"), FWD_REFUSE_DESTINATION);
}

static void test_fwd_multicast_destination_refused(void **state)
{
	struct fwd_table *table = *state;

	assert_int_equal(decide(table, IPPROTO_UDP, "198.51.100.1", "224.0.0.251"),
			 FWD_REFUSE_DESTINATION);
	assert_int_equal(decide(table, IPPROTO_UDP, "198.51.100.1", "255.255.255.255"),
			 FWD_REFUSE_DESTINATION);
	assert_int_equal(decide(table, IPPROTO_UDP, "2001:db8:1::1", "ff02::fb"),
			 FWD_REFUSE_DESTINATION);
}

static void test_fwd_port_zero_refused_for_tcp_and_udp_only(void **state)
{
	struct fwd_table *table = *state;
	struct fwd_query query = query_make(IPPROTO_TCP, "198.51.100.1", "203.0.113.9");
	struct fwd_target target;

	query.remote_port = 0;
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_REFUSE_DESTINATION);
	query.protocol = IPPROTO_UDP;
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_REFUSE_DESTINATION);
	query.protocol = IPPROTO_ICMP;
	assert_int_equal(fwd_to_host(table, &query, &target), FWD_ALLOW);
}

static void test_fwd_unanswerable_source_refused(void **state)
{
	struct fwd_table *table = *state;
	static const char *const sources[] = { "0.0.0.0", "127.0.0.1", "224.0.0.1",
					       "255.255.255.255", "2001:db8::1" };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		assert_int_equal(decide(table, IPPROTO_UDP, sources[i], "203.0.113.9"),
				 FWD_REFUSE_SOURCE);
	assert_int_equal(decide(table, IPPROTO_UDP, "::", "2001:db8::9"), FWD_REFUSE_SOURCE);
}

static void test_fwd_family_off_refused(void **state)
{
	struct fwd_table *table = *state;

	table->ip6.enabled = false;
	assert_int_equal(decide(table, IPPROTO_TCP, "2001:db8:1::1", "2001:db8::9"),
			 FWD_REFUSE_FAMILY_OFF);
	assert_int_equal(decide(table, IPPROTO_TCP, "198.51.100.1", "203.0.113.9"), FWD_ALLOW);
}

static void test_fwd_protocol_off_refused(void **state)
{
	struct fwd_table *table = *state;

	table->tcp = false;
	assert_int_equal(decide(table, IPPROTO_TCP, "198.51.100.1", "203.0.113.9"),
			 FWD_REFUSE_PROTOCOL_OFF);
	assert_int_equal(decide(table, IPPROTO_UDP, "198.51.100.1", "203.0.113.9"), FWD_ALLOW);
	table->udp = false;
	assert_int_equal(decide(table, IPPROTO_UDP, "198.51.100.1", "203.0.113.9"),
			 FWD_REFUSE_PROTOCOL_OFF);
	table->icmp = false;
	assert_int_equal(decide(table, IPPROTO_ICMP, "198.51.100.1", "203.0.113.9"),
			 FWD_REFUSE_PROTOCOL_OFF);
}

static void test_fwd_icmp_of_the_other_family_refused(void **state)
{
	struct fwd_table *table = *state;

	assert_int_equal(decide(table, IPPROTO_ICMPV6, "198.51.100.1", "203.0.113.9"),
			 FWD_REFUSE_PROTOCOL_OFF);
	assert_int_equal(decide(table, IPPROTO_ICMP, "2001:db8:1::1", "2001:db8::9"),
			 FWD_REFUSE_PROTOCOL_OFF);
}

static void test_fwd_unknown_protocol_refused(void **state)
{
	struct fwd_table *table = *state;

	assert_int_equal(decide(table, IPPROTO_SCTP, "198.51.100.1", "203.0.113.9"),
			 FWD_REFUSE_PROTOCOL_OFF);
}

static void test_fwd_every_verdict_has_its_own_text(void **state)
{
	(void)state;
	for (int a = FWD_ALLOW; a <= FWD_REFUSE_DESTINATION; a++)
		for (int b = FWD_ALLOW; b < a; b++)
			assert_string_not_equal(fwd_verdict_text((enum fwd_verdict)a),
						fwd_verdict_text((enum fwd_verdict)b));
}

static bool cannot_be_told(void *arg, const struct policy_decision *decision,
			   const struct policy_event *event)
{
	(void)decision;
	(void)event;
	++*(int *)arg;
	return false;
}

/* Nobody is to be let out, or turned away, without a trace */
static void test_fwd_decision_that_cannot_be_told_refuses_silently(void **state)
{
	struct fwd_table *table = *state;
	const struct fwd_exit exit = { .protocol = IPPROTO_TCP,
				       .addr = addr("203.0.113.9"),
				       .port = 80 };
	const struct policy_rule all = { .verdict = POLICY_ALLOW,
					 .protocols = POLICY_TCP,
					 .destination = POLICY_TO_ANY };
	struct policy *policy = policy_new();
	struct fwd_opinion opinion;
	int told = 0;
	struct policy_audit audit = { .pass = cannot_be_told, .arg = &told };

	assert_int_equal(policy_add(policy, &all), 0);
	assert_int_equal(policy_finish(policy, NULL, 0), 0);
	table->policy = policy;
	assert_int_equal(fwd_egress(table, &exit, &opinion), FWD_ALLOW);
	table->audit = &audit;
	assert_int_equal(fwd_egress(table, &exit, &opinion), FWD_REFUSE_SILENTLY);
	assert_int_equal(told, 1);
	table->audit = NULL;
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fwd_test(test_fwd_decision_that_cannot_be_told_refuses_silently),
		fwd_test(test_fwd_outside_destination_unchanged),
		fwd_test(test_fwd_gateway_is_host_loopback_ipv4),
		fwd_test(test_fwd_gateway_is_host_loopback_ipv6),
		fwd_test(test_fwd_loopback_mapping_ignores_outbound_options),
		fwd_test(test_fwd_outbound_address_and_interface_bound),
		fwd_test(test_fwd_no_mapping_unless_set),
		fwd_test(test_fwd_link_local_destination_scoped),
		fwd_test(test_fwd_loopback_destination_refused),
		fwd_test(test_fwd_unspecified_destination_refused_without_mapping),
		fwd_test(test_fwd_multicast_destination_refused),
		fwd_test(test_fwd_port_zero_refused_for_tcp_and_udp_only),
		fwd_test(test_fwd_unanswerable_source_refused),
		fwd_test(test_fwd_family_off_refused),
		fwd_test(test_fwd_protocol_off_refused),
		fwd_test(test_fwd_icmp_of_the_other_family_refused),
		fwd_test(test_fwd_unknown_protocol_refused),
		cmocka_unit_test(test_fwd_every_verdict_has_its_own_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
