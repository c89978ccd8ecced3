/* SPDX-License-Identifier: Apache-2.0
 *
 * The Internet checksum against a plain 16-bit reference, known vectors, every alignment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/wire/checksum.h"

/* RFC 1071, 4.1, bytes as big-endian 16-bit words */
static uint16_t reference(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* 0 and 0xffff are the same number in one's complement */
static unsigned int canonical(uint16_t v)
{
	return v == 0xffff ? 0 : v;
}

static void test_checksum_of_nothing_is_zero(void **state)
{
	(void)state;
	assert_int_equal(be16_get(checksum_fold(checksum_add(0, "", 0))), 0);
	assert_int_equal(be16_get(checksum_finish(0)), 0xffff);
}

static void test_checksum_rfc1071_example(void **state)
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint64_t sum = checksum_add(0, data, sizeof(data));

	(void)state;
	assert_int_equal(be16_get(checksum_fold(sum)), 0xddf2);
	assert_int_equal(be16_get(checksum_finish(sum)), 0x220d);
}

static void test_checksum_ipv4_header_verifies(void **state)
{
	static const uint8_t header[] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
					  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };

	(void)state;
	assert_int_equal(be16_get(checksum_fold(checksum_add(0, header, sizeof(header)))), 0xffff);
}

static void test_checksum_every_length_and_alignment(void **state)
{
	uint8_t data[300];

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)rand();
	for (size_t start = 0; start < 16; start++)
		for (size_t len = 0; start + len <= sizeof(data); len++)
			assert_int_equal(canonical(be16_get(checksum_fold(
						 checksum_add(0, data + start, len)))),
					 canonical(reference(data + start, len)));
}

static void test_checksum_carries_of_all_ones(void **state)
{
	static uint8_t data[65536];

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(be16_get(checksum_fold(checksum_add(~0ULL, data, sizeof(data)))), 0xffff);
	assert_int_equal(be16_get(checksum_fold(checksum_add(~0ULL, data, 1))), 0xff00);
	assert_int_equal(be16_get(checksum_fold(~0ULL)), 0xffff);
}

static void test_checksum_pieces_add_up(void **state)
{
	uint8_t data[97];
	uint64_t whole, pieces;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	whole = checksum_add(0, data, sizeof(data));
	for (size_t cut = 0; cut < sizeof(data); cut += 2) {
		pieces = checksum_add(0, data, cut);
		pieces = checksum_add(pieces, data + cut, sizeof(data) - cut);
		assert_int_equal(be16_get(checksum_fold(pieces)), be16_get(checksum_fold(whole)));
	}
}

static void test_checksum_pseudo_ipv4(void **state)
{
	static const uint8_t bytes[] = { 192, 0, 2, 1, 198, 51, 100, 7, 0, 17, 0xff, 0xfe };
	struct in6_addr src, dst;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &src), 0);
	assert_int_equal(addr_parse("198.51.100.7", &dst), 0);
	assert_int_equal(be16_get(checksum_fold(checksum_pseudo(&src, &dst, 17, 0xfffe))),
			 reference(bytes, sizeof(bytes)));
}

static void test_checksum_pseudo_ipv6_long_payload(void **state)
{
	uint8_t bytes[40] = { 0 };
	struct in6_addr src, dst;

	(void)state;
	assert_int_equal(addr_parse("2001:db8::1", &src), 0);
	assert_int_equal(addr_parse("fe80::abcd:ef01", &dst), 0);
	memcpy(bytes, &src, 16);
	memcpy(bytes + 16, &dst, 16);
	bytes[33] = 1; /* 0x00010203 bytes */
	bytes[34] = 2;
	bytes[35] = 3;
	bytes[39] = 58;
	assert_int_equal(be16_get(checksum_fold(checksum_pseudo(&src, &dst, 58, 0x10203))),
			 reference(bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum_of_nothing_is_zero),
		cmocka_unit_test(test_checksum_rfc1071_example),
		cmocka_unit_test(test_checksum_ipv4_header_verifies),
		cmocka_unit_test(test_checksum_every_length_and_alignment),
		cmocka_unit_test(test_checksum_carries_of_all_ones),
		cmocka_unit_test(test_checksum_pieces_add_up),
		cmocka_unit_test(test_checksum_pseudo_ipv4),
		cmocka_unit_test(test_checksum_pseudo_ipv6_long_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
