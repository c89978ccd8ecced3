/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters of captures: what they are made of, which frames they take, and what is said of others.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/link/frame_filter.h"
#include "common/wire/ip.h"

#include <string.h>

/* Of a frame: an Ethernet and an IP header, and the first bytes behind it */
struct frame {
	uint8_t bytes[128];
	size_t len;
};

static struct in6_addr addr(const char *text)
{
	struct in6_addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct frame packet(uint8_t protocol, const char *src, uint16_t src_port, const char *dst,
			   uint16_t dst_port, uint16_t fragment_offset)
{
	const uint8_t ports[8] = {
		(uint8_t)(src_port >> 8),
		(uint8_t)src_port,
		(uint8_t)(dst_port >> 8),
		(uint8_t)dst_port,
	};
	const struct ip_packet ip = {
		.src = addr(src),
		.dst = addr(dst),
		.protocol = protocol,
		.ttl = 64,
		.payload_len = sizeof(ports),
		.is_fragment = fragment_offset,
		.fragment_offset = fragment_offset,
	};
	const struct eth_header eth = { .type = addr_is_ipv4(&ip.src) ? ETH_P_IP : ETH_P_IPV6 };
	struct frame frame;
	struct writer w = { frame.bytes, sizeof(frame.bytes) };

	memset(frame.bytes, 0xa5, sizeof(frame.bytes));
	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, &ip), 0);
	memcpy(writer_take(&w, sizeof(ports)), ports, sizeof(ports));
	frame.len = sizeof(frame.bytes) - w.left;
	return frame;
}

#define WEB packet(IPPROTO_TCP, "192.0.2.1", 40000, "198.51.100.2", 80, 0)
#define NAMES packet(IPPROTO_UDP, "2001:db8::1", 40000, "2001:db8::53", 53, 0)
#define PING packet(IPPROTO_ICMP, "192.0.2.1", 0, "192.0.2.2", 0, 0)
#define PING6 packet(IPPROTO_ICMPV6, "2001:db8::1", 0, "2001:db8::2", 0, 0)

/* clang-format off */
static const struct frame who_has = {
	.bytes = {
		255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 1, 192, 0, 2, 1,
		0, 0, 0, 0, 0, 0, 192, 0, 2, 2,
	},
	.len = 42,
};
/* clang-format on */

static bool takes(const char *text, struct frame frame)
{
	struct frame_filter filter;
	struct err err = { "" };

	memset(&filter, 0xa5, sizeof(filter));
	if (frame_filter_parse(text, &filter, &err))
		fail_msg("%s: %s", text, err.text);
	return frame_filter_match(&filter, frame.bytes, frame.len);
}

static void test_filter_protocols(void **state)
{
	(void)state;
	assert_true(takes("tcp", WEB));
	assert_true(takes("ip", WEB));
	assert_false(takes("ip6", WEB));
	assert_false(takes("udp", WEB));
	assert_true(takes("udp", NAMES));
	assert_true(takes("ip6", NAMES));
	assert_true(takes("icmp", PING));
	assert_false(takes("icmp6", PING));
	assert_true(takes("icmp6", PING6));
	assert_false(takes("icmp", PING6));
	assert_true(takes("arp", who_has));
	assert_false(takes("ip", who_has));
	assert_false(takes("tcp", who_has));
}

static void test_filter_addresses(void **state)
{
	(void)state;
	assert_true(takes("host 192.0.2.1", WEB));
	assert_true(takes("host 198.51.100.2", WEB));
	assert_false(takes("host 192.0.2.2", WEB));
	assert_true(takes("src host 192.0.2.1", WEB));
	assert_false(takes("dst host 192.0.2.1", WEB));
	assert_true(takes("net 198.51.100.0/24", WEB));
	assert_true(takes("dst net 198.51.0.0/16", WEB));
	assert_false(takes("src net 198.51.0.0/16", WEB));
	assert_true(takes("net 2001:db8::/32", NAMES));
	assert_true(takes("dst host 2001:db8::53", NAMES));
	assert_false(takes("net 2001:db9::/32", NAMES));
	assert_false(takes("net 0.0.0.0/1", NAMES));
	assert_true(takes("src host 192.0.2.1", who_has));
	assert_true(takes("dst host 192.0.2.2", who_has));
	assert_false(takes("host 192.0.2.3", who_has));
}

static void test_filter_ports(void **state)
{
	(void)state;
	assert_true(takes("port 80", WEB));
	assert_true(takes("src port 40000", WEB));
	assert_false(takes("src port 80", WEB));
	assert_true(takes("dst port 53", NAMES));
	assert_true(takes("portrange 79-80", WEB));
	assert_false(takes("portrange 81-39999", WEB));
	assert_false(takes("port 0", PING));
	assert_false(takes("port 80", packet(IPPROTO_TCP, "192.0.2.1", 80, "192.0.2.2", 80, 1480)));
	assert_true(takes("tcp", packet(IPPROTO_TCP, "192.0.2.1", 80, "192.0.2.2", 80, 1480)));
}

static void test_filter_words_between_tests(void **state)
{
	(void)state;
	assert_true(takes("tcp port 80", WEB));
	assert_false(takes("udp port 80", WEB));
	assert_true(takes("tcp and port 80 and not host 192.0.2.9", WEB));
	assert_true(takes("not tcp or port 80", WEB));
	assert_false(takes("not tcp port 80", WEB)); /* of both */
	assert_true(takes("not not tcp", WEB));
	assert_true(takes("! udp", WEB));
	assert_false(takes("not (tcp or udp)", WEB));
	assert_true(takes("udp or tcp and port 80", WEB));
	assert_false(takes("tcp or udp and port 53", WEB)); /* from left to right */
	assert_true(takes("tcp or (udp and port 53)", WEB));
	assert_true(takes("not(udp)and(((tcp)))", WEB));
	assert_true(takes("(udp || tcp) && dst port 80", WEB));
	assert_true(takes("\ttcp  ", WEB));
}

static void test_filter_frames_that_cannot_be_read(void **state)
{
	struct frame frame = WEB;

	(void)state;
	for (frame.len = 0; frame.len < WEB.len - 4; frame.len++) {
		assert_false(takes("port 80", frame));
		assert_true(takes("not port 80", frame));
	}
	frame.len = 0;
	assert_false(takes("ip", frame));
}

static void refuses(const char *text, const char *expected)
{
	struct frame_filter filter;
	struct err err = { "" };

	assert_true(frame_filter_parse(text, &filter, &err) < 0);
	assert_string_equal(err.text, expected);
}

#define TESTS                                                                                      \
	"must be ip, ip6, arp, tcp, udp, icmp, icmp6, src, dst, host, net, port, portrange, not "  \
	"or ("

static void test_filter_errors_quote_the_word(void **state)
{
	(void)state;
	refuses("", "filter: a word is missing at the end: " TESTS);
	refuses("frob", "filter: 'frob': " TESTS);
	refuses("tcp and", "filter: a word is missing at the end: " TESTS);
	refuses("tcp udp", "filter: 'udp': must be and, or, or the end");
	refuses("tcp)", "filter: ')': nothing is open");
	refuses("(tcp", "filter: a word is missing at the end: must be )");
	refuses("()", "filter: ')': " TESTS);
	refuses("host", "filter: a word is missing at the end: must be an address");
	refuses("host name.test", "filter: 'name.test': must be an address");
	refuses("host 192.0.2.1/24", "filter: '192.0.2.1/24': must be an address");
	refuses("net 192.0.2.1", "filter: '192.0.2.1': must be ADDR/LEN");
	refuses("net 192.0.2.1/33", "filter: '192.0.2.1/33': must be ADDR/LEN");
	refuses("port 65536", "filter: '65536': must be a port, from 0 to 65535");
	refuses("port http", "filter: 'http': must be a port, from 0 to 65535");
	refuses("portrange 5", "filter: '5': must be FIRST-LAST, up to 65535");
	refuses("portrange 6-5", "filter: '6-5': must be FIRST-LAST, up to 65535");
	refuses("src tcp", "filter: 'tcp': must be host, net, port or portrange");
	refuses("host 1111111111111111111111111111111111111111111111111111111111111111",
		"filter: '11111111111111111111111111111111...': a word is not that long");
}

static void test_filter_length_is_bounded(void **state)
{
	char text[4096];
	struct frame_filter filter;
	struct err err;

	(void)state;
	memset(text, '(', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(frame_filter_parse(text, &filter, &err), -E2BIG);
	strcpy(text, "tcp");
	for (int i = 0; i < 31; i++)
		strcat(text, " or udp");
	assert_int_equal(frame_filter_parse(text, &filter, &err), 0);
	assert_int_equal(filter.count, 63);
	assert_true(takes(text, WEB));
	assert_false(takes(text, PING));
	strcat(text, " or udp");
	assert_int_equal(frame_filter_parse(text, &filter, &err), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_protocols),
		cmocka_unit_test(test_filter_addresses),
		cmocka_unit_test(test_filter_ports),
		cmocka_unit_test(test_filter_words_between_tests),
		cmocka_unit_test(test_filter_frames_that_cannot_be_read),
		cmocka_unit_test(test_filter_errors_quote_the_word),
		cmocka_unit_test(test_filter_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
