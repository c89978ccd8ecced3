/* SPDX-License-Identifier: Apache-2.0
 *
 * The table in force: what is known of resolvers, forgotten when the machine has slept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/engine/forwarding.h"
#include "test/unit/addr_text.h"

#define START_NS (100 * NS_PER_S)

struct fixture {
	struct config config;
	struct timer_wheel timers;
	struct forwarding forwarding;
};

static uint32_t replacements;

static void count(struct forwarding *forwarding)
{
	(void)forwarding;
	replacements++;
}

static void start(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->config.fwd = (struct fwd_table){ .ip4.enabled = true, .udp = true };
	f->config.dns.forward4 = addr("198.51.100.53");
	f->config.resolv.server_count = 2;
	f->config.resolv.servers[0].addr = addr("192.0.2.1");
	f->config.resolv.servers[1].addr = addr("192.0.2.2");
	timer_wheel_init(&f->timers, START_NS);
	forwarding_init(&f->forwarding, &f->config, &f->timers, count);
	replacements = 0;
}

static const struct in6_addr *asked(const struct fixture *f)
{
	return &forwarding_table(&f->forwarding)->ip4.resolver.addr;
}

static void fails(struct fixture *f, const char *text, uint64_t now_ns)
{
	const struct in6_addr resolver = addr(text);

	forwarding_resolver_result(&f->forwarding, &resolver, 53, now_ns, now_ns);
}

static void test_forwarding_awake_asks_the_first_resolver_again(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_addr(asked(&f), "192.0.2.1");
	fails(&f, "192.0.2.1", START_NS);
	assert_addr(asked(&f), "192.0.2.2");
	assert_int_equal(replacements, 1);
	forwarding_retry_resolvers(&f.forwarding, START_NS + NS_PER_S);
	assert_addr(asked(&f), "192.0.2.1");
	assert_int_equal(replacements, 2);
	assert_int_equal(timer_next_ms(&f.timers, START_NS + NS_PER_S), -1);
}

static void test_forwarding_awake_changes_nothing_if_all_are_well(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	forwarding_retry_resolvers(&f.forwarding, START_NS);
	assert_addr(asked(&f), "192.0.2.1");
	assert_int_equal(replacements, 0);
}

static void test_forwarding_another_gateway_may_be_a_resolver(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	forwarding_edit(&f.forwarding)->ip4.map_host_loopback = addr("192.0.2.2");
	forwarding_replace_with(&f.forwarding, &f.config.resolv);
	assert_addr(&forwarding_table(&f.forwarding)->ip4.map_host_loopback, "192.0.2.2");
	assert_addr(&forwarding_table(&f.forwarding)->ip4.map_resolver.addr, "192.0.2.2");
	assert_int_equal(replacements, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forwarding_awake_asks_the_first_resolver_again),
		cmocka_unit_test(test_forwarding_awake_changes_nothing_if_all_are_well),
		cmocka_unit_test(test_forwarding_another_gateway_may_be_a_resolver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
