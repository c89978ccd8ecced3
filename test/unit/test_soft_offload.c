/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames without offloads: what a kernel would have made of a super-frame, down to the checksums,
 * which are checked here by adding up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/link/soft_offload.h"
#include "common/link/offload.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"

#define SEQ 0xfffffff0U /* so that it wraps */

static const struct in6_addr src6 = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
static const struct in6_addr dst6 = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [15] = 2 } };

static uint8_t payload[4096];
static uint8_t out[65536 + ETH_HLEN];

/* One frame as the engine writes it */
struct given {
	uint8_t header[IP_EMIT_MAX + TCP_EMIT_MAX];
	struct iovec iov[3];
	struct link_offload offload;
};

static void given_init(struct given *given, struct writer *w, bool ipv6, uint8_t protocol,
		       uint32_t transport_len, struct in6_addr *ret_src, struct in6_addr *ret_dst)
{
	struct eth_header eth = { .type = ipv6 ? ETH_P_IPV6 : ETH_P_IP };
	struct ip_packet ip = { .protocol = protocol, .ttl = 64, .payload_len = transport_len };

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + (i >> 8));
	*given = (struct given){ .offload = { .needs_csum = true, .ipv6 = ipv6 } };
	*w = (struct writer){ given->header, sizeof(given->header) };
	*ret_src = ip.src = ipv6 ? src6 : addr_from_be32(htonl(0xc0000201));
	*ret_dst = ip.dst = ipv6 ? dst6 : addr_from_be32(htonl(0xc0000202));
	assert_int_equal(eth_emit(w, &eth), 0);
	assert_int_equal(ip_emit(w, &ip), 0);
	given->offload.csum_start = (uint16_t)(w->data - given->header);
}

/* The payload in two pieces, of an odd length each if possible */
static void given_payload(struct given *given, const struct writer *w, size_t len)
{
	size_t first = len ? len / 2 | 1 : 0;

	given->offload.hdr_len = (uint16_t)(w->data - given->header);
	given->iov[0] = (struct iovec){ given->header, given->offload.hdr_len };
	given->iov[1] = (struct iovec){ payload, first };
	given->iov[2] = (struct iovec){ payload + first, len - first };
}

static void given_tcp(struct given *given, bool ipv6, uint8_t flags, size_t len, uint16_t mss)
{
	struct tcp_segment seg = { .src_port = 80,
				   .dst_port = 1024,
				   .seq = SEQ,
				   .ack = 77,
				   .flags = flags,
				   .window = 5000,
				   .urgent = flags & TCP_URG ? (uint16_t)len : 0,
				   .wscale = TCP_WSCALE_NONE,
				   .payload_len = (uint32_t)len };
	uint32_t tcp_len = TCP_HEADER_LEN + (uint32_t)len;
	struct in6_addr src, dst;
	struct writer w;

	given_init(given, &w, ipv6, IPPROTO_TCP, tcp_len, &src, &dst);
	assert_int_equal(
		tcp_segment_emit(&w, &seg,
				 checksum_fold(checksum_pseudo(&src, &dst, IPPROTO_TCP, tcp_len))),
		0);
	given_payload(given, &w, len);
	given->offload.csum_offset = TCP_CSUM_OFFSET;
	given->offload.gso = len > mss ? LINK_GSO_TCP : LINK_GSO_NONE;
	given->offload.gso_size = mss;
}

static void given_udp(struct given *given, bool ipv6, size_t len, uint16_t size)
{
	struct udp_datagram datagram = { .src_port = 53,
					 .dst_port = 1024,
					 .payload_len = (uint32_t)len };
	uint32_t udp_len = UDP_HEADER_LEN + (uint32_t)len;
	struct in6_addr src, dst;
	struct writer w;

	given_init(given, &w, ipv6, IPPROTO_UDP, udp_len, &src, &dst);
	assert_int_equal(udp_emit(&w, &datagram,
				  checksum_fold(checksum_pseudo(&src, &dst, IPPROTO_UDP, udp_len))),
			 0);
	given_payload(given, &w, len);
	given->offload.csum_offset = UDP_CSUM_OFFSET;
	given->offload.gso = len > size ? LINK_GSO_UDP : LINK_GSO_NONE;
	given->offload.gso_size = size;
}

/* @frame is whole and right as a receiver sees it, with nothing left to a kernel */
static void check_frame(const uint8_t *frame, size_t len, struct ip_packet *ret_ip)
{
	struct reader r = { frame, len };
	struct eth_header eth;

	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, ret_ip), 0);
	assert_int_equal((size_t)(ret_ip->payload - frame) + ret_ip->payload_len, len);
	assert_int_equal(be16_get(checksum_finish(checksum_add(
				 checksum_pseudo(&ret_ip->src, &ret_ip->dst, ret_ip->protocol,
						 (uint32_t)ret_ip->payload_len),
				 ret_ip->payload, ret_ip->payload_len))),
			 0);
}

static void check_tcp(bool ipv6, uint8_t flags, size_t len, uint16_t mss)
{
	struct soft_offload cut;
	struct tcp_segment seg;
	struct ip_packet ip;
	struct given given;
	size_t at = 0, total, got = 0, n;

	given_tcp(&given, ipv6, flags, len, mss);
	soft_offload_init(&cut, given.iov, ARRAY_SIZE(given.iov), &given.offload);
	total = soft_offload_bytes(&cut);
	while ((n = soft_offload_next(&cut, out))) {
		bool last;

		check_frame(out, n, &ip);
		assert_int_equal(
			tcp_segment_parse(&(struct reader){ ip.payload, ip.payload_len }, &seg), 0);
		last = at + seg.payload_len == len;
		assert_int_equal(seg.seq, (uint32_t)(SEQ + at));
		assert_int_equal(seg.ack, 77);
		assert_int_equal(seg.window, 5000);
		assert_int_equal(seg.payload_len, last ? len - at : mss);
		assert_memory_equal(seg.payload, payload + at, seg.payload_len);
		assert_int_equal(seg.flags, last ? flags : flags & ~(TCP_FIN | TCP_PSH));
		if (flags & TCP_URG)
			assert_int_equal(seg.urgent, len - at);
		at += seg.payload_len;
		got += n;
	}
	assert_int_equal(at, len);
	assert_int_equal(got, total);
}

static void test_soft_offload_tcp(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 535, 536, 537, 1072, 1073, 4096 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			check_tcp(ipv6, TCP_ACK, lengths[i], 536);
			check_tcp(ipv6, TCP_ACK | TCP_PSH | TCP_FIN, lengths[i], 536);
		}
}

static void test_soft_offload_urgent_counts_from_each_segment(void **state)
{
	(void)state;
	check_tcp(false, TCP_ACK | TCP_URG, 1500, 536);
}

static void check_udp(bool ipv6, size_t len, uint16_t size)
{
	struct soft_offload cut;
	struct udp_datagram datagram;
	struct ip_packet ip;
	struct given given;
	size_t at = 0, n;

	given_udp(&given, ipv6, len, size);
	soft_offload_init(&cut, given.iov, ARRAY_SIZE(given.iov), &given.offload);
	while ((n = soft_offload_next(&cut, out))) {
		check_frame(out, n, &ip);
		assert_int_equal(
			udp_parse(&(struct reader){ ip.payload, ip.payload_len }, false, &datagram),
			0);
		assert_int_equal(datagram.payload_len, MIN(len - at, (size_t)size));
		assert_memory_equal(datagram.payload, payload + at, datagram.payload_len);
		at += datagram.payload_len;
	}
	assert_int_equal(at, len);
}

static void test_soft_offload_udp(void **state)
{
	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		check_udp(ipv6, 0, 100);
		check_udp(ipv6, 99, 100);
		check_udp(ipv6, 300, 100);
		check_udp(ipv6, 301, 100);
	}
}

/* 0 would mean that there is none (RFC 768): whatever the bytes, it never comes out */
static void test_soft_offload_udp_checksum_is_never_zero(void **state)
{
	struct soft_offload cut;
	struct given given;
	size_t n;

	(void)state;
	for (uint32_t value = 0; value < 65536; value++) {
		given_udp(&given, false, 2, 100);
		payload[0] = (uint8_t)(value >> 8);
		payload[1] = (uint8_t)value;
		soft_offload_init(&cut, given.iov, ARRAY_SIZE(given.iov), &given.offload);
		n = soft_offload_next(&cut, out);
		assert_true(n > 2);
		assert_true(out[n - 4] || out[n - 3]);
	}
}

static void test_soft_offload_leaves_others_alone(void **state)
{
	static uint8_t frame[] = "an ARP request, or anything that is complete";
	struct iovec iov[] = { { frame, 10 }, { frame + 10, sizeof(frame) - 10 } };
	const struct link_offload none = { .gso = LINK_GSO_NONE };
	struct soft_offload cut;

	(void)state;
	soft_offload_init(&cut, iov, 2, &none);
	assert_int_equal(soft_offload_bytes(&cut), sizeof(frame));
	assert_int_equal(soft_offload_next(&cut, out), sizeof(frame));
	assert_memory_equal(out, frame, sizeof(frame));
	assert_int_equal(soft_offload_next(&cut, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soft_offload_tcp),
		cmocka_unit_test(test_soft_offload_urgent_counts_from_each_segment),
		cmocka_unit_test(test_soft_offload_udp),
		cmocka_unit_test(test_soft_offload_udp_checksum_is_never_zero),
		cmocka_unit_test(test_soft_offload_leaves_others_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
