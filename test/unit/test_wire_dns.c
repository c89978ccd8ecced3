/* SPDX-License-Identifier: Apache-2.0
 *
 * DNS messages: questions, the addresses of answers, our own answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/wire/dns.h"
#include "test/unit/addr_text.h"

#define HEADER(flags, an, ar) "\x12\x34" flags "\0\1\0" an "\0\0\0" ar
#define WWW "\3wWw\7eXample\3oRg"
#define IN_A "\0\1\0\1"
#define TTL "\0\0\1\0"

/* A literal without its terminator */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static int parse(const uint8_t *message, size_t len, struct dns_question *ret)
{
	memset(ret, 0xa5, sizeof(*ret));
	return dns_parse(message, len, ret);
}

static void test_dns_question(void **state)
{
	struct dns_question question;

	(void)state;
	assert_int_equal(parse(BYTES(HEADER("\1\0", "\0", "\0") WWW "\0\0\x1c\0\1"), &question), 0);
	assert_int_equal(question.id, 0x1234);
	assert_string_equal(question.name, "www.example.org");
	assert_int_equal(question.type, 28);
	assert_int_equal(question.class, 1);
	assert_int_equal(question.end, 12 + 17 + 4);
	assert_false(question.response);
	assert_false(question.edns);
	assert_int_equal(question.opcode, 0);
	assert_int_equal(
		parse(BYTES(HEADER("\xa8\0", "\0", "\1") "\0" IN_A "\0\0\x29\4\xd0\0\0\0\0\0\0"),
		      &question),
		0);
	assert_string_equal(question.name, "");
	assert_true(question.response && question.edns);
	assert_int_equal(question.opcode, 5);
}

static void test_dns_odd_names_are_no_others(void **state)
{
	struct dns_question question;

	(void)state;
	assert_int_equal(
		parse(BYTES(HEADER("\1\0", "\0", "\0") "\6a.b\0\xe9_\1-\0" IN_A), &question), 0);
	assert_string_equal(question.name, "a?b??_.-");
}

static void refused(const uint8_t *message, size_t len)
{
	struct dns_question question;

	assert_int_equal(parse(message, len, &question), -EBADMSG);
	assert_int_equal(question.id, 0xa5a5);
}

static void test_dns_broken_refused(void **state)
{
	static const char whole[] = HEADER("\1\0", "\0", "\0") WWW "\0" IN_A;
	uint8_t name[12 + 5 * 64 + 1 + 4] = HEADER("\1\0", "\0", "\0");

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		refused((const uint8_t *)whole, len);
	/* No question, or two */
	refused(BYTES("\x12\x34\1\0\0\0\0\0\0\0\0\0" WWW "\0" IN_A));
	refused(BYTES("\x12\x34\1\0\0\2\0\0\0\0\0\0" WWW "\0" IN_A));
	/* Pointers to themselves, forwards, and of other kinds */
	refused(BYTES(HEADER("\1\0", "\0", "\0") "\xc0\x0c" IN_A));
	refused(BYTES(HEADER("\1\0", "\0", "\0") "\1a\xc0\x0c" IN_A));
	refused(BYTES(HEADER("\1\0", "\0", "\0") "\xc0\x0e\0\0\0\0\0\0\0"));
	refused(BYTES(HEADER("\1\0", "\0", "\0") "\x41z\0" IN_A));
	/* 257 bytes on the wire; with two less it fits */
	for (size_t i = 0; i < 4; i++)
		name[12 + 64 * i] = 63;
	refused(name, sizeof(name));
	name[12 + 64 * 3] = 61;
	name[12 + 64 * 3 + 62] = 0;
	assert_int_equal(dns_parse(name, sizeof(name), &(struct dns_question){ 0 }), 0);
}

/* Those of a whole answer to the question for www.example.org */
static size_t addresses(const uint8_t *message, size_t len, struct dns_address *ret)
{
	struct dns_question question;

	assert_int_equal(parse(message, len, &question), 0);
	memset(ret, 0xa5, DNS_ADDRESSES_MAX * sizeof(*ret));
	return dns_addresses(message, len, &question, ret);
}

static void assert_address(const struct dns_address *address, const char *text, uint32_t ttl_s)
{
	const struct in6_addr wanted = addr(text);

	assert_memory_equal(&address->addr, &wanted, sizeof(wanted));
	assert_int_equal(address->ttl_s, ttl_s);
}

/* clang-format off: records one below another */
#define ANSWER(an) HEADER("\x81\x80", an, "\0") WWW "\0" IN_A
#define IP4(n) "\0\4\xc0\0\2" n
#define IP6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"

static const char some[] = ANSWER("\5") "\xc0\x0c" IN_A TTL IP4("\1") /* by a pointer */
	"\3WWW\xc0\x10\0\x1c\0\1" TTL "\0\x10" IP6 /* in another case */
	"\xc0\x10" IN_A TTL IP4("\2") /* of another name */
	"\xc0\x0c\0\1\0\3" TTL IP4("\3") /* of another class */
	"\xc0\x0c" IN_A TTL "\0\3\xc0\0\2"; /* no address */
static const char no_name[] =
	HEADER("\x81\x83", "\1", "\0") WWW "\0" IN_A "\xc0\x0c" IN_A TTL IP4("\1");
static const char for_ever[] = ANSWER("\1") "\xc0\x0c" IN_A "\xff\xff\xff\xff" IP4("\1");
static const char aliases[] =
	ANSWER("\4") "\1b\0\0\5\0\1\0\0\0\x0a\0\3\1c\0" /* b is c, for a short time */
		     "\xc0\x0c\0\5\0\1" TTL "\0\3\1B\0" /* www is b */
		     "\1c\0\0\5\0\1" TTL "\0\2\xc0\x0c" /* c is www again */
		     "\1C\0" IN_A TTL IP4("\1");
static const char others_alias[] = ANSWER("\2") "\1x\0\0\5\0\1" TTL "\0\3\1c\0"
						"\1c\0" IN_A TTL IP4("\1");
/* HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::7 */
static const char hints[] = ANSWER("\1") "\xc0\x0c\0\x41\0\1" TTL "\0\x2a\0\1\0"
					 "\0\1\0\3\2h2"
					 "\0\4\0\x08\xc0\0\2\1\xc0\0\2\2"
					 "\0\6\0\x10" IP6;
static const char hint_beyond[] = ANSWER("\1") "\xc0\x0c\0\x41\0\1" TTL "\0\x0b\0\1\0"
					       "\0\4\0\x08\xc0\0\2\1\xc0\0\2\2";
/* clang-format on */

static void test_dns_addresses(void **state)
{
	struct dns_address found[DNS_ADDRESSES_MAX];

	(void)state;
	assert_int_equal(addresses(BYTES(some), found), 2);
	assert_address(&found[0], "192.0.2.1", 256);
	assert_address(&found[1], "2001:db8::7", 256);
	/* A name that isn't there has none, whatever the answer says */
	assert_int_equal(addresses(BYTES(no_name), found), 0);
	/* Times beyond any are none: RFC 2181, 8 */
	assert_int_equal(addresses(BYTES(for_ever), found), 1);
	assert_address(&found[0], "192.0.2.1", 0);
}

static void test_dns_addresses_through_aliases(void **state)
{
	struct dns_address found[DNS_ADDRESSES_MAX];

	(void)state;
	assert_int_equal(addresses(BYTES(aliases), found), 1);
	assert_address(&found[0], "192.0.2.1", 10);
	assert_int_equal(addresses(BYTES(others_alias), found), 0);
}

static void test_dns_addresses_of_hints(void **state)
{
	struct dns_address found[DNS_ADDRESSES_MAX];

	(void)state;
	assert_int_equal(addresses(BYTES(hints), found), 3);
	assert_address(&found[1], "192.0.2.2", 256);
	assert_address(&found[2], "2001:db8::7", 256);
	assert_int_equal(addresses(BYTES(hint_beyond), found), 0);
}

static void test_dns_block(void **state)
{
	static const uint8_t plain[] = "\x12\x34\x81\x83\0\1\0\0\0\0\0\0" WWW "\0" IN_A;
	static const uint8_t query[] =
		HEADER("\1\0", "\0", "\1") WWW "\0" IN_A "\0\0\x29\4\xd0\0\0\0\0\0\0";
	static const uint8_t why[] = "\0\0\x29\4\xd0\0\0\0\0\0\x17\0\x0f\0\x13\0\x0f"
				     "blocked by policy";
	uint8_t out[DNS_BLOCK_MAX];
	struct writer w = { out, sizeof(out) };
	struct dns_question question;

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(dns_parse(query, sizeof(query) - 1, &question), 0);
	question.edns = false;
	assert_int_equal(dns_block_emit(&w, query, &question), 0);
	assert_int_equal(w.data - out, sizeof(plain) - 1);
	assert_memory_equal(out, plain, sizeof(plain) - 1);
	question.edns = true;
	w = (struct writer){ out, sizeof(out) };
	assert_int_equal(dns_block_emit(&w, query, &question), 0);
	assert_int_equal(out[11], 1);
	assert_int_equal(w.data - out, sizeof(plain) - 1 + sizeof(why) - 1);
	assert_memory_equal(out + sizeof(plain) - 1, why, sizeof(why) - 1);
	w = (struct writer){ out, sizeof(plain) + 5 };
	assert_int_equal(dns_block_emit(&w, query, &question), -ENOBUFS);
	assert_ptr_equal(w.data, out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_question),
		cmocka_unit_test(test_dns_odd_names_are_no_others),
		cmocka_unit_test(test_dns_broken_refused),
		cmocka_unit_test(test_dns_addresses),
		cmocka_unit_test(test_dns_addresses_through_aliases),
		cmocka_unit_test(test_dns_addresses_of_hints),
		cmocka_unit_test(test_dns_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
