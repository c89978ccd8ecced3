/* SPDX-License-Identifier: Apache-2.0
 *
 * The name in an HTTP/1 request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/util.h"
#include "common/wire/http_host.h"
#include "test/unit/first_bytes.h"

static void expect_bytes(const char *data, size_t len, enum first_bytes outcome, const char *name)
{
	first_bytes_expect(http_host_name, data, len, outcome, name);
}

static void expect(const char *text, enum first_bytes outcome)
{
	expect_bytes(text, strlen(text), outcome, NULL);
}

static void expect_name(const char *text, const char *name)
{
	expect_bytes(text, strlen(text), FIRST_BYTES_NAME, name);
}

static void expect_all(const char *const *texts, size_t count, enum first_bytes outcome)
{
	for (size_t i = 0; i < count; i++)
		expect(texts[i], outcome);
}

static void test_http_host_of_a_request(void **state)
{
	(void)state;
	expect_name("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", "example.org");
	expect_name("PUT /a?b=%20 HTTP/1.0\r\nAccept: */*\r\nhOST:\t WWW.Example.Org. "
		    "\r\nX:\r\n\r\nbody",
		    "www.example.org");
	expect_name("OPTIONS * HTTP/1.1\r\nHost:a_b-1:8080\r\nHostile: c\r\n\r\n", "a_b-1");
	expect_name("GET //c/ HTTP/1.1\r\nHost: a.b:\r\nCookie: \xc3\xa4\t\r\n\r\n", "a.b");
	expect_name("\r\n\r\nGET / HTTP/1.1\r\nHost: a.b\r\n\r\n", "a.b");
}

static void test_http_host_incomplete_needs_more(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a.b\r\nAccept: */*\r\n\r\n";
	char said[NAME_TEXT_MAX + 1];

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(first_bytes_outcome(http_host_name, text, len, said),
				 FIRST_BYTES_MORE);
	assert_int_equal(first_bytes_outcome(http_host_name, text, sizeof(text) - 1, said),
			 FIRST_BYTES_NAME);
}

static void test_http_host_none(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:\r\n\r\n",
		"GET / HTTP/1.1\r\nAccept: */*\r\nHost: \r\n\r\n",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_NO_NAME);
}

static void test_http_host_twice_is_refused(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: a.b\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.b\r\nAccept: */*\r\nHOST: c.d\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:\r\nHost: c.d\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.b, c.d\r\n\r\n",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_BROKEN);
}

static void test_http_host_that_is_no_name_is_refused(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: user@a.b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.b:80a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.b:80:90\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.b/c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: .\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: m\xc3\xbcnchen.de\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a%2eb\r\n\r\n",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_BROKEN);
}

static void test_http_host_of_an_absolute_target(void **state)
{
	(void)state;
	expect_name("GET http://A.b/c HTTP/1.1\r\nHost: a.B\r\n\r\n", "a.b");
	expect_name("GET http://a.b:8080?c=://d HTTP/1.1\r\nHost: a.b:80\r\n\r\n", "a.b");
	expect_name("GET ws+x://a.b HTTP/1.1\r\n\r\n", "a.b");
}

static void test_http_host_and_target_must_agree(void **state)
{
	static const char *const texts[] = {
		"GET http://a.b/ HTTP/1.1\r\nHost: c.d\r\n\r\n",
		"GET http://a.b/ HTTP/1.1\r\nHost:\r\n\r\n",
		"GET http://a.b#c.d HTTP/1.1\r\nHost: c.d\r\n\r\n",
		"CONNECT a.b:443 HTTP/1.1\r\nHost: c.d:443\r\n\r\n",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_BROKEN);
}

static void test_http_host_odd_targets_are_refused(void **state)
{
	static const char *const texts[] = {
		"GET http:///c HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET http://u@a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET http://a.b\\@c.d/ HTTP/1.1\r\n\r\n",
		"GET http://[::1]/ HTTP/1.1\r\n\r\n",
		"GET http:/a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET 1http://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET ://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET a.b:80 HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET a HTTP/1.1\r\nHost: a.b\r\n\r\n",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_BROKEN);
}

static void test_http_host_of_connect(void **state)
{
	static const char *const broken[] = {
		"CONNECT a.b HTTP/1.1\r\n\r\n",
		"CONNECT a.b: HTTP/1.1\r\n\r\n",
		"CONNECT / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"CONNECT http://a.b/ HTTP/1.1\r\n\r\n",
	};

	(void)state;
	expect_name("CONNECT A.b:443 HTTP/1.1\r\n\r\n", "a.b");
	expect_name("CONNECT a.b:443 HTTP/1.1\r\nHost: a.b\r\n\r\n", "a.b");
	expect_all(broken, ARRAY_SIZE(broken), FIRST_BYTES_BROKEN);
}

static void test_http_host_lines_must_be_well_formed(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\nHost: a.b\r\n\r\n", /* bare LF */
		"GET / HTTP/1.1\r\nHost: a.b\n\r\n",
		"\nGET / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.1\r\rHost: a.b\r\n\r\n", /* bare CR */
		"GET / HTTP/1.1\r\nX: \rHost: c.d\r\nHost: a.b\r\n\r\n",
		"\rGET / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.1\r\n Host: a.b\r\n\r\n", /* folded */
		"GET / HTTP/1.1\r\nHost:\r\n a.b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : a.b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost a.b\r\n\r\n",
		"GET / HTTP/1.1\r\n: a.b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\x1f.b\r\n\r\n",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_BROKEN);
	expect_bytes("GET / HTTP/1.1\r\nHost: a\0.b\r\n\r\n", 30, FIRST_BYTES_BROKEN, NULL);
	expect_bytes("GET /\0 HTTP/1.1\r\nHost: a.b\r\n\r\n", 32, FIRST_BYTES_BROKEN, NULL);
	expect_bytes("00g2git-upload-pack /a\0host=a.b\0", 32, FIRST_BYTES_BROKEN, NULL);
	expect_bytes("0020got-upload-pack /a\0host=a.b\0", 32, FIRST_BYTES_BROKEN, NULL);
	/* Git's own, unless it could be HTTP */
	expect_bytes("0020git-upload-pack /a\0host=a.b\0", 32, FIRST_BYTES_OTHER, NULL);
	expect_bytes("0020git-upload-pack /a", 22, FIRST_BYTES_MORE, NULL);
	expect_bytes("0020git-upload-pack /a\n\0", 24, FIRST_BYTES_BROKEN, NULL);
	expect_bytes("0020git-a / HTTP/1.1\r\nHost: a.b\r\n\r\n", 36, FIRST_BYTES_NAME, "a.b");
}

/* Each of them is a request to some server */
static void test_http_host_odd_request_lines_are_refused(void **state)
{
	static const char *const texts[] = {
		"GET  / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET /  HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.1 \r\nHost: a.b\r\n\r\n",
		"GET\t/\tHTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET\v/ HTTP/1.1\r\nHost: a.b\r\n\r\n",
		" GET / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET /\xc3\xa4 HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET / http/1.1\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.10\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/2.0\r\nHost: a.b\r\n\r\n",
		"GET HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET http://a.b/\r\n", /* of before HTTP/1.0 */
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_BROKEN);
}

static void test_http_host_other_protocols(void **state)
{
	static const char *const texts[] = {
		"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
		"EHLO a.b\r\n",
		"QUIT\r\n",
		"QUIT\n",
		"GET /\r\n",
		"\x16\3\1\2",
		"{\"a\"",
		"\x80",
	};

	(void)state;
	expect_all(texts, ARRAY_SIZE(texts), FIRST_BYTES_OTHER);
	expect_bytes("AMQP\0\0\x9\1", 8, FIRST_BYTES_OTHER, NULL);
	expect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FIRST_BYTES_HTTP2);
	expect("", FIRST_BYTES_MORE);
}

static void test_http_host_in_16_kib(void **state)
{
	static const char end[] = "\r\nHost: a.b\r\n\r\n";
	char text[FIRST_BYTES_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
	memcpy(text + FIRST_BYTES_MAX - strlen(end), end, strlen(end));
	expect_bytes(text, FIRST_BYTES_MAX, FIRST_BYTES_NAME, "a.b");
	text[FIRST_BYTES_MAX - strlen(end)] = 'x';
	memcpy(text + FIRST_BYTES_MAX + 1 - strlen(end), end, strlen(end));
	expect_bytes(text, FIRST_BYTES_MAX + 1, FIRST_BYTES_BROKEN, NULL);
	expect_bytes(text, FIRST_BYTES_MAX, FIRST_BYTES_BROKEN, NULL);
	expect_bytes(text, FIRST_BYTES_MAX - 1, FIRST_BYTES_MORE, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_host_of_a_request),
		cmocka_unit_test(test_http_host_incomplete_needs_more),
		cmocka_unit_test(test_http_host_none),
		cmocka_unit_test(test_http_host_twice_is_refused),
		cmocka_unit_test(test_http_host_that_is_no_name_is_refused),
		cmocka_unit_test(test_http_host_of_an_absolute_target),
		cmocka_unit_test(test_http_host_and_target_must_agree),
		cmocka_unit_test(test_http_host_odd_targets_are_refused),
		cmocka_unit_test(test_http_host_of_connect),
		cmocka_unit_test(test_http_host_lines_must_be_well_formed),
		cmocka_unit_test(test_http_host_odd_request_lines_are_refused),
		cmocka_unit_test(test_http_host_other_protocols),
		cmocka_unit_test(test_http_host_in_16_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
