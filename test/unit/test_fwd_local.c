/* SPDX-License-Identifier: Apache-2.0
 *
 * Where connections to the namespace's forwarded ports go on the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/fwd/fwd_local.h"
#include "test/unit/fwd_fixture.h"

static const struct fwd_table table = {
	.ip4 = { .enabled = true },
	.ip6 = { .enabled = true, .scope_id = 7 },
	.tcp = true,
};

static void expect_target(const struct fwd_arrival *a, const char *target, uint32_t scope_id)
{
	const struct in6_addr expected = addr(target);
	struct fwd_target t;

	assert_int_equal(fwd_local(&table, a, &t), FWD_ALLOW);
	assert_true(addr_equal(&t.addr, &expected));
	assert_int_equal(t.port, 80);
	assert_int_equal(t.scope_id, scope_id);
	assert_null(t.bind_ifname);
}

static void test_fwd_local_loopback_addresses_stay_what_they_are(void **state)
{
	struct fwd_arrival a = arrival_make("127.0.0.1", "127.0.0.1");

	(void)state;
	expect_target(&a, "127.0.0.1", 0);
	a = arrival_make("127.0.0.1", "127.0.0.2");
	expect_target(&a, "127.0.0.2", 0);
	a = arrival_make("::1", "::1");
	expect_target(&a, "::1", 0);
}

static void test_fwd_local_other_addresses_become_loopback(void **state)
{
	struct fwd_arrival a = arrival_make("192.0.2.1", "192.0.2.1");

	(void)state;
	expect_target(&a, "127.0.0.1", 0);
	a = arrival_make("2001:db8::1", "2001:db8::1");
	expect_target(&a, "::1", 0);
}

static void test_fwd_local_localhost_is_both_families(void **state)
{
	struct fwd_arrival a = arrival_make("127.0.0.1", "127.0.0.1");
	struct fwd_table off = table;
	struct fwd_target t;

	(void)state;
	assert_int_equal(fwd_local(&table, &a, &t), FWD_ALLOW);
	assert_addr(&t.other, "::1");
	off.ip6.enabled = false;
	assert_int_equal(fwd_local(&off, &a, &t), FWD_ALLOW);
	assert_addr(&t.other, "::");
	a = arrival_make("::1", "::1");
	assert_int_equal(fwd_local(&table, &a, &t), FWD_ALLOW);
	assert_addr(&t.other, "127.0.0.1");
	a = arrival_make("127.0.0.1", "127.0.0.53");
	assert_int_equal(fwd_local(&table, &a, &t), FWD_ALLOW);
	assert_addr(&t.other, "::");
	a = arrival_make("127.0.0.1", "127.0.0.1");
	a.to_addr = addr("127.0.0.1");
	assert_int_equal(fwd_local(&table, &a, &t), FWD_ALLOW);
	assert_addr(&t.other, "::");
}

static void test_fwd_local_socket_on_all_addresses_is_for_the_loopback(void **state)
{
	struct fwd_arrival a = arrival_make("127.0.0.1", "127.0.0.53");
	struct fwd_target t;

	(void)state;
	a.any_addr = true;
	expect_target(&a, "127.0.0.53", 0);
	a = arrival_make("192.0.2.1", "192.0.2.1");
	a.any_addr = true;
	assert_int_equal(fwd_local(&table, &a, &t), FWD_REFUSE_DESTINATION);
	a.to_addr = addr("127.0.0.1");
	assert_int_equal(fwd_local(&table, &a, &t), FWD_REFUSE_DESTINATION);
}

static void test_fwd_local_rule_names_the_target(void **state)
{
	struct fwd_arrival a = arrival_make("127.0.0.1", "127.0.0.1");

	(void)state;
	a.to_addr = addr("198.51.100.7");
	expect_target(&a, "198.51.100.7", 0);
	a = arrival_make("::1", "::1");
	a.to_addr = addr("fe80::7");
	expect_target(&a, "fe80::7", 7);
}

static void test_fwd_local_refuses_what_is_off(void **state)
{
	struct fwd_arrival a = arrival_make("127.0.0.1", "127.0.0.1");
	struct fwd_table off = table;
	struct fwd_target t;

	(void)state;
	a.protocol = IPPROTO_UDP;
	assert_int_equal(fwd_local(&table, &a, &t), FWD_REFUSE_PROTOCOL_OFF);
	a.protocol = IPPROTO_TCP;
	off.ip4.enabled = false;
	assert_int_equal(fwd_local(&off, &a, &t), FWD_REFUSE_FAMILY_OFF);
	a.peer_port = 0;
	assert_int_equal(fwd_local(&table, &a, &t), FWD_REFUSE_SOURCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fwd_local_loopback_addresses_stay_what_they_are),
		cmocka_unit_test(test_fwd_local_other_addresses_become_loopback),
		cmocka_unit_test(test_fwd_local_localhost_is_both_families),
		cmocka_unit_test(test_fwd_local_socket_on_all_addresses_is_for_the_loopback),
		cmocka_unit_test(test_fwd_local_rule_names_the_target),
		cmocka_unit_test(test_fwd_local_refuses_what_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
