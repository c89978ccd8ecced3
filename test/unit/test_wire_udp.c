/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP headers: literal bytes in and out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/wire/udp.h"

static const uint8_t query[] = { 0x30, 0x39, 0x00, 0x35, 0x00, 0x0b, 0xbe, 0xef, 'a', 'b', 'c' };

static void test_udp_parsed(void **state)
{
	struct reader r = { query, sizeof(query) };
	struct udp_datagram d;

	(void)state;
	assert_int_equal(udp_parse(&r, false, &d), 0);
	assert_int_equal(d.src_port, 12345);
	assert_int_equal(d.dst_port, 53);
	assert_true(d.has_csum);
	assert_ptr_equal(d.payload, query + 8);
	assert_int_equal(d.payload_len, 3);
	assert_int_equal(r.left, 0);
}

static void test_udp_emitted(void **state)
{
	uint8_t out[12];
	struct writer w = { out, sizeof(out) };
	struct udp_datagram d = { .src_port = 12345, .dst_port = 53, .payload_len = 3 };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(udp_emit(&w, &d, be16_make(0xbeef)), 0);
	assert_memory_equal(out, query, UDP_HEADER_LEN);
	assert_int_equal(out[UDP_HEADER_LEN], 0xa5);
	assert_int_equal(w.left, sizeof(out) - UDP_HEADER_LEN);
	assert_memory_equal(out + UDP_CSUM_OFFSET, "\xbe\xef", 2);
}

static void test_udp_trailing_bytes_ignored(void **state)
{
	uint8_t bytes[sizeof(query) + 9];
	struct reader r = { bytes, sizeof(bytes) };
	struct udp_datagram d;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	memcpy(bytes, query, sizeof(query));
	assert_int_equal(udp_parse(&r, false, &d), 0);
	assert_int_equal(d.payload_len, 3);
	assert_int_equal(r.left, 9);
}

static void test_udp_gso_takes_all_whatever_the_length_says(void **state)
{
	uint8_t bytes[8 + 300] = { 0x30, 0x39, 0x00, 0x35, 0x00, 0x6c, 0x00, 0x00 };
	struct udp_datagram d;

	(void)state;
	for (unsigned int len = 0; len < 256; len++) {
		struct reader r = { bytes, sizeof(bytes) };

		bytes[5] = (uint8_t)len;
		assert_int_equal(udp_parse(&r, true, &d), 0);
		assert_int_equal(d.payload_len, 300);
		assert_false(d.has_csum);
	}
}

static void test_udp_empty_payload(void **state)
{
	struct reader r = { (const uint8_t *)"\0\1\0\2\0\x08\0\0", 8 };
	struct udp_datagram d;

	(void)state;
	assert_int_equal(udp_parse(&r, false, &d), 0);
	assert_int_equal(d.payload_len, 0);
	assert_false(d.has_csum);
}

static void test_udp_length_below_header_rejected(void **state)
{
	uint8_t bytes[sizeof(query)];
	struct udp_datagram d = { .src_port = 9 };

	(void)state;
	memcpy(bytes, query, sizeof(query));
	for (unsigned int len = 0; len < 8; len++) {
		struct reader r = { bytes, sizeof(bytes) };

		bytes[5] = (uint8_t)len;
		assert_int_equal(udp_parse(&r, false, &d), -EBADMSG);
		assert_int_equal(d.src_port, 9);
		assert_int_equal(r.left, sizeof(bytes));
	}
}

static void test_udp_truncated_at_every_length_rejected(void **state)
{
	struct udp_datagram d;

	(void)state;
	for (size_t len = 0; len < sizeof(query); len++) {
		struct reader r = { query, len };

		assert_int_equal(udp_parse(&r, false, &d), -EBADMSG);
	}
	for (size_t len = 0; len < UDP_HEADER_LEN; len++) {
		struct reader r = { query, len };

		assert_int_equal(udp_parse(&r, true, &d), -EBADMSG);
	}
}

static void test_udp_emit_without_room_writes_nothing(void **state)
{
	uint8_t out[8];
	struct udp_datagram d = { .payload_len = 0 };

	(void)state;
	for (size_t room = 0; room < 8; room++) {
		struct writer w = { out, room };

		memset(out, 0xa5, sizeof(out));
		assert_int_equal(udp_emit(&w, &d, be16_make(0)), -ENOBUFS);
		for (size_t i = 0; i < sizeof(out); i++)
			assert_int_equal(out[i], 0xa5);
	}
}

static void test_udp_emit_longest_payload(void **state)
{
	uint8_t out[8];
	struct udp_datagram d = { .payload_len = 65527 };

	(void)state;
	assert_int_equal(udp_emit(&(struct writer){ out, 8 }, &d, be16_make(0)), 0);
	assert_memory_equal(out + 4, "\xff\xff", 2);
	d.payload_len++;
	assert_int_equal(udp_emit(&(struct writer){ out, 8 }, &d, be16_make(0)), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_parsed),
		cmocka_unit_test(test_udp_emitted),
		cmocka_unit_test(test_udp_trailing_bytes_ignored),
		cmocka_unit_test(test_udp_gso_takes_all_whatever_the_length_says),
		cmocka_unit_test(test_udp_empty_payload),
		cmocka_unit_test(test_udp_length_below_header_rejected),
		cmocka_unit_test(test_udp_truncated_at_every_length_rejected),
		cmocka_unit_test(test_udp_emit_without_room_writes_nothing),
		cmocka_unit_test(test_udp_emit_longest_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
