/* SPDX-License-Identifier: Apache-2.0
 *
 * DHCPv4 messages: what is read from which bytes, and which bytes are written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/wire/dhcp.h"
#include "test/unit/addr_text.h"

#define NAME_AT 44
#define FILE_AT 108

struct bytes {
	uint8_t data[600];
	size_t len;
};

/* A request's fixed part and @options behind it */
static struct bytes message(const char *options, size_t len)
{
	static const uint8_t head[] = { 1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 9, 0x80, 0,
					192, 0, 2, 15, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 99,
					2, 0, 0, 0, 0, 7 };
	static const uint8_t cookie[] = { 99, 130, 83, 99 };
	struct bytes b = { .len = DHCP_HEADER_LEN + len };

	memcpy(b.data, head, sizeof(head));
	memcpy(b.data + DHCP_HEADER_LEN - 4, cookie, sizeof(cookie));
	memcpy(b.data + DHCP_HEADER_LEN, options, len);
	return b;
}

#define MESSAGE(options) message(options, sizeof(options) - 1)

static int parse(const struct bytes *b, struct dhcp_message *m)
{
	struct reader r = { b->data, b->len };

	return dhcp_parse(&r, m);
}

static void test_dhcp_fixed_part(void **state)
{
	struct bytes b = MESSAGE("");
	struct dhcp_message m;

	(void)state;
	assert_int_equal(parse(&b, &m), 0);
	assert_int_equal(m.op, DHCP_OP_REQUEST);
	assert_int_equal(m.xid, 0xdeadbeef);
	assert_int_equal(m.flags, DHCP_FLAG_BROADCAST);
	assert_addr(&m.client_addr, "192.0.2.15");
	assert_addr(&m.your_addr, "0.0.0.0");
	assert_addr(&m.relay_addr, "192.0.2.99");
	assert_memory_equal(m.mac, "\2\0\0\0\0\7", 6);
	assert_int_equal(m.type, DHCP_BOOTP);
	assert_int_equal(m.max_size, DHCP_PACKET_MIN);
	assert_false(m.rapid_commit || m.has_fqdn || m.client_id.data);
}

static void test_dhcp_options(void **state)
{
	struct bytes b = MESSAGE("\x35\1\3\0\0\x32\4\xc0\0\2\x15\x36\4\xc0\0\2\1\x37\3\1\x79\xfc"
				 "\x39\2\5\xdc\x3d\3\1\2\3\x50\0\x51\3\5\0\0\xff\x35\1\1");
	struct dhcp_message m;

	(void)state;
	assert_int_equal(parse(&b, &m), 0);
	assert_int_equal(m.type, DHCP_REQUEST);
	assert_addr(&m.requested_addr, "192.0.2.21");
	assert_addr(&m.server_id, "192.0.2.1");
	assert_true(dhcp_is_wanted(&m, DHCP_OPTION_NETMASK));
	assert_true(dhcp_is_wanted(&m, DHCP_OPTION_ROUTES));
	assert_true(m.wanted[31] == 0x10);
	assert_false(dhcp_is_wanted(&m, DHCP_OPTION_ROUTER));
	assert_int_equal(m.max_size, 1500);
	assert_int_equal(m.client_id.left, 3);
	assert_memory_equal(m.client_id.data, "\1\2\3", 3);
	assert_true(m.rapid_commit && m.has_fqdn);
	assert_int_equal(m.fqdn_flags, 5);
}

static void test_dhcp_first_of_two_counts(void **state)
{
	struct bytes b = MESSAGE("\x35\1\1\x35\1\3\xff");
	struct dhcp_message m;

	(void)state;
	assert_int_equal(parse(&b, &m), 0);
	assert_int_equal(m.type, DHCP_DISCOVER);
}

static void test_dhcp_small_maximum_is_raised(void **state)
{
	struct bytes b = MESSAGE("\x39\2\0\x20\xff");
	struct dhcp_message m;

	(void)state;
	assert_int_equal(parse(&b, &m), 0);
	assert_int_equal(m.max_size, DHCP_PACKET_MIN);
}

static void test_dhcp_overloaded_fields(void **state)
{
	struct bytes b = MESSAGE("\x34\1\3\xff");
	struct dhcp_message m;

	(void)state;
	memcpy(b.data + FILE_AT, "\x35\1\1\xff", 4);
	memcpy(b.data + NAME_AT, "\x32\4\xc0\0\2\x15\xff", 7);
	assert_int_equal(parse(&b, &m), 0);
	assert_int_equal(m.type, DHCP_DISCOVER);
	assert_addr(&m.requested_addr, "192.0.2.21");
	b.data[DHCP_HEADER_LEN + 2] = 1;
	assert_int_equal(parse(&b, &m), 0);
	assert_addr(&m.requested_addr, "0.0.0.0");
}

static void test_dhcp_option_beyond_overloaded_field_refused(void **state)
{
	struct bytes b = MESSAGE("\x34\1\2\xff");
	struct dhcp_message m;

	(void)state;
	b.data[NAME_AT + 62] = 43;
	b.data[NAME_AT + 63] = 1;
	assert_int_equal(parse(&b, &m), -EBADMSG);
}

static void test_dhcp_wrong_lengths_refused(void **state)
{
	static const char *const bad[] = {
		"\x35\2\1\1", "\x35\1\x09", "\x32\3\1\1\1", "\x36\5\1\1\1\1\1", "\x39\1\1",
		"\x34\2\1\1", "\x51\2\1\1", "\x35", "\x35\2\1", "\x3d\xff\1",
	};
	static const size_t lens[] = { 4, 3, 5, 7, 3, 4, 4, 1, 3, 3 };
	struct dhcp_message m;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct bytes b = message(bad[i], lens[i]);

		assert_int_equal(parse(&b, &m), -EBADMSG);
	}
}

static void test_dhcp_other_hardware_or_cookie_refused(void **state)
{
	static const size_t at[] = { 1, 2, 236, 239 };
	struct dhcp_message m;

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct bytes b = MESSAGE("\x35\1\1\xff");

		b.data[at[i]] ^= 0x10;
		assert_int_equal(parse(&b, &m), -EBADMSG);
	}
}

static void test_dhcp_truncated_fixed_part_refused(void **state)
{
	struct bytes b = MESSAGE("");
	struct dhcp_message m;

	(void)state;
	for (b.len = 0; b.len < DHCP_HEADER_LEN; b.len++)
		assert_int_equal(parse(&b, &m), -EBADMSG);
}

static void test_dhcp_header_emit_is_the_inverse(void **state)
{
	struct bytes b = MESSAGE("");
	uint8_t out[DHCP_HEADER_LEN + 1];
	struct writer w = { out, sizeof(out) };
	struct dhcp_message m;

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(parse(&b, &m), 0);
	assert_int_equal(dhcp_header_emit(&w, &m), 0);
	memset(b.data + 8, 0, 2); /* seconds are not kept */
	assert_memory_equal(out, b.data, DHCP_HEADER_LEN);
	assert_int_equal(out[DHCP_HEADER_LEN], 0xa5);
	w = (struct writer){ out, DHCP_HEADER_LEN - 1 };
	assert_int_equal(dhcp_header_emit(&w, &m), -ENOBUFS);
}

static void test_dhcp_long_option_is_split(void **state)
{
	uint8_t value[300], out[304];
	struct writer w = { out, sizeof(out) };

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)i;
	assert_int_equal(dhcp_option_emit(&w, DHCP_OPTION_SEARCH, value, sizeof(value)), 0);
	assert_int_equal(w.left, 0);
	assert_memory_equal(out, "\x77\xff", 2);
	assert_memory_equal(out + 2, value, 255);
	assert_memory_equal(out + 257, "\x77\x2d", 2);
	assert_memory_equal(out + 259, value + 255, 45);
	w = (struct writer){ out, sizeof(out) - 1 };
	assert_int_equal(dhcp_option_emit(&w, DHCP_OPTION_SEARCH, value, sizeof(value)), -ENOBUFS);
	assert_int_equal(w.left, sizeof(out) - 1);
}

static void test_dhcp_end_pads_to_300_bytes(void **state)
{
	uint8_t out[DHCP_MESSAGE_MIN];
	struct writer w = { out + 250, 50 };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(dhcp_end_emit(&w, out), 0);
	assert_int_equal(w.left, 0);
	assert_memory_equal(out + 249, "\xa5\xff\0\0", 4);
	assert_int_equal(out[299], 0);
	w = (struct writer){ out + 250, 49 };
	assert_int_equal(dhcp_end_emit(&w, out), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dhcp_fixed_part),
		cmocka_unit_test(test_dhcp_options),
		cmocka_unit_test(test_dhcp_first_of_two_counts),
		cmocka_unit_test(test_dhcp_small_maximum_is_raised),
		cmocka_unit_test(test_dhcp_overloaded_fields),
		cmocka_unit_test(test_dhcp_option_beyond_overloaded_field_refused),
		cmocka_unit_test(test_dhcp_wrong_lengths_refused),
		cmocka_unit_test(test_dhcp_other_hardware_or_cookie_refused),
		cmocka_unit_test(test_dhcp_truncated_fixed_part_refused),
		cmocka_unit_test(test_dhcp_header_emit_is_the_inverse),
		cmocka_unit_test(test_dhcp_long_option_is_split),
		cmocka_unit_test(test_dhcp_end_pads_to_300_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
