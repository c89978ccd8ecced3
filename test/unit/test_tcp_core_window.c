/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP core: the window that we announce, and when an acknowledgement is due.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/tcp/turns.h"
#include "test/unit/tcp_conn.h"

static void test_tcp_core_window_without_scale(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, TCP_WSCALE_NONE);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	assert_int_equal(tcp_conn_announce(&s->c, 1000000), 65535);
	assert_int_equal(s->c.rcv_edge, NS + 1 + 65535);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 60000);
	assert_int_equal(tcp_conn_announce(&s->c, 0), 5535);
	assert_int_equal(tcp_conn_announce(&s->c, 5536), 5536);
}

static void test_tcp_core_window_scaled(void **state)
{
	struct tcp_script *s = *state;

	assert_int_equal(s->c.rcv_scale, 10);
	assert_int_equal(tcp_conn_announce(&s->c, 4 << 20), 4096);
	assert_int_equal(tcp_conn_announce(&s->c, 128 << 20), 65535);
}

/* By what the namespace sees: the acknowledgement plus the scaled field */
static void test_tcp_core_window_never_moves_back(void **state)
{
	static const uint32_t lens[] = { 1, 999, 1024, 1025, 4000, 3, 20000 };
	struct tcp_script *s = *state;
	uint32_t edge = NS + 1, held = 0;

	for (unsigned int i = 0; i < 2000; i++) {
		uint32_t len = lens[i % 7], room = s->c.rcv_edge - s->c.rcv_nxt, seen;

		script_feed_held(s, s->c.rcv_nxt, TCP_ACK, US + 1, len);
		assert_int_equal(s->a.accept_len, len < room ? len : room);
		held = i % 5 ? held + s->a.accept_len : i % 3;
		tcp_conn_taken(&s->c, held);
		seen = (uint32_t)tcp_conn_announce(&s->c, i * 7919 % 50000) << 10;
		seen += s->c.rcv_ack;
		assert_true(tcp_seq_le(edge, seen));
		assert_true(tcp_seq_le(seen, s->c.rcv_edge));
		edge = seen;
	}
}

static void test_tcp_core_window_closed_is_zero(void **state)
{
	struct tcp_script *s = *state;

	while (s->c.rcv_nxt != s->c.rcv_edge)
		script_feed(s, s->c.rcv_nxt, TCP_ACK, US + 1, 1000);
	assert_int_equal(tcp_conn_announce(&s->c, 0), 0);
	assert_int_equal(tcp_conn_announce(&s->c, 0), 0);
	assert_int_equal(tcp_conn_announce(&s->c, 1), 1);
}

static void test_tcp_core_nothing_new_is_not_said(void **state)
{
	struct tcp_script *s = *state;

	s->c.ack_state = TCP_ACK_DUE;
	assert_false(tcp_conn_ack_wanted(&s->c, 100 * 1024));
	assert_false(tcp_conn_ack_wanted(&s->c, 199 * 1024));
	assert_true(tcp_conn_ack_wanted(&s->c, 200 * 1024)); /* twice as much */
	s->c.ack_state = TCP_ACK_NOW;
	assert_true(tcp_conn_ack_wanted(&s->c, 0));
	s->c.ack_state = TCP_ACK_NONE;
	assert_false(tcp_conn_ack_wanted(&s->c, 1000000));
}

/* All that was announced is used up, and acknowledged but for the window */
static void script_close_window(struct tcp_script *s)
{
	while (s->c.rcv_nxt != s->c.rcv_edge)
		script_feed(s, s->c.rcv_nxt, TCP_ACK, US + 1, 1000);
	tcp_conn_announce(&s->c, 0);
	s->c.ack_state = TCP_ACK_DUE;
}

static void test_tcp_core_window_that_opens_is_told_once_a_segment_fits(void **state)
{
	struct tcp_script *s = *state;

	s->c.mss = s->c.rcv_mss = 8000;
	script_close_window(s);
	assert_false(tcp_conn_ack_wanted(&s->c, 7168)); /* 7 units of the window's scale */
	assert_true(tcp_conn_ack_wanted(&s->c, 8000));
	assert_int_equal(tcp_conn_announce(&s->c, 8000), 8);
	s->c.ack_state = TCP_ACK_DUE;
	assert_false(tcp_conn_ack_wanted(&s->c, 15 * 1024));
	assert_true(tcp_conn_ack_wanted(&s->c, 16 * 1024));
}

static void test_tcp_core_window_that_opens_is_told_once_it_is_half_of_the_largest(void **state)
{
	struct tcp_script *s = *state;

	s->c.mss = s->c.rcv_mss = 65480;
	assert_int_equal(tcp_conn_announce(&s->c, 100 * 1024), 100);
	script_close_window(s);
	assert_false(tcp_conn_ack_wanted(&s->c, 49 * 1024));
	assert_true(tcp_conn_ack_wanted(&s->c, 50 * 1024));
}

/* Segments are larger than the window at first */
static void test_tcp_core_half_of_a_window_is_acknowledged_at_once(void **state)
{
	struct tcp_script *s = *state;

	s->c.mss = s->c.rcv_mss = 65480;
	script_feed(s, NS + 1, TCP_ACK, US + 1, 40 * 1024);
	assert_int_equal(s->c.ack_state, TCP_ACK_DELAYED);
	script_feed(s, NS + 1 + 40 * 1024, TCP_ACK, US + 1, 10 * 1024);
	assert_int_equal(s->c.ack_state, TCP_ACK_DUE);
}

static void test_tcp_core_two_segments_are_acknowledged_at_once(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 999);
	script_feed(s, NS + 1000, TCP_ACK, US + 1, 999);
	assert_int_equal(s->c.ack_state, TCP_ACK_DELAYED);
	script_feed(s, NS + 1999, TCP_ACK, US + 1, 2);
	assert_int_equal(s->c.ack_state, TCP_ACK_DUE);
}

/* The namespace sends @len bytes. Return: how their acknowledgement may wait */
static uint8_t ask(struct tcp_script *s, uint32_t len)
{
	script_feed(s, s->c.rcv_nxt, TCP_ACK, s->c.snd_nxt, len);
	return s->c.ack_state;
}

/* And gets an answer, which carries it */
static void answer(struct tcp_script *s)
{
	tcp_conn_sent(&s->c, 100, false, s->now_ns);
	tcp_conn_announce(&s->c, 100 * 1024);
}

static void take_turns(struct tcp_script *s, int count)
{
	for (int i = 0; i < count; i++) {
		assert_int_equal(ask(s, 10), TCP_ACK_DELAYED);
		answer(s);
	}
}

static void test_tcp_core_acknowledgement_waits_for_an_answer_once_that_is_the_habit(void **state)
{
	struct tcp_script *s = *state;

	take_turns(s, TCP_TURNS_ENOUGH);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(s, 10), TCP_ACK_CARRIED);
		assert_true(tcp_conn_ack_wanted(&s->c, 100 * 1024));
		answer(s);
		answer(s); /* in two parts */
	}
}

/* The namespace had no answer for so long that it was told */
static void acknowledge(struct tcp_script *s)
{
	tcp_conn_announce(&s->c, 100 * 1024);
}

static void test_tcp_core_what_comes_after_an_acknowledgement_ends_the_habit(void **state)
{
	struct tcp_script *s = *state;

	take_turns(s, TCP_TURNS_ENOUGH);
	assert_int_equal(ask(s, 10), TCP_ACK_CARRIED);
	acknowledge(s);
	assert_int_equal(ask(s, 10), TCP_ACK_DELAYED);
	answer(s); /* a turn */
	take_turns(s, TCP_TURNS_ENOUGH - 1);
	assert_int_equal(ask(s, 10), TCP_ACK_CARRIED);
}

static void test_tcp_core_who_waits_for_acknowledgements_never_has_the_habit(void **state)
{
	struct tcp_script *s = *state;

	for (int i = 0; i < 5 * TCP_TURNS_ENOUGH; i++) {
		assert_int_equal(ask(s, 10), TCP_ACK_DELAYED);
		acknowledge(s);
		assert_int_equal(ask(s, 10), TCP_ACK_DELAYED);
		answer(s);
	}
}

/* As by a server that writes a header and a body: it goes on without being told anything */
static void test_tcp_core_what_comes_in_parts_is_one_turn(void **state)
{
	struct tcp_script *s = *state;

	for (int i = 0; i < TCP_TURNS_ENOUGH; i++) {
		assert_int_equal(ask(s, 10), TCP_ACK_DELAYED);
		assert_int_equal(ask(s, 100), TCP_ACK_DELAYED);
		answer(s);
	}
	assert_int_equal(ask(s, 10), TCP_ACK_CARRIED);
	assert_int_equal(ask(s, 100), TCP_ACK_CARRIED);
	answer(s);
	assert_int_equal(ask(s, 10), TCP_ACK_CARRIED);
	assert_int_equal(ask(s, 1000), TCP_ACK_DUE);
}

static void test_tcp_core_what_is_sent_again_is_no_answer(void **state)
{
	struct tcp_script *s = *state;

	take_turns(s, TCP_TURNS_ENOUGH);
	assert_int_equal(ask(s, 10), TCP_ACK_CARRIED);
	s->c.snd_nxt -= 100;
	answer(s);
	assert_int_equal(ask(s, 10), TCP_ACK_DELAYED);
}

/* What can't be announced is no reason to speak: it would say the same as the last one */
static void test_tcp_core_window_update_that_cannot_be_expressed_is_not_said(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, TCP_WSCALE_NONE);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	tcp_conn_announce(&s->c, 1000000);
	script_feed_held(s, NS + 1, TCP_ACK, US + 1, 1000);
	tcp_conn_taken(&s->c, 1000);
	s->c.ack_state = TCP_ACK_DUE;
	assert_false(tcp_conn_ack_wanted(&s->c, 1000000));
}

static void test_tcp_core_window_update_said_without_scale(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, TCP_WSCALE_NONE);
	s->c.mss = s->c.rcv_mss = 65483;
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 65535);
	assert_int_equal(tcp_conn_announce(&s->c, 0), 0);
	s->c.ack_state = TCP_ACK_DUE;
	assert_false(tcp_conn_ack_wanted(&s->c, 32766));
	assert_true(tcp_conn_ack_wanted(&s->c, 32767));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(test_tcp_core_window_without_scale),
		script_test(test_tcp_core_window_scaled),
		script_test(test_tcp_core_window_never_moves_back),
		script_test(test_tcp_core_window_closed_is_zero),
		script_test(test_tcp_core_nothing_new_is_not_said),
		script_test(test_tcp_core_window_that_opens_is_told_once_a_segment_fits),
		script_test(test_tcp_core_window_that_opens_is_told_once_it_is_half_of_the_largest),
		script_test(test_tcp_core_half_of_a_window_is_acknowledged_at_once),
		script_test(test_tcp_core_two_segments_are_acknowledged_at_once),
		script_test(
			test_tcp_core_acknowledgement_waits_for_an_answer_once_that_is_the_habit),
		script_test(test_tcp_core_what_comes_after_an_acknowledgement_ends_the_habit),
		script_test(test_tcp_core_who_waits_for_acknowledgements_never_has_the_habit),
		script_test(test_tcp_core_what_comes_in_parts_is_one_turn),
		script_test(test_tcp_core_what_is_sent_again_is_no_answer),
		script_test(test_tcp_core_window_update_that_cannot_be_expressed_is_not_said),
		script_test(test_tcp_core_window_update_said_without_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
