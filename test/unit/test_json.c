/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written is valid JSON on one line, whatever the values are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/addr.h"
#include "common/base/json.h"

static char buf[256];

static struct json start(void)
{
	struct json json;

	memset(buf, 0xa5, sizeof(buf));
	json_start(&json, buf, sizeof(buf), false);
	return json;
}

static void expect(const struct json *json, const char *text)
{
	assert_true(json_is_whole(json));
	assert_int_equal(json->len, strlen(text));
	assert_memory_equal(buf, text, json->len);
	assert_int_equal((uint8_t)buf[json->len], 0xa5);
}

static void test_json_members_and_elements_have_commas_between(void **state)
{
	struct json json = start();

	(void)state;
	json_put_object(&json, NULL);
	json_put_uint(&json, "a", UINT64_MAX);
	json_put_array(&json, "b");
	json_put_bool(&json, NULL, true);
	json_put_bool(&json, NULL, false);
	json_put_object(&json, NULL);
	json_end_object(&json);
	json_end_array(&json);
	json_put_string(&json, "c", NULL);
	json_end_object(&json);
	json_put_newline(&json);
	expect(&json, "{\"a\":18446744073709551615,\"b\":[true,false,{}],\"c\":null}\n");
}

static void test_json_goes_on_in_another_buffer(void **state)
{
	struct json json = start();

	(void)state;
	json_put_array(&json, NULL);
	json_put_uint(&json, NULL, 1);
	json_start(&json, buf, sizeof(buf), json.comma);
	json_put_uint(&json, NULL, 2);
	json_end_array(&json);
	assert_memory_equal(buf, ",2]", 3);
}

static void test_json_addresses(void **state)
{
	const struct in6_addr v4 = addr_from_be32(htonl(0xc0000201));
	struct json json = start();

	(void)state;
	json_put_object(&json, NULL);
	json_put_addr(&json, "a", &v4);
	json_put_addr(&json, "b", &in6addr_loopback);
	json_put_addr(&json, "c", &in6addr_any);
	json_end_object(&json);
	expect(&json, "{\"a\":\"192.0.2.1\",\"b\":\"::1\",\"c\":null}");
}

static void expect_text(const char *value, const char *text)
{
	struct json json = start();

	json_put_string(&json, NULL, value);
	expect(&json, text);
}

static void test_json_strings_are_escaped(void **state)
{
	(void)state;
	expect_text("", "\"\"");
	expect_text("a \"b\" \\ /", "\"a \\\"b\\\" \\\\ /\"");
	expect_text("\n\t\001\177", "\"\\u000a\\u0009\\u0001\\u007f\"");
	expect_text("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
		    "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7\"");
}

static void test_json_bytes_that_are_no_utf8_are_replaced(void **state)
{
	(void)state;
	expect_text("a\xff"
		    "b",
		    "\"a\xef\xbf\xbd"
		    "b\"");
	expect_text("\xc3", "\"\xef\xbf\xbd\""); /* cut off */
	expect_text("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""); /* overlong */
	expect_text("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* surrogate */
	expect_text("\xf4\x90\x80\x80",
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* beyond */
}

static void test_json_overflow_is_told_and_nothing_is_written_beyond(void **state)
{
	struct json json = start();

	(void)state;
	json_start(&json, buf, 8, false);
	json_put_string(&json, NULL, "123456");
	assert_true(json_is_whole(&json));
	json_start(&json, buf, 8, false);
	json_put_string(&json, NULL, "1234567");
	assert_false(json_is_whole(&json));
	assert_int_equal((uint8_t)buf[8], 0xa5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_members_and_elements_have_commas_between),
		cmocka_unit_test(test_json_goes_on_in_another_buffer),
		cmocka_unit_test(test_json_addresses),
		cmocka_unit_test(test_json_strings_are_escaped),
		cmocka_unit_test(test_json_bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(test_json_overflow_is_told_and_nothing_is_written_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
