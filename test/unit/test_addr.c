/* SPDX-License-Identifier: Apache-2.0
 *
 * The one address type: kinds, prefixes, text, socket addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "test/unit/addr_text.h"

static void test_addr_kinds(void **state)
{
	enum { UNSPECIFIED = 1, LOOPBACK = 2, LINK_LOCAL = 4, MULTICAST = 8 };
	static const struct {
		const char *text;
		int kinds, family;
	} cases[] = {
		{ "0.0.0.0", UNSPECIFIED, AF_INET },
		{ "::", UNSPECIFIED, AF_INET6 },
		{ "127.0.0.1", LOOPBACK, AF_INET },
		{ "127.255.255.254", LOOPBACK, AF_INET },
		{ "::1", LOOPBACK, AF_INET6 },
		{ "169.254.0.1", LINK_LOCAL, AF_INET },
		{ "fe80::1", LINK_LOCAL, AF_INET6 },
		{ "febf::1", LINK_LOCAL, AF_INET6 },
		{ "fec0::1", 0, AF_INET6 },
		{ "224.0.0.1", MULTICAST, AF_INET },
		{ "239.255.255.255", MULTICAST, AF_INET },
		{ "240.0.0.1", 0, AF_INET },
		{ "255.255.255.255", MULTICAST, AF_INET },
		{ "ff02::1", MULTICAST, AF_INET6 },
		{ "192.0.2.1", 0, AF_INET },
		{ "2001:db8::1", 0, AF_INET6 },
		{ "::2", 0, AF_INET6 },
		{ "0.0.0.1", 0, AF_INET },
		{ "::ffff:127.0.0.1", LOOPBACK, AF_INET },
		{ "168.254.0.1", 0, AF_INET },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct in6_addr a = addr(cases[i].text);

		assert_int_equal(addr_family(&a), cases[i].family);
		assert_int_equal(addr_is_unspecified(&a), !!(cases[i].kinds & UNSPECIFIED));
		assert_int_equal(addr_is_loopback(&a), !!(cases[i].kinds & LOOPBACK));
		assert_int_equal(addr_is_link_local(&a), !!(cases[i].kinds & LINK_LOCAL));
		assert_int_equal(addr_is_multicast(&a), !!(cases[i].kinds & MULTICAST));
		assert_int_equal(addr_is_scoped(&a),
				 (cases[i].kinds & LINK_LOCAL) && cases[i].family == AF_INET6);
	}
}

static void test_addr_loopback_of_family(void **state)
{
	struct in6_addr ip4 = addr_loopback(AF_INET), ip6 = addr_loopback(AF_INET6);
	struct in6_addr expected4 = addr("127.0.0.1"), expected6 = addr("::1");

	(void)state;
	assert_true(addr_equal(&ip4, &expected4));
	assert_true(addr_equal(&ip6, &expected6));
}

static void test_addr_link_local_from_mac(void **state)
{
	static const uint8_t mac[] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x56 };
	struct in6_addr a = addr_link_local_from_mac(mac);
	struct in6_addr expected = addr("fe80::9855:9aff:fe55:9a56");

	(void)state;
	assert_true(addr_equal(&a, &expected));
}

static void test_addr_in_prefix(void **state)
{
	static const struct {
		const char *addr, *net;
		unsigned int prefix_len;
		bool in;
	} cases[] = {
		{ "192.0.2.77", "192.0.2.0", 24, true },
		{ "192.0.3.77", "192.0.2.0", 24, false },
		{ "192.0.3.77", "192.0.2.0", 23, true },
		{ "192.0.2.1", "192.0.2.1", 32, true },
		{ "192.0.2.1", "192.0.2.0", 32, false },
		{ "10.0.0.1", "192.0.2.1", 0, true },
		{ "2001:db8::1", "192.0.2.1", 0, false },
		{ "2001:db8::1", "2001:db8::", 64, true },
		{ "2001:db8::1", "2001:db8::", 128, false },
		{ "2001:db8::1", "2001:db8::1", 128, true },
		{ "2001:db8:8000::", "2001:db8::", 33, false },
		{ "2001:db8:8000::", "2001:db8::", 32, true },
		{ "192.0.2.1", "192.0.2.1", 33, false },
		{ "::1", "::1", 129, false },
		{ "192.0.2.255", "192.0.2.128", 25, true },
		{ "192.0.2.127", "192.0.2.128", 25, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct in6_addr a = addr(cases[i].addr), net = addr(cases[i].net);

		assert_int_equal(addr_in_prefix(&a, &net, cases[i].prefix_len), cases[i].in);
	}
}

static void test_addr_parse_malformed_rejected(void **state)
{
	static const char *const texts[] = {
		"",    "1.2.3",	   "1.2.3.4.5", "1.2.3.256", "::1%lo",	  "[::1]",
		":::", "1.2.3.4 ", " ::1",	"12345::",   "1.2.3.4/8", "localhost",
	};
	struct in6_addr a, before;

	(void)state;
	memset(&before, 0xa5, sizeof(before));
	a = before;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(addr_parse(texts[i], &a), -EINVAL);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void test_addr_format_inverts_parse(void **state)
{
	static const char *const texts[] = { "0.0.0.0",
					     "255.255.255.255",
					     "192.0.2.1",
					     "::",
					     "::1",
					     "2001:db8::1:0:0:1",
					     "2001:db8:1111:2222:3333:4444:5555:6666" };
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct in6_addr a = addr(texts[i]);

		assert_ptr_equal(addr_format(&a, buf), buf);
		assert_string_equal(buf, texts[i]);
	}
}

static void test_addr_sockaddr_and_back(void **state)
{
	struct in6_addr ip4 = addr("192.0.2.1"), ip6 = addr("fe80::1"), back;
	union sockaddr_inany sa;
	uint16_t port;

	(void)state;
	memset(&sa, 0xa5, sizeof(sa));
	assert_int_equal(addr_to_sockaddr(&ip4, 53, 7, &sa), sizeof(struct sockaddr_in));
	assert_int_equal(sa.in4.sin_family, AF_INET);
	assert_int_equal(sa.in4.sin_port, htons(53));
	assert_int_equal(sa.in4.sin_addr.s_addr, htonl(0xc0000201));
	assert_int_equal(sa.in4.sin_zero[0], 0);
	assert_int_equal(addr_from_sockaddr(&sa, &back, &port), 0);
	assert_true(addr_equal(&back, &ip4) && port == 53);

	memset(&sa, 0xa5, sizeof(sa));
	assert_int_equal(addr_to_sockaddr(&ip6, 65535, 7, &sa), sizeof(struct sockaddr_in6));
	assert_int_equal(sa.in6.sin6_scope_id, 7);
	assert_int_equal(sa.in6.sin6_flowinfo, 0);
	assert_int_equal(addr_from_sockaddr(&sa, &back, &port), 0);
	assert_true(addr_equal(&back, &ip6) && port == 65535);
}

static void test_addr_from_sockaddr_of_another_family_rejected(void **state)
{
	union sockaddr_inany sa = { .sa.sa_family = AF_UNIX };
	struct in6_addr a = addr("::7");
	uint16_t port = 7;

	(void)state;
	assert_int_equal(addr_from_sockaddr(&sa, &a, &port), -EAFNOSUPPORT);
	assert_int_equal(a.s6_addr[15], 7);
	assert_int_equal(port, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr_kinds),
		cmocka_unit_test(test_addr_loopback_of_family),
		cmocka_unit_test(test_addr_link_local_from_mac),
		cmocka_unit_test(test_addr_in_prefix),
		cmocka_unit_test(test_addr_parse_malformed_rejected),
		cmocka_unit_test(test_addr_format_inverts_parse),
		cmocka_unit_test(test_addr_sockaddr_and_back),
		cmocka_unit_test(test_addr_from_sockaddr_of_another_family_rejected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
