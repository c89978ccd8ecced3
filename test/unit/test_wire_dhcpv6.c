/* SPDX-License-Identifier: Apache-2.0
 *
 * DHCPv6 messages: every length is checked before anything is believed; emitting nests options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/wire/dhcpv6.h"

static int parse(const char *bytes, size_t len, struct dhcpv6_message *m)
{
	struct reader r = { (const uint8_t *)bytes, len };

	return dhcpv6_parse(&r, m);
}

#define PARSE(bytes, m) parse(bytes, sizeof(bytes) - 1, m)
#define REFUSED(bytes)                                                                             \
	do {                                                                                       \
		struct dhcpv6_message refused;                                                     \
		assert_int_equal(PARSE(bytes, &refused), -EBADMSG);                                \
	} while (0)

#define ADDR "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x15"
#define TIMES "\0\0\0\1\0\0\0\2"

static void test_dhcpv6_header_and_plain_options(void **state)
{
	static const char bytes[] = "\1\xab\xcd\xef"
				    "\0\1\0\4\0\3\0\1"
				    "\0\2\0\3\7\7\7"
				    "\0\x0e\0\0"
				    "\0\6\0\4\0\x17\0\x18"
				    "\x12\x34\0\1\x55";
	struct dhcpv6_message m;

	(void)state;
	assert_int_equal(PARSE(bytes, &m), 0);
	assert_int_equal(m.type, DHCPV6_SOLICIT);
	assert_int_equal(m.transaction, 0xabcdef);
	assert_int_equal(m.client_id.left, 4);
	assert_memory_equal(m.client_id.data, "\0\3\0\1", 4);
	assert_int_equal(m.server_id.left, 3);
	assert_true(m.rapid_commit);
	assert_false(m.wants_fqdn || m.has_ia);
}

static void test_dhcpv6_full_name_is_wanted(void **state)
{
	struct dhcpv6_message m;

	(void)state;
	assert_int_equal(PARSE("\x0b\0\0\1\0\6\0\4\0\x17\0\x27", &m), 0);
	assert_true(m.wants_fqdn);
	assert_int_equal(m.fqdn_flags, 0);
	assert_int_equal(PARSE("\1\0\0\1\0\x27\0\3\1\1x", &m), 0);
	assert_true(m.wants_fqdn);
	assert_int_equal(m.fqdn_flags, 1);
}

static void test_dhcpv6_identity_associations_are_walked(void **state)
{
	static const char bytes[] = "\3\0\0\1"
				    "\0\3\0\x28\0\0\0\7" TIMES "\0\5\0\x18" ADDR TIMES
				    "\0\x0d\0\2\0\0"
				    "\0\4\0\4\0\0\0\x08"
				    "\0\x19\0\x0c\0\0\0\x09" TIMES;
	struct dhcpv6_message m;
	struct dhcpv6_ia ia;
	struct in6_addr addr;

	(void)state;
	assert_int_equal(PARSE(bytes, &m), 0);
	assert_true(m.has_ia);
	assert_true(dhcpv6_ia_next(&m.options, &ia));
	assert_int_equal(ia.code, DHCPV6_OPTION_IA_NA);
	assert_int_equal(ia.id, 7);
	assert_true(dhcpv6_ia_addr_next(&ia.options, &addr));
	assert_memory_equal(&addr, ADDR, 16);
	assert_false(dhcpv6_ia_addr_next(&ia.options, &addr));
	assert_true(dhcpv6_ia_next(&m.options, &ia));
	assert_int_equal(ia.code, DHCPV6_OPTION_IA_TA);
	assert_int_equal(ia.id, 8);
	assert_false(dhcpv6_ia_addr_next(&ia.options, &addr));
	assert_true(dhcpv6_ia_next(&m.options, &ia));
	assert_int_equal(ia.code, DHCPV6_OPTION_IA_PD);
	assert_int_equal(ia.id, 9);
	assert_false(dhcpv6_ia_next(&m.options, &ia));
}

static void test_dhcpv6_headers_refused(void **state)
{
	(void)state;
	REFUSED("");
	REFUSED("\1\0\0");
	REFUSED("\0\0\0\1");
	REFUSED("\x0c\0\0\1"); /* a relay's */
}

static void test_dhcpv6_options_beyond_the_end_refused(void **state)
{
	(void)state;
	REFUSED("\1\0\0\1\0");
	REFUSED("\1\0\0\1\0\1\0");
	REFUSED("\1\0\0\1\0\1\0\5\0\3\0\1");
	REFUSED("\1\0\0\1\xff\xff\xff\xff");
}

static void test_dhcpv6_names_of_ends_refused(void **state)
{
	char bytes[4 + 4 + 131] = "\1\0\0\1\0\1\0\x83";
	struct dhcpv6_message m;

	(void)state;
	REFUSED("\1\0\0\1\0\1\0\2\0\3");
	REFUSED("\1\0\0\1\0\1\0\4\0\3\0\1\0\1\0\4\0\3\0\1"); /* twice */
	assert_int_equal(parse(bytes, sizeof(bytes), &m), -EBADMSG);
	bytes[7] = (char)0x82;
	assert_int_equal(parse(bytes, sizeof(bytes) - 1, &m), 0);
}

static void test_dhcpv6_broken_associations_refused(void **state)
{
	(void)state;
	REFUSED("\1\0\0\1\0\3\0\x0b\0\0\0\7\0\0\0\1\0\0\0");
	REFUSED("\1\0\0\1\0\4\0\3\0\0\0");
	REFUSED("\1\0\0\1\0\3\0\x0d\0\0\0\7" TIMES "\0");
	REFUSED("\1\0\0\1\0\3\0\x10\0\0\0\7" TIMES "\0\5\0\x18"); /* address beyond */
	REFUSED("\1\0\0\1\0\3\0\x14\0\0\0\7" TIMES "\0\5\0\4\1\2\3\4"); /* address too short */
	REFUSED("\1\0\0\1\0\3\0\x29\0\0\0\7" TIMES "\0\5\0\x19" ADDR TIMES "\0"); /* in it */
	REFUSED("\1\0\0\1\0\x0e\0\1\0");
	REFUSED("\1\0\0\1\0\6\0\1\0");
	REFUSED("\1\0\0\1\0\x27\0\0");
}

static void test_dhcpv6_emit_nests(void **state)
{
	static const uint8_t wire[] = "\7\xab\xcd\xef"
				      "\0\3\0\x28\0\0\0\7\xff\xff\xff\xff\xff\xff\xff\xff"
				      "\0\5\0\x18" ADDR "\xff\xff\xff\xff\xff\xff\xff\xff"
				      "\0\x0e\0\0";
	struct dhcpv6_ia ia = { .code = DHCPV6_OPTION_IA_NA, .id = 7 };
	struct in6_addr addr;
	uint8_t out[sizeof(wire)], *begin;
	struct writer w = { out, sizeof(out) };

	(void)state;
	memset(out, 0xa5, sizeof(out));
	memcpy(&addr, ADDR, sizeof(addr));
	assert_int_equal(dhcpv6_header_emit(&w, DHCPV6_REPLY, 0xabcdef), 0);
	begin = dhcpv6_ia_begin(&w, &ia, DHCPV6_FOREVER);
	assert_non_null(begin);
	assert_int_equal(dhcpv6_ia_addr_emit(&w, &addr, DHCPV6_FOREVER), 0);
	dhcpv6_option_end(&w, begin);
	assert_int_equal(dhcpv6_option_emit(&w, DHCPV6_OPTION_RAPID_COMMIT, NULL, 0), 0);
	assert_int_equal(w.left, 1);
	assert_memory_equal(out, wire, sizeof(wire) - 1);
}

static void test_dhcpv6_status_has_code_and_text(void **state)
{
	uint8_t out[64];
	struct writer w = { out, sizeof(out) };

	(void)state;
	assert_int_equal(dhcpv6_status_emit(&w, DHCPV6_NOT_ON_LINK), 0);
	assert_memory_equal(out, "\0\x0d\0", 3);
	assert_int_equal(out[3], w.data - out - 4);
	assert_memory_equal(out + 4, "\0\4not", 5);
}

static void test_dhcpv6_emit_without_room(void **state)
{
	struct dhcpv6_ia ia = { .code = DHCPV6_OPTION_IA_NA };
	struct in6_addr addr = { 0 };
	uint8_t out[27];
	struct writer w = { out, sizeof(out) };

	(void)state;
	assert_int_equal(dhcpv6_ia_addr_emit(&w, &addr, 0), -ENOBUFS);
	w = (struct writer){ out, 15 };
	assert_null(dhcpv6_ia_begin(&w, &ia, DHCPV6_FOREVER));
	w = (struct writer){ out, 8 };
	assert_int_equal(dhcpv6_status_emit(&w, DHCPV6_SUCCESS), -ENOBUFS);
	w = (struct writer){ out, 3 };
	assert_int_equal(dhcpv6_header_emit(&w, DHCPV6_REPLY, 0), -ENOBUFS);
	assert_null(dhcpv6_option_begin(&w, DHCPV6_OPTION_DNS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dhcpv6_header_and_plain_options),
		cmocka_unit_test(test_dhcpv6_full_name_is_wanted),
		cmocka_unit_test(test_dhcpv6_identity_associations_are_walked),
		cmocka_unit_test(test_dhcpv6_headers_refused),
		cmocka_unit_test(test_dhcpv6_options_beyond_the_end_refused),
		cmocka_unit_test(test_dhcpv6_names_of_ends_refused),
		cmocka_unit_test(test_dhcpv6_broken_associations_refused),
		cmocka_unit_test(test_dhcpv6_emit_nests),
		cmocka_unit_test(test_dhcpv6_status_has_code_and_text),
		cmocka_unit_test(test_dhcpv6_emit_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
