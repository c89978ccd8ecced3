/* SPDX-License-Identifier: Apache-2.0
 *
 * Ethernet, IPv4 and IPv6 headers: literal bytes in and out, every inconsistency refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "test/unit/addr_text.h"

/* 192.168.0.1 to 192.168.0.199, UDP, DF, four bytes of payload */
static const uint8_t packet4[] = { 0x45, 0x2e, 0x00, 0x18, 0x12, 0x34, 0x40, 0x00,
				   0x3f, 0x11, 0xa7, 0x5a, 0xc0, 0xa8, 0x00, 0x01,
				   0xc0, 0xa8, 0x00, 0xc7, 'a',	 'b',  'c',  'd' };

#define IP6_ADDRS                                                                                  \
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* 2001:db8::1 */             \
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 0xcd, 0, 2  /* fe80::abcd:2 */

/* UDP, traffic class 0x2e, no flow label, three bytes of payload */
static const uint8_t packet6[] = { 0x62, 0xe0, 0, 0, 0, 3, 17, 64, IP6_ADDRS, 'x', 'y', 'z' };

static int parse(const void *data, size_t len, uint16_t type, struct ip_packet *ret_ip)
{
	return ip_parse(&(struct reader){ data, len }, type, false, ret_ip);
}

/* Makes the header checksum of an IPv4 packet right */
static void fix_csum4(uint8_t *packet)
{
	struct be16 csum;

	packet[10] = packet[11] = 0;
	csum = checksum_finish(checksum_add(0, packet, (packet[0] & 0xfu) * 4));
	memcpy(packet + 10, &csum, 2);
}

/* An IPv6 packet of extension headers and payload. Return: ip_parse()'s */
static int parse_chain(uint8_t first, const void *chain, size_t len, struct ip_packet *ret_ip)
{
	static uint8_t bytes[2048];

	memcpy(bytes, packet6, IP6_HEADER_LEN);
	bytes[4] = (uint8_t)(len >> 8);
	bytes[5] = (uint8_t)len;
	bytes[6] = first;
	memcpy(bytes + IP6_HEADER_LEN, chain, len);
	return parse(bytes, IP6_HEADER_LEN + len, ETH_P_IPV6, ret_ip);
}

static void test_eth_parse_inverts_emit(void **state)
{
	struct eth_header in = { { 1, 2, 3, 4, 5, 6 }, { 7, 8, 9, 10, 11, 12 }, ETH_P_IPV6 }, back;
	uint8_t out[16];
	struct writer w = { out, sizeof(out) };
	struct reader r = { out, sizeof(out) };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(eth_emit(&w, &in), 0);
	assert_memory_equal(out, "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\x86\xdd\xa5\xa5", 16);
	assert_int_equal(eth_parse(&r, &back), 0);
	assert_memory_equal(&back, &in, sizeof(in));
	assert_int_equal(r.left, 2);
}

static void test_eth_truncated_rejected(void **state)
{
	static const uint8_t bytes[ETH_HLEN];
	struct eth_header eth;
	uint8_t out[ETH_HLEN];

	(void)state;
	for (size_t len = 0; len < ETH_HLEN; len++) {
		struct reader r = { bytes, len };
		struct writer w = { out, len };

		assert_int_equal(eth_parse(&r, &eth), -EBADMSG);
		assert_int_equal(eth_emit(&w, &eth), -ENOBUFS);
	}
}

static void test_ip4_parsed(void **state)
{
	struct reader r = { packet4, sizeof(packet4) };
	struct ip_packet ip = { .reassembled = true };
	struct in6_addr src = addr("192.168.0.1"), dst = addr("192.168.0.199");

	(void)state;
	assert_int_equal(ip_parse(&r, ETH_P_IP, false, &ip), 0);
	assert_true(addr_equal(&ip.src, &src) && addr_equal(&ip.dst, &dst));
	assert_int_equal(ip.protocol, IPPROTO_UDP);
	assert_int_equal(ip.ttl, 63);
	assert_int_equal(ip.tos, 0x2e);
	assert_true(ip.dont_fragment);
	assert_false(ip.is_fragment || ip.more_fragments || ip.reassembled);
	assert_int_equal(ip.fragment_id, 0x1234);
	assert_ptr_equal(ip.header, packet4);
	assert_int_equal(ip.header_len, 20);
	assert_ptr_equal(ip.payload, packet4 + 20);
	assert_int_equal(ip.payload_len, 4);
	assert_int_equal(r.left, 0);
}

static void test_ip4_emitted(void **state)
{
	struct ip_packet ip = { .src = addr("192.168.0.1"), .dst = addr("192.168.0.199"),
				.protocol = IPPROTO_UDP, .ttl = 63, .tos = 0x2e,
				.dont_fragment = true, .fragment_id = 0x1234, .payload_len = 4 };
	uint8_t out[24];
	struct writer w = { out, sizeof(out) };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(ip_emit(&w, &ip), 0);
	assert_memory_equal(out, packet4, IP4_HEADER_LEN);
	assert_memory_equal(out + IP4_HEADER_LEN, "\xa5\xa5\xa5\xa5", 4);
	assert_int_equal(w.left, 4);
}

static void test_ip4_truncated_at_every_length_rejected(void **state)
{
	struct ip_packet ip = { .ttl = 9 };

	(void)state;
	for (size_t len = 0; len < sizeof(packet4); len++) {
		assert_int_equal(parse(packet4, len, ETH_P_IP, &ip), -EBADMSG);
		assert_int_equal(ip.ttl, 9);
	}
}

static void test_ip4_padding_trimmed(void **state)
{
	uint8_t bytes[46];
	struct reader r = { bytes, sizeof(bytes) };
	struct ip_packet ip;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	memcpy(bytes, packet4, sizeof(packet4));
	assert_int_equal(ip_parse(&r, ETH_P_IP, false, &ip), 0);
	assert_int_equal(ip.payload_len, 4);
	assert_int_equal(r.left, sizeof(bytes) - sizeof(packet4));
}

static void test_ip4_bad_checksum_rejected(void **state)
{
	uint8_t bytes[sizeof(packet4)];
	struct ip_packet ip;

	(void)state;
	for (size_t i = 0; i < IP4_HEADER_LEN; i++) {
		memcpy(bytes, packet4, sizeof(bytes));
		bytes[i] ^= 0x10;
		assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), -EBADMSG);
	}
}

static void test_ip4_header_length_below_five_rejected(void **state)
{
	uint8_t bytes[sizeof(packet4)];
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet4, sizeof(bytes));
	for (unsigned int words = 0; words < 5; words++) {
		bytes[0] = (uint8_t)(0x40 | words);
		fix_csum4(bytes);
		assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), -EBADMSG);
	}
}

static void test_ip4_header_beyond_total_length_rejected(void **state)
{
	uint8_t bytes[64] = { 0 };
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet4, sizeof(packet4));
	bytes[0] = 0x47; /* 28 bytes of header, 24 in all */
	fix_csum4(bytes);
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), -EBADMSG);
	bytes[3] = 19;
	bytes[0] = 0x45;
	fix_csum4(bytes);
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), -EBADMSG);
}

static void test_ip4_options_skipped(void **state)
{
	uint8_t bytes[28];
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet4, 20);
	memset(bytes + 20, 1, 4);
	memcpy(bytes + 24, "abcd", 4);
	bytes[0] = 0x46;
	bytes[3] = 28;
	fix_csum4(bytes);
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), 0);
	assert_int_equal(ip.header_len, 24);
	assert_int_equal(ip.payload_len, 4);
	assert_memory_equal(ip.payload, "abcd", 4);
}

static void test_ip4_total_length_zero_only_with_gso(void **state)
{
	uint8_t bytes[sizeof(packet4)];
	struct reader r = { bytes, sizeof(bytes) };
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet4, sizeof(bytes));
	bytes[3] = 0;
	fix_csum4(bytes);
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), -EBADMSG);
	assert_int_equal(ip_parse(&r, ETH_P_IP, true, &ip), 0);
	assert_int_equal(ip.payload_len, 4);
}

static void test_ip_version_must_agree_with_ethernet(void **state)
{
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse(packet4, sizeof(packet4), ETH_P_IPV6, &ip), -EBADMSG);
	assert_int_equal(parse(packet6, sizeof(packet6), ETH_P_IP, &ip), -EBADMSG);
	assert_int_equal(parse(packet4, sizeof(packet4), ETH_P_ARP, &ip), -EBADMSG);
	assert_int_equal(parse(packet4, sizeof(packet4), 0, &ip), -EBADMSG);
}

static void test_ip4_fragments_told_by_flag_or_offset(void **state)
{
	static const struct {
		uint8_t high, low;
		bool fragment, more;
		uint16_t offset;
	} cases[] = { { 0x20, 0x00, true, true, 0 },
		      { 0x00, 0x01, true, false, 8 },
		      { 0x20, 0xb9, true, true, 1480 },
		      { 0x80, 0x00, false, false, 0 } };
	uint8_t bytes[sizeof(packet4)];
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet4, sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bytes[6] = cases[i].high;
		bytes[7] = cases[i].low;
		fix_csum4(bytes);
		assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), 0);
		assert_int_equal(ip.is_fragment, cases[i].fragment);
		assert_int_equal(ip.more_fragments, cases[i].more);
		assert_int_equal(ip.fragment_offset, cases[i].offset);
	}
}

static void test_ip4_fragment_beyond_64k_rejected(void **state)
{
	uint8_t bytes[sizeof(packet4)];
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet4, sizeof(bytes));
	bytes[6] = 0x1f;
	bytes[7] = 0xff; /* 65528 + 20 + 4 */
	fix_csum4(bytes);
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), -EBADMSG);
	bytes[7] = 0xfc; /* 65504 + 20 + 4 */
	fix_csum4(bytes);
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IP, &ip), 0);
}

static void test_ip6_parsed(void **state)
{
	struct reader r = { packet6, sizeof(packet6) };
	struct ip_packet ip = { .reassembled = true };
	struct in6_addr src = addr("2001:db8::1"), dst = addr("fe80::abcd:2");

	(void)state;
	assert_int_equal(ip_parse(&r, ETH_P_IPV6, false, &ip), 0);
	assert_true(addr_equal(&ip.src, &src) && addr_equal(&ip.dst, &dst));
	assert_int_equal(ip.protocol, IPPROTO_UDP);
	assert_int_equal(ip.ttl, 64);
	assert_int_equal(ip.tos, 0x2e);
	assert_false(ip.is_fragment || ip.more_fragments || ip.dont_fragment || ip.reassembled);
	assert_int_equal(ip.header_len, IP6_HEADER_LEN);
	assert_ptr_equal(ip.payload, packet6 + IP6_HEADER_LEN);
	assert_int_equal(ip.payload_len, 3);
	assert_int_equal(r.left, 0);
}

static void test_ip6_emitted(void **state)
{
	struct ip_packet ip = { .src = addr("2001:db8::1"), .dst = addr("fe80::abcd:2"),
				.protocol = IPPROTO_UDP, .ttl = 64, .tos = 0x2e, .payload_len = 3 };
	uint8_t out[43];
	struct writer w = { out, sizeof(out) };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(ip_emit(&w, &ip), 0);
	assert_memory_equal(out, packet6, IP6_HEADER_LEN);
	assert_memory_equal(out + IP6_HEADER_LEN, "\xa5\xa5\xa5", 3);
}

static void test_ip6_truncated_at_every_length_rejected(void **state)
{
	struct ip_packet ip;

	(void)state;
	for (size_t len = 0; len < sizeof(packet6); len++)
		assert_int_equal(parse(packet6, len, ETH_P_IPV6, &ip), -EBADMSG);
}

static void test_ip6_payload_length_zero_only_with_gso(void **state)
{
	uint8_t bytes[sizeof(packet6)];
	struct reader r = { bytes, sizeof(bytes) };
	struct ip_packet ip;

	(void)state;
	memcpy(bytes, packet6, sizeof(bytes));
	bytes[5] = 0;
	assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IPV6, &ip), 0);
	assert_int_equal(ip.payload_len, 0);
	assert_int_equal(ip_parse(&r, ETH_P_IPV6, true, &ip), 0);
	assert_int_equal(ip.payload_len, 3);
}

static void test_ip6_with_ipv4_mapped_address_rejected(void **state)
{
	uint8_t bytes[sizeof(packet6)];
	struct ip_packet ip;

	(void)state;
	for (size_t at = 8; at <= 24; at += 16) {
		memcpy(bytes, packet6, sizeof(bytes));
		memcpy(bytes + at, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
		assert_int_equal(parse(bytes, sizeof(bytes), ETH_P_IPV6, &ip), -EBADMSG);
	}
}

static void test_ip6_extension_headers_skipped(void **state)
{
	/* Hop-by-hop (8 bytes), destination options (16), routing with nothing left (8) */
	static const uint8_t chain[] = { 60, 0, 1, 4, 0, 0, 0, 0, 43, 1, 1, 12, 0, 0, 0, 0, 0, 0,
					 0,  0, 0, 0, 0, 0, 17, 0, 2, 0, 0, 0, 0, 0, 'p', 'q' };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(0, chain, sizeof(chain), &ip), 0);
	assert_int_equal(ip.protocol, IPPROTO_UDP);
	assert_int_equal(ip.header_len, IP6_HEADER_LEN + 32);
	assert_int_equal(ip.payload_len, 2);
	assert_memory_equal(ip.payload, "pq", 2);
	for (size_t len = 0; len < 32; len++)
		assert_int_equal(parse_chain(0, chain, len, &ip), -EBADMSG);
}

static void test_ip6_routing_with_segments_left_rejected(void **state)
{
	static const uint8_t chain[] = { 17, 0, 2, 1, 0, 0, 0, 0, 'p', 'q' };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(43, chain, sizeof(chain), &ip), -EBADMSG);
}

static void test_ip6_hop_by_hop_out_of_place_rejected(void **state)
{
	static const uint8_t chain[] = { 0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0, 'p' };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(60, chain, sizeof(chain), &ip), -EBADMSG);
	assert_int_equal(parse_chain(0, chain, sizeof(chain), &ip), -EBADMSG);
}

static void test_ip6_extension_length_beyond_packet_rejected(void **state)
{
	static const uint8_t chain[] = { 17, 0xff, 1, 4, 0, 0, 0, 0, 'p' };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(60, chain, sizeof(chain), &ip), -EBADMSG);
}

static void test_ip6_fragment_keeps_its_extension_headers(void **state)
{
	/* Offset 0, more to come: the destination options belong to the payload */
	static const uint8_t chain[] = { 60, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef,
					 17, 0, 1, 4, 0,    0,	  0,	0 };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(44, chain, sizeof(chain), &ip), 0);
	assert_true(ip.is_fragment && ip.more_fragments);
	assert_int_equal(ip.fragment_offset, 0);
	assert_int_equal(ip.fragment_id, 0xdeadbeef);
	assert_int_equal(ip.protocol, IPPROTO_DSTOPTS);
	assert_int_equal(ip.header_len, IP6_HEADER_LEN + IP6_FRAGMENT_LEN);
	assert_int_equal(ip.payload_len, 8);
}

static void test_ip6_atomic_fragment_is_walked(void **state)
{
	static const uint8_t chain[] = { 60, 0, 0, 6, 0xde, 0xad, 0xbe, 0xef,
					 17, 0, 1, 4, 0,    0,	  0,	0,    'z' };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(44, chain, sizeof(chain), &ip), 0);
	assert_true(ip.is_fragment);
	assert_false(ip.more_fragments || ip.fragment_offset);
	assert_int_equal(ip.protocol, IPPROTO_UDP);
	assert_int_equal(ip.payload_len, 1);
}

static void test_ip6_two_fragment_headers_rejected(void **state)
{
	static const uint8_t chain[] = { 44, 0, 0, 0, 0, 0, 0, 1, 17, 0, 0, 0, 0, 0, 0, 1, 'z' };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(44, chain, sizeof(chain), &ip), -EBADMSG);
}

static void test_ip6_fragment_beyond_64k_rejected(void **state)
{
	static const uint8_t chain[16] = { 17, 0, 0xff, 0xf8, 0, 0, 0, 1 };
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_chain(44, chain, 16, &ip), -EBADMSG);
	assert_int_equal(parse_chain(44, chain, 15, &ip), 0);
	assert_int_equal(ip.fragment_offset, 65528);
}

static void test_ip_parse_inverts_emit_of_fragments(void **state)
{
	static const char *const from[] = { "192.0.2.1", "2001:db8::1" };
	static const char *const to[] = { "198.51.100.2", "2001:db8::2" };
	static const uint16_t types[] = { ETH_P_IP, ETH_P_IPV6 };
	uint8_t out[IP6_HEADER_LEN + IP6_FRAGMENT_LEN + 16];

	(void)state;
	for (int i = 0; i < 16; i++) {
		int v6 = i & 1;
		struct ip_packet back, in = { .src = addr(from[v6]), .dst = addr(to[v6]),
					      .protocol = 99, .ttl = 1, .tos = 0xff,
					      .fragment_id = 0xabcd, .payload_len = 16 };
		struct writer w = { out, sizeof(out) };

		in.fragment_offset = i & 2 ? 65480 : 8;
		in.more_fragments = i & 4;
		in.dont_fragment = !v6 && (i & 8);
		in.is_fragment = true;
		memset(out, 0xa5, sizeof(out));
		assert_int_equal(ip_emit(&w, &in), 0);
		assert_int_equal(parse(out, sizeof(out) - w.left + 16, types[v6], &back), 0);
		assert_true(addr_equal(&in.src, &back.src) && addr_equal(&in.dst, &back.dst));
		assert_int_equal(back.protocol, 99);
		assert_int_equal(back.ttl, 1);
		assert_int_equal(back.tos, 0xff);
		assert_int_equal(back.fragment_id, 0xabcd);
		assert_int_equal(back.fragment_offset, in.fragment_offset);
		assert_int_equal(back.more_fragments, in.more_fragments);
		assert_int_equal(back.dont_fragment, in.dont_fragment);
		assert_int_equal(back.payload_len, 16);
	}
}

static void test_ip_emit_without_room_writes_nothing(void **state)
{
	struct ip_packet ip4 = { .src = addr("192.0.2.1"), .dst = addr("192.0.2.2") };
	struct ip_packet ip6 = { .src = addr("::1"), .dst = addr("::2"), .is_fragment = true };
	uint8_t out[48];

	(void)state;
	memset(out, 0xa5, sizeof(out));
	for (size_t room = 0; room < 48; room++) {
		struct writer w = { out, room };

		if (room < IP4_HEADER_LEN)
			assert_int_equal(ip_emit(&w, &ip4), -ENOBUFS);
		assert_int_equal(ip_emit(&w, &ip6), -ENOBUFS);
	}
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], 0xa5);
}

static void test_ip_emit_too_long_refused(void **state)
{
	struct ip_packet ip = { .src = addr("192.0.2.1"), .dst = addr("192.0.2.2"),
				.payload_len = 65516 };
	uint8_t out[48];

	(void)state;
	assert_int_equal(ip_emit(&(struct writer){ out, 48 }, &ip), -ENOBUFS);
	ip.payload_len--;
	assert_int_equal(ip_emit(&(struct writer){ out, 48 }, &ip), 0);
	ip.src = ip.dst = addr("::1");
	ip.payload_len = 65536;
	assert_int_equal(ip_emit(&(struct writer){ out, 48 }, &ip), -ENOBUFS);
	ip.payload_len--;
	assert_int_equal(ip_emit(&(struct writer){ out, 48 }, &ip), 0);
	ip.is_fragment = true;
	assert_int_equal(ip_emit(&(struct writer){ out, 48 }, &ip), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eth_parse_inverts_emit),
		cmocka_unit_test(test_eth_truncated_rejected),
		cmocka_unit_test(test_ip4_parsed),
		cmocka_unit_test(test_ip4_emitted),
		cmocka_unit_test(test_ip4_truncated_at_every_length_rejected),
		cmocka_unit_test(test_ip4_padding_trimmed),
		cmocka_unit_test(test_ip4_bad_checksum_rejected),
		cmocka_unit_test(test_ip4_header_length_below_five_rejected),
		cmocka_unit_test(test_ip4_header_beyond_total_length_rejected),
		cmocka_unit_test(test_ip4_options_skipped),
		cmocka_unit_test(test_ip4_total_length_zero_only_with_gso),
		cmocka_unit_test(test_ip_version_must_agree_with_ethernet),
		cmocka_unit_test(test_ip4_fragments_told_by_flag_or_offset),
		cmocka_unit_test(test_ip4_fragment_beyond_64k_rejected),
		cmocka_unit_test(test_ip6_parsed),
		cmocka_unit_test(test_ip6_emitted),
		cmocka_unit_test(test_ip6_truncated_at_every_length_rejected),
		cmocka_unit_test(test_ip6_payload_length_zero_only_with_gso),
		cmocka_unit_test(test_ip6_with_ipv4_mapped_address_rejected),
		cmocka_unit_test(test_ip6_extension_headers_skipped),
		cmocka_unit_test(test_ip6_routing_with_segments_left_rejected),
		cmocka_unit_test(test_ip6_hop_by_hop_out_of_place_rejected),
		cmocka_unit_test(test_ip6_extension_length_beyond_packet_rejected),
		cmocka_unit_test(test_ip6_fragment_keeps_its_extension_headers),
		cmocka_unit_test(test_ip6_atomic_fragment_is_walked),
		cmocka_unit_test(test_ip6_two_fragment_headers_rejected),
		cmocka_unit_test(test_ip6_fragment_beyond_64k_rejected),
		cmocka_unit_test(test_ip_parse_inverts_emit_of_fragments),
		cmocka_unit_test(test_ip_emit_without_room_writes_nothing),
		cmocka_unit_test(test_ip_emit_too_long_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
