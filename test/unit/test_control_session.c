/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's bytes in, in whatever pieces, and answers out, however slowly they are read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/base/util.h"
#include "test/unit/control_fixture.h"

#define LOG_ANSWER "{\"protocol\":1,\"ok\":true,\"log\":\"info\"}\n"

static void put(struct control_session *s, const char *data, size_t len)
{
	char *buf;
	size_t room = control_session_room(s, &buf);

	assert_true(room >= len);
	memcpy(buf, data, len);
	control_session_got(s, len);
	control_session_work(s, 0);
}

static void say(struct control_session *s, const char *text)
{
	put(s, text, strlen(text));
}

/* What is to be sent is exactly @text, and is sent */
static void expect(struct control_session *s, const char *text)
{
	size_t len;
	const char *out = control_session_output(s, &len);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(out, text, len);
	control_session_sent(s, len);
}

static void test_session_answers_a_line_in_pieces(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "l");
	assert_true(control_session_owes(s));
	say(s, "og");
	expect(s, "");
	say(s, "\n");
	expect(s, LOG_ANSWER);
	assert_false(control_session_owes(s));
	assert_false(control_session_is_over(s));
}

static void test_session_answers_requests_in_order(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "log\nnonsense\nforward list\n");
	control_session_work(s, 0);
	expect(s, LOG_ANSWER
	       "{\"protocol\":1,\"ok\":false,\"error\":\"request: 'nonsense': must be status, "
	       "counters, flows, forward, policy, dns, log, capture, quit, begin, commit or "
	       "abort\"}\n"
	       "{\"protocol\":1,\"ok\":true,\"forwards\":[],\"more\":false}\n");
}

#define OK "{\"protocol\":1,\"ok\":true"
#define WRONG "{\"protocol\":1,\"ok\":false,\"error\":"

static void test_session_changes_rules(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "forward add -t auto\nforward add -t auto\nforward rm 1\n");
	expect(s, OK ",\"changed\":1,\"unchanged\":0,\"ids\":[1]}\n" OK
		     ",\"changed\":0,\"unchanged\":1,\"ids\":[1]}\n" OK
		     ",\"changed\":1,\"unchanged\":0}\n");
	say(s, "forward add -t 80\n");
	expect(s, WRONG "\"--tcp-ports '80': cannot listen on TCP port 80: Address family not "
			"supported by protocol (this address family is not enabled)\"}\n");
}

static void test_session_transaction_is_whole(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "begin\nforward add -t auto\nforward add -u auto\ncommit\n");
	expect(s, OK "}\n" OK ",\"request\":1}\n" OK ",\"request\":2}\n" OK
		     ",\"changed\":2,\"unchanged\":0}\n");
	assert_false(control_session_owes(s));
	say(s, "begin\nforward clear -t -u\nforward add -T 80\ncommit\n");
	expect(s, OK "}\n" OK ",\"request\":1}\n" OK ",\"request\":2}\n" WRONG
		     "\"--tcp-ns '80': cannot listen on TCP port 80: Address family not supported "
		     "by protocol (this address family is not enabled)\",\"request\":2}\n");
	say(s, "begin\nforward add -t 1,2\nnonsense x\ncommit\n");
	assert_true(strstr(control_session_output(s, &(size_t){ 0 }), "\"request\":2}\n"));
	assert_int_equal(engine_rules(((struct control_fixture *)*state)->subject.engine)->count,
			 2);
}

static void test_session_transaction_that_is_not_ended_owes(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "commit\n");
	expect(s, WRONG "\"commit: no transaction is under way\"}\n");
	say(s, "begin\nforward add -t auto\n");
	expect(s, OK "}\n" OK ",\"request\":1}\n");
	assert_true(control_session_owes(s));
	say(s, "begin\nabort\n");
	expect(s, WRONG "\"begin: a transaction is under way already\"}\n" OK "}\n");
	assert_false(control_session_owes(s));
	assert_int_equal(engine_rules(((struct control_fixture *)*state)->subject.engine)->count,
			 0);
}

static void test_session_transaction_has_an_end(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	char line[4096];
	int rc = snprintf(line, sizeof(line), "forward add -t %03000d\n", 1);

	assert_int_equal(rc, 3016);
	say(s, "begin\n");
	expect(s, OK "}\n");
	for (int i = 1; i <= CONTROL_TRANSACTION_MAX / 3016; i++) {
		size_t len;

		say(s, line);
		control_session_output(s, &len);
		control_session_sent(s, len);
	}
	say(s, line);
	expect(s, WRONG "\"transaction: longer than 262144 bytes\",\"request\":87}\n");
}

static void test_session_ends_when_all_is_answered_and_sent(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "log\nlog");
	control_session_end(s);
	assert_false(control_session_is_over(s));
	expect(s, LOG_ANSWER); /* half a line is none */
	assert_true(control_session_is_over(s));
}

static void test_session_status_and_counters_are_whole(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	size_t len;
	const char *out;

	say(s, "status\ncounters\n");
	out = control_session_output(s, &len);
	assert_memory_equal(out, "{\"protocol\":1,\"ok\":true,\"program\":\"pasta\"", 41);
	assert_memory_equal(out + len - 3, "}}\n", 3);
}

/* Of all that is shown, at its longest and with every byte to be escaped */
static void test_session_longest_status_fits(void **state)
{
	struct control_fixture *f = *state;
	struct control_facts *facts = &f->subject.facts;
	struct addressing_family *families[] = { &f->addressing.ip4, &f->addressing.ip6 };
	size_t len;

	facts->has_tap = true;
	memset(facts->command, '\001', sizeof(facts->command) - 1);
	memset(facts->netns, '\001', sizeof(facts->netns) - 1);
	memset(facts->template4, '\001', sizeof(facts->template4) - 1);
	memset(facts->template6, '\001', sizeof(facts->template6) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		families[i]->enabled = true;
		families[i]->addr_count = ADDRESSING_ADDRS_MAX;
		for (size_t j = 0; j < ADDRESSING_ADDRS_MAX; j++) {
			memset(&families[i]->addrs[j].addr, 0xdd, sizeof(struct in6_addr));
			families[i]->addrs[j].prefix_len = 128;
		}
	}
	say(&f->session, "status\n");
	assert_int_equal(control_session_output(&f->session, &len)[len - 1], '\n');
	assert_true(len > 8000 && len <= CONTROL_PIECE_MAX);
}

static void test_session_quit_is_answered(void **state)
{
	struct control_fixture *f = *state;

	say(&f->session, "quit\nquit now\n");
	expect(&f->session, "{\"protocol\":1,\"ok\":true}\n{\"protocol\":1,\"ok\":true}\n");
	assert_int_equal(f->quits, 2);
	assert_int_equal(f->quits_now, 1);
}

static void test_session_line_too_long_is_refused_and_ends_it(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	static char line[CONTROL_LINE_MAX];
	char *buf;

	memset(line, 'x', sizeof(line));
	put(s, line, sizeof(line));
	assert_int_equal(control_session_room(s, &buf), 0);
	assert_false(control_session_is_over(s));
	expect(s, "{\"protocol\":1,\"ok\":false,\"error\":\"request: longer than 8192 bytes\"}\n");
	assert_true(control_session_is_over(s));
}

static void test_session_longest_line_is_read(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	static char line[CONTROL_LINE_MAX];

	memset(line, ' ', sizeof(line));
	memcpy(line, "log", 3);
	line[sizeof(line) - 1] = '\n';
	put(s, line, sizeof(line));
	expect(s, LOG_ANSWER);
}

static void test_session_zero_byte_is_refused(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	put(s, "log\0\nlog\n", 9);
	expect(s, "{\"protocol\":1,\"ok\":false,\"error\":\"request: no word has a NUL "
		  "byte\"}\n" LOG_ANSWER);
}

/* Answers that nobody reads stop the work, not the engine; all are there once they are read */
static void test_session_without_a_reader_waits(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	static char lines[CONTROL_LINE_MAX];
	size_t asked = sizeof(lines) / 9, answers = 0, len;
	const char *out;

	for (size_t i = 0; i < asked; i++)
		memcpy(lines + 9 * i, "counters\n", 9);
	put(s, lines, 9 * asked);
	for (int i = 0; i < 1000; i++)
		control_session_work(s, 0);
	assert_true(control_session_is_busy(s));
	while (control_session_is_busy(s) || control_session_owes(s)) {
		out = control_session_output(s, &len);
		assert_true(len > 0 && len <= CONTROL_OUT_BYTES);
		len = MIN(len, 1000);
		for (size_t i = 0; i < len; i++)
			answers += out[i] == '\n';
		control_session_sent(s, len);
		control_session_work(s, 0);
	}
	assert_int_equal(answers, asked);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, control_fixture_setup, control_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_session_answers_a_line_in_pieces),
		TEST(test_session_answers_requests_in_order),
		TEST(test_session_changes_rules),
		TEST(test_session_transaction_is_whole),
		TEST(test_session_transaction_that_is_not_ended_owes),
		TEST(test_session_transaction_has_an_end),
		TEST(test_session_ends_when_all_is_answered_and_sent),
		TEST(test_session_status_and_counters_are_whole),
		TEST(test_session_longest_status_fits),
		TEST(test_session_quit_is_answered),
		TEST(test_session_line_too_long_is_refused_and_ends_it),
		TEST(test_session_longest_line_is_read),
		TEST(test_session_zero_byte_is_refused),
		TEST(test_session_without_a_reader_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
