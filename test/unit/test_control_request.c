/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of clients as values, and what is said about those that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/control/request.h"
#include "common/policy/policy.h"

static struct control_request parse_ok(const char *line)
{
	struct control_request request;
	struct err err;
	int rc = control_request_parse(line, &request, &err);

	if (rc)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	return request;
}

static void parse_error(const char *line, const char *text)
{
	struct control_request request, untouched;
	struct err err;

	memset(&request, 0xa5, sizeof(request));
	memset(&untouched, 0xa5, sizeof(untouched));
	assert_int_equal(control_request_parse(line, &request, &err), -EINVAL);
	assert_string_equal(err.text, text);
	assert_memory_equal(&request, &untouched, sizeof(request));
}

static void test_request_verbs(void **state)
{
	(void)state;
	assert_int_equal(parse_ok("status").verb, CONTROL_STATUS);
	assert_int_equal(parse_ok(" \tcounters \t").verb, CONTROL_COUNTERS);
	assert_int_equal(parse_ok("forward  list").verb, CONTROL_FORWARD_LIST);
	assert_int_equal(parse_ok("dns").verb, CONTROL_DNS);
	assert_false(parse_ok("dns").reread);
	assert_true(parse_ok("dns reread").reread);
	assert_int_equal(parse_ok("quit").verb, CONTROL_QUIT);
	assert_false(parse_ok("quit").now);
	assert_true(parse_ok("quit now").now);
}

static void test_request_flows(void **state)
{
	struct control_request all = parse_ok("flows");
	struct control_request some = parse_ok("flows local udp addr ::1 port 53 limit 7");

	(void)state;
	assert_false(all.flows.has_kind || all.flows.has_path || all.flows.has_addr);
	assert_int_equal(all.flows.port, 0);
	assert_int_equal(all.flows.limit, CONTROL_FLOWS_DEFAULT);
	assert_true(some.flows.has_kind && some.flows.has_path && some.flows.has_addr);
	assert_int_equal(some.flows.kind, FLOW_UDP);
	assert_true(some.flows.local);
	assert_true(addr_equal(&some.flows.addr, &in6addr_loopback));
	assert_int_equal(some.flows.port, 53);
	assert_int_equal(some.flows.limit, 7);
	assert_false(parse_ok("flows tap").flows.local);
}

static void test_request_log(void **state)
{
	(void)state;
	assert_false(parse_ok("log").has_level);
	assert_true(parse_ok("log trace").has_level);
	assert_int_equal(parse_ok("log trace").level, LOG_LEVEL_TRACE);
	assert_int_equal(parse_ok("log error").level, LOG_LEVEL_ERROR);
	assert_string_equal(control_level_name(LOG_LEVEL_WARNING), "warning");
}

static void test_request_capture_has_limits(void **state)
{
	struct control_request request = parse_ok("capture start packets 5 bytes 4294967295");

	(void)state;
	assert_int_equal(request.verb, CONTROL_CAPTURE);
	assert_int_equal(request.capture, CONTROL_CAPTURE_START);
	assert_int_equal(request.wanted.frames, 5);
	assert_int_equal(request.wanted.bytes, 4294967295);
	request = parse_ok("capture start");
	assert_int_equal(request.wanted.frames + request.wanted.bytes, 0);
	assert_int_equal(parse_ok("capture").capture, CONTROL_CAPTURE_SHOW);
	assert_int_equal(parse_ok("capture stop").capture, CONTROL_CAPTURE_STOP);
	request = parse_ok("capture start bytes 7 filter tcp port 80");
	assert_int_equal(request.wanted.bytes, 7);
	assert_int_equal(request.wanted.filter.count, 3);
	parse_error("capture start filter tcp bytes 7",
		    "filter: 'bytes': must be and, or, or the end");
	parse_error("capture x", "capture: 'x': must be start or stop");
	parse_error("capture stop now", "'now': there is nothing that could follow");
	parse_error("capture start 5", "capture start: '5': must be packets, bytes or filter");
	parse_error(
		"capture start packets",
		"capture start packets: a word is missing: must be a number from 1 to 4294967295");
	parse_error("capture start bytes 0",
		    "capture start bytes: '0': must be a number from 1 to 4294967295");
}

static void test_request_policy(void **state)
{
	static const char one[] =
		"must be tcp/ADDR:PORT, udp/ADDR:PORT or icmp/ADDR, or have a name for ADDR";
	struct control_request request = parse_ok("policy test udp/192.0.2.1:53");
	char text[200];

	(void)state;
	assert_int_equal(parse_ok("policy show").verb, CONTROL_POLICY_SHOW);
	assert_int_equal(parse_ok("policy learnt").verb, CONTROL_POLICY_LEARNT);
	parse_error("policy learnt x", "'x': there is nothing that could follow");
	assert_int_equal(request.verb, CONTROL_POLICY_TEST);
	assert_int_equal(request.test.protocol, POLICY_UDP);
	assert_int_equal(request.test.port, 53);
	assert_int_equal(parse_ok("policy test icmp/[::2]").test.port, 0);
	assert_string_equal(parse_ok("policy test tcp/Example.org:443").test.name, "example.org");
	parse_error("policy", "policy: a word is missing: must be show, load, test or learnt");
	snprintf(text, sizeof(text), "policy test: 'tcp/any:1': %s", one);
	request = parse_ok("policy load build.policy");
	assert_int_equal(request.verb, CONTROL_POLICY_LOAD);
	assert_string_equal(request.policy_name, "build.policy");
	parse_error("policy load", "policy load: a word is missing: must be a name for it");
	parse_error("policy x", "policy: 'x': must be show, load, test or learnt");
	parse_error("policy test tcp/any:1", text);
	snprintf(text, sizeof(text), "policy test: a word is missing: %s", one);
	parse_error("policy test", text);
	parse_error("policy test tcp/192.0.2.1:x",
		    "policy test: ':x': ports are numbers or ranges, separated by commas");
}

static void test_request_errors_quote_the_word(void **state)
{
	(void)state;
	parse_error("", "request: a word is missing: must be status, counters, flows, forward, "
			"policy, dns, log, "
			"capture, quit, begin, commit or abort");
	parse_error("statu", "request: 'statu': must be status, counters, flows, forward, policy, "
			     "dns, log, capture, "
			     "quit, begin, commit or abort");
	parse_error("statuss x", "request: 'statuss': must be status, counters, flows, forward, "
				 "policy, dns, log, capture, "
				 "quit, begin, commit or abort");
	parse_error("status now", "'now': there is nothing that could follow");
	parse_error("flows tcp icmp",
		    "flows: 'icmp': must be tcp, udp, ping, local, tap, addr, port or limit");
	parse_error("flows addr", "flows addr: a word is missing: must be an IPv4 or IPv6 address");
	parse_error("flows addr 1.2.3", "flows addr: '1.2.3': must be an IPv4 or IPv6 address");
	parse_error("flows addr 1.2.3.4/8",
		    "flows addr: '1.2.3.4/8': must be an IPv4 or IPv6 address");
	parse_error("flows port 0", "flows port: '0': must be a port, from 1 to 65535");
	parse_error("flows port 65536", "flows port: '65536': must be a port, from 1 to 65535");
	parse_error("flows limit -1", "flows limit: '-1': must be a number from 1 on");
	parse_error("forward",
		    "forward: a word is missing: must be list, add, rm, clear or replace");
	parse_error("log loud", "log: 'loud': must be error, warning, info, debug or trace");
	parse_error("quit later", "quit: 'later': must be now, if anything");
}

static void test_request_forward(void **state)
{
	struct control_request request = parse_ok("forward add  -T 80, 81:82");

	(void)state;
	assert_int_equal(request.verb, CONTROL_FORWARD);
	assert_int_equal(request.forward.kind, CONTROL_FORWARD_ADD);
	assert_int_equal(request.forward.direction, FWD_TCP_TO_HOST);
	assert_string_equal(request.forward.spec, "80, 81:82");
	request = parse_ok("forward replace -u none");
	assert_int_equal(request.forward.kind, CONTROL_FORWARD_REPLACE);
	assert_int_equal(request.forward.direction, FWD_UDP_TO_NS);
	request = parse_ok("forward rm 4294967295");
	assert_int_equal(request.forward.id, UINT32_MAX);
	assert_null(request.forward.spec);
	request = parse_ok("forward rm -U ~80");
	assert_int_equal(request.forward.id, 0);
	assert_string_equal(request.forward.spec, "~80");
	request = parse_ok("forward clear -t -U");
	assert_true(request.forward.cleared[FWD_TCP_TO_NS]);
	assert_false(request.forward.cleared[FWD_UDP_TO_NS]);
	assert_true(request.forward.cleared[FWD_UDP_TO_HOST]);
	assert_int_equal(parse_ok("begin").verb, CONTROL_BEGIN);
	assert_int_equal(parse_ok("commit").verb, CONTROL_COMMIT);
	assert_int_equal(parse_ok("abort").verb, CONTROL_ABORT);
}

static void test_request_forward_errors(void **state)
{
	(void)state;
	parse_error("forward add 80", "forward: '80': must be -t, -u, -T or -U");
	parse_error("forward add -t", "forward: a word is missing: ports");
	parse_error("forward add -t x", "-t: ports 'x': not a port number");
	parse_error("forward add -t none", "-t: ports 'none': there are none to add");
	parse_error("forward rm -U none", "-U: ports 'none': there are none to remove");
	parse_error("forward rm",
		    "forward rm: a word is missing: must be a rule's ID, or -t, -u, -T or -U");
	parse_error("forward rm 0", "forward rm: '0': must be a rule's ID, or -t, -u, -T or -U");
	parse_error("forward rm 1 2", "forward rm: '2': must be a rule's ID, or -t, -u, -T or -U");
	parse_error("forward clear", "forward clear: a word is missing: must be -t, -u, -T or -U");
	parse_error("forward clear -t 80", "forward clear: '80': must be -t, -u, -T or -U");
	parse_error("begin now", "'now': there is nothing that could follow");
}

static void test_request_error_of_a_long_word_is_short(void **state)
{
	char line[CONTROL_LINE_MAX];
	struct control_request request;
	struct err err;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(control_request_parse(line, &request, &err), -EINVAL);
	assert_non_null(strstr(err.text, "x': must be status"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_verbs),
		cmocka_unit_test(test_request_flows),
		cmocka_unit_test(test_request_log),
		cmocka_unit_test(test_request_capture_has_limits),
		cmocka_unit_test(test_request_policy),
		cmocka_unit_test(test_request_errors_quote_the_word),
		cmocka_unit_test(test_request_forward),
		cmocka_unit_test(test_request_forward_errors),
		cmocka_unit_test(test_request_error_of_a_long_word_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
