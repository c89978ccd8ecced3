/* SPDX-License-Identifier: Apache-2.0
 *
 * Small segments of a tap that follow one another are read as one, and nothing else is: what comes
 * behind them comes as it would have, and in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/util.h"
#include "test/unit/link_pair.h"
#include "test/unit/ns_peer.h"

#define SEQ 5000u
#define HEADERS (ETH_HLEN + IP4_HEADER_LEN + TCP_HEADER_LEN)

static struct link_pair pair; /* too large for the stack */
static struct ns_peer peer = { .port = 80 };

static int setup(void **state)
{
	(void)state;
	if (addr_parse("192.0.2.15", &peer.ns) || addr_parse("192.0.2.1", &peer.gateway) ||
	    link_pair_init(&pair, 1500))
		return -1;
	peer.ns_port = 40000;
	pair.link.reads_ahead = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	link_pair_fini(&pair);
	return 0;
}

/* A segment of the namespace's that its kernel vouches for */
static void segment(uint32_t seq, uint32_t payload_len)
{
	ns_peer_send(&peer, pair.peer, seq, TCP_ACK, payload_len);
}

/* The next frame is one of TCP with so much payload from @seq on, that came in @pieces */
static void expect(uint32_t seq, uint32_t payload_len, int pieces)
{
	struct link_frame frame;
	struct reader r;
	struct eth_header eth;
	struct ip_packet ip;
	struct tcp_segment seg;

	assert_int_equal(link_read(&pair.link, &frame), 1);
	assert_int_equal(frame.len, HEADERS + payload_len);
	assert_int_equal(frame.piece_count, pieces);
	assert_true(frame.csum_known);
	link_gather(&pair.link, &frame);
	r = (struct reader){ frame.data, frame.len };
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, &ip), 0);
	r = (struct reader){ ip.payload, ip.payload_len };
	assert_int_equal(tcp_segment_parse(&r, &seg), 0);
	assert_int_equal(seg.seq, seq);
	assert_int_equal(seg.payload_len, payload_len);
	for (uint32_t i = 0; i < payload_len; i++)
		assert_int_equal(seg.payload[i], 0);
}

static void expect_nothing(void)
{
	struct link_frame frame;

	assert_int_equal(link_read(&pair.link, &frame), -EAGAIN);
	assert_false(link_has_frame(&pair.link));
}

static void test_ahead_segments_that_follow_are_one(void **state)
{
	(void)state;
	segment(SEQ, 200);
	segment(SEQ + 200, 1024);
	segment(SEQ + 1224, 50);
	expect(SEQ, 1274, 3);
	assert_int_equal(pair.link.stats.rx_frames, 3);
	expect_nothing();
	segment(SEQ + 1274, 100);
	expect(SEQ + 1274, 100, 0);
	expect_nothing();
}

static void test_ahead_is_for_who_wants_it(void **state)
{
	(void)state;
	pair.link.reads_ahead = false;
	segment(SEQ, 200);
	segment(SEQ + 200, 100);
	expect(SEQ, 200, 0);
	assert_false(link_has_frame(&pair.link));
	expect(SEQ + 200, 100, 0);
	expect_nothing();
}

static void test_ahead_others_keep_their_place(void **state)
{
	struct link_frame frame;
	struct virtio_net_hdr plain = { .flags = 0 };
	uint8_t raw[sizeof(plain) + 100] = { 0 };

	(void)state;
	segment(SEQ, 200);
	segment(SEQ + 300, 100); /* one is missing before it */
	peer.ns_port++;
	segment(SEQ + 400, 40); /* another connection's */
	segment(SEQ + 440, 60);
	assert_int_equal(send(pair.peer, raw, sizeof(raw), 0), sizeof(raw)); /* no segment at all */
	segment(SEQ + 500, 70);
	expect(SEQ, 200, 0);
	assert_true(link_has_frame(&pair.link));
	expect(SEQ + 300, 100, 0);
	expect(SEQ + 400, 100, 2);
	assert_int_equal(link_read(&pair.link, &frame), 1);
	assert_int_equal(frame.len, 100);
	assert_false(frame.csum_known);
	expect(SEQ + 500, 70, 0);
	expect_nothing();
}

static void test_ahead_largest_frame_has_room(void **state)
{
	static uint8_t raw[sizeof(struct virtio_net_hdr) + ETH_HLEN + 65536];
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_DATA_VALID };
	struct link_frame frame;

	(void)state;
	memset(raw, 0x5a, sizeof(raw));
	memcpy(raw, &vh, sizeof(vh));
	segment(SEQ, 1400);
	assert_int_equal(send(pair.peer, raw, sizeof(raw), 0), sizeof(raw));
	segment(SEQ + 1400, 1400);
	expect(SEQ, 1400, 0);
	assert_int_equal(link_read(&pair.link, &frame), 1);
	assert_int_equal(frame.len, ETH_HLEN + 65536);
	assert_int_equal(frame.data[frame.len - 1], 0x5a);
	expect(SEQ + 1400, 1400, 0);
	expect_nothing();
}

static void test_ahead_a_long_train_is_read_whole(void **state)
{
	uint32_t sent = 0, seen = 0;
	int merged = 0;

	(void)state;
	while (seen < 100) {
		struct link_frame frame;

		while (sent < MIN(seen + 8, 100u)) /* never empty: it's read ahead on and on */
			segment(SEQ + 1000 * sent++, 1000);
		if (link_read(&pair.link, &frame) == -EAGAIN)
			continue; /* the last read ahead found none */
		assert_int_equal((frame.len - HEADERS) % 1000, 0);
		seen += (uint32_t)(frame.len - HEADERS) / 1000;
		assert_int_equal(frame.len - HEADERS, MAX(frame.piece_count, 1) * 1000);
		merged += frame.piece_count > 1;
	}
	assert_true(merged > 0);
	assert_int_equal(pair.link.stats.rx_frames, 100);
	expect_nothing();
}

/* Nobody vouches for its sums, and they are wrong */
static void test_ahead_wrong_sums_are_nobodys_part(void **state)
{
	uint8_t raw[sizeof(struct virtio_net_hdr) + HEADERS + 100];
	struct link_frame frame;
	ssize_t n;

	(void)state;
	segment(SEQ + 200, 100);
	n = recv(pair.link.fd, raw, sizeof(raw), 0);
	assert_int_equal(n, sizeof(raw));
	memset(raw, 0, sizeof(struct virtio_net_hdr));
	segment(SEQ, 200);
	assert_int_equal(send(pair.peer, raw, sizeof(raw), 0), sizeof(raw));
	expect(SEQ, 200, 0);
	assert_int_equal(link_read(&pair.link, &frame), 1);
	assert_false(frame.csum_known);
	expect_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ahead_segments_that_follow_are_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ahead_is_for_who_wants_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ahead_others_keep_their_place, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ahead_largest_frame_has_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ahead_a_long_train_is_read_whole, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ahead_wrong_sums_are_nobodys_part, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
