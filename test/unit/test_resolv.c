/* SPDX-License-Identifier: Apache-2.0
 *
 * resolv.conf: what counts, what is skipped, and that equal files give equal bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "common/base/resolv.h"
#include "test/unit/addr_text.h"

/* Everything that was read, in one line: "SERVER SERVER | DOMAIN DOMAIN" */
static const char *parse(const char *text, char *buf)
{
	struct resolv resolv;
	char server[RESOLV_SERVER_TEXT_MAX];
	char *end = buf;

	memset(&resolv, 0xa5, sizeof(resolv));
	resolv_parse(text, strlen(text), &resolv);
	for (uint32_t i = 0; i < resolv.server_count; i++)
		end += sprintf(end, "%s ", resolv_server_format(&resolv.servers[i], server));
	sprintf(end, "| %s", resolv.search);
	return buf;
}

#define assert_parsed(text, expected)                                                              \
	do {                                                                                       \
		char buf[4096];                                                                    \
		assert_string_equal(parse(text, buf), expected);                                   \
	} while (0)

static void test_resolv_servers_in_order(void **state)
{
	(void)state;
	assert_parsed("nameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver 127.0.0.53\n",
		      "192.0.2.53 2001:db8::53 127.0.0.53 | ");
}

static void test_resolv_nothing_in_it(void **state)
{
	(void)state;
	assert_parsed("", "| ");
	assert_parsed("\n\n# nothing\n; nameserver 192.0.2.1\noptions ndots:5\n", "| ");
}

static void test_resolv_last_line_without_end(void **state)
{
	(void)state;
	assert_parsed("search a\nnameserver 192.0.2.53", "192.0.2.53 | a");
}

static void test_resolv_crlf_and_blanks(void **state)
{
	(void)state;
	assert_parsed("nameserver\t 192.0.2.53 \t\r\nsearch \t a.test\t b.test \r\n\r\n",
		      "192.0.2.53 | a.test b.test");
}

static void test_resolv_keyword_must_begin_the_line(void **state)
{
	(void)state;
	assert_parsed(" nameserver 192.0.2.1\nnameservers 192.0.2.2\nnameserver\n"
		      "nameserver192.0.2.3\nNameserver 192.0.2.4\n",
		      "| ");
}

static void test_resolv_comment_behind_the_address(void **state)
{
	(void)state;
	assert_parsed("nameserver 192.0.2.1#first\nnameserver 192.0.2.2 ; second\n"
		      "nameserver # 192.0.2.3\n",
		      "192.0.2.1 192.0.2.2 | ");
}

static void test_resolv_bad_addresses_skipped(void **state)
{
	(void)state;
	assert_parsed("nameserver 192.0.2\nnameserver 192.0.2.256\nnameserver name.test\n"
		      "nameserver 2001:db8:::1\nnameserver ff02::1\nnameserver 224.0.0.1\n"
		      "nameserver 255.255.255.255\nnameserver 192.0.2.53/24\n",
		      "| ");
}

static void test_resolv_unspecified_is_this_host(void **state)
{
	(void)state;
	assert_parsed("nameserver 0.0.0.0\nnameserver ::\n", "127.0.0.1 ::1 | ");
}

static void test_resolv_mapped_address_is_ipv4(void **state)
{
	(void)state;
	assert_parsed("nameserver ::ffff:192.0.2.53\nnameserver 192.0.2.53\n", "192.0.2.53 | ");
}

static void test_resolv_scope_by_name_and_number(void **state)
{
	(void)state;
	assert_parsed("nameserver fe80::1%eth0\nnameserver fe80::1%7\nnameserver fe80::1\n"
		      "nameserver fe80::1%eth0\n",
		      "fe80::1%eth0 fe80::1%7 fe80::1 | ");
}

static void test_resolv_bad_scopes_skipped(void **state)
{
	(void)state;
	assert_parsed("nameserver fe80::1%\nnameserver fe80::1%a-name-too-long-for-it\n"
		      "nameserver fe80::1%99999999999\nnameserver fe80::1%eth0%1\n"
		      "nameserver 2001:db8::1%eth0\nnameserver 169.254.0.1%eth0\n",
		      "| ");
}

static void test_resolv_more_servers_than_room(void **state)
{
	struct resolv resolv;
	char text[1024], *end = text;

	(void)state;
	for (int i = 1; i < 20; i++)
		end += sprintf(end, "nameserver 192.0.2.%d\n", i);
	resolv_parse(text, (size_t)(end - text), &resolv);
	assert_int_equal(resolv.server_count, RESOLV_SERVERS_MAX);
	assert_int_equal(addr_be32(&resolv.servers[RESOLV_SERVERS_MAX - 1].addr),
			 htonl(0xc0000200 + RESOLV_SERVERS_MAX));
}

static void test_resolv_last_of_search_and_domain(void **state)
{
	(void)state;
	assert_parsed("search a b\nsearch c d\n", "| c d");
	assert_parsed("search a b\ndomain c d\n", "| c");
	assert_parsed("domain a\nsearch b\n", "| b");
	assert_parsed("search a\nsearch # none\n", "| ");
}

static void test_resolv_bad_domains_skipped(void **state)
{
	(void)state;
	assert_parsed("search a..b .c d. e.. . \x01x \xc3\xa4.test "
		      "0123456789012345678901234567890123456789012345678901234567890123.test ok\n",
		      "| d ok");
}

static void test_resolv_search_longer_than_room(void **state)
{
	char text[4096] = "search";
	struct resolv resolv;

	(void)state;
	for (int i = 0; i < 200; i++)
		sprintf(text + strlen(text), " domain-%03d.test", i);
	resolv_parse(text, strlen(text), &resolv);
	assert_in_range(strlen(resolv.search), RESOLV_SEARCH_MAX - 20, RESOLV_SEARCH_MAX - 1);
	assert_memory_equal(resolv.search, "domain-000.test domain-001.test ", 32);
	assert_string_equal(resolv.search + strlen(resolv.search) - 5, ".test");
}

static void test_resolv_overlong_line_is_one_line(void **state)
{
	char text[9000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "nameserver ", 11);
	strcpy(text + 8000, "\nnameserver 192.0.2.53\n");
	assert_parsed(text, "192.0.2.53 | ");
}

static void test_resolv_cut_line_is_left_out(void **state)
{
	static char text[RESOLV_FILE_MAX + 100];
	struct resolv resolv;
	size_t at = RESOLV_FILE_MAX - 21;

	(void)state;
	memset(text, '\n', sizeof(text));
	memcpy(text, "nameserver 192.0.2.1\n", 21);
	memcpy(text + at, "nameserver 192.0.2.25", 21); /* the rest is a 3 */
	text[RESOLV_FILE_MAX] = '3';
	resolv_parse(text, sizeof(text), &resolv);
	assert_int_equal(resolv.server_count, 1);
	memset(text, 'x', sizeof(text));
	resolv_parse(text, sizeof(text), &resolv);
	assert_int_equal(resolv.server_count, 0);
}

static void test_resolv_nul_is_a_blank(void **state)
{
	static const char text[] = "nameserver 192.0.2.1\0junk\nsearch a\0b\n";
	struct resolv resolv;

	(void)state;
	resolv_parse(text, sizeof(text) - 1, &resolv);
	assert_int_equal(resolv.server_count, 1);
	assert_string_equal(resolv.search, "a b");
}

static void test_resolv_equal_files_give_equal_bytes(void **state)
{
	static const char text[] = "nameserver fe80::1%eth0\nsearch a b c\nsearch d\n";
	struct resolv a, b;

	(void)state;
	memset(&a, 0xa5, sizeof(a));
	memset(&b, 0x5a, sizeof(b));
	resolv_parse(text, sizeof(text) - 1, &a);
	resolv_parse(text, sizeof(text) - 1, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void test_resolv_server_parse_leaves_output_alone(void **state)
{
	struct resolv_server server, before;

	(void)state;
	memset(&server, 0xa5, sizeof(server));
	before = server;
	assert_int_equal(resolv_server_parse("", &server), -EINVAL);
	assert_int_equal(resolv_server_parse("fe80::1%", &server), -EINVAL);
	assert_int_equal(resolv_server_parse("192.0.2.1 ", &server), -EINVAL);
	assert_memory_equal(&server, &before, sizeof(server));
}

static void test_resolv_search_add(void **state)
{
	char search[RESOLV_SEARCH_MAX] = "";

	(void)state;
	assert_int_equal(resolv_search_add(search, "a.test", 6), 0);
	assert_int_equal(resolv_search_add(search, "b.test.", 7), 0);
	assert_int_equal(resolv_search_add(search, "", 0), -EINVAL);
	assert_int_equal(resolv_search_add(search, "a b", 3), -EINVAL);
	assert_string_equal(search, "a.test b.test");
}

static void assert_rewritten(const char *text, uint32_t count, const char *expected)
{
	const struct in6_addr addrs[] = { addr("169.254.1.1"), addr("fd00::1") };
	char buf[256];

	memset(buf, 0xa5, sizeof(buf));
	assert_int_equal(resolv_rewrite(text, strlen(text), addrs, count, buf, sizeof(buf)), 0);
	assert_string_equal(buf, expected);
	for (size_t size = 0; size <= strlen(expected); size++) {
		memset(buf, 0xa5, sizeof(buf));
		assert_int_equal(resolv_rewrite(text, strlen(text), addrs, count, buf, size),
				 -ENOSPC);
		assert_int_equal((uint8_t)buf[size], 0xa5);
	}
}

static void test_resolv_rewritten_with_other_resolvers(void **state)
{
	(void)state;
	assert_rewritten("# a\nnameserver 127.0.0.53\nsearch a b\n\nnameserver ::1\noptions x", 1,
			 "nameserver 169.254.1.1\n# a\nsearch a b\n\noptions x\n");
	assert_rewritten("nameserver\t127.0.0.1\nnameservers 1.2.3.4\n", 2,
			 "nameserver 169.254.1.1\nnameserver fd00::1\nnameservers 1.2.3.4\n");
	assert_rewritten("", 1, "nameserver 169.254.1.1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolv_rewritten_with_other_resolvers),
		cmocka_unit_test(test_resolv_servers_in_order),
		cmocka_unit_test(test_resolv_nothing_in_it),
		cmocka_unit_test(test_resolv_last_line_without_end),
		cmocka_unit_test(test_resolv_crlf_and_blanks),
		cmocka_unit_test(test_resolv_keyword_must_begin_the_line),
		cmocka_unit_test(test_resolv_comment_behind_the_address),
		cmocka_unit_test(test_resolv_bad_addresses_skipped),
		cmocka_unit_test(test_resolv_unspecified_is_this_host),
		cmocka_unit_test(test_resolv_mapped_address_is_ipv4),
		cmocka_unit_test(test_resolv_scope_by_name_and_number),
		cmocka_unit_test(test_resolv_bad_scopes_skipped),
		cmocka_unit_test(test_resolv_more_servers_than_room),
		cmocka_unit_test(test_resolv_last_of_search_and_domain),
		cmocka_unit_test(test_resolv_bad_domains_skipped),
		cmocka_unit_test(test_resolv_search_longer_than_room),
		cmocka_unit_test(test_resolv_overlong_line_is_one_line),
		cmocka_unit_test(test_resolv_cut_line_is_left_out),
		cmocka_unit_test(test_resolv_nul_is_a_blank),
		cmocka_unit_test(test_resolv_equal_files_give_equal_bytes),
		cmocka_unit_test(test_resolv_server_parse_leaves_output_alone),
		cmocka_unit_test(test_resolv_search_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
