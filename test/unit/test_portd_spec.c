/* SPDX-License-Identifier: Apache-2.0
 *
 * What clients of pasta-portd send, as values; and these as rules for pasta, and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "clients/portd/info.h"
#include "clients/portd/port_spec.h"
#include "clients/portd/reply.h"
#include "clients/portd/slirp.h"
#include "common/base/util.h"
#include "common/fwd/spec.h"

static const struct port_home home = { "10.0.2.100", "fd00::100" };

static int take(const char *text, struct port_spec *spec, struct err *err)
{
	return port_spec_from_json(text, strlen(text), spec, err);
}

/* The rule for @text, which pasta's own parser takes */
static void assert_rule(const char *text, const char *expected)
{
	char rule[PORT_RULE_MAX];
	struct port_spec spec;
	struct fwd_spec parsed;
	struct err err;

	assert_int_equal(take(text, &spec, &err), 0);
	port_spec_to_rule(&spec, &home, rule);
	assert_string_equal(rule, expected);
	assert_int_equal(fwd_spec_parse(rule, &parsed, &err), 0);
}

#define SPEC(proto, parent_ip, child_ip)                                                           \
	"{\"proto\":\"" proto "\",\"parentIP\":\"" parent_ip                                       \
	"\",\"parentPort\":8080,\"childIP\":\"" child_ip "\",\"childPort\":80}"

static void test_port_spec_to_rule(void **state)
{
	(void)state;
	assert_rule(SPEC("tcp", "", ""), "8080:80");
	assert_rule(SPEC("tcp4", "", ""), "0.0.0.0/8080:80");
	assert_rule(SPEC("udp6", "", ""), "[::]/8080:80");
	assert_rule(SPEC("tcp", "127.0.0.1", ""), "127.0.0.1/8080:80");
	assert_rule(SPEC("tcp", "::1", ""), "[::1]/8080:80");
	assert_rule(SPEC("tcp4", "0.0.0.0", "10.0.2.100"), "0.0.0.0/8080:80");
	assert_rule(SPEC("tcp6", "::", "10.0.2.100"), "[::]/8080:80");
	assert_rule(SPEC("tcp6", "::", "fd00:0::100"), "[::]/8080:80");
	assert_rule(SPEC("tcp4", "0.0.0.0", "10.89.0.5"), "0.0.0.0/8080:10.89.0.5/80");
	assert_rule(SPEC("tcp6", "2001:db8:1111:2222:3333:4444:5555:6666",
			 "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"),
		    "[2001:db8:1111:2222:3333:4444:5555:6666]/8080:"
		    "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]/80");
}

static void test_port_spec_comes_back_as_sent(void **state)
{
	const char *text = "{\"proto\":\"tcp6\",\"parentIP\":\"0:0::0\",\"parentPort\":65535,"
			   "\"childIP\":\"10.0.2.100\",\"childPort\":1}";
	struct port_spec spec;
	struct err err;
	json_t *json;
	char *back;

	(void)state;
	assert_int_equal(take(text, &spec, &err), 0);
	json = port_spec_to_json(&spec);
	back = json_dumps(json, JSON_COMPACT);
	assert_string_equal(back, text);
	free(back);
	json_decref(json);
}

static void test_port_spec_bad(void **state)
{
	static const struct {
		const char *text, *expected;
	} bad[] = {
		{ "", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{} x", "not a JSON object" },
		{ "{\"proto\":\"tcp\",", "not a JSON object" },
		{ "{}", "proto: must be" },
		{ "{\"proto\":6}", "proto: must be" },
		{ "{\"proto\":\"sctp\"}", "proto 'sctp': must be" },
		{ "{\"proto\":\"tcp\"}", "parentPort: is missing" },
		{ "{\"proto\":\"tcp\",\"parentPort\":0}", "parentPort: must be a number" },
		{ "{\"proto\":\"tcp\",\"parentPort\":65536}", "parentPort: must be a number" },
		{ "{\"proto\":\"tcp\",\"parentPort\":-1}", "parentPort: must be a number" },
		{ "{\"proto\":\"tcp\",\"parentPort\":\"80\"}", "parentPort: must be a number" },
		{ "{\"proto\":\"tcp\",\"parentPort\":80.0}", "parentPort: must be a number" },
		{ "{\"proto\":\"tcp\",\"parentPort\":80}", "childPort: is missing" },
		{ "{\"proto\":\"tcp\",\"parentIP\":80}", "parentIP: must be a text" },
		{ SPEC("tcp", "localhost", ""), "parentIP 'localhost': not an IP address" },
		{ SPEC("tcp", "[::1]", ""), "parentIP '[::1]': not an IP address" },
		{ SPEC("tcp", "", "10.0.0"), "childIP '10.0.0': not an IP address" },
		{ SPEC("tcp4", "::", ""), "parentIP '::': not an address for tcp4" },
		{ SPEC("udp6", "0.0.0.0", ""), "not an address for udp6" },
		{ SPEC("tcp", "1.2.3.4/80 -u all", ""), "not an IP address" },
		{ SPEC("tcp", "1111111111111111111111111111111111111111111111111111", ""),
		  "not an IP address" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct port_spec spec;
		struct err err = { "" };

		assert_int_equal(take(bad[i].text, &spec, &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i].expected));
	}
}

static void assert_from_rule(const char *option, const char *rule, const char *expected)
{
	struct port_spec spec;
	char text[256];

	assert_true(port_spec_from_rule(option, rule, &spec));
	snprintf(text, sizeof(text), "%s %s %u %s %u", port_proto_name(spec.proto), spec.parent_ip,
		 spec.parent_port, spec.child_ip, spec.child_port);
	assert_string_equal(text, expected);
}

static void test_port_spec_from_rule(void **state)
{
	struct port_spec spec;

	(void)state;
	assert_from_rule("-t", "8080", "tcp  8080  8080");
	assert_from_rule("-u", "8080:80", "udp  8080  80");
	assert_from_rule("-t", "0.0.0.0/8080:80", "tcp4 0.0.0.0 8080  80");
	assert_from_rule("-u", "[::]/8080", "udp6 :: 8080  8080");
	assert_from_rule("-t", "127.0.0.1/8080:10.89.0.5", "tcp4 127.0.0.1 8080 10.89.0.5 8080");
	assert_from_rule("-t", "[::1]/8080:[fd00::5]/80", "tcp6 ::1 8080 fd00::5 80");
	assert_false(port_spec_from_rule("-T", "8080", &spec));
	assert_false(port_spec_from_rule("-t", "8000-8010", &spec));
	assert_false(port_spec_from_rule("-t", "8000-8010:80-90", &spec));
	assert_false(port_spec_from_rule("-t", "8080,auto", &spec));
	assert_false(port_spec_from_rule("-t", "auto", &spec));
	assert_false(port_spec_from_rule("-t", "all", &spec));
	assert_false(port_spec_from_rule("-t", "~22", &spec));
	assert_false(port_spec_from_rule("-t", "%v0/80", &spec));
	assert_false(port_spec_from_rule("-t", "10.0.0.1%v0/80", &spec));
	assert_false(port_spec_from_rule("-t", "", &spec));
}

static void test_slirp_add(void **state)
{
	const char *text = "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\","
			   "\"host_port\":8080,\"guest_port\":80}}";
	struct slirp_request request;
	struct err err;

	(void)state;
	assert_int_equal(slirp_request_parse(text, strlen(text), &request, &err), 0);
	assert_int_equal(request.command, SLIRP_ADD);
	assert_string_equal(request.spec.parent_ip, "0.0.0.0");
	assert_string_equal(request.spec.child_ip, "");
	assert_int_equal(request.spec.parent_port, 8080);
	assert_int_equal(request.spec.child_port, 80);
}

static void test_slirp_bad(void **state)
{
	static const struct {
		const char *text, *expected;
	} bad[] = {
		{ "", "not JSON" },
		{ "{", "not JSON" },
		{ "[1]", "execute: is missing" },
		{ "{\"execute\":1}", "execute: is missing" },
		{ "{\"execute\":\"quit\"}", "execute 'quit': unknown" },
		{ "{\"execute\":\"remove_hostfwd\"}", "id: is missing" },
		{ "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":\"1\"}}", "id: must be" },
		{ "{\"execute\":\"add_hostfwd\"}", "proto '': must be" },
		{ "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\","
		  "\"host_addr\":\"::\",\"host_port\":1}}",
		  "guest_port: is missing" },
		{ "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp4\","
		  "\"host_addr\":\"::\",\"host_port\":1,\"guest_port\":1}}",
		  "not an address for tcp4" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct slirp_request request;
		struct err err = { "" };

		assert_int_equal(
			slirp_request_parse(bad[i].text, strlen(bad[i].text), &request, &err),
			-EINVAL);
		assert_non_null(strstr(err.text, bad[i].expected));
	}
}

static void test_slirp_too_long(void **state)
{
	char text[SLIRP_REQUEST_MAX];
	struct slirp_request request;
	struct err err;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "{\"execute\":\"list_hostfwd\"}", 26);
	assert_int_equal(slirp_request_parse(text, sizeof(text), &request, &err), -EINVAL);
	assert_non_null(strstr(err.text, "shorter than 4096 bytes"));
	assert_int_equal(slirp_request_parse(text, sizeof(text) - 1, &request, &err), 0);
	assert_int_equal(request.command, SLIRP_LIST);
}

/* A character that the limit of a message cuts in two */
static void test_error_is_utf8(void **state)
{
	struct err err = { "proto '\xc3\xa9\xc3': must be" };
	struct reply reply;

	(void)state;
	reply_error(&reply, 400, &err);
	assert_string_equal(reply.body, "{\"message\":\"proto '?\?\?': must be\"}");
	free(reply.body);
}

static char *info_of(const char *status_text)
{
	json_t *status = json_loads(status_text, 0, NULL), *info = info_to_json(status, "/state");
	char *text = json_dumps(info, JSON_COMPACT);

	json_decref(info);
	json_decref(status);
	return text;
}

static void test_info(void **state)
{
	char *text = info_of("{\"namespace_pid\":12,\"ipv4\":{\"addresses\":[\"10.0.2.100/24\"],"
			     "\"dns_forward\":\"10.0.2.3\"}}");

	(void)state;
	assert_string_equal(text,
			    "{\"apiVersion\":\"1.1.1\",\"version\":\"" PASTA_VERSION "\","
			    "\"stateDir\":\"/state\",\"childPID\":12,\"networkDriver\":{\"driver\":"
			    "\"pasta\",\"dns\":[\"10.0.2.3\"],\"childIP\":\"10.0.2.100\","
			    "\"dynamicChildIP\":false},\"portDriver\":{\"driver\":\"pasta\","
			    "\"protos\":[\"tcp\",\"tcp4\",\"udp\",\"udp4\"],"
			    "\"disallowLoopbackChildIP\":true}}");
	free(text);
}

static void test_info_ipv6_only(void **state)
{
	char *text = info_of("{\"ipv6\":{\"addresses\":[\"fd00::1/64\"],\"dns_forward\":null}}");

	(void)state;
	assert_non_null(strstr(text, "\"childPID\":0"));
	assert_non_null(strstr(text, "\"dns\":[],\"childIP\":\"fd00::1\""));
	assert_non_null(strstr(text, "[\"tcp\",\"tcp6\",\"udp\",\"udp6\"]"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_spec_to_rule),
		cmocka_unit_test(test_port_spec_comes_back_as_sent),
		cmocka_unit_test(test_port_spec_bad),
		cmocka_unit_test(test_port_spec_from_rule),
		cmocka_unit_test(test_slirp_add),
		cmocka_unit_test(test_slirp_bad),
		cmocka_unit_test(test_slirp_too_long),
		cmocka_unit_test(test_error_is_utf8),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_info_ipv6_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
