/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of DNS: which resolver is asked and which are announced, by resolv.conf and by what the
 * user wants; who is passed over and for how long; and how the table in force is replaced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "common/base/clock.h"
#include "common/engine/dns_rules.h"
#include "common/engine/forwarding.h"
#include "test/unit/addr_text.h"

struct fixture {
	struct dns_config dns;
	struct resolv resolv;
	struct fwd_table table;
	struct dns_resolvers resolvers;
	struct dns_announce announce;
};

static struct resolv_server server(const char *text)
{
	struct resolv_server s;

	assert_int_equal(resolv_server_parse(text, &s), 0);
	return s;
}

static struct fixture fixture(const char *resolv_conf)
{
	struct fixture f = {
		.table.ip4 = {
			.enabled = true,
			.ns_addr = addr("198.51.100.1"),
			.ns_addr_count = 2,
			.ns_addrs = { addr("198.51.100.1"), addr("198.51.100.7") },
			.map_host_loopback = addr("198.51.100.2"),
		},
		.table.ip6 = {
			.enabled = true,
			.ns_addr = addr("2001:db8:1::1"),
			.map_host_loopback = addr("fe80::2"),
		},
	};

	resolv_parse(resolv_conf, strlen(resolv_conf), &f.resolv);
	return f;
}

static void apply(struct fixture *f)
{
	memset(&f->announce, 0xa5, sizeof(f->announce));
	dns_apply(&f->dns, &f->resolv, &f->table, &f->resolvers, &f->announce);
}

static void assert_announced(const struct fixture *f, const char *expected)
{
	char text[1024] = "", buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < f->announce.dns_count; i++)
		sprintf(text + strlen(text), "%s%s", i ? " " : "",
			addr_format(&f->announce.dns[i], buf));
	assert_string_equal(text, expected);
}

/* Where a family's queries go: "FORWARD RESOLVER", or "-" if nowhere */
static void assert_forwarded(const struct fwd_family *family, const char *expected)
{
	char text[256] = "-", forward[ADDR_TEXT_MAX], resolver[RESOLV_SERVER_TEXT_MAX];

	if (!addr_is_unspecified(&family->dns_forward))
		sprintf(text, "%s %s", addr_format(&family->dns_forward, forward),
			resolv_server_format(&family->resolver, resolver));
	assert_string_equal(text, expected);
}

static void test_dns_reachable_resolvers_announced_as_they_are(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch a b\n");

	(void)state;
	apply(&f);
	assert_announced(&f, "192.0.2.53 2001:db8::53");
	assert_string_equal(f.announce.search, "a b");
	assert_forwarded(&f.table.ip4, "-");
	assert_forwarded(&f.table.ip6, "-");
}

static void test_dns_loopback_replaced_by_forwarding_address(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\nnameserver 192.0.2.53\n");

	(void)state;
	f.dns.forward4 = addr("169.254.1.1");
	apply(&f);
	assert_announced(&f, "169.254.1.1 192.0.2.53");
	assert_forwarded(&f.table.ip4, "169.254.1.1 127.0.0.53");
	assert_forwarded(&f.table.ip6, "-");
}

static void test_dns_loopback_replaced_by_mapped_address_which_forwards(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\nnameserver ::1\n");

	(void)state;
	apply(&f);
	assert_announced(&f, "198.51.100.2 fe80::2");
	assert_forwarded(&f.table.ip4, "198.51.100.2 127.0.0.53");
	assert_forwarded(&f.table.ip6, "fe80::2 ::1");
}

static void test_dns_mapped_address_that_is_a_resolver_stays_one(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.9\nnameserver 198.51.100.2\n"
				   "nameserver fe80::2%eth7\n");

	(void)state;
	f.table.ip4.map_resolver = server("192.0.2.77"); /* of an earlier resolv.conf */
	apply(&f);
	assert_announced(&f, "192.0.2.9 198.51.100.2 fe80::2");
	assert_forwarded(&f.table.ip4, "-");
	assert_forwarded(&f.table.ip6, "-");
	assert_true(addr_equal(&f.table.ip4.map_resolver.addr, &f.table.ip4.map_host_loopback));
	assert_string_equal(f.table.ip6.map_resolver.ifname, "eth7");

	f = fixture("nameserver 192.0.2.9\n");
	apply(&f);
	assert_true(addr_is_unspecified(&f.table.ip4.map_resolver.addr));
	assert_true(addr_is_unspecified(&f.table.ip6.map_resolver.addr));
}

static void test_dns_mapped_resolver_stands_in_for_others(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\nnameserver 198.51.100.2\n");

	(void)state;
	apply(&f);
	assert_announced(&f, "198.51.100.2");
	assert_forwarded(&f.table.ip4, "-");

	f.dns.forward4 = addr("169.254.1.1");
	apply(&f);
	assert_announced(&f, "169.254.1.1 198.51.100.2");
	assert_forwarded(&f.table.ip4, "169.254.1.1 127.0.0.53");
	assert_true(addr_equal(&f.table.ip4.map_resolver.addr, &f.table.ip4.map_host_loopback));
}

static void test_dns_loopback_without_any_way_left_out(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\nnameserver 192.0.2.53\n");

	(void)state;
	f.table.ip4.map_host_loopback = f.table.ip6.map_host_loopback = in6addr_any;
	apply(&f);
	assert_announced(&f, "192.0.2.53");
	assert_forwarded(&f.table.ip4, "-");
}

static void test_dns_other_family_stands_in(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\n");

	(void)state;
	f.table.ip4 = (struct fwd_family){ .enabled = false };
	apply(&f);
	assert_announced(&f, "fe80::2");
	assert_forwarded(&f.table.ip6, "fe80::2 127.0.0.53");
}

static void test_dns_resolver_of_disabled_family_replaced(void **state)
{
	struct fixture f = fixture("nameserver 2001:db8::53\n");

	(void)state;
	f.table.ip6 = (struct fwd_family){ .enabled = false };
	apply(&f);
	assert_announced(&f, "198.51.100.2");
	assert_forwarded(&f.table.ip4, "198.51.100.2 2001:db8::53");
}

static void test_dns_own_and_link_local_addresses_replaced(void **state)
{
	struct fixture f = fixture("nameserver 198.51.100.1\nnameserver fe80::53%eth0\n");

	(void)state;
	apply(&f);
	assert_announced(&f, "198.51.100.2 fe80::2");
	assert_forwarded(&f.table.ip6, "fe80::2 fe80::53%eth0");
}

/* With --config-net the namespace has all of the host's addresses */
static void test_dns_further_own_address_replaced(void **state)
{
	struct fixture f = fixture("nameserver 198.51.100.7\n");

	(void)state;
	apply(&f);
	assert_announced(&f, "198.51.100.2");
	assert_forwarded(&f.table.ip4, "198.51.100.2 198.51.100.7");
}

static void test_dns_stand_in_announced_once(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\nnameserver 127.0.0.54\n");

	(void)state;
	apply(&f);
	assert_announced(&f, "198.51.100.2");
}

static void test_dns_asked_for_addresses_only(void **state)
{
	struct fixture f = fixture("nameserver 127.0.0.53\n");

	(void)state;
	f.dns.announce[0] = addr("192.0.2.9");
	f.dns.announce[1] = addr("2001:db8::9");
	f.dns.announce_count = 2;
	f.table.ip6.enabled = false;
	apply(&f);
	assert_announced(&f, "192.0.2.9");
	assert_forwarded(&f.table.ip4, "-");
}

static void test_dns_none_announced(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.53\nsearch a\n");

	(void)state;
	f.dns.announce_none = true;
	f.dns.search_given = true;
	apply(&f);
	assert_announced(&f, "");
	assert_string_equal(f.announce.search, "");
}

static void test_dns_no_resolver_means_local_one(void **state)
{
	struct fixture f = fixture("");

	(void)state;
	apply(&f);
	assert_announced(&f, "");
	assert_forwarded(&f.table.ip4, "-");
	f.dns.forward4 = addr("169.254.1.1");
	f.dns.forward6 = addr("fd00::1");
	apply(&f);
	assert_announced(&f, "169.254.1.1 fd00::1");
	assert_forwarded(&f.table.ip4, "169.254.1.1 127.0.0.1");
	assert_forwarded(&f.table.ip6, "fd00::1 127.0.0.1");
}

static void test_dns_each_family_has_its_own_resolver(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.53\nnameserver 2001:db8::53\n");

	(void)state;
	f.dns.forward4 = addr("169.254.1.1");
	f.dns.forward6 = addr("fd00::1");
	apply(&f);
	assert_forwarded(&f.table.ip4, "169.254.1.1 192.0.2.53");
	assert_forwarded(&f.table.ip6, "fd00::1 2001:db8::53");
}

static void test_dns_fixed_resolver(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.53\nnameserver 192.0.2.54\n");

	(void)state;
	f.dns.forward4 = addr("169.254.1.1");
	f.dns.forward6 = addr("fd00::1");
	f.dns.host6 = server("fe80::53%eth0");
	apply(&f);
	assert_forwarded(&f.table.ip4, "169.254.1.1 192.0.2.53");
	assert_forwarded(&f.table.ip6, "fd00::1 fe80::53%eth0");
	f.dns.host4 = server("127.0.0.7");
	f.dns.host6 = (struct resolv_server){ .ifname = "" };
	f.resolv.server_count = 0;
	apply(&f);
	assert_forwarded(&f.table.ip4, "169.254.1.1 127.0.0.7");
	assert_forwarded(&f.table.ip6, "fd00::1 127.0.0.7");
}

static void assert_chosen(const struct fwd_resolvers *resolvers, int family, const char *expected)
{
	const struct resolv_server *chosen = fwd_resolvers_choose(resolvers, family);
	char text[RESOLV_SERVER_TEXT_MAX];

	assert_non_null(chosen);
	assert_string_equal(resolv_server_format(chosen, text), expected);
}

static void test_dns_failed_resolver_passed_over(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.1\nnameserver 2001:db8::1\n"
				   "nameserver 192.0.2.2\n");
	struct fwd_resolvers *r = &f.resolvers.plain;
	const struct in6_addr first = addr("192.0.2.1"), second = addr("192.0.2.2");
	const struct in6_addr third = addr("2001:db8::1"), other = addr("192.0.2.3");

	(void)state;
	apply(&f);
	assert_false(fwd_resolvers_failed(r, &other, NS_PER_S, NS_PER_S));
	assert_true(fwd_resolvers_failed(r, &first, 1 * NS_PER_S, 1 * NS_PER_S));
	assert_false(fwd_resolvers_failed(r, &first, 2 * NS_PER_S, 2 * NS_PER_S));
	assert_chosen(r, AF_INET, "192.0.2.2");
	assert_chosen(r, AF_INET6, "2001:db8::1");
	assert_true(fwd_resolvers_failed(r, &second, 2 * NS_PER_S, 2 * NS_PER_S));
	assert_chosen(r, AF_INET, "2001:db8::1");
	/* All of them, and none has ever answered */
	assert_true(fwd_resolvers_failed(r, &third, 3 * NS_PER_S, 3 * NS_PER_S));
	assert_chosen(r, AF_INET, "192.0.2.1");
	assert_chosen(r, AF_INET6, "2001:db8::1");
	assert_true(fwd_resolvers_answered(r, &third, 3 * NS_PER_S));
	assert_false(fwd_resolvers_answered(r, &third, 3 * NS_PER_S));
	assert_chosen(r, AF_INET, "2001:db8::1");
}

static void test_dns_slow_name_is_no_failure(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	struct fwd_resolvers *r = &f.resolvers.plain;
	const struct in6_addr first = addr("192.0.2.1");

	(void)state;
	apply(&f);
	assert_false(fwd_resolvers_answered(r, &first, 5 * NS_PER_S));
	assert_false(fwd_resolvers_failed(r, &first, 4 * NS_PER_S, 6 * NS_PER_S));
	assert_chosen(r, AF_INET, "192.0.2.1");
	assert_true(fwd_resolvers_failed(r, &first, 5 * NS_PER_S, 7 * NS_PER_S));
	assert_chosen(r, AF_INET, "192.0.2.2");
}

static void test_dns_when_all_have_failed_each_is_tried_soon(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	struct fwd_resolvers *r = &f.resolvers.plain;
	const struct in6_addr first = addr("192.0.2.1"), second = addr("192.0.2.2");

	(void)state;
	apply(&f);
	fwd_resolvers_failed(r, &first, 1, NS_PER_S);
	fwd_resolvers_answered(r, &second, 2 * NS_PER_S);
	fwd_resolvers_failed(r, &second, 3 * NS_PER_S, 4 * NS_PER_S);
	/* That one was there not long ago */
	assert_chosen(r, AF_INET, "192.0.2.2");
	assert_int_equal(fwd_resolvers_next_ns(r), 6 * NS_PER_S);
	assert_true(fwd_resolvers_resume(r, 6 * NS_PER_S));
	assert_chosen(r, AF_INET, "192.0.2.1");
	/* The dead one is given up for longer now, while the other answers */
	fwd_resolvers_failed(r, &first, 6 * NS_PER_S, 7 * NS_PER_S);
	assert_chosen(r, AF_INET, "192.0.2.2");
	assert_int_equal(fwd_resolvers_next_ns(r), 67 * NS_PER_S);
}

static void test_dns_pause_ends_and_grows(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	struct fwd_resolvers *r = &f.resolvers.plain;
	const struct in6_addr first = addr("192.0.2.1");
	uint64_t now_ns = 100 * NS_PER_S;

	(void)state;
	apply(&f);
	assert_int_equal(fwd_resolvers_next_ns(r), 0);
	for (unsigned int pause_s = 30; pause_s <= 960; pause_s *= 2) {
		fwd_resolvers_failed(r, &first, now_ns, now_ns);
		now_ns += (pause_s < 240 ? pause_s : 240) * NS_PER_S;
		assert_int_equal(fwd_resolvers_next_ns(r), now_ns);
		assert_false(fwd_resolvers_resume(r, now_ns - 1));
		assert_chosen(r, AF_INET, "192.0.2.2");
		assert_true(fwd_resolvers_resume(r, now_ns));
		assert_chosen(r, AF_INET, "192.0.2.1");
	}
	fwd_resolvers_answered(r, &first, now_ns - 1);
	fwd_resolvers_failed(r, &first, now_ns, now_ns);
	assert_int_equal(fwd_resolvers_next_ns(r), now_ns + 30 * NS_PER_S);
}

static void test_dns_pause_survives_another_list(void **state)
{
	struct fixture f = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	const struct in6_addr first = addr("192.0.2.1");

	(void)state;
	apply(&f);
	fwd_resolvers_failed(&f.resolvers.plain, &first, NS_PER_S, NS_PER_S);
	f.resolv = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.3\n").resolv;
	apply(&f);
	assert_chosen(&f.resolvers.plain, AF_INET, "192.0.2.3");
	f.resolv = fixture("nameserver 192.0.2.4\n").resolv;
	apply(&f);
	assert_chosen(&f.resolvers.plain, AF_INET, "192.0.2.4");
}

static struct timer_wheel *wheel_new(uint64_t now_ns)
{
	struct timer_wheel *wheel = test_malloc(sizeof(*wheel));

	timer_wheel_init(wheel, now_ns);
	return wheel;
}

static void not_looked_at(struct forwarding *forwarding)
{
	(void)forwarding;
}

static void test_dns_table_replaced_on_failure_and_back(void **state)
{
	struct config config = { .dns.forward4 = addr("169.254.1.1") };
	struct timer_wheel *wheel = wheel_new(NS_PER_S);
	const struct in6_addr first = addr("192.0.2.1");
	const struct fwd_table *before;
	struct forwarding forwarding;

	(void)state;
	config.fwd = fixture("").table;
	config.resolv = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.2\n").resolv;
	forwarding_init(&forwarding, &config, wheel, not_looked_at);
	before = forwarding_table(&forwarding);
	assert_forwarded(&before->ip4, "169.254.1.1 192.0.2.1");

	forwarding_resolver_result(&forwarding, &first, 53, NS_PER_S, NS_PER_S);
	assert_ptr_not_equal(forwarding_table(&forwarding), before);
	assert_forwarded(&forwarding_table(&forwarding)->ip4, "169.254.1.1 192.0.2.2");
	assert_forwarded(&before->ip4, "169.254.1.1 192.0.2.1");

	timer_run(wheel, 30 * NS_PER_S);
	assert_forwarded(&forwarding_table(&forwarding)->ip4, "169.254.1.1 192.0.2.2");
	timer_run(wheel, 32 * NS_PER_S);
	assert_forwarded(&forwarding_table(&forwarding)->ip4, "169.254.1.1 192.0.2.1");
	assert_int_equal(timer_next_ms(wheel, 32 * NS_PER_S), -1);
	test_free(wheel);
}

static void test_dns_ports_53_and_853_are_judged_apart(void **state)
{
	struct config config = { .dns.forward4 = addr("169.254.1.1") };
	struct timer_wheel *wheel = wheel_new(NS_PER_S);
	const struct in6_addr first = addr("192.0.2.1");
	const struct fwd_family *ip4;
	struct forwarding forwarding;

	(void)state;
	config.fwd = fixture("").table;
	config.resolv = fixture("nameserver 192.0.2.1\nnameserver 192.0.2.2\n").resolv;
	forwarding_init(&forwarding, &config, wheel, not_looked_at);
	forwarding_resolver_result(&forwarding, &first, 853, NS_PER_S, NS_PER_S);
	ip4 = &forwarding_table(&forwarding)->ip4;
	assert_true(addr_equal(&ip4->resolver.addr, &first));
	assert_false(addr_equal(&ip4->resolver_tls.addr, &first));

	timer_run(wheel, 32 * NS_PER_S);
	ip4 = &forwarding_table(&forwarding)->ip4;
	assert_true(addr_equal(&ip4->resolver_tls.addr, &first));
	forwarding_resolver_result(&forwarding, &first, 53, 32 * NS_PER_S, 32 * NS_PER_S);
	ip4 = &forwarding_table(&forwarding)->ip4;
	assert_false(addr_equal(&ip4->resolver.addr, &first));
	assert_true(addr_equal(&ip4->resolver_tls.addr, &first));
	test_free(wheel);
}

static void test_dns_table_replaced_by_resolv_conf(void **state)
{
	struct config config = { .dns.forward4 = addr("169.254.1.1") };
	struct timer_wheel *wheel = wheel_new(NS_PER_S);
	struct fixture f = fixture("nameserver 192.0.2.9\nsearch other\n");
	struct forwarding forwarding;

	(void)state;
	config.fwd = f.table;
	config.resolv = fixture("nameserver 127.0.0.53\n").resolv;
	forwarding_init(&forwarding, &config, wheel, not_looked_at);
	forwarding_resolv(&forwarding, &f.resolv);
	assert_forwarded(&forwarding_table(&forwarding)->ip4, "169.254.1.1 192.0.2.9");
	assert_string_equal(forwarding.announce.search, "other");
	test_free(wheel);
}

static void test_dns_edit_keeps_all_else(void **state)
{
	struct config config = { .fwd.tcp = true };
	struct timer_wheel *wheel = wheel_new(NS_PER_S);
	struct forwarding forwarding;

	(void)state;
	forwarding_init(&forwarding, &config, wheel, not_looked_at);
	forwarding_edit(&forwarding)->udp = true;
	assert_false(forwarding_table(&forwarding)->udp);
	forwarding_replace(&forwarding);
	assert_true(forwarding_table(&forwarding)->udp);
	assert_true(forwarding_table(&forwarding)->tcp);
	test_free(wheel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_reachable_resolvers_announced_as_they_are),
		cmocka_unit_test(test_dns_loopback_replaced_by_forwarding_address),
		cmocka_unit_test(test_dns_loopback_replaced_by_mapped_address_which_forwards),
		cmocka_unit_test(test_dns_mapped_address_that_is_a_resolver_stays_one),
		cmocka_unit_test(test_dns_mapped_resolver_stands_in_for_others),
		cmocka_unit_test(test_dns_loopback_without_any_way_left_out),
		cmocka_unit_test(test_dns_other_family_stands_in),
		cmocka_unit_test(test_dns_resolver_of_disabled_family_replaced),
		cmocka_unit_test(test_dns_own_and_link_local_addresses_replaced),
		cmocka_unit_test(test_dns_further_own_address_replaced),
		cmocka_unit_test(test_dns_stand_in_announced_once),
		cmocka_unit_test(test_dns_asked_for_addresses_only),
		cmocka_unit_test(test_dns_none_announced),
		cmocka_unit_test(test_dns_no_resolver_means_local_one),
		cmocka_unit_test(test_dns_each_family_has_its_own_resolver),
		cmocka_unit_test(test_dns_fixed_resolver),
		cmocka_unit_test(test_dns_failed_resolver_passed_over),
		cmocka_unit_test(test_dns_slow_name_is_no_failure),
		cmocka_unit_test(test_dns_when_all_have_failed_each_is_tried_soon),
		cmocka_unit_test(test_dns_pause_ends_and_grows),
		cmocka_unit_test(test_dns_pause_survives_another_list),
		cmocka_unit_test(test_dns_table_replaced_on_failure_and_back),
		cmocka_unit_test(test_dns_ports_53_and_853_are_judged_apart),
		cmocka_unit_test(test_dns_table_replaced_by_resolv_conf),
		cmocka_unit_test(test_dns_edit_keeps_all_else),
	};

	log_set_level(LOG_LEVEL_WARNING);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
