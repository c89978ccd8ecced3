/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP core: connections that we open to the namespace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/tcp_conn.h"

static void script_connect(struct tcp_script *s)
{
	*s = (struct tcp_script){ .now_ns = 1000 * NS_PER_S };
	tcp_conn_open(&s->c, US, 1460, s->now_ns);
}

#define connect_test(test) cmocka_unit_test_setup_teardown(test, connect_setup, script_teardown)

static int connect_setup(void **state)
{
	int rc = script_setup(state);

	if (!rc)
		script_connect(*state);
	return rc;
}

static void feed_synack(struct tcp_script *s, uint8_t wscale)
{
	struct tcp_segment seg = script_segment(NS, TCP_SYN | TCP_ACK, US + 1, 0);

	seg.mss = MSS;
	seg.wscale = wscale;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
}

static void test_tcp_core_open_sends_nothing_before_the_answer(void **state)
{
	struct tcp_script *s = *state;

	assert_int_equal(s->c.tap_state, TCP_TAP_SYN_SENT);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	tcp_conn_eof(&s->c);
	assert_false(tcp_conn_fin_due(&s->c));
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), TCP_RTO_MIN_MS);
}

static void test_tcp_core_open_established_by_syn_ack(void **state)
{
	struct tcp_script *s = *state;

	feed_synack(s, 7);
	assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
	assert_true(s->a.pull);
	assert_int_equal(s->a.discard, 0);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	assert_int_equal(s->c.rcv_ack, NS + 1);
	assert_int_equal(s->c.snd_una, US + 1);
	assert_int_equal(s->c.snd_nxt, US + 1);
	assert_int_equal(s->c.mss, MSS);
	assert_int_equal(s->c.snd_scale, 7);
	assert_int_equal(s->c.rcv_scale, TCP_WINDOW_SCALE);
	/* the SYN-ACK's own window is not scaled */
	assert_int_equal(tcp_conn_room(&s->c), WINDOW);
	assert_int_equal(s->c.rcv_edge, NS + 1 + TCP_SYNACK_WINDOW);
}

static void test_tcp_core_open_without_window_scale(void **state)
{
	struct tcp_script *s = *state;

	feed_synack(s, TCP_WSCALE_NONE);
	assert_int_equal(s->c.snd_scale, 0);
	assert_int_equal(s->c.rcv_scale, 0);
}

static void test_tcp_core_open_mss_is_that_of_the_tap_at_most(void **state)
{
	struct tcp_segment seg = script_segment(NS, TCP_SYN | TCP_ACK, US + 1, 0);
	struct tcp_script *s = *state;

	seg.mss = 9000;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
	assert_int_equal(s->c.mss, 1460);
	script_connect(s);
	seg.mss = 0;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
	assert_int_equal(s->c.mss, 536);
}

static void test_tcp_core_open_data_flows_afterwards(void **state)
{
	struct tcp_script *s = *state;

	feed_synack(s, 7);
	tcp_conn_announce(&s->c, 100 * 1024);
	tcp_conn_sent(&s->c, 500, false, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK, US + 501, 300);
	assert_int_equal(s->a.discard, 500);
	assert_int_equal(s->a.accept_len, 300);
	assert_int_equal(s->c.rcv_ack, NS + 301);
}

static void test_tcp_core_open_refused_by_rst(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, 0, TCP_RST | TCP_ACK, US + 1, 0);
	assert_true(s->a.reset_host);
}

static void test_tcp_core_open_rst_for_something_else_ignored(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, 0, TCP_RST | TCP_ACK, US, 0);
	assert_no_action(s);
	script_feed(s, 0, TCP_RST | TCP_ACK, US + 2, 0);
	assert_no_action(s);
	script_feed(s, NS, TCP_RST, 0, 0);
	assert_no_action(s);
	assert_int_equal(s->c.tap_state, TCP_TAP_SYN_SENT);
}

static void test_tcp_core_open_against_an_old_connection_resets_it_and_tries_again(void **state)
{
	struct tcp_script *s = *state;
	int tries = 0;

	for (int i = 0; i < 10; i++) {
		script_feed(s, NS + 77, TCP_ACK, US - 1000, 0);
		assert_true(s->a.reply_reset);
		tries += s->a.synack;
	}
	assert_int_equal(tries, 3); /* not for ever */
	feed_synack(s, 7);
	assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
	assert_int_equal(s->c.dup_acks, 0);
}

static void test_tcp_core_open_syn_ack_for_something_else_is_reset(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS, TCP_SYN | TCP_ACK, US, 0);
	assert_true(s->a.reply_reset);
	assert_int_equal(s->c.tap_state, TCP_TAP_SYN_SENT);
}

static void test_tcp_core_open_at_the_same_time_waits_for_the_answer(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS, TCP_SYN, 0, 0);
	assert_no_action(s);
	feed_synack(s, 7);
	assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
}

static void test_tcp_core_open_ack_alone_or_data_is_nothing(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS, TCP_ACK, US + 1, 100);
	assert_no_action(s);
	script_feed(s, NS, 0, 0, 100);
	assert_no_action(s);
}

static void test_tcp_core_open_data_with_the_syn_ack_comes_again(void **state)
{
	struct tcp_segment seg = script_segment(NS, TCP_SYN | TCP_ACK, US + 1, 100);
	struct tcp_script *s = *state;

	seg.mss = MSS;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
	assert_int_equal(s->a.accept_len, 0);
	assert_int_equal(s->c.rcv_ack, NS + 1);
}

static void test_tcp_core_open_syn_is_repeated_and_given_up(void **state)
{
	uint64_t wait_ms = TCP_RTO_MIN_MS;
	struct tcp_script *s = *state;

	for (int i = 0; i < TCP_SYN_RETRIES_MAX; i++) {
		uint64_t next_ms = script_later(s, wait_ms, 0);

		assert_true(s->a.synack);
		assert_false(s->a.pull);
		assert_int_equal(next_ms, 2 * wait_ms);
		wait_ms = next_ms;
	}
	script_later(s, wait_ms, 0);
	assert_true(s->a.reset_both);
}

static void test_tcp_core_open_timer_too_early_does_nothing(void **state)
{
	struct tcp_script *s = *state;

	assert_int_equal(script_later(s, 100, 0), TCP_RTO_MIN_MS - 100);
	assert_no_action(s);
}

static void test_tcp_core_open_repeated_syn_ack_is_acknowledged(void **state)
{
	struct tcp_script *s = *state;

	feed_synack(s, 7);
	tcp_conn_announce(&s->c, 100 * 1024);
	feed_synack(s, 7);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
}

static void test_tcp_core_open_both_ends_close(void **state)
{
	struct tcp_action a;
	struct tcp_script *s = *state;

	feed_synack(s, 7);
	tcp_conn_announce(&s->c, 100 * 1024);
	tcp_conn_eof(&s->c);
	assert_true(tcp_conn_fin_due(&s->c));
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 2, 0);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	tcp_conn_shut(&s->c, &a);
	assert_true(a.closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		connect_test(test_tcp_core_open_sends_nothing_before_the_answer),
		connect_test(test_tcp_core_open_established_by_syn_ack),
		connect_test(test_tcp_core_open_without_window_scale),
		connect_test(test_tcp_core_open_mss_is_that_of_the_tap_at_most),
		connect_test(test_tcp_core_open_data_flows_afterwards),
		connect_test(test_tcp_core_open_refused_by_rst),
		connect_test(test_tcp_core_open_rst_for_something_else_ignored),
		connect_test(
			test_tcp_core_open_against_an_old_connection_resets_it_and_tries_again),
		connect_test(test_tcp_core_open_syn_ack_for_something_else_is_reset),
		connect_test(test_tcp_core_open_at_the_same_time_waits_for_the_answer),
		connect_test(test_tcp_core_open_ack_alone_or_data_is_nothing),
		connect_test(test_tcp_core_open_data_with_the_syn_ack_comes_again),
		connect_test(test_tcp_core_open_syn_is_repeated_and_given_up),
		connect_test(test_tcp_core_open_timer_too_early_does_nothing),
		connect_test(test_tcp_core_open_repeated_syn_ack_is_acknowledged),
		connect_test(test_tcp_core_open_both_ends_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
