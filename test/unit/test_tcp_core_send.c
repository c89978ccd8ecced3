/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP core: what goes out to the namespace, losses, its window, timers. What comes in is in
 * test_tcp_core.c, our window in test_tcp_core_window.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/tcp_conn.h"

/* --- sending ---------------------------------------------------------------------------------- */

static void test_tcp_core_mss_default_and_limits(void **state)
{
	static const struct {
		uint16_t mss, max, expected;
	} cases[] = { { 0, 1460, 536 },
		      { 1, 1460, 88 },
		      { 1460, 1000, 1000 },
		      { 65535, 1460, 1460 },
		      { 1460, 28, 28 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_segment syn = script_segment(NS, TCP_SYN, 0, 0);
		struct tcp_conn c;

		syn.mss = cases[i].mss;
		tcp_conn_accept_syn(&c, &syn, US, cases[i].max, 0);
		assert_int_equal(c.mss, cases[i].expected);
	}
}

static void test_tcp_core_announces_a_multiple_of_the_path_mss(void **state)
{
	static const struct {
		uint16_t max, path, expected;
	} cases[] = { { 1460, 1448, 1448 },   { 65480, 1448, 65160 }, { 1460, 1460, 1460 },
		      { 1460, 65483, 1460 },  { 1240, 1448, 1240 },   { 1460, 0, 1460 },
		      { 65480, 32741, 65480 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_segment syn = script_segment(NS, TCP_SYN, 0, 0);
		struct tcp_conn accepted, opened;

		syn.mss = MSS;
		tcp_conn_accept_syn(&accepted, &syn, US, cases[i].max, 0);
		tcp_conn_fit_mss(&accepted, cases[i].path);
		assert_int_equal(accepted.rcv_mss, cases[i].expected);
		tcp_conn_open(&opened, US, cases[i].max, 0);
		tcp_conn_fit_mss(&opened, cases[i].path);
		assert_int_equal(opened.rcv_mss, cases[i].expected);
	}
}

static void test_tcp_core_room_follows_the_window(void **state)
{
	struct tcp_script *s = *state;

	assert_int_equal(tcp_conn_room(&s->c), WINDOW);
	tcp_conn_sent(&s->c, 49000, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 1000);
	tcp_conn_sent(&s->c, 1000, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	script_feed(s, NS + 1, TCP_ACK, US + 1 + 49000, 0);
	assert_true(s->a.pull);
	assert_int_equal(s->a.discard, 49000);
	assert_int_equal(tcp_conn_room(&s->c), 49000);
}

static void test_tcp_core_small_rest_of_the_window_takes_all_or_nothing(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 49100, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 901); /* to see whether there's more than 900 */
	assert_true(tcp_conn_fits(&s->c, 900));
	assert_false(tcp_conn_fits(&s->c, 901)); /* its beginning would be a silly segment */
	assert_int_equal(tcp_conn_room(&s->c), 0); /* no need to look again */
	script_feed(s, NS + 1, TCP_ACK, US + 1 + 99, 0);
	assert_int_equal(tcp_conn_room(&s->c), 1000); /* 901 were not all, perhaps */
	assert_false(tcp_conn_fits(&s->c, 1000));
	script_feed(s, NS + 1, TCP_ACK, US + 1 + 100, 0);
	assert_int_equal(tcp_conn_room(&s->c), 1000); /* a segment */
	assert_true(tcp_conn_fits(&s->c, 1000));
}

static void test_tcp_core_held_back_bytes_go_once_all_fit(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 49500, false, s->now_ns);
	assert_false(tcp_conn_fits(&s->c, 501));
	script_feed_window(s, US + 1, WINDOW + 1);
	assert_true(s->a.pull);
	assert_int_equal(tcp_conn_room(&s->c), 502);
	assert_true(tcp_conn_fits(&s->c, 501));
	tcp_conn_sent(&s->c, 501, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 0);
}

/* One segment is as large as the whole window: a header is out, a body follows at once */
static void test_tcp_core_half_the_largest_window_is_as_good_as_a_segment(void **state)
{
	struct tcp_script *s = *state;

	s->c.mss = 65480;
	tcp_conn_sent(&s->c, 100, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), WINDOW - 100);
	tcp_conn_sent(&s->c, WINDOW / 2 - 100, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), WINDOW / 2);
	tcp_conn_sent(&s->c, 1, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), WINDOW / 2); /* one more than fits */
	assert_false(tcp_conn_fits(&s->c, WINDOW / 2));
	script_feed_window(s, US + 1, 20000); /* a smaller one doesn't change what is small */
	assert_int_equal(tcp_conn_room(&s->c), 0);
	script_feed_window(s, US + 1 + WINDOW / 2, 20000);
	assert_int_equal(tcp_conn_room(&s->c), 0);
}

static void test_tcp_core_own_limit_is_not_filled_with_small_segments(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 7);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	tcp_conn_sent(&s->c, 256 * 1024 - 1000, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 1000);
	tcp_conn_sent(&s->c, 1, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 0);
}

static void test_tcp_core_what_is_queued_is_known_anew_after_gigabytes(void **state)
{
	struct tcp_script *s = *state;
	uint32_t at = US + 1;

	for (int i = 0; i < 60000; i++) {
		tcp_conn_sent(&s->c, 49900, false, s->now_ns);
		assert_int_equal(tcp_conn_room(&s->c), 101);
		tcp_conn_sent(&s->c, 100, false, s->now_ns);
		at += 50000;
		script_feed(s, NS + 1, TCP_ACK, at, 0);
	}
}

static void test_tcp_core_room_small_window_used_when_nothing_is_in_flight(void **state)
{
	struct tcp_script *s = *state;

	script_feed_window(s, US + 1, 10);
	assert_int_equal(tcp_conn_room(&s->c), 10);
	tcp_conn_sent(&s->c, 9, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 2);
	assert_false(tcp_conn_fits(&s->c, 2));
}

static void test_tcp_core_old_ack_changes_nothing_but_its_data_counts(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 2000, false, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK, US + 1001, 0);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 10);
	assert_int_equal(s->c.snd_una, US + 1001);
	assert_int_equal(s->a.discard, 0);
	assert_int_equal(s->a.accept_len, 10);
}

/* --- losses ----------------------------------------------------------------------------------- */

static void test_tcp_core_third_dup_ack_rewinds_once(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 10000, false, s->now_ns);
	for (int i = 1; i <= 5; i++) {
		script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
		assert_int_equal(s->a.pull, i == 3);
		if (i == 3) {
			assert_int_equal(s->c.snd_nxt, US + 1);
			tcp_conn_sent(&s->c, 10000, false, s->now_ns);
		}
	}
	assert_int_equal(s->c.snd_nxt, US + 10001);
	assert_int_equal(s->c.snd_max, US + 10001);
}

static void test_tcp_core_acks_with_data_or_another_window_are_no_dup_acks(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 10000, false, s->now_ns);
	for (unsigned int i = 0; i < 6; i++)
		script_feed(s, NS + 1 + i, TCP_ACK, US + 1, 1);
	for (uint16_t i = 0; i < 6; i++)
		script_feed_window(s, US + 1, (uint16_t)(40000 - i));
	assert_int_equal(s->c.snd_nxt, US + 10001);
}

/* A rewind sends again what had arrived: the answers to that look like a loss of what follows */
static void test_tcp_core_answers_to_a_rewind_do_not_rewind_again(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	for (int i = 0; i < 3; i++)
		script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK, US + 4001, 0); /* the first closed the gap */
	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	for (int i = 0; i < 3; i++) { /* the other three were old */
		script_feed(s, NS + 1, TCP_ACK, US + 4001, 0);
		assert_false(s->a.pull);
	}
	assert_int_equal(s->c.snd_nxt, US + 8001);
	script_feed(s, NS + 1, TCP_ACK, US + 5001, 0); /* beyond it losses count again */
	for (int i = 0; i < 3; i++)
		script_feed(s, NS + 1, TCP_ACK, US + 5001, 0);
	assert_int_equal(s->c.snd_nxt, US + 5001);
}

static void test_tcp_core_losses_are_seen_after_gigabytes(void **state)
{
	struct tcp_script *s = *state;
	uint32_t at = US + 1;

	for (int i = 0; i < 60000; i++) {
		tcp_conn_sent(&s->c, 50000, false, s->now_ns);
		at += 50000;
		script_feed(s, NS + 1, TCP_ACK, at, 0);
	}
	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	for (int i = 0; i < 3; i++)
		script_feed(s, NS + 1, TCP_ACK, at, 0);
	assert_int_equal(s->c.snd_nxt, at);
}

static void test_tcp_core_ack_beyond_a_rewind_moves_on(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	script_later(s, 400, 0);
	assert_int_equal(s->c.snd_nxt, US + 1);
	script_feed(s, NS + 1, TCP_ACK, US + 4001, 0);
	assert_int_equal(s->c.snd_nxt, US + 4001);
	assert_int_equal(s->a.discard, 4000);
}

static void test_tcp_core_timeout_backs_off_and_gives_up(void **state)
{
	uint64_t next_ms = 400, total_ms = 0;
	struct tcp_script *s = *state;
	int timeouts = 0;

	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400);
	assert_int_equal(script_later(s, 399, 0), 1); /* too early */
	assert_int_equal(s->c.snd_nxt, US + 4001);
	s->now_ns -= 399 * NS_PER_MS;
	while (!s->a.reset_both) {
		total_ms += next_ms;
		next_ms = script_later(s, next_ms, 0);
		if (s->a.reset_both)
			break;
		assert_int_equal(next_ms, timeouts < 7 ? 400 << (timeouts + 1) : 60000);
		assert_true(s->a.pull);
		assert_int_equal(s->c.snd_nxt, US + 1);
		assert_int_equal(tcp_conn_room(&s->c), WINDOW);
		tcp_conn_sent(&s->c, 4000, false, s->now_ns);
		timeouts++;
	}
	assert_int_equal(timeouts, 12);
	assert_in_range(total_ms, 300000, 500000);
}

static void test_tcp_core_progress_ends_the_backoff(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	assert_int_equal(script_later(s, 400, 0), 800);
	tcp_conn_sent(&s->c, 4000, false, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK, US + 1001, 0);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400);
}

static void test_tcp_core_synack_repeated_then_given_up(void **state)
{
	struct tcp_script *s = *state;
	uint64_t next_ms = 400;

	script_syn(s, NS, US, 0);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	for (int i = 0; i < 6; i++) {
		next_ms = script_later(s, next_ms, 0);
		assert_true(s->a.synack);
		assert_false(s->a.pull);
	}
	script_later(s, next_ms, 0);
	assert_true(s->a.reset_both);
}

static void test_tcp_core_fin_alone_sent_again(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_eof(&s->c);
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	assert_false(tcp_conn_fin_due(&s->c));
	for (int i = 0; i < 3; i++) {
		script_later(s, 400ULL << i, 0);
		assert_true(s->a.pull);
		assert_int_equal(tcp_conn_room(&s->c), 0);
		assert_true(tcp_conn_fin_due(&s->c));
		tcp_conn_sent(&s->c, 0, true, s->now_ns);
		assert_false(tcp_conn_fin_due(&s->c));
		assert_int_equal(s->c.snd_max, US + 2);
	}
}

static void test_tcp_core_data_and_fin_sent_again_in_order(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 3000, false, s->now_ns);
	tcp_conn_eof(&s->c);
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	script_later(s, 400, 0);
	assert_false(tcp_conn_fin_due(&s->c));
	assert_int_equal(tcp_conn_room(&s->c), 3000); /* nothing that is beyond the FIN */
	tcp_conn_sent(&s->c, 3000, false, s->now_ns);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	assert_true(tcp_conn_fin_due(&s->c));
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	assert_int_equal(s->c.snd_max, US + 3002);
	script_feed(s, NS + 1, TCP_ACK, US + 3001, 0); /* all but the FIN */
	assert_int_equal(s->a.discard, 3000);
	assert_int_equal(s->c.to_ns_state, TCP_TO_NS_FIN_SENT);
}

/* --- the namespace's window is closed --------------------------------------------------------- */

static void test_tcp_core_closed_window_probed_for_ever_while_answered(void **state)
{
	struct tcp_script *s = *state;
	uint64_t next_ms = 400;

	script_feed_window(s, US + 1, 0);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400);
	for (int i = 0; i < 100; i++) {
		next_ms = script_later(s, next_ms, 0);
		assert_true(s->a.probe);
		assert_false(s->a.reset_both);
		script_feed_window(s, US + 1, 0);
	}
	assert_int_equal(next_ms, 60000);
	script_feed_window(s, US + 1, 5000);
	assert_true(s->a.pull);
	assert_int_equal(tcp_conn_room(&s->c), 5000);
	tcp_conn_sent(&s->c, 1, false, s->now_ns);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400);
}

static void test_tcp_core_closed_window_that_nobody_confirms_gives_up(void **state)
{
	struct tcp_script *s = *state;
	uint64_t next_ms = 400, total_ms = 0;

	script_feed_window(s, US + 1, 0);
	for (s->a.reset_both = false; !s->a.reset_both;) {
		total_ms += next_ms;
		next_ms = script_later(s, next_ms, 0);
		assert_in_range(total_ms, 0, 700000);
	}
	assert_in_range(total_ms, 600000, 700000);
}

/* Linux closes its window over data in flight when it runs out of memory for the socket */
static void test_tcp_core_window_closed_over_data_in_flight(void **state)
{
	struct tcp_script *s = *state;
	uint64_t next_ms = 400;

	tcp_conn_sent(&s->c, 20000, false, s->now_ns);
	script_feed_window(s, US + 1, 0);
	assert_int_equal(s->c.snd_nxt, US + 1);
	for (int i = 0; i < 100; i++) { /* alive: no reason to end it */
		next_ms = script_later(s, next_ms, 0);
		assert_true(s->a.probe);
		assert_false(s->a.reset_both);
		assert_int_equal(tcp_conn_room(&s->c), 0);
		script_feed_window(s, US + 1, 0);
	}
	script_feed_window(s, US + 1, 30000);
	assert_true(s->a.pull);
	assert_int_equal(tcp_conn_room(&s->c), 30000);
	assert_int_equal(s->c.snd_nxt, US + 1); /* from the first dropped byte on */
	tcp_conn_sent(&s->c, 20000, false, s->now_ns);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400);
	assert_int_equal(script_later(s, 400, 0), 800);
	assert_false(s->a.reset_both);
}

static void test_tcp_core_fin_follows_when_the_window_opens(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_sent(&s->c, 1000, false, s->now_ns);
	tcp_conn_eof(&s->c);
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	script_feed_window(s, US + 1001, 0); /* the FIN found no window */
	assert_int_equal(s->a.discard, 1000);
	script_feed_window(s, US + 1001, 5000);
	assert_true(s->a.pull);
	assert_int_equal(tcp_conn_room(&s->c), 0);
	assert_true(tcp_conn_fin_due(&s->c));
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	script_feed_window(s, US + 1002, 5000);
	assert_int_equal(s->c.to_ns_state, TCP_TO_NS_FIN_ACKED);
}

/* --- idle ------------------------------------------------------------------------------------- */

static void test_tcp_core_idle_connection_probed(void **state)
{
	struct tcp_script *s = *state;
	uint64_t next_ms;

	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), TCP_IDLE_MS);
	assert_int_equal(script_later(s, TCP_IDLE_MS - 1, 0), 1);
	assert_false(s->a.probe);
	next_ms = script_later(s, 1, 0);
	assert_true(s->a.probe);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	assert_int_equal(script_later(s, next_ms, 0), TCP_IDLE_MS - next_ms);
	assert_false(s->a.probe);
}

static void test_tcp_core_idle_connection_that_is_dead_ends(void **state)
{
	struct tcp_script *s = *state;
	uint64_t next_ms = TCP_IDLE_MS;
	int probes = 0;

	for (;;) {
		next_ms = script_later(s, next_ms, 0);
		if (s->a.reset_both)
			break;
		assert_true(s->a.probe);
		assert_int_equal(next_ms, 75000);
		probes++;
	}
	assert_int_equal(probes, 9);
}

static void test_tcp_core_closed_by_the_namespace_is_asked_after_a_minute(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK | TCP_FIN, US + 1, 0);
	tcp_conn_shut(&s->c, &s->a);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), TCP_HALF_CLOSED_IDLE_MS);
	script_later(s, TCP_HALF_CLOSED_IDLE_MS, 0);
	assert_true(s->a.probe);
	/* somebody still reads */
	script_feed(s, NS + 2, TCP_ACK, US + 1, 0);
	assert_int_equal(script_later(s, 1000, 0), TCP_HALF_CLOSED_IDLE_MS - 1000);
	script_later(s, TCP_HALF_CLOSED_IDLE_MS, 0);
	assert_true(s->a.probe);
	/* nobody does */
	script_feed(s, NS + 2, TCP_RST, 0, 0);
	assert_true(s->a.reset_host);
}

/* probed() - what @len bytes at @seq after @ms of silence are taken for */
static uint32_t probed(struct tcp_script *s, uint64_t ms, uint32_t seq, uint32_t len)
{
	s->now_ns += ms * NS_PER_MS;
	script_feed(s, seq, TCP_ACK, US + 1, len);
	tcp_conn_announce(&s->c, 100 * 1024);
	return s->a.keep_alive_s;
}

static void test_tcp_core_keep_alive_is_noticed_with_its_time(void **state)
{
	struct tcp_script *s = *state;

	assert_int_equal(probed(s, 59990, NS, 0), 60);
	assert_int_equal(probed(s, 60010, NS, 1), 60);
	assert_int_equal(probed(s, 1000, NS, 0), 1);
	assert_int_equal(probed(s, 100000000, NS, 0), 32767);
	assert_int_equal(probed(s, 60000, NS + 1, 0), 0); /* a window update */
	assert_int_equal(probed(s, 60000, NS - 1, 0), 0);
	assert_int_equal(probed(s, 60000, NS + 1, 1), 0); /* data */
	assert_int_equal(probed(s, 200, NS + 1, 1),
			 0); /* again, for its acknowledgement got lost */
}

static void test_tcp_core_window_probe_is_no_keep_alive(void **state)
{
	struct tcp_script *s = *state;

	script_feed_held(s, NS + 1, TCP_ACK, US + 1, s->c.rcv_edge - s->c.rcv_nxt);
	tcp_conn_taken(&s->c, 0);
	tcp_conn_announce(&s->c, 0);
	s->now_ns += 5 * NS_PER_S;
	script_feed(s, s->c.rcv_nxt - 1, TCP_ACK, US + 1, 0);
	assert_int_equal(s->a.keep_alive_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_core_mss_default_and_limits),
		cmocka_unit_test(test_tcp_core_announces_a_multiple_of_the_path_mss),
		script_test(test_tcp_core_room_follows_the_window),
		script_test(test_tcp_core_small_rest_of_the_window_takes_all_or_nothing),
		script_test(test_tcp_core_held_back_bytes_go_once_all_fit),
		script_test(test_tcp_core_half_the_largest_window_is_as_good_as_a_segment),
		script_test(test_tcp_core_own_limit_is_not_filled_with_small_segments),
		script_test(test_tcp_core_what_is_queued_is_known_anew_after_gigabytes),
		script_test(test_tcp_core_room_small_window_used_when_nothing_is_in_flight),
		script_test(test_tcp_core_old_ack_changes_nothing_but_its_data_counts),
		script_test(test_tcp_core_third_dup_ack_rewinds_once),
		script_test(test_tcp_core_acks_with_data_or_another_window_are_no_dup_acks),
		script_test(test_tcp_core_answers_to_a_rewind_do_not_rewind_again),
		script_test(test_tcp_core_losses_are_seen_after_gigabytes),
		script_test(test_tcp_core_ack_beyond_a_rewind_moves_on),
		script_test(test_tcp_core_timeout_backs_off_and_gives_up),
		script_test(test_tcp_core_progress_ends_the_backoff),
		script_test(test_tcp_core_synack_repeated_then_given_up),
		script_test(test_tcp_core_fin_alone_sent_again),
		script_test(test_tcp_core_data_and_fin_sent_again_in_order),
		script_test(test_tcp_core_closed_window_probed_for_ever_while_answered),
		script_test(test_tcp_core_closed_window_that_nobody_confirms_gives_up),
		script_test(test_tcp_core_window_closed_over_data_in_flight),
		script_test(test_tcp_core_fin_follows_when_the_window_opens),
		script_test(test_tcp_core_idle_connection_probed),
		script_test(test_tcp_core_idle_connection_that_is_dead_ends),
		script_test(test_tcp_core_closed_by_the_namespace_is_asked_after_a_minute),
		script_test(test_tcp_core_keep_alive_is_noticed_with_its_time),
		script_test(test_tcp_core_window_probe_is_no_keep_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
