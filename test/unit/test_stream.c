/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames over a stream socket: however the bytes come in, and however few of them go out at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/iov.h"
#include "common/base/util.h"
#include "common/link/stream.h"
#include "common/link/offload.h"
#include "common/wire/cursor.h"

static struct stream stream;
static int peer;
static uint8_t bytes[STREAM_FRAME_MAX + 4];

static int setup(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) ||
	    stream_init(&stream))
		return -1;
	stream_connect(&stream, fds[0]);
	peer = fds[1];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(stream.fd);
	if (peer >= 0)
		close(peer);
	stream_fini(&stream);
	return 0;
}

/* Return: bytes in @out, of one frame with its length before it */
static size_t frame_make(uint8_t *out, size_t len, uint8_t fill)
{
	struct be32 length = be32_make((uint32_t)len);

	memcpy(out, &length, sizeof(length));
	memset(out + sizeof(length), fill, len);
	return sizeof(length) + len;
}

static void peer_sends(const uint8_t *data, size_t len)
{
	assert_int_equal(send(peer, data, len, 0), len);
}

static void check_next(size_t len, uint8_t fill)
{
	const uint8_t *data;
	size_t n;

	assert_int_equal(stream_read(&stream, false, &data, &n), 1);
	assert_int_equal(n, len);
	assert_int_equal(data[0], fill);
	assert_int_equal(data[len - 1], fill);
}

static void check_none(int rc)
{
	const uint8_t *data;
	size_t n;

	assert_int_equal(stream_read(&stream, false, &data, &n), rc);
}

static void test_stream_reads_byte_by_byte(void **state)
{
	size_t len = frame_make(bytes, 60, 7);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		check_none(-EAGAIN);
		assert_false(stream_has_frame(&stream));
		peer_sends(bytes + i, 1);
	}
	check_next(60, 7);
	check_none(-EAGAIN);
}

static void test_stream_reads_many_at_once(void **state)
{
	size_t len = 0;

	(void)state;
	for (uint8_t i = 1; i <= 50; i++)
		len += frame_make(bytes + len, 100 + i, i);
	peer_sends(bytes, len);
	for (uint8_t i = 1; i <= 50; i++) {
		check_next(100 + i, i);
		assert_int_equal(stream_has_frame(&stream), i < 50);
	}
	check_none(-EAGAIN);
}

/* Frames cross the buffer's end in every way */
static void test_stream_reads_all_sizes(void **state)
{
	(void)state;
	srandom(5);
	for (int i = 0; i < 2000; i++) {
		size_t size = i % 7 ? 14 + (size_t)random() % 3000
				    : STREAM_FRAME_MAX - (size_t)random() % 20;
		size_t len = frame_make(bytes, size, (uint8_t)i), cut = (size_t)random() % len;

		peer_sends(bytes, cut);
		check_none(-EAGAIN);
		peer_sends(bytes + cut, len - cut);
		check_next(size, (uint8_t)i);
	}
}

static void test_stream_held_frames_stay(void **state)
{
	const uint8_t *first, *second;
	size_t len = frame_make(bytes, 200, 1), n;

	(void)state;
	len += frame_make(bytes + len, 300, 2);
	frame_make(bytes + len, 400, 3);
	peer_sends(bytes, len + 40);
	assert_int_equal(stream_read(&stream, false, &first, &n), 1);
	assert_int_equal(stream_read(&stream, true, &second, &n), 1);
	peer_sends(bytes + len + 40, 364);
	assert_int_equal(stream_read(&stream, true, &second, &n), -EAGAIN);
	assert_int_equal(first[199], 1);
	assert_int_equal(second[299], 2);
	check_next(400, 3);
}

static void test_stream_lengths_that_no_frame_has(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 13, STREAM_FRAME_MAX + 1, INT32_MAX, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct be32 length = be32_make(lengths[i]);

		peer_sends((const uint8_t *)&length, sizeof(length));
		check_none(-EPROTO);
		assert_true(stream_has_frame(&stream)); /* nobody waits for more */
		check_none(-EPROTO);
		teardown(state);
		setup(state);
	}
}

static void test_stream_end(void **state)
{
	(void)state;
	peer_sends(bytes, frame_make(bytes, 60, 1) - 1);
	close(peer);
	peer = -1;
	check_none(-EAGAIN);
	check_none(-ENOTCONN);
	stream_connect(&stream, -1);
	check_none(-ENOTCONN);
}

static const struct link_offload plain = { .gso = LINK_GSO_NONE };

static int write_frame(size_t len, uint8_t fill)
{
	struct iovec iov = { bytes, len };

	memset(bytes, fill, len);
	return stream_write(&stream, &iov, 1, &plain);
}

/* Return: the frame's fill, having read it whole */
static uint8_t peer_reads(size_t *ret_len)
{
	struct be32 length;

	assert_int_equal(recv(peer, &length, sizeof(length), MSG_WAITALL), sizeof(length));
	*ret_len = be32_get(length);
	assert_int_equal(recv(peer, bytes, *ret_len, MSG_WAITALL), *ret_len);
	return bytes[*ret_len - 1];
}

/* A TCP segment of @len bytes of payload, in segments of @mss, which is put into its place first if
 * @in_place, as far as there's one. Return: bytes that the peer got
 */
static size_t send_segment(size_t len, size_t mss, size_t found, bool in_place, uint8_t *ret_bytes)
{
	uint8_t header[54] = { [12] = 8, [14] = 0x45, [23] = 6 }, payload[8000];
	struct iovec iov[41] = { { header, sizeof(header) }, { payload, found } };
	const struct link_room room = { sizeof(header), len, mss, false };
	struct iovec *pieces = iov + 1;
	const struct link_offload offload = { .gso = found > mss ? LINK_GSO_TCP : LINK_GSO_NONE,
					      .gso_size = (uint16_t)mss,
					      .needs_csum = true,
					      .csum_start = 34,
					      .csum_offset = 16,
					      .hdr_len = sizeof(header) };
	int count = 1;

	for (size_t i = 0; i < found; i++)
		payload[i] = (uint8_t)(i * 7);
	if (in_place) {
		count = stream_find_room(&stream, &room, pieces, 40);
		assert_int_equal(count, (len + mss - 1) / mss);
		iov_narrow(&pieces, &count, 0, found);
		iov_put(&(struct iov_cursor){ pieces, 0 }, payload, found);
		memset(payload, 0xa5, found);
	}
	assert_true(stream_write(&stream, iov, 1 + count, &offload) > 0);
	assert_int_equal(stream_flush(&stream), 0);
	return (size_t)recv(peer, ret_bytes, STREAM_FRAME_MAX, 0);
}

static void test_stream_payload_may_be_in_its_place(void **state)
{
	static uint8_t copied[STREAM_FRAME_MAX];

	(void)state;
	srandom(7);
	for (int i = 0; i < 500; i++) {
		size_t len = 1 + (size_t)random() % 8000, mss = 200 + (size_t)random() % 2000;
		size_t found = 1 + (size_t)random() % len;
		size_t n = send_segment(len, mss, found, false, copied);

		assert_int_equal(n, found + (found + mss - 1) / mss * 58);
		assert_int_equal(send_segment(len, mss, found, true, bytes), n);
		assert_memory_equal(bytes, copied, n);
	}
}

static void test_stream_has_no_place_for_too_many_segments(void **state)
{
	struct link_room room = { 54, 400, 100, false };
	struct iovec iov[4];

	(void)state;
	assert_int_equal(stream_find_room(&stream, &room, iov, 3), 0);
	assert_int_equal(stream_find_room(&stream, &room, iov, 4), 4);
	stream_connect(&stream, -1);
	assert_int_equal(stream_find_room(&stream, &room, iov, 4), 0);
}

static void test_stream_begins_to_send_when_it_has_much(void **state)
{
	size_t len;

	(void)state;
	for (uint8_t i = 0; i < 120; i++) {
		assert_int_equal(recv(peer, bytes, 1, MSG_PEEK), -1);
		assert_int_equal(write_frame(1020, i), 1020);
	}
	for (uint8_t i = 0; i < 120; i++) {
		assert_int_equal(peer_reads(&len), i);
		assert_int_equal(len, 1020);
	}
}

static void test_stream_sends_together(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(write_frame(60, 1), 60);
	assert_int_equal(write_frame(70, 2), 70);
	assert_int_equal(recv(peer, bytes, 1, MSG_DONTWAIT), -1);
	assert_int_equal(stream_flush(&stream), 0);
	assert_int_equal(peer_reads(&len), 1);
	assert_int_equal(len, 60);
	assert_int_equal(peer_reads(&len), 2);
	assert_int_equal(len, 70);
}

/* What the socket doesn't take is not lost, and says so; what there's no room for is refused whole
 */
static void test_stream_full(void **state)
{
	unsigned int written = 0, read = 0;
	bool was_full = false;
	size_t len;

	(void)state;
	while (write_frame(1500, (uint8_t)written) == 1500) {
		was_full |= stream_is_full(&stream);
		written++;
	}
	assert_true(was_full);
	assert_int_equal(write_frame(60000, 0), -ENOBUFS);
	assert_int_equal(stream_flush(&stream), -EAGAIN);
	while (read < written) {
		assert_int_equal(peer_reads(&len), (uint8_t)read++);
		assert_int_equal(len, 1500);
		stream_flush(&stream);
	}
	assert_false(stream_is_full(&stream));
	assert_int_equal(stream_flush(&stream), 0);
	assert_int_equal(recv(peer, bytes, 1, MSG_DONTWAIT), -1);
}

static void test_stream_writes_to_nobody(void **state)
{
	(void)state;
	close(peer);
	peer = -1;
	assert_int_equal(write_frame(60, 1), 60);
	assert_int_equal(stream_flush(&stream), 0);
	close(stream.fd);
	stream_connect(&stream, -1);
	assert_int_equal(write_frame(60, 1), -ENOTCONN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stream_reads_byte_by_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_reads_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_reads_all_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_held_frames_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_lengths_that_no_frame_has, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_stream_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_payload_may_be_in_its_place, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_stream_has_no_place_for_too_many_segments,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_begins_to_send_when_it_has_much, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_stream_sends_together, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_writes_to_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
