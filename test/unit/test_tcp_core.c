/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP core: opening, what comes in, resets and both ways of closing. What goes out, windows
 * and timers are in test_tcp_core_send.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/tcp_conn.h"

#define assert_accepts(s, offset, len)                                                             \
	do {                                                                                       \
		assert_int_equal((s)->a.accept_offset, offset);                                    \
		assert_int_equal((s)->a.accept_len, len);                                          \
	} while (0)

/* --- opening ---------------------------------------------------------------------------------- */

static void test_tcp_core_syn_waits_for_the_host(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 7);
	assert_int_equal(s->c.tap_state, TCP_TAP_CONNECTING);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	assert_int_equal(script_later(s, 1000, 0), TCP_IDLE_MS);
	assert_no_action(s);
}

static void test_tcp_core_handshake(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 7);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	assert_true(s->a.synack);
	assert_int_equal(s->c.snd_una, US);
	assert_int_equal(s->c.rcv_ack, NS + 1);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
	assert_true(s->a.pull);
	assert_int_equal(s->a.discard, 0);
	assert_int_equal(tcp_conn_room(&s->c), 256 * 1024); /* 50000 << 7 is more than that */
}

static void test_tcp_core_handshake_with_data_and_fin(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 0);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 10);
	assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
	assert_accepts(s, 0, 10);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
}

static void test_tcp_core_syn_repeated_while_connecting_ignored(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 0);
	script_feed(s, NS, TCP_SYN, 0, 0);
	assert_no_action(s);
	assert_int_equal(s->c.ack_state, TCP_ACK_NONE);
}

static void test_tcp_core_syn_of_another_connection_while_connecting(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 0);
	script_feed(s, NS + 77, TCP_SYN, 0, 0);
	assert_true(s->a.reset_host);
}

static void test_tcp_core_stray_ack_while_connecting_ignored(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 0);
	script_feed(s, NS + 77, TCP_ACK, 1, 0);
	assert_no_action(s);
}

static void test_tcp_core_rst_while_connecting(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 0);
	script_feed(s, NS, TCP_RST, 0, 0);
	assert_no_action(s);
	script_feed(s, NS + 1, TCP_RST, 0, 0);
	assert_true(s->a.reset_host);
}

static void test_tcp_core_syn_repeated_gets_synack_again(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 0);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS, TCP_SYN, 0, 0);
	assert_true(s->a.synack);
	assert_int_equal(s->c.snd_una, US);
	assert_int_equal(s->c.snd_max, US + 1);
}

static void test_tcp_core_wrong_ack_of_synack_gets_rst(void **state)
{
	static const uint32_t wrong[] = { US - 5, US, US + 2, US + 0x80000001 };
	struct tcp_script *s = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		script_syn(s, NS, US, 0);
		tcp_conn_connected(&s->c, s->now_ns, &s->a);
		script_feed(s, NS + 1, TCP_ACK, wrong[i], 5);
		assert_true(s->a.reply_reset);
		assert_int_equal(s->a.accept_len, 0);
		assert_int_equal(s->c.tap_state, TCP_TAP_SYN_RECEIVED);
	}
}

/* --- data ------------------------------------------------------------------------------------- */

static void test_tcp_core_data_in_order(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 10);
	assert_accepts(s, 0, 10);
	assert_int_equal(s->c.ack_state, TCP_ACK_DELAYED);
	assert_int_equal(s->c.rcv_ack, NS + 11);
	script_feed(s, NS + 11, TCP_ACK, US + 1, 1000);
	assert_accepts(s, 0, 1000);
	assert_int_equal(s->c.ack_state, TCP_ACK_DUE);
	assert_int_equal(s->c.rcv_ack, NS + 1011);
}

static void test_tcp_core_data_without_ack_dropped(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, 0, 0, 10);
	assert_no_action(s);
	assert_int_equal(s->c.rcv_nxt, NS + 1);
}

static void test_tcp_core_old_data_acknowledged_again(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 100);
	tcp_conn_announce(&s->c, 100 * 1024);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 60);
	assert_accepts(s, 0, 0);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	assert_int_equal(s->c.rcv_nxt, NS + 101);
}

static void test_tcp_core_partly_old_data_gives_the_rest(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 100);
	script_feed(s, NS + 61, TCP_ACK, US + 1, 100);
	assert_accepts(s, 40, 60);
	assert_int_equal(s->c.rcv_nxt, NS + 161);
}

static void test_tcp_core_data_beyond_the_window_cut(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, TCP_WSCALE_NONE);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 65536);
	assert_accepts(s, 0, 65535);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_OPEN); /* the FIN was behind it */
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	script_feed(s, NS + 65536, TCP_ACK, US + 1, 1); /* as a zero-window probe may */
	assert_accepts(s, 0, 0);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	script_feed(s, NS + 65536, TCP_ACK | TCP_FIN, US + 1, 0); /* a FIN needs no window */
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	assert_false(tcp_seq_lt(s->c.rcv_edge, s->c.rcv_nxt));
}

static void test_tcp_core_keep_alive_answered(void **state)
{
	struct tcp_script *s = *state;

	for (uint32_t garbage = 0; garbage <= 1; garbage++) {
		tcp_conn_announce(&s->c, 100 * 1024);
		script_feed(s, NS, TCP_ACK, US + 1, garbage);
		assert_int_equal(s->a.accept_len, 0);
		assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
		assert_true(tcp_conn_ack_wanted(&s->c, 0));
		assert_int_equal(s->c.rcv_nxt, NS + 1);
	}
}

static void test_tcp_core_numbers_wrap(void **state)
{
	struct tcp_script *s = *state;

	script_open_at(s, 0xfffffff0, 0xffffff00);
	script_feed(s, 0xfffffff1, TCP_ACK, 0xffffff01, 100);
	assert_accepts(s, 0, 100);
	assert_int_equal(s->c.rcv_nxt, 0x55);
	script_feed(s, 0xfffffffb, TCP_ACK, 0xffffff01, 100);
	assert_accepts(s, 90, 10);
	tcp_conn_sent(&s->c, 1000, false, s->now_ns);
	script_feed(s, 0x5f, TCP_ACK, 0xffffff01 + 1000, 0);
	assert_int_equal(s->a.discard, 1000);
	script_feed(s, 0x5f, TCP_ACK, 0xffffff01, 0);
	assert_int_equal(s->a.discard, 0);
	assert_int_equal(s->c.snd_una, 0xffffff01 + 1000);
}

/* --- the socket takes only a part ------------------------------------------------------------- */

static void test_tcp_core_held_bytes_not_acknowledged(void **state)
{
	struct tcp_script *s = *state;

	script_feed_held(s, NS + 1, TCP_ACK, US + 1, 2000);
	tcp_conn_taken(&s->c, 1500);
	assert_int_equal(s->c.rcv_ack, NS + 501);
	assert_int_equal(s->c.rcv_nxt, NS + 2001);
	tcp_conn_taken(&s->c, 0);
	assert_int_equal(s->c.rcv_ack, NS + 2001);
}

static void test_tcp_core_stalled_bytes_acknowledged_in_time(void **state)
{
	struct tcp_script *s = *state;

	script_feed_held(s, NS + 1, TCP_ACK, US + 1, 2000);
	tcp_conn_taken(&s->c, 2000);
	assert_false(tcp_conn_ack_wanted(&s->c, 0));
	assert_int_equal(tcp_conn_timer_ms(&s->c, 2000), 100);
	assert_true(script_later(s, 100, 2000) > 100000); /* once, not for as long as it lasts */
	assert_true(tcp_conn_timer_ms(&s->c, 2000) > 100000);
	assert_int_equal(s->c.rcv_ack, NS + 2001);
	assert_true(tcp_conn_ack_wanted(&s->c, 0));
	tcp_conn_taken(&s->c, 1000); /* what was acknowledged stays so */
	assert_int_equal(s->c.rcv_ack, NS + 2001);
}

static void test_tcp_core_refused_bytes_come_again(void **state)
{
	struct tcp_script *s = *state;

	script_feed_held(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 2000);
	tcp_conn_refused(&s->c, 1200);
	tcp_conn_taken(&s->c, 300);
	assert_int_equal(s->c.rcv_nxt, NS + 801);
	assert_int_equal(s->c.rcv_ack, NS + 501);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_OPEN);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 2000);
	assert_accepts(s, 800, 1200);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	assert_int_equal(s->c.rcv_nxt, NS + 2002);
}

/* --- RST and SYN, RFC 5961 -------------------------------------------------------------------- */

static void test_tcp_core_rst_exact_resets(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_RST, 0, 0);
	assert_true(s->a.reset_host);
	assert_false(s->a.reset_both);
}

static void test_tcp_core_rst_inside_window_challenged(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 2, TCP_RST | TCP_ACK, US + 1, 0);
	assert_no_action(s);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
}

static void test_tcp_core_rst_outside_window_dropped(void **state)
{
	static const uint32_t seqs[] = { NS, NS + 1 + 100 * 1024, NS + 0x80000001 };
	struct tcp_script *s = *state;

	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		script_open(s);
		script_feed(s, seqs[i], TCP_RST, 0, 0);
		assert_no_action(s);
		assert_int_equal(s->c.ack_state, TCP_ACK_NONE);
	}
}

static void test_tcp_core_rst_at_the_acknowledged_number_resets(void **state)
{
	struct tcp_script *s = *state;

	script_feed_held(s, NS + 1, TCP_ACK, US + 1, 2000);
	tcp_conn_taken(&s->c, 2000);
	tcp_conn_announce(&s->c, 1000); /* says NS + 1; a socket that is gone answers there */
	script_feed(s, NS + 1, TCP_RST, 0, 0);
	assert_true(s->a.reset_host);
}

static void test_tcp_core_syn_in_open_connection_challenged(void **state)
{
	static const uint32_t seqs[] = { NS, NS + 1, NS + 500, NS + 0x70000000 };
	struct tcp_script *s = *state;

	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		script_open(s);
		script_feed(s, seqs[i], TCP_SYN, 0, 0);
		assert_no_action(s);
		assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
		assert_int_equal(s->c.tap_state, TCP_TAP_ESTABLISHED);
	}
}

static void test_tcp_core_ack_of_unsent_data_challenged(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 2, 10);
	assert_no_action(s);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void test_tcp_core_namespace_closes_first(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 10);
	assert_accepts(s, 0, 10);
	assert_int_equal(s->c.rcv_ack, NS + 11); /* not the FIN yet */
	tcp_conn_shut(&s->c, &s->a);
	assert_false(s->a.closed);
	assert_int_equal(s->c.rcv_ack, NS + 12);
	assert_true(tcp_conn_ack_wanted(&s->c, 1000));
	assert_int_equal(tcp_conn_room(&s->c), WINDOW); /* the other direction goes on */
	tcp_conn_sent(&s->c, 500, false, s->now_ns);
	script_feed(s, NS + 12, TCP_ACK, US + 501, 0);
	assert_int_equal(s->a.discard, 500);
	tcp_conn_eof(&s->c);
	assert_true(tcp_conn_fin_due(&s->c));
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	assert_false(tcp_conn_fin_due(&s->c));
	script_feed(s, NS + 12, TCP_ACK, US + 502, 0);
	assert_int_equal(s->a.discard, 0);
	assert_true(s->a.closed);
}

static void test_tcp_core_host_closes_first(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 300, false, s->now_ns);
	tcp_conn_eof(&s->c);
	assert_true(tcp_conn_fin_due(&s->c));
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK, US + 302, 0);
	assert_int_equal(s->a.discard, 300);
	assert_int_equal(s->c.to_ns_state, TCP_TO_NS_FIN_ACKED);
	assert_false(s->a.closed);
	script_feed(s, NS + 1, TCP_ACK, US + 302, 700);
	assert_accepts(s, 0, 700);
	script_feed(s, NS + 701, TCP_ACK | TCP_FIN, US + 302, 0);
	tcp_conn_shut(&s->c, &s->a);
	assert_true(s->a.closed);
}

static void test_tcp_core_both_close_at_once(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_eof(&s->c);
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 0);
	assert_false(s->a.closed);
	tcp_conn_shut(&s->c, &s->a);
	assert_false(s->a.closed);
	script_feed(s, NS + 2, TCP_ACK, US + 2, 0);
	assert_true(s->a.closed);
}

static void test_tcp_core_fin_held_by_a_backlog(void **state)
{
	struct tcp_script *s = *state;

	script_feed_held(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 10);
	tcp_conn_taken(&s->c, 10);
	assert_int_equal(s->c.rcv_ack, NS + 1);
	script_later(s, 100, 10); /* stalled: the bytes are acknowledged, the FIN is not */
	assert_int_equal(s->c.rcv_ack, NS + 11);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	tcp_conn_announce(&s->c, 1000);
	script_feed(s, NS + 11, TCP_ACK | TCP_FIN, US + 1, 0); /* again */
	assert_accepts(s, 0, 0);
	assert_int_equal(s->c.rcv_ack, NS + 11);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	tcp_conn_taken(&s->c, 0);
	tcp_conn_shut(&s->c, &s->a);
	assert_int_equal(s->c.rcv_ack, NS + 12);
}

static void test_tcp_core_fin_repeated_answered(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 0);
	tcp_conn_shut(&s->c, &s->a);
	tcp_conn_announce(&s->c, 1000);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 0);
	assert_no_action(s);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	assert_int_equal(s->c.rcv_nxt, NS + 2);
}

static void test_tcp_core_fin_behind_old_data_counts(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 100);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 100);
	assert_accepts(s, 100, 0);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	assert_int_equal(s->c.rcv_nxt, NS + 102);
}

static void test_tcp_core_data_behind_fin_dropped(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 0);
	script_feed(s, NS + 2, TCP_ACK, US + 1, 10);
	assert_accepts(s, 0, 0);
	assert_int_equal(s->c.rcv_nxt, NS + 2);
}

static void test_tcp_core_time_wait(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 0);
	tcp_conn_shut(&s->c, &s->a);
	tcp_conn_announce(&s->c, 1000);
	s->c.tap_state = TCP_TAP_TIME_WAIT;
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 1000);
	script_feed(s, NS + 2, TCP_ACK, US + 2, 0); /* nothing that needs an answer */
	assert_int_equal(s->c.ack_state, TCP_ACK_NONE);
	script_feed(s, NS + 2, TCP_RST, 0, 0);
	assert_int_equal(s->c.ack_state, TCP_ACK_NONE);
	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 2, 0);
	assert_no_action(s);
	assert_int_equal(s->c.ack_state, TCP_ACK_NOW);
	assert_int_equal(script_later(s, 1000, 0), 0);
	assert_true(s->a.closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(test_tcp_core_syn_waits_for_the_host),
		script_test(test_tcp_core_handshake),
		script_test(test_tcp_core_handshake_with_data_and_fin),
		script_test(test_tcp_core_syn_repeated_while_connecting_ignored),
		script_test(test_tcp_core_syn_of_another_connection_while_connecting),
		script_test(test_tcp_core_stray_ack_while_connecting_ignored),
		script_test(test_tcp_core_rst_while_connecting),
		script_test(test_tcp_core_syn_repeated_gets_synack_again),
		script_test(test_tcp_core_wrong_ack_of_synack_gets_rst),
		script_test(test_tcp_core_data_in_order),
		script_test(test_tcp_core_data_without_ack_dropped),
		script_test(test_tcp_core_old_data_acknowledged_again),
		script_test(test_tcp_core_partly_old_data_gives_the_rest),
		script_test(test_tcp_core_data_beyond_the_window_cut),
		script_test(test_tcp_core_keep_alive_answered),
		script_test(test_tcp_core_numbers_wrap),
		script_test(test_tcp_core_held_bytes_not_acknowledged),
		script_test(test_tcp_core_stalled_bytes_acknowledged_in_time),
		script_test(test_tcp_core_refused_bytes_come_again),
		script_test(test_tcp_core_rst_exact_resets),
		script_test(test_tcp_core_rst_inside_window_challenged),
		script_test(test_tcp_core_rst_outside_window_dropped),
		script_test(test_tcp_core_rst_at_the_acknowledged_number_resets),
		script_test(test_tcp_core_syn_in_open_connection_challenged),
		script_test(test_tcp_core_ack_of_unsent_data_challenged),
		script_test(test_tcp_core_namespace_closes_first),
		script_test(test_tcp_core_host_closes_first),
		script_test(test_tcp_core_both_close_at_once),
		script_test(test_tcp_core_fin_held_by_a_backlog),
		script_test(test_tcp_core_fin_repeated_answered),
		script_test(test_tcp_core_fin_behind_old_data_counts),
		script_test(test_tcp_core_data_behind_fin_dropped),
		script_test(test_tcp_core_time_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
