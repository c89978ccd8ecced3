/* SPDX-License-Identifier: Apache-2.0
 *
 * Router advertisements: their bytes, who gets one, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/service/ra.h"
#include "test/unit/autoconf_fixture.h"

#define ALL_NODES_MAC "\x33\x33\0\0\0\1"
#define SOLICITATION "\x85\0\0\0\0\0\0\0"
#define SOURCE_MAC "\1\1\2\0\0\0\0\x09"

#define HEAD(flags) "\x86\0XX\x40" flags "\x23\x28\0\0\0\0\0\0\0\0"
#define OUR_MAC "\1\1\x9a\x55\x9a\x55\x9a\x55"
#define PREFIX                                                                                     \
	"\3\4\x40\xc0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"                                     \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0"

#define OLD_PREFIX(valid)                                                                          \
	"\3\4\x40\xc0" valid "\0\0\0\0\0\0\0\0"                                                    \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0"
#define OTHER_PREFIX                                                                               \
	"\3\4\x40\xc0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"                                     \
	"\x20\1\x0d\xb8\0\0\0\7\0\0\0\0\0\0\0\0"

struct ra_fixture {
	struct autoconf_fixture *f;
	struct timer_wheel timers;
	struct ra ra;
	uint64_t now_ns;
};

static struct ra_fixture start(struct autoconf_fixture *f)
{
	return (struct ra_fixture){ .f = f, .now_ns = 1000 * NS_PER_S };
}

static void init(struct ra_fixture *x)
{
	const struct siphash_key secret = { { 1, 2 } };

	timer_wheel_init(&x->timers, x->now_ns);
	ra_init(&x->ra, &x->f->pair.link, &x->f->offer, &x->timers, &secret, x->now_ns);
}

static enum autoconf_outcome solicit(struct ra_fixture *x, const char *bytes, size_t len,
				     uint8_t ttl)
{
	struct autoconf_fixture *f = x->f;
	struct ip_packet ip;
	struct link_frame frame;

	f->dst = fixture_addr("ff02::2");
	frame = fixture_frame(f, IPPROTO_ICMPV6, ttl, 2, bytes, len, &ip);
	return ra_input(&x->ra, &frame, &ip, x->now_ns);
}

#define SOLICIT(x, bytes) solicit(x, bytes, sizeof(bytes) - 1, 255)

static void assert_message(struct autoconf_fixture *f, const char *bytes, size_t len)
{
	assert_int_equal(f->ip.protocol, IPPROTO_ICMPV6);
	assert_int_equal(f->ip.ttl, 255);
	assert_int_equal(f->ip.payload_len, len);
	assert_memory_equal(f->ip.payload, bytes, 2);
	assert_memory_equal(f->ip.payload + 4, bytes + 4, len - 4);
}

#define ASSERT_MESSAGE(f, bytes) assert_message(f, bytes, sizeof(bytes) - 1)

/* Lets time pass. Return: how many advertisements to all nodes came */
static int pass(struct ra_fixture *x, uint64_t seconds)
{
	uint64_t end_ns = x->now_ns + seconds * NS_PER_S;
	int count = 0;

	while (x->now_ns < end_ns) {
		x->now_ns += 100 * NS_PER_MS;
		timer_run(&x->timers, x->now_ns);
		while (fixture_receive(x->f)) {
			fixture_assert_path(x->f, "fe80::1", "ff02::1", ALL_NODES_MAC);
			count++;
		}
	}
	return count;
}

static void test_ra_solicitation_is_answered_to_its_sender(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.mtu = 65520;
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	fixture_assert_path(x.f, "fe80::1", "fe80::7", FIXTURE_MAC);
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC "\5\1\0\0\0\0\xff\xf0" PREFIX);
	assert_int_equal(SOLICIT(&x, SOLICITATION SOURCE_MAC), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	fixture_assert_path(x.f, "fe80::1", "fe80::7", "\2\0\0\0\0\x09");
}

static void test_ra_without_dhcpv6_has_no_flags(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.dhcpv6 = false;
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\0") OUR_MAC PREFIX);
}

static void test_ra_other_prefix_lengths_leave_it_to_dhcpv6(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.ip6.prefix_len = 128;
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\xc0") OUR_MAC);
}

static void test_ra_without_default_route_is_no_router(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.ip6.gateway = in6addr_any;
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	assert_memory_equal(x.f->ip.payload + 4, "\x40\x40\0\0", 4);
	x.f->config.ip6.default_on_link = true;
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	assert_memory_equal(x.f->ip.payload + 4, "\x40\x40\x23\x28", 4);
}

static void test_ra_without_address_has_no_prefix(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.ip6.addr = in6addr_any;
	x.f->config.ip6.prefix_len = 0;
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC);
}

static void test_ra_resolvers_and_search_list(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->offer.dns = (struct autoconf_dns){
		.server_count = 3,
		.servers = { fixture_addr("2001:db8::5"), fixture_addr("192.0.2.53"),
			     fixture_addr("2001:db8::6") },
		.search = "example.org a.b",
	};
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC PREFIX
		       "\x19\5\0\0\0\0\x23\x28\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\5"
		       "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\6"
		       "\x1f\4\0\0\0\0\x23\x28\7example\3org\0\1a\1b\0\0\0\0\0\0\0");
}

static void test_ra_longest_search_list_fits(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->offer.dns.server_count = RESOLV_SERVERS_MAX;
	for (size_t i = 0; i < RESOLV_SERVERS_MAX; i++)
		x.f->offer.dns.servers[i] = fixture_addr("2001:db8::5");
	memset(x.f->offer.dns.search, 'x', RESOLV_SEARCH_MAX - 1);
	for (size_t i = 3; i < RESOLV_SEARCH_MAX - 1; i += 4)
		x.f->offer.dns.search[i] = ' ';
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	assert_true(x.f->ip.payload_len <= 1240 && x.f->ip.payload_len > 1200);
	assert_int_equal(x.f->ip.payload_len % 8, 0);
}

static void test_ra_configured_namespace_is_not_changed(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.configured = true;
	x.f->config.mtu = 1500;
	init(&x);
	assert_int_equal(pass(&x, 2000), 0);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, "\x86\0XX\0\x40\0\0\0\0\0\0\0\0\0\0" OUR_MAC "\5\1\0\0\0\0\5\xdc");
	assert_false(timer_is_set(&x.ra.timer));
}

static void test_ra_nobodys_solicitation_is_answered_to_all(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = in6addr_any;
	init(&x);
	x.ra.initial = 0;
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_int_equal(pass(&x, 1), 1);
	/* The next one has to wait until three seconds are over, and there is only one */
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_int_equal(pass(&x, 1), 0);
	assert_int_equal(pass(&x, 10), 1);
}

static void test_ra_unsolicited_ones_become_rare(void **state)
{
	struct ra_fixture x = start(*state);

	init(&x);
	assert_int_equal(pass(&x, 19), 3);
	assert_int_equal(pass(&x, 400), 0);
	assert_int_equal(pass(&x, 205), 1);
	assert_in_range(pass(&x, 24 * 3600), 24 * 6 - 1, 24 * 8 + 1);
}

static void test_ra_off_sends_none(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->config.ra = false;
	init(&x);
	ra_changed(&x.ra, x.now_ns);
	assert_int_equal(pass(&x, 2000), 0);
}

static void test_ra_news_are_spread_at_once(void **state)
{
	struct ra_fixture x = start(*state);

	init(&x);
	pass(&x, 60);
	ra_changed(&x.ra, x.now_ns);
	assert_int_equal(pass(&x, 1), 1);
}

static void test_ra_replaced_prefix_is_deprecated_and_goes(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.mirrors = true;
	init(&x);
	x.f->config.ip6.addr = fixture_addr("2001:db8:0:7::15");
	ra_changed(&x.ra, x.now_ns);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC OTHER_PREFIX OLD_PREFIX("\0\0\x1c\x20"));
	x.now_ns += 7000 * NS_PER_S;
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC OTHER_PREFIX OLD_PREFIX("\0\0\0\xc8"));
	x.now_ns += 200 * NS_PER_S;
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC OTHER_PREFIX);
}

static void test_ra_prefix_that_comes_back_is_no_old_one(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.mirrors = true;
	init(&x);
	x.f->config.ip6.addr = in6addr_any;
	ra_changed(&x.ra, x.now_ns);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC OLD_PREFIX("\0\0\x1c\x20"));
	x.f->config.ip6.addr = fixture_addr("2001:db8::16");
	ra_changed(&x.ra, x.now_ns);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC PREFIX);
}

static void test_ra_of_many_prefixes_the_last_ones_are_told(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->config.mirrors = true;
	init(&x);
	for (uint8_t i = 1; i <= 20; i++) {
		x.f->config.ip6.addr.s6_addr[7] = i;
		ra_changed(&x.ra, x.now_ns);
	}
	assert_int_equal(x.ra.old_count, RA_OLD_MAX);
	assert_int_equal(x.ra.old[0].prefix.s6_addr[7], 20 - RA_OLD_MAX);
	assert_int_equal(x.ra.old[RA_OLD_MAX - 1].prefix.s6_addr[7], 19);
}

static void test_ra_prefix_that_the_host_has_deprecated(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	x.f->config.mirrors = true;
	x.f->config.ip6.deprecated = true;
	init(&x);
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(x.f));
	ASSERT_MESSAGE(x.f, HEAD("\x40") OUR_MAC OLD_PREFIX("\0\0\x1c\x20"));
}

static void test_ra_invalid_solicitations(void **state)
{
	struct ra_fixture x = start(*state);

	x.f->src = fixture_addr("fe80::7");
	init(&x);
	assert_int_equal(solicit(&x, SOLICITATION, 8, 254), AUTOCONF_INVALID);
	assert_int_equal(solicit(&x, SOLICITATION, 7, 255), AUTOCONF_INVALID);
	assert_int_equal(SOLICIT(&x, "\x85\1\0\0\0\0\0\0"), AUTOCONF_INVALID);
	assert_int_equal(SOLICIT(&x, SOLICITATION "\1\0\2\0\0\0\0\7"), AUTOCONF_INVALID);
	assert_int_equal(SOLICIT(&x, SOLICITATION "\1\2\2\0\0\0\0\7"), AUTOCONF_INVALID);
	assert_int_equal(SOLICIT(&x, SOLICITATION "\1\1\3\0\0\0\0\7"), AUTOCONF_INVALID);
	x.f->bad_checksum = true;
	assert_int_equal(SOLICIT(&x, SOLICITATION), AUTOCONF_INVALID);
	x.f->bad_checksum = false;
	x.f->src = in6addr_any;
	assert_int_equal(SOLICIT(&x, SOLICITATION SOURCE_MAC), AUTOCONF_INVALID);
	assert_false(fixture_receive(x.f));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_ra_solicitation_is_answered_to_its_sender),
		TEST(test_ra_without_dhcpv6_has_no_flags),
		TEST(test_ra_other_prefix_lengths_leave_it_to_dhcpv6),
		TEST(test_ra_without_default_route_is_no_router),
		TEST(test_ra_without_address_has_no_prefix),
		TEST(test_ra_resolvers_and_search_list),
		TEST(test_ra_longest_search_list_fits),
		TEST(test_ra_configured_namespace_is_not_changed),
		TEST(test_ra_nobodys_solicitation_is_answered_to_all),
		TEST(test_ra_unsolicited_ones_become_rare),
		TEST(test_ra_off_sends_none),
		TEST(test_ra_news_are_spread_at_once),
		TEST(test_ra_replaced_prefix_is_deprecated_and_goes),
		TEST(test_ra_prefix_that_comes_back_is_no_old_one),
		TEST(test_ra_of_many_prefixes_the_last_ones_are_told),
		TEST(test_ra_prefix_that_the_host_has_deprecated),
		TEST(test_ra_invalid_solicitations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
