/* SPDX-License-Identifier: Apache-2.0
 *
 * The name in a ClientHello.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/wire/tls_hello.h"
#include "test/unit/first_bytes.h"

/* What OpenSSL 3.0 sends for TLS 1.2 and www.Example.org */
static const uint8_t openssl_hello[] = {
	0x16, 0x03, 0x01, 0x00, 0x9b, 0x01, 0x00, 0x00, 0x97, 0x03, 0x03, 0xd1, 0x6c, 0xd6, 0x89,
	0xaf, 0x98, 0x0f, 0x78, 0x06, 0xed, 0x1c, 0xde, 0x1a, 0x77, 0x3b, 0xa6, 0x83, 0x10, 0x19,
	0x47, 0x14, 0x65, 0x6d, 0x05, 0x57, 0x2d, 0x74, 0x1c, 0xac, 0xd5, 0x67, 0xe2, 0x00, 0x00,
	0x04, 0xc0, 0x2b, 0x00, 0xff, 0x01, 0x00, 0x00, 0x6a, 0x00, 0x00, 0x00, 0x14, 0x00, 0x12,
	0x00, 0x00, 0x0f, 0x77, 0x77, 0x77, 0x2e, 0x45, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e,
	0x6f, 0x72, 0x67, 0x00, 0x0b, 0x00, 0x04, 0x03, 0x00, 0x01, 0x02, 0x00, 0x0a, 0x00, 0x0c,
	0x00, 0x0a, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x1e, 0x00, 0x19, 0x00, 0x18, 0x00, 0x23, 0x00,
	0x00, 0x00, 0x16, 0x00, 0x00, 0x00, 0x17, 0x00, 0x00, 0x00, 0x0d, 0x00, 0x2a, 0x00, 0x28,
	0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x07, 0x08, 0x08, 0x08, 0x09, 0x08, 0x0a, 0x08,
	0x0b, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x03, 0x03,
	0x03, 0x01, 0x03, 0x02, 0x04, 0x02, 0x05, 0x02, 0x06, 0x02,
};

/* Where it has the lengths of the name's extension, list and entry */
#define AT_EXTENSION_LEN 56
#define AT_LIST_LEN 58
#define AT_ENTRY_LEN 61

#define RECORD_LEN 5
#define MESSAGE_LEN 4

struct bytes {
	uint8_t data[2 * FIRST_BYTES_MAX];
	size_t len;
};

static void add(struct bytes *b, const void *data, size_t len)
{
	assert_true(len <= sizeof(b->data) - b->len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void add16(struct bytes *b, size_t value)
{
	add(b, (const uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

/* A record with a ClientHello of these extensions, and all before them as short as can be */
static void hello_make(const void *extensions, size_t len, struct bytes *ret_hello)
{
	ret_hello->len = 0;
	add(ret_hello, "\x16\3\1", 3);
	add16(ret_hello, MESSAGE_LEN + 43 + len);
	add(ret_hello, "\1\0", 2);
	add16(ret_hello, 43 + len);
	add(ret_hello,
	    "\3\3"
	    "0123456789abcdef0123456789abcdef",
	    34);
	add(ret_hello,
	    "\0"
	    "\0\2\x13\1"
	    "\1\0",
	    7); /* no session, a suite, no compression */
	add16(ret_hello, len);
	add(ret_hello, extensions, len);
}

static void expect(const void *data, size_t len, enum first_bytes outcome, const char *name)
{
	first_bytes_expect(tls_hello_name, data, len, outcome, name);
}

/* What OpenSSL sends, but for one byte */
struct change {
	size_t at;
	uint8_t value;
};

static void expect_broken(const struct change *change)
{
	uint8_t bytes[sizeof(openssl_hello)];

	memcpy(bytes, openssl_hello, sizeof(bytes));
	bytes[change->at] = change->value;
	expect(bytes, sizeof(bytes), FIRST_BYTES_BROKEN, NULL);
}

/* Extensions as a string constant */
#define expect_extensions(text, outcome, name)                                                     \
	do {                                                                                       \
		struct bytes made;                                                                 \
		hello_make(text, sizeof(text) - 1, &made);                                         \
		expect(made.data, made.len, outcome, name);                                        \
	} while (0)

/* With @name as the only entry of the list */
static void expect_name(const char *name, size_t len, enum first_bytes outcome, const char *said)
{
	struct bytes extensions = { .len = 0 }, hello;

	add16(&extensions, 0);
	add16(&extensions, len + 5);
	add16(&extensions, len + 3);
	add(&extensions, "", 1);
	add16(&extensions, len);
	add(&extensions, name, len);
	hello_make(extensions.data, extensions.len, &hello);
	expect(hello.data, hello.len, outcome, said);
}

static void test_tls_hello_name_of_openssl(void **state)
{
	(void)state;
	expect(openssl_hello, sizeof(openssl_hello), FIRST_BYTES_NAME, "www.example.org");
}

static void test_tls_hello_incomplete_needs_more(void **state)
{
	char said[NAME_TEXT_MAX + 1];

	(void)state;
	for (size_t len = 0; len < sizeof(openssl_hello); len++)
		assert_int_equal(first_bytes_outcome(tls_hello_name, openssl_hello, len, said),
				 FIRST_BYTES_MORE);
}

static void test_tls_hello_what_follows_is_not_looked_at(void **state)
{
	struct bytes b = { .len = 0 };

	(void)state;
	add(&b, openssl_hello, sizeof(openssl_hello));
	add(&b, "\x17\3\3\0\5early", 10);
	expect(b.data, b.len, FIRST_BYTES_NAME, "www.example.org");
}

static void test_tls_hello_in_many_records(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 50, 64, 154 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const uint8_t *message = openssl_hello + RECORD_LEN;
		size_t left = sizeof(openssl_hello) - RECORD_LEN;
		struct bytes b = { .len = 0 };

		while (left) {
			size_t part = left < sizes[i] ? left : sizes[i];

			add(&b, "\x16\3\1", 3);
			add16(&b, part);
			add(&b, message, part);
			message += part;
			left -= part;
		}
		expect(b.data, b.len, FIRST_BYTES_NAME, "www.example.org");
	}
}

static void test_tls_hello_extensions_in_any_order(void **state)
{
	(void)state;
	expect_extensions("\0\x17\0\0"
			  "\0\0\0\x8\0\6\0\0\3a.b"
			  "\0\x23\0\0",
			  FIRST_BYTES_NAME, "a.b");
	/* GREASE (RFC 8701), with and without content */
	expect_extensions("\x0a\x0a\0\0"
			  "\xda\xda\0\1\0"
			  "\0\0\0\x8\0\6\0\0\3a.b"
			  "\xfa\xfa\0\1\0",
			  FIRST_BYTES_NAME, "a.b");
	/* An encrypted hello: the outer name counts (RFC 9849) */
	expect_extensions("\xfe\x0d\0\4\0\0\1\0"
			  "\0\0\0\x8\0\6\0\0\3a.b",
			  FIRST_BYTES_NAME, "a.b");
}

static void test_tls_hello_without_a_name(void **state)
{
	struct bytes hello;

	(void)state;
	expect_extensions("", FIRST_BYTES_NO_NAME, NULL);
	expect_extensions("\0\x17\0\0", FIRST_BYTES_NO_NAME, NULL);
	expect_extensions("\0\0\0\x8\0\6\7\0\3a.b", FIRST_BYTES_NO_NAME, NULL); /* another type */
	hello_make("", 0, &hello);
	hello.len -= 2; /* not even the length of no extensions */
	hello.data[4] -= 2;
	hello.data[8] -= 2;
	expect(hello.data, hello.len, FIRST_BYTES_NO_NAME, NULL);
}

static void test_tls_hello_names_of_other_types_are_skipped(void **state)
{
	(void)state;
	expect_extensions("\0\0\0\x0d\0\x0b\7\0\2xx\0\0\3a.b", FIRST_BYTES_NAME, "a.b");
	expect_extensions("\0\0\0\x0d\0\x0b\0\0\3a.b\7\0\2xx", FIRST_BYTES_NAME, "a.b");
}

static void test_tls_hello_second_name_is_refused(void **state)
{
	(void)state;
	expect_extensions("\0\0\0\x0e\0\x0c\0\0\3a.b\0\0\3c.d", FIRST_BYTES_BROKEN, NULL);
	expect_extensions("\0\0\0\x0e\0\x0c\0\0\3a.b\0\0\3a.b", FIRST_BYTES_BROKEN, NULL);
	expect_extensions("\0\0\0\x8\0\6\0\0\3a.b"
			  "\0\0\0\x8\0\6\0\0\3c.d",
			  FIRST_BYTES_BROKEN, NULL);
	expect_extensions("\0\0\0\x8\0\6\7\0\3a.b"
			  "\0\0\0\x8\0\6\0\0\3c.d",
			  FIRST_BYTES_BROKEN, NULL);
}

static void test_tls_hello_empty_list_is_refused(void **state)
{
	(void)state;
	expect_extensions("\0\0\0\0", FIRST_BYTES_BROKEN, NULL);
	expect_extensions("\0\0\0\2\0\0", FIRST_BYTES_BROKEN, NULL);
	expect_extensions("\0\0\0\5\0\3\0\0\0", FIRST_BYTES_BROKEN, NULL);
}

static void test_tls_hello_lengths_must_agree(void **state)
{
	static const size_t at[] = { AT_EXTENSION_LEN, AT_LIST_LEN, AT_ENTRY_LEN };

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		size_t low = at[i] + 1;
		uint8_t value = openssl_hello[low];

		expect_broken(&(struct change){ low, (uint8_t)(value - 1) });
		expect_broken(&(struct change){ low, (uint8_t)(value + 1) });
	}
}

static void test_tls_hello_fields_before_must_fit(void **state)
{
	static const struct change broken[] = {
		{ 43, 33 }, /* session of 33 bytes */
		{ 45, 0 }, /* no suite */
		{ 45, 3 }, /* one and a half */
		{ 50, 0 }, /* no compression, not even none */
		{ 53, 0x69 }, /* extensions end before the hello does */
		{ 53, 0x6b }, /* or after it */
		{ 8, 0x96 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		expect_broken(&broken[i]);
}

static void test_tls_hello_names_are_canonical(void **state)
{
	(void)state;
	expect_name("EXAMPLE.org.", 12, FIRST_BYTES_NAME, "example.org");
	expect_name("_a-1.b", 6, FIRST_BYTES_NAME, "_a-1.b");
	expect_name("a\0b", 3, FIRST_BYTES_BROKEN, NULL);
	expect_name("a b", 3, FIRST_BYTES_BROKEN, NULL);
	expect_name("a..b", 4, FIRST_BYTES_BROKEN, NULL);
	expect_name("::1", 3, FIRST_BYTES_BROKEN, NULL);
	expect_name("m\xc3\xbcnchen.de", 11, FIRST_BYTES_BROKEN, NULL);
}

static void test_tls_hello_longest_name(void **state)
{
	char name[NAME_TEXT_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'x';
	name[NAME_TEXT_MAX] = '\0';
	expect_name(name, NAME_TEXT_MAX, FIRST_BYTES_NAME, name);
	name[NAME_TEXT_MAX] = 'x';
	expect_name(name, NAME_TEXT_MAX + 1, FIRST_BYTES_BROKEN, NULL);
}

/* Tolerant servers skip alerts, or take a version that there is not */
static void test_tls_hello_odd_records_are_refused(void **state)
{
	static const struct change broken[] = {
		{ 0, 20 },   { 0, 21 }, { 0, 23 }, { 0, 24 }, /* no handshake */
		{ 1, 0 },    { 1, 4 },	{ 1, 15 }, /* no version */
		{ 3, 0x41 }, /* a record larger than there may be */
		{ 5, 2 }, /* not a ClientHello */
		{ 6, 1 }, /* of 64 KiB */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		expect_broken(&broken[i]);
	expect("\x16\3\1\0\0", 5, FIRST_BYTES_BROKEN, NULL); /* an empty one */
}

static void test_tls_hello_other_records_in_between_are_refused(void **state)
{
	struct bytes b = { .len = 0 };

	(void)state;
	add(&b, "\x16\3\1\0\x10", RECORD_LEN);
	add(&b, openssl_hello + RECORD_LEN, 16);
	add(&b, "\x15\3\1\0\2\1\0", 7);
	add(&b, openssl_hello, sizeof(openssl_hello));
	expect(b.data, b.len, FIRST_BYTES_BROKEN, NULL);
}

static void test_tls_hello_other_protocols(void **state)
{
	(void)state;
	expect("GET / HTTP/1.1\r\n", 16, FIRST_BYTES_OTHER, NULL);
	expect("SSH-2.0-x\r\n", 11, FIRST_BYTES_OTHER, NULL);
	expect("\x16\x20\0\0", 4, FIRST_BYTES_OTHER, NULL);
	expect("\x80\x2e\1\3\1", 5, FIRST_BYTES_OTHER, NULL); /* SSL 2 has no names */
	expect("", 0, FIRST_BYTES_MORE, NULL);
}

/* Records of @record bytes with padding (RFC 7685) and, behind it, a name; of @total bytes */
static void padded_make(size_t total, size_t record, struct bytes *ret)
{
	static const char name[] = "\0\0\0\x8\0\6\0\0\3a.b";
	struct bytes extensions = { .len = 0 }, hello;
	size_t headers = (total + record + RECORD_LEN - 1) / (record + RECORD_LEN) * RECORD_LEN;
	size_t padding = total - headers - MESSAGE_LEN - 43 - (sizeof(name) - 1) - 4;

	add16(&extensions, 21);
	add16(&extensions, padding);
	memset(extensions.data + extensions.len, 0, padding);
	extensions.len += padding;
	add(&extensions, name, sizeof(name) - 1);
	hello_make(extensions.data, extensions.len, &hello);
	ret->len = 0;
	for (size_t at = RECORD_LEN; at < hello.len; at += record) {
		size_t part = hello.len - at < record ? hello.len - at : record;

		add(ret, "\x16\3\1", 3);
		add16(ret, part);
		add(ret, hello.data + at, part);
	}
	assert_int_equal(ret->len, total);
}

static void test_tls_hello_of_16_kib_is_the_largest(void **state)
{
	struct bytes b;

	(void)state;
	padded_make(FIRST_BYTES_MAX, 1400, &b);
	expect(b.data, b.len, FIRST_BYTES_NAME, "a.b");
	padded_make(FIRST_BYTES_MAX + 1, 1400, &b);
	expect(b.data, b.len, FIRST_BYTES_BROKEN, NULL);
	expect(b.data, FIRST_BYTES_MAX, FIRST_BYTES_BROKEN, NULL);
	expect(b.data, FIRST_BYTES_MAX - 1, FIRST_BYTES_MORE, NULL);
	/* One that says at once that it's too long is not waited for */
	expect("\x16\3\1\x40\0\1\0\x40\1", 9, FIRST_BYTES_BROKEN, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_hello_name_of_openssl),
		cmocka_unit_test(test_tls_hello_incomplete_needs_more),
		cmocka_unit_test(test_tls_hello_what_follows_is_not_looked_at),
		cmocka_unit_test(test_tls_hello_in_many_records),
		cmocka_unit_test(test_tls_hello_extensions_in_any_order),
		cmocka_unit_test(test_tls_hello_without_a_name),
		cmocka_unit_test(test_tls_hello_names_of_other_types_are_skipped),
		cmocka_unit_test(test_tls_hello_second_name_is_refused),
		cmocka_unit_test(test_tls_hello_empty_list_is_refused),
		cmocka_unit_test(test_tls_hello_lengths_must_agree),
		cmocka_unit_test(test_tls_hello_fields_before_must_fit),
		cmocka_unit_test(test_tls_hello_names_are_canonical),
		cmocka_unit_test(test_tls_hello_longest_name),
		cmocka_unit_test(test_tls_hello_odd_records_are_refused),
		cmocka_unit_test(test_tls_hello_other_records_in_between_are_refused),
		cmocka_unit_test(test_tls_hello_other_protocols),
		cmocka_unit_test(test_tls_hello_of_16_kib_is_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
