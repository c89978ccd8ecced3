/* SPDX-License-Identifier: Apache-2.0
 *
 * What an ICMP error quotes: literal bytes, cut off at every length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/addr.h"
#include "common/wire/quoted.h"

/* IPv4 with a total length of 60, TCP; 203.0.113.9 port 40000 to 198.51.100.1 port 80 */
static const uint8_t quoted4[] = { 0x45, 0x00, 0x00, 0x3c, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06,
				   0x00, 0x00, 203,  0,	   113,	 9,    198,  51,   100,	 1,
				   0x9c, 0x40, 0x00, 0x50, 0xde, 0xad, 0xbe, 0xef };

/* IPv6 with a payload length of 40, TCP; 2001:db8::9 port 40000 to 2001:db8::1 port 80 */
static const uint8_t quoted6[] = {
	0x60, 0x00, 0x00, 0x00, 0x00, 0x28, 0x06, 0x40, 0x20, 0x01, 0x0d, 0xb8,
	0,    0,    0,	  0,	0,    0,    0,	  0,	0,    0,    0,	  9,
	0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,	  0,	0,    0,    0,	  0,
	0,    0,    0,	  1,	0x9c, 0x40, 0x00, 0x50, 0xde, 0xad, 0xbe, 0xef,
};

static void assert_parsed(const uint8_t *bytes, size_t len, const char *src, const char *dst)
{
	struct reader r = { bytes, len };
	struct quoted_packet q;
	char text[ADDR_TEXT_MAX];

	assert_int_equal(quoted_parse(&r, &q), 0);
	assert_string_equal(addr_format(&q.src, text), src);
	assert_string_equal(addr_format(&q.dst, text), dst);
	assert_int_equal(q.protocol, IPPROTO_TCP);
	assert_int_equal(q.src_port, 40000);
	assert_int_equal(q.dst_port, 80);
	assert_int_equal(q.seq, 0xdeadbeef);
}

static void test_quoted_header_and_eight_bytes_suffice(void **state)
{
	(void)state;
	assert_parsed(quoted4, sizeof(quoted4), "203.0.113.9", "198.51.100.1");
	assert_parsed(quoted6, sizeof(quoted6), "2001:db8::9", "2001:db8::1");
}

static void test_quoted_ip4_options_skipped(void **state)
{
	uint8_t bytes[sizeof(quoted4) + 4];

	(void)state;
	memcpy(bytes, quoted4, 20);
	memset(bytes + 20, 1, 4);
	memcpy(bytes + 24, quoted4 + 20, 8);
	bytes[0] = 0x46;
	assert_parsed(bytes, sizeof(bytes), "203.0.113.9", "198.51.100.1");
}

static void assert_rejected(const uint8_t *bytes, size_t len)
{
	struct quoted_packet q = { .seq = 1 };
	struct reader r = { bytes, len };

	assert_int_equal(quoted_parse(&r, &q), -EBADMSG);
	assert_int_equal(q.seq, 1);
}

static void test_quoted_truncated_at_every_length_rejected(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(quoted4); len++)
		assert_rejected(quoted4, len);
	for (size_t len = 0; len < sizeof(quoted6); len++)
		assert_rejected(quoted6, len);
}

static void test_quoted_bad_header_rejected(void **state)
{
	uint8_t bytes[sizeof(quoted4)];

	(void)state;
	memcpy(bytes, quoted4, sizeof(bytes));
	bytes[0] = 0x44; /* a header shorter than a header */
	assert_rejected(bytes, sizeof(bytes));
	bytes[0] = 0x55; /* version 5 */
	assert_rejected(bytes, sizeof(bytes));
	bytes[0] = 0x45;
	bytes[7] = 1; /* a later fragment has no ports */
	assert_rejected(bytes, sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted_header_and_eight_bytes_suffice),
		cmocka_unit_test(test_quoted_ip4_options_skipped),
		cmocka_unit_test(test_quoted_truncated_at_every_length_rejected),
		cmocka_unit_test(test_quoted_bad_header_rejected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
