/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments read as one: however a stream of bytes was cut, the same bytes come out in the same
 * place, and what differs in more than that, or is broken, stays apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/iov.h"
#include "common/base/util.h"
#include "common/link/tcp_run.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"

#define SEQ 0xffffff00U /* so that it wraps */
#define FRAMES 200
#define ROOM 4096 /* of a frame */

static uint8_t stream[FRAMES * ROOM], frames[FRAMES][ROOM], joined[ETH_HLEN + 65536];
static size_t lengths[FRAMES];
static struct tcp_run run;

/* A segment as a guest sends it */
struct given {
	bool ipv6;
	uint8_t flags, tos, ttl;
	uint16_t window;
	uint32_t ack, at, len;
};

static const struct given usual = { .flags = TCP_ACK, .ttl = 64, .window = 500, .ack = 7 };

static size_t make(uint8_t *frame, const struct given *given)
{
	struct writer w = { frame, ROOM };
	struct eth_header eth = { .type = given->ipv6 ? ETH_P_IPV6 : ETH_P_IP };
	const uint32_t tcp_len = TCP_HEADER_LEN + given->len;
	struct ip_packet ip = { .protocol = IPPROTO_TCP,
				.ttl = given->ttl,
				.tos = given->tos,
				.payload_len = tcp_len };
	struct tcp_segment seg = { .src_port = 80,
				   .dst_port = 1024,
				   .seq = SEQ + given->at,
				   .ack = given->ack,
				   .flags = given->flags,
				   .window = given->window,
				   .wscale = TCP_WSCALE_NONE };
	uint64_t sum;
	uint8_t *tcp;
	struct be16 csum;

	ip.src = ip.dst = addr_from_be32(htonl(0xc0000201));
	if (given->ipv6)
		ip.src = ip.dst = (struct in6_addr){ .s6_addr = { 0x20, 1, [15] = 1 } };
	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, &ip), 0);
	tcp = w.data;
	assert_int_equal(tcp_segment_emit(&w, &seg, be16_make(0)), 0);
	tcp[13] = given->flags; /* with those that are of no interest to us */
	memcpy(w.data, stream + given->at, given->len);
	sum = checksum_pseudo(&ip.src, &ip.dst, IPPROTO_TCP, tcp_len);
	csum = checksum_finish(checksum_add(sum, tcp, tcp_len));
	memcpy(tcp + TCP_CSUM_OFFSET, &csum, sizeof(csum));
	return (size_t)(w.data - frame) + given->len;
}

/* What the run is to whoever reads it. Return: bytes of payload, which starts at @at */
static uint32_t check_run(uint32_t at)
{
	struct reader r = { joined, run.header_len + run.payload_len };
	struct tcp_segment seg;
	struct eth_header eth;
	struct ip_packet ip;

	memset(joined, 0xa5, sizeof(joined));
	tcp_run_emit(&run, joined);
	assert_int_equal(iov_gather(run.pieces, run.count, joined + run.header_len,
				    sizeof(joined) - run.header_len),
			 run.payload_len);
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, &ip), 0);
	assert_int_equal(r.left, 0);
	assert_int_equal(tcp_segment_parse(&(struct reader){ ip.payload, ip.payload_len }, &seg),
			 0);
	assert_int_equal(seg.seq, SEQ + at);
	assert_int_equal(seg.payload_len, run.payload_len);
	assert_memory_equal(seg.payload, stream + at, seg.payload_len);
	return seg.payload_len;
}

static void check_cuts(bool ipv6, uint32_t longest)
{
	struct given given = usual;
	uint32_t at = 0, read = 0;
	int runs = 0;

	given.ipv6 = ipv6;
	for (int i = 0; i < FRAMES; i++, at += given.len) {
		given.at = at;
		given.len = 20 + (uint32_t)random() % longest;
		given.flags = (uint8_t)(TCP_ACK | (random() % 4 ? 0 : TCP_PSH));
		lengths[i] = make(frames[i], &given);
	}
	for (int i = 0; i < FRAMES; runs++) {
		assert_true(tcp_run_start(&run, frames[i], lengths[i], false));
		for (i++; i < FRAMES && tcp_run_add(&run, frames[i], lengths[i], false); i++)
			;
		read += check_run(read);
	}
	assert_int_equal(read, at);
	assert_in_range(runs, 1 + at / 65536, 1 + FRAMES / 15);
}

static void test_tcp_run_any_cuts_give_the_same_bytes(void **state)
{
	(void)state;
	srandom(3);
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] = (uint8_t)random();
	for (int i = 0; i < 20; i++) {
		check_cuts(i % 2, 1 + (uint32_t)random() % 4000);
		check_cuts(i % 2, 100);
	}
}

static void test_tcp_run_push_of_any_is_of_all(void **state)
{
	struct given given = usual;

	(void)state;
	given.len = 100;
	given.flags |= TCP_PSH;
	assert_true(tcp_run_start(&run, frames[0], make(frames[0], &given), false));
	given.at = 100;
	given.flags = TCP_ACK;
	assert_true(tcp_run_add(&run, frames[1], make(frames[1], &given), false));
	check_run(0);
	assert_int_equal(joined[ETH_HLEN + IP4_HEADER_LEN + 13], TCP_ACK | TCP_PSH);
}

/* A segment that follows the first, but for what @given has otherwise */
static void check_apart(const struct given *given)
{
	struct given first = usual, second = *given;

	first.ipv6 = given->ipv6;
	first.len = second.len = 100;
	assert_true(tcp_run_start(&run, frames[0], make(frames[0], &first), false));
	second.at += 100;
	assert_false(tcp_run_add(&run, frames[1], make(frames[1], &second), false));
	assert_int_equal(check_run(0), 100);
	second = first;
	second.at = 100;
	assert_true(tcp_run_add(&run, frames[1], make(frames[1], &second), false));
	assert_int_equal(check_run(0), 200);
}

static void test_tcp_run_what_differs_stays_apart(void **state)
{
	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		static const uint8_t flags[] = { TCP_FIN, TCP_SYN, TCP_RST, TCP_URG, 0x40, 0x80 };
		struct given given = usual;

		given.ipv6 = ipv6;
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
			given.flags = TCP_ACK | flags[i];
			check_apart(&given);
		}
		given = usual;
		given.ipv6 = ipv6;
		given.tos = 4;
		check_apart(&given);
		given.tos = 0;
		given.ttl = 63;
		check_apart(&given);
		given.ttl = 64;
		given.window++;
		check_apart(&given);
		given.window--;
		given.ack++;
		check_apart(&given);
		given.ack--;
		given.at = 1;
		check_apart(&given);
	}
}

/* Any bit but those of the Ethernet header, and of IPv6 what no sum covers: then it's another run
 */
static void test_tcp_run_broken_frames_are_in_none(void **state)
{
	struct given given = usual;
	size_t len;

	(void)state;
	given.len = 100;
	len = make(frames[0], &given);
	for (size_t i = ETH_HLEN; i < len; i++) {
		frames[0][i] = (uint8_t)(frames[0][i] ^ 1U << i % 8);
		assert_false(tcp_run_start(&run, frames[0], len, false));
		frames[0][i] = (uint8_t)(frames[0][i] ^ 1U << i % 8);
	}
	assert_false(tcp_run_start(&run, frames[0], len - 1, false));
	assert_false(tcp_run_start(&run, frames[0], len + 1, false));
	assert_true(tcp_run_start(&run, frames[0], len, false));
	given.len = 0;
	assert_false(tcp_run_start(&run, frames[0], make(frames[0], &given), false));
}

static void test_tcp_run_header_needs_no_payload(void **state)
{
	struct given given = usual;
	size_t len;

	(void)state;
	given.len = 1000;
	len = make(frames[0], &given);
	assert_int_equal(tcp_run_header(frames[0], TCP_RUN_HEADER_MAX, len), 54);
	assert_int_equal(tcp_run_header(frames[0], 53, len), 0);
	frames[0][ETH_HLEN + IP4_HEADER_LEN + 12] = 0xf0; /* 60 bytes */
	assert_int_equal(tcp_run_header(frames[0], TCP_RUN_HEADER_MAX, len), 94);
	assert_int_equal(tcp_run_header(frames[0], 93, len), 0);
	frames[0][ETH_HLEN + IP4_HEADER_LEN + 12] = 0x40;
	assert_int_equal(tcp_run_header(frames[0], TCP_RUN_HEADER_MAX, len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_run_any_cuts_give_the_same_bytes),
		cmocka_unit_test(test_tcp_run_push_of_any_is_of_all),
		cmocka_unit_test(test_tcp_run_what_differs_stays_apart),
		cmocka_unit_test(test_tcp_run_broken_frames_are_in_none),
		cmocka_unit_test(test_tcp_run_header_needs_no_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
