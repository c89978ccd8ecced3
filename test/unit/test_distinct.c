/* SPDX-License-Identifier: Apache-2.0
 *
 * What can't have the namespace's own address, and what is left out instead of refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "launch/distinct.h"
#include "test/unit/addr_text.h"

struct fixture {
	struct settings settings;
	struct addressing addressing;
	struct config config;
	struct err err;
};

/* Two IPv4 addresses and one IPv6 one, copied, and the host's gateways for everything */
static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ .settings.config_net = true };
	addressing_request_init(&f->settings.addressing);
	f->addressing.ip4 = (struct addressing_family){
		.enabled = true,
		.addrs = { { addr("192.0.2.7"), 24, false, false },
			   { addr("192.0.2.8"), 24, false, false } },
		.addr_count = 2,
		.gateway = addr("192.0.2.1"),
	};
	f->addressing.ip6 = (struct addressing_family){
		.enabled = true,
		.addrs = { { addr("2001:db8::7"), 64, false, false } },
		.addr_count = 1,
		.gateway = addr("fe80::1"),
	};
	f->config.fwd.ip4.gateway = f->config.fwd.ip4.map_host_loopback = addr("192.0.2.1");
	f->config.fwd.ip6.gateway = f->config.fwd.ip6.map_host_loopback = addr("fe80::1");
}

static int check(struct fixture *f)
{
	f->err.text[0] = '\0';
	return distinct_check(&f->settings, &f->addressing, &f->config, &f->err);
}

static void test_distinct_gateway_leads_to_loopback(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(check(&f), 0);
	assert_addr(&f.config.fwd.ip4.map_host_loopback, "192.0.2.1");
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::1");
}

static void test_distinct_asked_for_own_address_rejected(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.settings.addressing.ip4.gateway = addr("192.0.2.8");
	assert_true(check(&f) < 0);
	assert_string_equal(f.err.text, "--gateway '192.0.2.8': that is the namespace's own "
					"address (see --address)");
	fixture_init(&f);
	f.settings.dns.forward6 = addr("2001:db8::7");
	f.settings.addressing.ip6.addr = addr("2001:db8::7");
	assert_true(check(&f) < 0);
	assert_string_equal(f.err.text,
			    "--dns-forward '2001:db8::7' contradicts --address '2001:db8::7'");
}

static void test_distinct_broadcast_address_is_no_gateway(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.settings.addressing.ip4.gateway = addr("192.0.2.255");
	assert_true(check(&f) < 0);
	assert_string_equal(f.err.text, "--gateway '192.0.2.255': that is the broadcast address "
					"of '192.0.2.7/24'");
	f.addressing.ip4.addrs[0].prefix_len = 31;
	f.addressing.ip4.addrs[1].prefix_len = 32;
	assert_int_equal(check(&f), 0);
}

static void test_distinct_default_mapping_to_own_address_left_out(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.addressing.ip4.addrs[0].addr = f.addressing.ip4.gateway;
	assert_int_equal(check(&f), 0);
	assert_true(addr_is_unspecified(&f.config.fwd.ip4.map_host_loopback));
	assert_true(addr_is_unspecified(&f.config.fwd.ip4.gateway));
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::1");
}

static void test_distinct_addresses_that_are_not_set_are_free(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.settings.addressing.ip4.gateway = addr("192.0.2.8");
	f.settings.config_net = false;
	assert_int_equal(check(&f), 0);
	f.settings.addressing.ip4.gateway = addr("192.0.2.7");
	assert_true(check(&f) < 0);
	f.addressing.ip4 = (struct addressing_family){ .enabled = false };
	assert_int_equal(check(&f), 0);
}

static void test_distinct_mapping_that_meets_a_copied_address_is_left_out(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.settings.addressing.ip4.map_host_loopback = addr("192.0.2.8");
	f.config.fwd.ip4.map_host_loopback = addr("192.0.2.8");
	assert_int_equal(check(&f), 0);
	assert_true(addr_is_unspecified(&f.config.fwd.ip4.map_host_loopback));
	assert_addr(&f.config.fwd.ip6.map_host_loopback, "fe80::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distinct_gateway_leads_to_loopback),
		cmocka_unit_test(test_distinct_asked_for_own_address_rejected),
		cmocka_unit_test(test_distinct_broadcast_address_is_no_gateway),
		cmocka_unit_test(test_distinct_default_mapping_to_own_address_left_out),
		cmocka_unit_test(test_distinct_addresses_that_are_not_set_are_free),
		cmocka_unit_test(test_distinct_mapping_that_meets_a_copied_address_is_left_out),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
