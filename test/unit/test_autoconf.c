/* SPDX-License-Identifier: Apache-2.0
 *
 * Which packets are taken from the namespace's traffic, which services are off, and what may be
 * announced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/service/autoconf.h"
#include "test/unit/autoconf_fixture.h"

#define INFORMATION_REQUEST "\x0b\1\2\3\0\1\0\4\0\3\0\1"

struct door {
	struct autoconf_fixture *f;
	struct timer_wheel timers;
	struct autoconf autoconf;
	struct in6_addr leased; /* by the last datagram */
};

static void init(struct door *d, void **state, const struct autoconf_dns *dns)
{
	const struct siphash_key secret = { { 1, 2 } };
	struct autoconf_env env = { .timers = &d->timers, .dns = dns };

	d->f = *state;
	env.config = &d->f->config;
	env.link = &d->f->pair.link;
	timer_wheel_init(&d->timers, NS_PER_S);
	autoconf_init(&d->autoconf, &env, &secret, NS_PER_S);
}

static bool datagram(struct door *d, const char *src, const char *dst, uint16_t port,
		     const void *data, size_t len)
{
	struct ip_packet ip;
	struct link_frame frame;

	d->f->src = fixture_addr(src);
	d->f->dst = fixture_addr(dst);
	frame = fixture_udp(d->f, 68, port, data, len, &ip);
	if (!autoconf_is_port(&ip))
		return false;
	return autoconf_datagram(&d->autoconf, &frame, &ip, &d->leased);
}

static const uint8_t *discover(void)
{
	static const uint8_t bytes[244] = { 1, 1, 6, [28] = 2, [33] = 7, [236] = 99, 130, 83, 99,
					    53, 1, 1, 255 };

	return bytes;
}

/* By the address alone, as who has had it before */
static const uint8_t *request(void)
{
	static const uint8_t bytes[250] = { 1, 1, 6, [28] = 2, [33] = 7, [236] = 99, 130, 83, 99,
					    53, 1, 3, 50, 4, 192, 0, 2, 15, 255 };

	return bytes;
}

static bool dhcp(struct door *d, const char *dst, uint16_t port)
{
	return datagram(d, "0.0.0.0", dst, port, discover(), 244);
}

static bool dhcpv6(struct door *d, const char *dst, uint16_t port)
{
	return datagram(d, "fe80::7", dst, port, INFORMATION_REQUEST,
			sizeof(INFORMATION_REQUEST) - 1);
}

static void solicit(struct door *d)
{
	struct ip_packet ip;
	struct link_frame frame;

	d->f->src = fixture_addr("fe80::7");
	d->f->dst = fixture_addr("ff02::2");
	frame = fixture_frame(d->f, IPPROTO_ICMPV6, 255, 2, "\x85\0\0\0\0\0\0\0", 8, &ip);
	autoconf_solicitation(&d->autoconf, &frame, &ip, NS_PER_S);
}

static void test_autoconf_takes_what_is_for_us(void **state)
{
	const struct autoconf_dns none = { 0 };
	struct door d;

	init(&d, state, &none);
	assert_true(dhcp(&d, "255.255.255.255", 67));
	assert_true(fixture_receive(d.f));
	assert_true(dhcp(&d, "192.0.2.1", 67));
	assert_true(fixture_receive(d.f));
	assert_true(dhcpv6(&d, "ff02::1:2", 547));
	assert_true(fixture_receive(d.f));
	assert_true(dhcpv6(&d, "fe80::1", 547)); /* refused, but taken */
	assert_false(fixture_receive(d.f));
	solicit(&d);
	assert_true(fixture_receive(d.f));
	assert_int_equal(d.autoconf.stats.answered, 4);
	assert_int_equal(d.autoconf.stats.invalid, 1);
}

static void test_autoconf_tells_what_is_leased(void **state)
{
	const struct autoconf_dns none = { 0 };
	struct door d;

	init(&d, state, &none);
	assert_true(dhcp(&d, "255.255.255.255", 67));
	assert_true(addr_is_unspecified(&d.leased));
	assert_true(datagram(&d, "0.0.0.0", "255.255.255.255", 67, request(), 250));
	assert_true(addr_equal(&d.leased, &d.f->config.ip4.addr));
	assert_true(dhcpv6(&d, "ff02::1:2", 547));
	assert_true(addr_is_unspecified(&d.leased));
	assert_int_equal(d.autoconf.stats.answered, 3);
}

static void test_autoconf_leaves_other_traffic_alone(void **state)
{
	const struct autoconf_dns none = { 0 };
	struct door d;

	init(&d, state, &none);
	assert_false(dhcp(&d, "198.51.100.9", 67));
	assert_false(dhcp(&d, "255.255.255.255", 68));
	assert_false(dhcp(&d, "255.255.255.255", 547));
	assert_false(dhcpv6(&d, "2001:db8::99", 547));
	assert_false(dhcpv6(&d, "ff02::1:2", 67));
	assert_false(dhcpv6(&d, "ff02::1:2", 546));
	assert_false(fixture_receive(d.f));
}

static void test_autoconf_drops_what_is_off(void **state)
{
	const struct autoconf_dns none = { 0 };
	struct autoconf_fixture *f = *state;
	struct door d;

	f->config.dhcp = f->config.dhcpv6 = f->config.ra = false;
	init(&d, state, &none);
	assert_true(dhcp(&d, "255.255.255.255", 67));
	assert_true(dhcpv6(&d, "ff02::1:2", 547));
	solicit(&d);
	assert_false(fixture_receive(f));
	assert_int_equal(d.autoconf.stats.ignored, 3);
}

static void test_autoconf_too_short_for_ports(void **state)
{
	const uint8_t bytes[] = { 0, 68, 0, 67 };
	struct ip_packet ip = { .payload = bytes, .payload_len = 3 };

	(void)state;
	assert_false(autoconf_is_port(&ip));
	ip.payload_len = 4;
	assert_true(autoconf_is_port(&ip));
}

static void test_autoconf_keeps_to_itself_what_is_not_to_be_announced(void **state)
{
	const struct autoconf_dns dns = { .server_count = 1,
					  .servers = { fixture_addr("192.0.2.53") },
					  .search = "example.org" };
	struct autoconf_fixture *f = *state;
	struct door d;

	f->config.announce_dns = false;
	init(&d, state, &dns);
	assert_int_equal(d.autoconf.offer.dns.server_count, 0);
	assert_string_equal(d.autoconf.offer.dns.search, "example.org");
	f->config.announce_dns = true;
	f->config.announce_search = false;
	init(&d, state, &dns);
	assert_int_equal(d.autoconf.offer.dns.server_count, 1);
	assert_string_equal(d.autoconf.offer.dns.search, "");
}

static void test_autoconf_only_news_are_advertised(void **state)
{
	struct autoconf_dns dns = { .server_count = 1, .servers = { fixture_addr("192.0.2.53") } };
	struct door d;

	init(&d, state, &dns);
	autoconf_set_dns(&d.autoconf, &dns, NS_PER_S);
	timer_run(&d.timers, 2 * NS_PER_S);
	assert_false(fixture_receive(d.f));
	dns.servers[0] = fixture_addr("2001:db8::53");
	autoconf_set_dns(&d.autoconf, &dns, 2 * NS_PER_S);
	timer_run(&d.timers, 3 * NS_PER_S);
	assert_true(fixture_receive(d.f));
	fixture_assert_path(d.f, "fe80::1", "ff02::1", "\x33\x33\0\0\0\1");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_autoconf_takes_what_is_for_us),
		TEST(test_autoconf_tells_what_is_leased),
		TEST(test_autoconf_leaves_other_traffic_alone),
		TEST(test_autoconf_drops_what_is_off),
		TEST(test_autoconf_too_short_for_ports),
		TEST(test_autoconf_keeps_to_itself_what_is_not_to_be_announced),
		TEST(test_autoconf_only_news_are_advertised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
