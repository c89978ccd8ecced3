/* SPDX-License-Identifier: Apache-2.0
 *
 * The readers of what stands on a command line: what they consume, and what they refuse.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/base/values.h"
#include "test/unit/addr_text.h"

static void test_value_number_stops_at_first_other_character(void **state)
{
	const char *cursor = "0123,4";
	uint32_t n;

	(void)state;
	assert_int_equal(value_number(&cursor, 1000, &n), 0);
	assert_int_equal(n, 123);
	assert_string_equal(cursor, ",4");
}

static void test_value_number_bounds(void **state)
{
	const char *cursor = "4294967295";
	uint32_t n = 7;

	(void)state;
	assert_int_equal(value_number(&cursor, UINT32_MAX, &n), 0);
	assert_int_equal(n, UINT32_MAX);
	cursor = "4294967296";
	assert_int_equal(value_number(&cursor, UINT32_MAX, &n), -ERANGE);
	cursor = "99999999999999999999999999999999999999";
	assert_int_equal(value_number(&cursor, UINT32_MAX, &n), -ERANGE);
	assert_int_equal(n, UINT32_MAX);
}

static void test_value_number_form_rejected(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "x" };
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *cursor = bad[i];

		assert_int_equal(value_number(&cursor, 10, &n), -EINVAL);
		assert_ptr_equal(cursor, bad[i]);
	}
}

static void test_value_addr_both_families(void **state)
{
	const char *cursor = "192.0.2.7/24";
	struct in6_addr a;

	(void)state;
	assert_int_equal(value_addr(&cursor, &a), 0);
	assert_addr(&a, "192.0.2.7");
	assert_string_equal(cursor, "/24");
	cursor = "2001:db8::7";
	assert_int_equal(value_addr(&cursor, &a), 0);
	assert_addr(&a, "2001:db8::7");
	assert_string_equal(cursor, "");
}

static void test_value_addr_form_rejected(void **state)
{
	static const char *const bad[] = {
		"", "192.0.2", "192.0.2.256", "2001:db8::7::", "none", "%eth0", "[::1]",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	struct in6_addr a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *cursor = bad[i];

		assert_int_equal(value_addr(&cursor, &a), -EINVAL);
		assert_ptr_equal(cursor, bad[i]);
	}
}

static void test_value_addr_prefix_lengths(void **state)
{
	const char *cursor = "192.0.2.7";
	struct in6_addr a;
	unsigned int len;

	(void)state;
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), 0);
	assert_int_equal(len, 0);
	cursor = "192.0.2.7/32";
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), 0);
	assert_int_equal(len, 32);
	cursor = "2001:db8::/128";
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), 0);
	assert_int_equal(len, 128);
	cursor = "192.0.2.7/33";
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), -ERANGE);
	cursor = "2001:db8::/129";
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), -ERANGE);
	cursor = "192.0.2.7/0";
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), -ERANGE);
	cursor = "192.0.2.7/";
	assert_int_equal(value_addr_prefix(&cursor, &a, &len), -EINVAL);
	assert_int_equal(len, 128);
}

static void test_value_netmask_dotted_and_bits(void **state)
{
	static const struct {
		const char *text;
		unsigned int len;
	} good[] = {
		{ "255.255.255.255", 32 }, { "255.255.255.0", 24 }, { "255.255.254.0", 23 },
		{ "128.0.0.0", 1 },	   { "1", 1 },		    { "32", 32 },
	};
	unsigned int len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *cursor = good[i].text;

		assert_int_equal(value_netmask(&cursor, &len), 0);
		assert_int_equal(len, good[i].len);
		assert_int_equal(*cursor, '\0');
	}
}

static void test_value_netmask_form_rejected(void **state)
{
	static const char *const bad[] = { "255.0.255.0", "0.0.0.0", "0.0.0.255", "0",
					   "33",	  "",	     "ffff::",	  "x" };
	unsigned int len = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *cursor = bad[i];

		assert_true(value_netmask(&cursor, &len) < 0);
		assert_ptr_equal(cursor, bad[i]);
	}
	assert_int_equal(len, 99);
}

static void test_value_mac(void **state)
{
	static const uint8_t expected[ETH_ALEN] = { 0x9a, 0x55, 0x00, 0xff, 0xAB, 0x01 };
	static const char *const bad[] = { "", "9a:55:00:ff:ab", "9a:55:00:ff:ab:1",
					   "9a-55-00-ff-ab-01", "9a:55:00:ff:ab:0g",
					   "9a:55:00:ff:ab:011" };
	const char *cursor = "9a:55:00:fF:AB:01";
	uint8_t mac[ETH_ALEN];

	(void)state;
	assert_int_equal(value_mac(&cursor, mac), 0);
	assert_memory_equal(mac, expected, ETH_ALEN);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cursor = bad[i];
		assert_int_equal(value_mac(&cursor, mac), -EINVAL);
		assert_ptr_equal(cursor, bad[i]);
	}
}

static void test_value_ifname_lengths(void **state)
{
	const char *cursor = "fifteen-letters";
	char name[IFNAMSIZ];

	(void)state;
	assert_int_equal(value_ifname(&cursor, name), 0);
	assert_string_equal(name, "fifteen-letters");
	cursor = "sixteen--letters";
	assert_int_equal(value_ifname(&cursor, name), -ENAMETOOLONG);
	cursor = "";
	assert_int_equal(value_ifname(&cursor, name), -EINVAL);
}

static void test_value_ifname_what_the_kernel_refuses_is_rejected(void **state)
{
	static const char *const bad[] = { ".",	 "..", "/",    ":x",  " eth0",
					   "%d", "\n", "\x01", "\x7f" };
	char name[IFNAMSIZ];
	const char *cursor;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cursor = bad[i];
		assert_int_equal(value_ifname(&cursor, name), -EINVAL);
	}
	cursor = "eth0/8080";
	assert_int_equal(value_ifname(&cursor, name), 0);
	assert_string_equal(name, "eth0");
	assert_string_equal(cursor, "/8080");
	cursor = "...";
	assert_int_equal(value_ifname(&cursor, name), 0);
}

static void test_value_word_matches_whole_words_only(void **state)
{
	static const char *const words[] = { "tso", "tso-x" };
	const char *cursor = "tso-x,tso";
	size_t i;

	(void)state;
	assert_int_equal(value_word(&cursor, words, 2, &i), 0);
	assert_int_equal(i, 1);
	assert_string_equal(cursor, ",tso");
	cursor = "ts";
	assert_int_equal(value_word(&cursor, words, 2, &i), -EINVAL);
	cursor = "";
	assert_int_equal(value_word(&cursor, words, 2, &i), -EINVAL);
}

static void test_value_literal(void **state)
{
	const char *cursor = "none,";

	(void)state;
	assert_false(value_literal(&cursor, "nonesuch"));
	assert_true(value_literal(&cursor, "none"));
	assert_string_equal(cursor, ",");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_number_stops_at_first_other_character),
		cmocka_unit_test(test_value_number_bounds),
		cmocka_unit_test(test_value_number_form_rejected),
		cmocka_unit_test(test_value_addr_both_families),
		cmocka_unit_test(test_value_addr_form_rejected),
		cmocka_unit_test(test_value_addr_prefix_lengths),
		cmocka_unit_test(test_value_netmask_dotted_and_bits),
		cmocka_unit_test(test_value_netmask_form_rejected),
		cmocka_unit_test(test_value_mac),
		cmocka_unit_test(test_value_ifname_lengths),
		cmocka_unit_test(test_value_ifname_what_the_kernel_refuses_is_rejected),
		cmocka_unit_test(test_value_word_matches_whole_words_only),
		cmocka_unit_test(test_value_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
