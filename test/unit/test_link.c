/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames and their virtio-net headers over a socket pair: what a hostile header is worth, what
 * a held frame survives, what headers we write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/linux_compat.h"
#include "common/base/util.h"
#include "test/unit/link_pair.h"

static struct link_pair pair; /* too large for the stack */

static int pair_setup(void **state)
{
	(void)state;
	return link_pair_init(&pair, 1500);
}

static int pair_teardown(void **state)
{
	(void)state;
	link_pair_fini(&pair);
	return 0;
}

/* The namespace sends a frame of @len bytes, all @fill */
static void ns_sends(struct virtio_net_hdr vh, size_t len, uint8_t fill)
{
	static uint8_t raw[sizeof(vh) + 65536 + ETH_HLEN];

	memcpy(raw, &vh, sizeof(vh));
	memset(raw + sizeof(vh), fill, len);
	assert_int_equal(send(pair.peer, raw, sizeof(vh) + len, 0), sizeof(vh) + len);
}

/* Return: link_read()'s, of one frame with this header */
static int read_one(struct virtio_net_hdr vh, size_t len, struct link_frame *ret_frame)
{
	ns_sends(vh, len, 0x5a);
	return link_read(&pair.link, ret_frame);
}

static void test_link_read_plain_frame(void **state)
{
	struct link_frame frame;

	(void)state;
	assert_int_equal(read_one((struct virtio_net_hdr){ 0 }, 60, &frame), 1);
	assert_int_equal(frame.len, 60);
	assert_int_equal(frame.data[0], 0x5a);
	assert_int_equal(frame.data[59], 0x5a);
	assert_int_equal(frame.gso, LINK_GSO_NONE);
	assert_int_equal(frame.gso_size, 0);
	assert_false(frame.csum_known);
	assert_int_equal(pair.link.stats.rx_frames, 1);
	assert_int_equal(pair.link.stats.rx_bytes, 60);
}

static void test_link_read_nothing(void **state)
{
	struct link_frame frame;

	(void)state;
	assert_int_equal(link_read(&pair.link, &frame), -EAGAIN);
}

static void test_link_read_descriptor_gone(void **state)
{
	struct link_frame frame;
	int fd = pair.link.fd;

	(void)state;
	pair.link.fd = pair.link.from = -1;
	assert_int_equal(link_read(&pair.link, &frame), -EBADF);
	pair.link.fd = pair.link.from = fd;
}

static void test_link_read_runts_dropped(void **state)
{
	struct link_frame frame, before;

	(void)state;
	memset(&before, 0xa5, sizeof(before));
	frame = before;
	for (size_t len = 0; len < sizeof(struct virtio_net_hdr) + ETH_HLEN; len++) {
		static const uint8_t zeros[64];

		assert_int_equal(send(pair.peer, zeros, len, 0), len);
		assert_int_equal(link_read(&pair.link, &frame), 0);
		assert_memory_equal(&frame, &before, sizeof(frame));
		assert_int_equal(pair.link.stats.rx_invalid, len + 1);
	}
}

static void test_link_read_gso_types(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t size;
		int rc;
		enum link_gso gso;
	} cases[] = {
		{ VIRTIO_NET_HDR_GSO_NONE, 7, 1, LINK_GSO_NONE },
		{ VIRTIO_NET_HDR_GSO_TCPV4, 1448, 1, LINK_GSO_TCP },
		{ VIRTIO_NET_HDR_GSO_TCPV6, 1, 1, LINK_GSO_TCP },
		{ VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN, 1448, 1, LINK_GSO_TCP },
		{ VIRTIO_NET_HDR_GSO_UDP_L4, 65535, 1, LINK_GSO_UDP },
		{ VIRTIO_NET_HDR_GSO_TCPV4, 0, 0, LINK_GSO_NONE },
		{ VIRTIO_NET_HDR_GSO_TCPV6, 0, 0, LINK_GSO_NONE },
		{ VIRTIO_NET_HDR_GSO_UDP_L4, 0, 0, LINK_GSO_NONE },
		{ VIRTIO_NET_HDR_GSO_UDP, 1000, 0, LINK_GSO_NONE },
		{ 2, 1000, 0, LINK_GSO_NONE },
		{ 0x7f, 1000, 0, LINK_GSO_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct virtio_net_hdr vh = { .gso_type = cases[i].type, .gso_size = cases[i].size };
		struct link_frame frame;

		assert_int_equal(read_one(vh, 3000, &frame), cases[i].rc);
		if (!cases[i].rc)
			continue;
		assert_int_equal(frame.gso, cases[i].gso);
		assert_int_equal(frame.gso_size, frame.gso == LINK_GSO_NONE ? 0 : cases[i].size);
	}
}

static void test_link_read_checksum_state(void **state)
{
	struct virtio_net_hdr valid = { .flags = VIRTIO_NET_HDR_F_DATA_VALID };
	struct virtio_net_hdr needed = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
					 .csum_offset = 16 };
	struct link_frame frame;

	(void)state;
	assert_int_equal(read_one(valid, 54, &frame), 1);
	assert_true(frame.csum_known);
	assert_int_equal(read_one(needed, 54, &frame), 1);
	assert_true(frame.csum_known);
}

static void test_link_read_checksum_outside_the_frame_dropped(void **state)
{
	static const struct {
		uint16_t start, offset;
		int rc;
	} cases[] = { { 34, 18, 1 },	  { 34, 19, 0 },    { 53, 0, 0 },	{ 52, 0, 1 },
		      { 65535, 65535, 0 }, { 65535, 0, 0 }, { 0, 65535, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					     .csum_start = cases[i].start,
					     .csum_offset = cases[i].offset };
		struct link_frame frame;

		assert_int_equal(read_one(vh, 54, &frame), cases[i].rc);
	}
}

/* Whatever the header says, what is accepted is consistent */
static void test_link_read_random_headers(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct link_frame frame;
		struct virtio_net_hdr vh;
		size_t len;

		for (size_t b = 0; b < sizeof(vh); b++)
			((uint8_t *)&vh)[b] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		if (i % 2)
			vh.gso_type &= 5;
		len = seed % 200;
		if (read_one(vh, len, &frame) != 1)
			continue;
		assert_int_equal(frame.len, len);
		assert_true(len >= ETH_HLEN);
		assert_true((frame.gso == LINK_GSO_NONE) == !frame.gso_size);
	}
}

static void test_link_read_largest_frame(void **state)
{
	struct link_frame frame;

	(void)state;
	assert_int_equal(read_one((struct virtio_net_hdr){ 0 }, 65536 + ETH_HLEN, &frame), 1);
	assert_int_equal(frame.len, 65536 + ETH_HLEN);
	assert_int_equal(frame.data[65536 + ETH_HLEN - 1], 0x5a);
}

static void test_link_hold_keeps_frames_until_released(void **state)
{
	struct link_frame frames[100];
	struct virtio_net_hdr vh = { 0 };
	const uint8_t *first;
	int count = 0;
	bool more = true;

	(void)state;
	while (more && count < 100) {
		ns_sends(vh, 1400, (uint8_t)count);
		assert_int_equal(link_read(&pair.link, &frames[count]), 1);
		more = link_hold(&pair.link, &frames[count++]);
	}
	assert_in_range(count, 40, 60);
	for (int i = 0; i < count; i++) {
		assert_int_equal(frames[i].data[0], i);
		assert_int_equal(frames[i].data[1399], i);
	}
	first = frames[0].data;
	link_release(&pair.link);
	assert_int_equal(read_one(vh, 100, &frames[0]), 1);
	assert_ptr_equal(frames[0].data, first);
}

static void test_link_hold_leaves_room_for_the_largest_frame(void **state)
{
	struct link_frame held, frame;
	struct virtio_net_hdr vh = { 0 };

	(void)state;
	ns_sends(vh, 65536 - sizeof(vh), 1); /* as much as can be held */
	assert_int_equal(link_read(&pair.link, &held), 1);
	assert_true(link_hold(&pair.link, &held));
	ns_sends(vh, 65536 + ETH_HLEN, 2);
	assert_int_equal(link_read(&pair.link, &frame), 1);
	assert_int_equal(frame.data[65536 + ETH_HLEN - 1], 2);
	assert_int_equal(held.data[held.len - 1], 1);
	assert_false(link_hold(&pair.link, &frame));
}

static void write_one(const struct link_offload *offload)
{
	static char bytes[] = "frame of two pieces";
	struct iovec iov[3] = { [1] = { bytes, 5 }, [2] = { bytes + 5, sizeof(bytes) - 6 } };
	const uint8_t *frame;

	assert_int_equal(link_write(&pair.link, iov, 3, offload), 0);
	assert_int_equal(link_pair_receive(&pair, &frame), sizeof(bytes) - 1);
	assert_memory_equal(frame, bytes, sizeof(bytes) - 1);
}

static void test_link_write_plain(void **state)
{
	static const struct virtio_net_hdr none;

	(void)state;
	write_one(&(struct link_offload){ 0 });
	assert_memory_equal(&pair.header, &none, sizeof(none));
	assert_int_equal(pair.link.stats.tx_frames, 1);
	assert_int_equal(pair.link.stats.tx_bytes, 19);
}

static void test_link_write_offloads(void **state)
{
	static const struct {
		enum link_gso gso;
		bool ipv6;
		uint8_t type;
	} cases[] = { { LINK_GSO_TCP, false, VIRTIO_NET_HDR_GSO_TCPV4 },
		      { LINK_GSO_TCP, true, VIRTIO_NET_HDR_GSO_TCPV6 },
		      { LINK_GSO_UDP, false, VIRTIO_NET_HDR_GSO_UDP_L4 },
		      { LINK_GSO_UDP, true, VIRTIO_NET_HDR_GSO_UDP_L4 },
		      { LINK_GSO_NONE, true, VIRTIO_NET_HDR_GSO_NONE } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct link_offload offload = {
			.gso = cases[i].gso,
			.gso_size = 1448,
			.ipv6 = cases[i].ipv6,
			.needs_csum = true,
			.csum_start = 34,
			.csum_offset = 16,
			.hdr_len = 54,
		};
		bool gso = cases[i].gso != LINK_GSO_NONE;

		write_one(&offload);
		assert_int_equal(pair.header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		assert_int_equal(pair.header.csum_start, 34);
		assert_int_equal(pair.header.csum_offset, 16);
		assert_int_equal(pair.header.gso_type, cases[i].type);
		assert_int_equal(pair.header.gso_size, gso ? 1448 : 0);
		assert_int_equal(pair.header.hdr_len, 54);
	}
}

static void test_link_write_failure_counted(void **state)
{
	struct iovec iov[2] = { [1] = { (void *)"x", 1 } };
	int fd = pair.link.fd;

	(void)state;
	pair.link.fd = -1;
	assert_int_equal(link_write(&pair.link, iov, 2, &(struct link_offload){ 0 }), -EBADF);
	assert_int_equal(pair.link.stats.tx_failed, 1);
	assert_int_equal(pair.link.stats.tx_frames, 0);
	pair.link.fd = fd;
}

#define pair_test(fn) cmocka_unit_test_setup_teardown(fn, pair_setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pair_test(test_link_read_plain_frame),
		pair_test(test_link_read_nothing),
		pair_test(test_link_read_descriptor_gone),
		pair_test(test_link_read_runts_dropped),
		pair_test(test_link_read_gso_types),
		pair_test(test_link_read_checksum_state),
		pair_test(test_link_read_checksum_outside_the_frame_dropped),
		pair_test(test_link_read_random_headers),
		pair_test(test_link_read_largest_frame),
		pair_test(test_link_hold_keeps_frames_until_released),
		pair_test(test_link_hold_leaves_room_for_the_largest_frame),
		pair_test(test_link_write_plain),
		pair_test(test_link_write_offloads),
		pair_test(test_link_write_failure_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
