/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP segments: literal bytes in and out, option lists good and bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/util.h"
#include "common/wire/tcp.h"

static const uint8_t syn[] = { 0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x00, 0x00,
			       0x00, 0x00, 0x70, 0x02, 0xfa, 0xf0, 0x12, 0x34, 0x00, 0x00,
			       0x02, 0x04, 0x05, 0xb4, 0x01, 0x03, 0x03, 0x07 };

static int parse(const void *data, size_t len, struct tcp_segment *ret_segment)
{
	return tcp_segment_parse(&(struct reader){ data, len }, ret_segment);
}

/* A pure ACK with @len (a multiple of four) bytes of options; Return: tcp_segment_parse()'s */
static int parse_options(const void *options, size_t len, struct tcp_segment *ret_segment)
{
	uint8_t bytes[60] = { 0, 1, 0, 2 };

	bytes[12] = (uint8_t)((20 + len) / 4 << 4);
	bytes[13] = TCP_ACK;
	memcpy(bytes + 20, options, len);
	return parse(bytes, 20 + len, ret_segment);
}

static void test_tcp_syn_parsed(void **state)
{
	struct reader r = { syn, sizeof(syn) };
	struct tcp_segment s;

	(void)state;
	assert_int_equal(tcp_segment_parse(&r, &s), 0);
	assert_int_equal(s.src_port, 40000);
	assert_int_equal(s.dst_port, 80);
	assert_int_equal(s.seq, 0x01020304);
	assert_int_equal(s.ack, 0);
	assert_int_equal(s.flags, TCP_SYN);
	assert_int_equal(s.window, 64240);
	assert_int_equal(s.mss, 1460);
	assert_int_equal(s.wscale, 7);
	assert_int_equal(s.payload_len, 0);
	assert_int_equal(r.left, 0);
}

static void test_tcp_syn_emitted(void **state)
{
	uint8_t out[32];
	struct writer w = { out, sizeof(out) };
	struct tcp_segment s = { .src_port = 40000,
				 .dst_port = 80,
				 .seq = 0x01020304,
				 .flags = TCP_SYN,
				 .window = 64240,
				 .mss = 1460,
				 .wscale = 7 };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(tcp_segment_header_len(&s), sizeof(syn));
	assert_int_equal(tcp_segment_emit(&w, &s, be16_make(0x1234)), 0);
	assert_memory_equal(out, syn, sizeof(syn));
	assert_int_equal(w.left, sizeof(out) - sizeof(syn));
	assert_int_equal(out[sizeof(syn)], 0xa5);
}

static void test_tcp_parse_inverts_emit(void **state)
{
	static const uint16_t mss[] = { 0, 1, 536, 65495 };
	static const uint8_t wscale[] = { TCP_WSCALE_NONE, 0, 14 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(mss) * ARRAY_SIZE(wscale) * 64; i++) {
		struct tcp_segment in = { .src_port = 1,
					  .dst_port = 65535,
					  .seq = 0xfffffffe,
					  .ack = 0x80000001,
					  .flags = (uint8_t)(i % 64),
					  .window = 0xffff,
					  .mss = mss[i / 64 % ARRAY_SIZE(mss)],
					  .urgent = (uint16_t)(i * 997),
					  .wscale = wscale[i / 64 / ARRAY_SIZE(mss)] };
		uint8_t out[TCP_EMIT_MAX + 5];
		struct writer w = { out, sizeof(out) };
		struct tcp_segment back;

		memset(out, 0xa5, sizeof(out));
		assert_int_equal(tcp_segment_emit(&w, &in, be16_make(0)), 0);
		assert_int_equal(parse(out, sizeof(out) - w.left + 5, &back), 0);
		assert_int_equal(back.payload_len, 5);
		assert_ptr_equal(back.payload, out + sizeof(out) - w.left);
		back.payload = NULL;
		back.payload_len = 0;
		assert_int_equal(back.src_port, in.src_port);
		assert_int_equal(back.dst_port, in.dst_port);
		assert_int_equal(back.seq, in.seq);
		assert_int_equal(back.ack, in.ack);
		assert_int_equal(back.flags, in.flags);
		assert_int_equal(back.window, in.window);
		assert_int_equal(back.urgent, in.urgent);
		assert_int_equal(back.mss, in.mss);
		assert_int_equal(back.wscale, in.wscale);
	}
}

/* RFC 2018, 2 and 3 */
static void test_tcp_sack_options_parsed(void **state)
{
	static const uint8_t permitted[] = { 1, 1, 4, 2 };
	static const uint8_t blocks[] = { 1, 1, 5, 18, 0xff, 0xff, 0xff, 0xf0, 0, 0,
					  0, 8, 1, 2,  3,    4,	   5,	 6,    7, 8 };
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options(permitted, sizeof(permitted), &s), 0);
	assert_true(s.sack_permitted);
	assert_int_equal(s.sack_count, 0);
	assert_int_equal(parse_options(blocks, sizeof(blocks), &s), 0);
	assert_false(s.sack_permitted);
	assert_int_equal(s.sack_count, 2);
	assert_int_equal(s.sack[0].from, 0xfffffff0);
	assert_int_equal(s.sack[0].to, 8);
	assert_int_equal(s.sack[1].from, 0x01020304);
	assert_int_equal(s.sack[1].to, 0x05060708);
}

static void test_tcp_sack_of_an_odd_length_says_nothing(void **state)
{
	static const uint8_t none[] = { 1, 1, 5, 2 }, half[] = { 1, 1, 5, 6, 1, 2, 3, 4 };
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options(none, sizeof(none), &s), 0);
	assert_int_equal(s.sack_count, 0);
	assert_int_equal(parse_options(half, sizeof(half), &s), 0);
	assert_int_equal(s.sack_count, 0);
}

static void test_tcp_sack_options_emitted(void **state)
{
	static const uint8_t permitted[] = { 0x60, TCP_SYN, 0, 0, 0, 0, 0, 0, 1, 1, 4, 2 };
	static const uint8_t blocks[] = { 0x80, TCP_ACK, 0, 0, 0, 0, 0, 0, 1, 1,
					  5,	10,	 1, 2, 3, 4, 5, 6, 7, 8 };
	struct tcp_segment s = { .flags = TCP_SYN,
				 .wscale = TCP_WSCALE_NONE,
				 .sack_permitted = true };
	uint8_t out[TCP_EMIT_MAX];
	struct writer w = { out, sizeof(out) };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(tcp_segment_emit(&w, &s, be16_make(0)), 0);
	assert_memory_equal(out + 12, permitted, sizeof(permitted));
	s = (struct tcp_segment){ .flags = TCP_ACK,
				  .wscale = TCP_WSCALE_NONE,
				  .sack_count = 1,
				  .sack = { { 0x01020304, 0x05060708 } } };
	w = (struct writer){ out, sizeof(out) };
	assert_int_equal(tcp_segment_header_len(&s), 32);
	assert_int_equal(tcp_segment_emit(&w, &s, be16_make(0)), 0);
	assert_memory_equal(out + 12, blocks, sizeof(blocks));
	assert_int_equal(out[32], 0xa5);
}

static void test_tcp_sack_parse_inverts_emit(void **state)
{
	(void)state;
	for (uint8_t count = 0; count <= TCP_SACK_MAX; count++) {
		struct tcp_segment in = { .flags = TCP_ACK,
					  .wscale = TCP_WSCALE_NONE,
					  .sack_count = count },
				   back;
		uint8_t out[TCP_EMIT_MAX];
		struct writer w = { out, sizeof(out) };

		for (uint32_t i = 0; i < count; i++)
			in.sack[i] = (struct tcp_sack){ i * 0x31415927, i * 0x27182819 + 1 };
		assert_int_equal(tcp_segment_emit(&w, &in, be16_make(0)), 0);
		assert_int_equal(sizeof(out) - w.left, tcp_segment_header_len(&in));
		assert_int_equal(parse(out, sizeof(out) - w.left, &back), 0);
		assert_int_equal(back.sack_count, count);
		assert_memory_equal(back.sack, in.sack, count * sizeof(in.sack[0]));
	}
}

static void test_tcp_truncated_at_every_length_rejected(void **state)
{
	struct tcp_segment s = { .seq = 77 };

	(void)state;
	for (size_t len = 0; len < sizeof(syn); len++) {
		assert_int_equal(parse(syn, len, &s), -EBADMSG);
		assert_int_equal(s.seq, 77);
	}
}

static void test_tcp_data_offset_below_five_rejected(void **state)
{
	uint8_t bytes[sizeof(syn)];
	struct tcp_segment s;

	(void)state;
	memcpy(bytes, syn, sizeof(syn));
	for (unsigned int words = 0; words < 5; words++) {
		bytes[12] = (uint8_t)(words << 4);
		assert_int_equal(parse(bytes, sizeof(bytes), &s), -EBADMSG);
	}
}

static void test_tcp_reserved_and_ecn_bits_dropped(void **state)
{
	uint8_t bytes[sizeof(syn)];
	struct tcp_segment s;

	(void)state;
	memcpy(bytes, syn, sizeof(syn));
	bytes[12] |= 0x0f;
	bytes[13] = 0xff;
	assert_int_equal(parse(bytes, sizeof(bytes), &s), 0);
	assert_int_equal(s.flags, 0x3f);
}

static void test_tcp_options_length_zero_rejected(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x08\x00\x01\x01", 4, &s), -EBADMSG);
}

static void test_tcp_options_length_one_rejected(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x08\x01\x01\x01", 4, &s), -EBADMSG);
}

static void test_tcp_options_length_beyond_header_rejected(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x01\x01\x08\x03", 4, &s), -EBADMSG);
	assert_int_equal(parse_options("\x08\xff\x01\x01", 4, &s), -EBADMSG);
	assert_int_equal(parse_options("\x01\x01\x01\x08", 4, &s), -EBADMSG);
}

static void test_tcp_options_of_wrong_size_rejected(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x02\x03\x05\x00", 4, &s), -EBADMSG);
	assert_int_equal(parse_options("\x03\x04\x05\x00", 4, &s), -EBADMSG);
	assert_int_equal(parse_options("\x03\x02\x00\x00", 4, &s), -EBADMSG);
}

static void test_tcp_options_end_stops_the_walk(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x00\x02\x00\x00", 4, &s), 0);
	assert_int_equal(s.mss, 0);
	assert_int_equal(s.wscale, TCP_WSCALE_NONE);
}

static void test_tcp_options_unknown_skipped(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x04\x02\x08\x0a\xff\xff\xff\xff\xff\xff\xff\xff"
				       "\xfd\x02\x03\x03\x02\x02\x04\x02\x18\x00\x00\x00",
				       24, &s),
			 0);
	assert_int_equal(s.mss, 536);
	assert_int_equal(s.wscale, 2);
}

static void test_tcp_options_wscale_above_14_is_14(void **state)
{
	struct tcp_segment s;

	(void)state;
	assert_int_equal(parse_options("\x03\x03\xff\x00", 4, &s), 0);
	assert_int_equal(s.wscale, TCP_WSCALE_MAX);
}

static void test_tcp_options_full_forty_bytes(void **state)
{
	uint8_t options[40];
	struct tcp_segment s;

	(void)state;
	memset(options, 1, sizeof(options));
	memcpy(options + 36, "\x02\x04\xff\xff", 4);
	assert_int_equal(parse_options(options, sizeof(options), &s), 0);
	assert_int_equal(s.mss, 0xffff);
}

static void test_tcp_emit_without_room_writes_nothing(void **state)
{
	uint8_t out[sizeof(syn)];
	struct tcp_segment s = { .mss = 1, .wscale = 0 };

	(void)state;
	for (size_t room = 0; room < sizeof(syn); room++) {
		struct writer w = { out, room };

		memset(out, 0xa5, sizeof(out));
		assert_int_equal(tcp_segment_emit(&w, &s, be16_make(0)), -ENOBUFS);
		assert_int_equal(w.left, room);
		for (size_t i = 0; i < sizeof(out); i++)
			assert_int_equal(out[i], 0xa5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_syn_parsed),
		cmocka_unit_test(test_tcp_syn_emitted),
		cmocka_unit_test(test_tcp_parse_inverts_emit),
		cmocka_unit_test(test_tcp_sack_options_parsed),
		cmocka_unit_test(test_tcp_sack_of_an_odd_length_says_nothing),
		cmocka_unit_test(test_tcp_sack_options_emitted),
		cmocka_unit_test(test_tcp_sack_parse_inverts_emit),
		cmocka_unit_test(test_tcp_truncated_at_every_length_rejected),
		cmocka_unit_test(test_tcp_data_offset_below_five_rejected),
		cmocka_unit_test(test_tcp_reserved_and_ecn_bits_dropped),
		cmocka_unit_test(test_tcp_options_length_zero_rejected),
		cmocka_unit_test(test_tcp_options_length_one_rejected),
		cmocka_unit_test(test_tcp_options_length_beyond_header_rejected),
		cmocka_unit_test(test_tcp_options_of_wrong_size_rejected),
		cmocka_unit_test(test_tcp_options_end_stops_the_walk),
		cmocka_unit_test(test_tcp_options_unknown_skipped),
		cmocka_unit_test(test_tcp_options_wscale_above_14_is_14),
		cmocka_unit_test(test_tcp_options_full_forty_bytes),
		cmocka_unit_test(test_tcp_emit_without_room_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
