/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP and ICMPv6 messages: literal bytes in and out, checksums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/addr.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

/* Echo request, identifier 0x1234, sequence 2, five bytes of data: an odd length */
static const uint8_t echo[] = { 0x08, 0x00, 0xa1, 0xf7, 0x12, 0x34, 0x00,
				0x02, 'h',  'e',  'l',	'l',  'o' };

static void test_icmp_echo_parsed(void **state)
{
	struct reader r = { echo, sizeof(echo) };
	struct icmp_message m;

	(void)state;
	assert_int_equal(icmp_parse(&r, &m), 0);
	assert_int_equal(m.type, 8);
	assert_int_equal(m.code, 0);
	assert_int_equal(m.rest, 0x12340002);
	assert_ptr_equal(m.payload, echo + 8);
	assert_int_equal(m.payload_len, 5);
	assert_int_equal(r.left, 0);
}

static void test_icmp_emit_inverts_parse(void **state)
{
	struct reader r = { echo, sizeof(echo) };
	uint8_t out[10];
	struct writer w = { out, sizeof(out) };
	struct icmp_message m;

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(icmp_parse(&r, &m), 0);
	assert_int_equal(icmp_emit(&w, &m, icmp_checksum(&m, 0)), 0);
	assert_memory_equal(out, echo, ICMP_HEADER_LEN);
	assert_int_equal(out[8], 0xa5);
}

static void test_icmp_checksum_verifies(void **state)
{
	(void)state;
	assert_int_equal(be16_get(checksum_fold(checksum_add(0, echo, sizeof(echo)))), 0xffff);
}

static void test_icmp_checksum_with_pseudo_header_verifies(void **state)
{
	struct icmp_message m = { .type = 128, .rest = 0x00010001, .payload = echo,
				  .payload_len = sizeof(echo) };
	uint8_t out[8];
	struct in6_addr src, dst;
	uint64_t pseudo;

	(void)state;
	assert_int_equal(addr_parse("2001:db8::1", &src), 0);
	assert_int_equal(addr_parse("2001:db8::2", &dst), 0);
	pseudo = checksum_pseudo(&src, &dst, IPPROTO_ICMPV6, 8 + sizeof(echo));
	assert_int_equal(icmp_emit(&(struct writer){ out, 8 }, &m, icmp_checksum(&m, pseudo)), 0);
	pseudo = checksum_add(checksum_add(pseudo, out, 8), echo, sizeof(echo));
	assert_int_equal(be16_get(checksum_fold(pseudo)), 0xffff);
}

static void test_icmp_truncated_at_every_length_rejected(void **state)
{
	struct icmp_message m = { .type = 9 };

	(void)state;
	for (size_t len = 0; len < ICMP_HEADER_LEN; len++) {
		struct reader r = { echo, len };

		assert_int_equal(icmp_parse(&r, &m), -EBADMSG);
		assert_int_equal(m.type, 9);
	}
}

static void test_icmp_empty_payload(void **state)
{
	struct reader r = { echo, ICMP_HEADER_LEN };
	struct icmp_message m;

	(void)state;
	assert_int_equal(icmp_parse(&r, &m), 0);
	assert_int_equal(m.payload_len, 0);
}

static void test_icmp_emit_without_room_writes_nothing(void **state)
{
	uint8_t out[8];
	struct icmp_message m = { .type = 8 };

	(void)state;
	for (size_t room = 0; room < 8; room++) {
		struct writer w = { out, room };

		memset(out, 0xa5, sizeof(out));
		assert_int_equal(icmp_emit(&w, &m, be16_make(0)), -ENOBUFS);
		for (size_t i = 0; i < sizeof(out); i++)
			assert_int_equal(out[i], 0xa5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icmp_echo_parsed),
		cmocka_unit_test(test_icmp_emit_inverts_parse),
		cmocka_unit_test(test_icmp_checksum_verifies),
		cmocka_unit_test(test_icmp_checksum_with_pseudo_header_verifies),
		cmocka_unit_test(test_icmp_truncated_at_every_length_rejected),
		cmocka_unit_test(test_icmp_empty_payload),
		cmocka_unit_test(test_icmp_emit_without_room_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
