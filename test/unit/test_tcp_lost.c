/* SPDX-License-Identifier: Apache-2.0
 *
 * What the namespace is missing, by its selective acknowledgements: only that is sent again, once,
 * or once more if it's lost again. Segments are of 1000 bytes here; number N starts at AT(N).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/tcp/lost.h"
#include "test/unit/tcp_conn.h"

#define AT(n) (US + 1 + 1000u * (n))

static struct seq_ranges board; /* of the one connection there is at a time */

static void open_with_sack(struct tcp_script *s)
{
	s->c.sack = true;
	board.count = 0;
	s->c.sacked = &board;
}

/* The namespace has all before segment @ack, and segments @from to before @to */
static void has(struct tcp_script *s, uint32_t ack, uint32_t from, uint32_t to)
{
	struct tcp_segment seg = script_segment(s->c.rcv_nxt, TCP_ACK, AT(ack), 0);

	seg.sack_count = 1;
	seg.sack[0] = (struct tcp_sack){ AT(from), AT(to) };
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
}

static void send_segments(struct tcp_script *s, uint32_t count)
{
	tcp_conn_sent(&s->c, 1000 * count, false, s->now_ns);
}

/* What is sent next is a hole, from segment @from to before @to */
static void assert_resends(struct tcp_script *s, uint32_t from, uint32_t to)
{
	assert_int_equal(s->c.snd_nxt, AT(from));
	assert_int_equal(tcp_conn_room(&s->c), 1000 * (to - from));
	assert_true(tcp_conn_fits(&s->c, 1000 * (to - from)));
	send_segments(s, to - from);
}

static void test_tcp_lost_only_what_is_missing_is_sent_again(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 20);
	has(s, 0, 2, 4);
	assert_false(s->a.pull);
	has(s, 0, 6, 7);
	assert_true(s->a.pull && s->a.resend); /* three have overtaken the first */
	assert_resends(s, 0, 2);
	assert_resends(s, 4, 6);
	assert_int_equal(s->c.snd_nxt, AT(20)); /* 7 to 20 are still on their way */
	send_segments(s, 1);
	assert_int_equal(s->c.snd_max, AT(21));
}

static void test_tcp_lost_is_sent_again_once(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 20);
	has(s, 0, 1, 4);
	assert_resends(s, 0, 1);
	for (uint32_t to = 5; to <= 20; to++) { /* what was sent before the repetition */
		has(s, 0, 1, to);
		assert_int_equal(s->c.snd_nxt, AT(20));
	}
	has(s, 20, 1, 20);
	assert_int_equal(s->c.snd_una, AT(20));
	assert_int_equal(board.count, 0);
}

static void test_tcp_lost_again_is_seen_by_what_was_sent_later(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 10);
	has(s, 0, 1, 10);
	assert_resends(s, 0, 1);
	send_segments(s, 3); /* new ones, behind the repetition */
	has(s, 0, 1, 12);
	assert_int_equal(s->c.snd_nxt, AT(13));
	has(s, 0, 1, 13);
	assert_true(s->a.pull);
	assert_resends(s, 0, 1);
	assert_int_equal(s->c.snd_nxt, AT(13));
}

static void test_tcp_lost_a_later_hole_is_mended_after_the_first(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 10);
	has(s, 0, 1, 4);
	assert_resends(s, 0, 1);
	has(s, 0, 5, 10); /* 4 is missing as well, and was sent before the repetition */
	assert_int_equal(s->c.snd_nxt, AT(10));
	has(s, 4, 5, 10);
	assert_resends(s, 4, 5);
	assert_int_equal(s->c.snd_nxt, AT(10));
}

static void test_tcp_lost_few_segments_need_a_little_time(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 2);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400);
	has(s, 0, 1, 2);
	assert_false(s->a.pull);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), TCP_REORDER_MS);
	assert_true(script_later(s, TCP_REORDER_MS - 1, 0) < 400);
	assert_false(s->a.pull);
	script_later(s, 1, 0);
	assert_true(s->a.pull);
	assert_int_equal(s->c.retries, 0);
	assert_resends(s, 0, 1);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), 400); /* not every ten milliseconds */
}

/* What was late, not lost */
static void test_tcp_lost_reordering_sends_nothing_again(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 10);
	has(s, 0, 1, 3);
	has(s, 3, 4, 5);
	assert_int_equal(s->c.snd_nxt, AT(10));
	script_feed(s, NS + 1, TCP_ACK, AT(10), 0);
	assert_int_equal(tcp_conn_timer_ms(&s->c, 0), TCP_IDLE_MS);
}

static void test_tcp_lost_timeout_sends_everything_again(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 10);
	has(s, 0, 1, 10);
	assert_resends(s, 0, 1);
	script_later(s, 400, 0);
	assert_true(s->a.pull);
	assert_int_equal(s->c.snd_nxt, AT(0));
	assert_int_equal(board.count, 0); /* what it has, it may throw away (RFC 2018, 8) */
	assert_int_equal(tcp_conn_room(&s->c), WINDOW);
	send_segments(s, 2);
	assert_int_equal(s->c.snd_nxt, AT(2));
	has(s, 2, 3, 10); /* it has kept them */
	assert_int_equal(s->c.snd_nxt, AT(2));
	assert_resends(s, 2, 3);
	assert_int_equal(s->c.snd_nxt, AT(10));
}

static void test_tcp_lost_what_was_thrown_away_is_sent_again(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 10);
	has(s, 0, 1, 6);
	assert_resends(s, 0, 1);
	script_feed(s, NS + 1, TCP_ACK, AT(3), 0); /* not up to 6 */
	assert_int_equal(board.count, 0);
	script_later(s, 400, 0);
	assert_int_equal(s->c.snd_nxt, AT(3));
	assert_int_equal(tcp_conn_room(&s->c), WINDOW);
}

static void test_tcp_lost_bytes_that_arrived_leave_room_for_others(void **state)
{
	struct tcp_script *s = *state;

	script_syn(s, NS, US, 7);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 0);
	open_with_sack(s);
	send_segments(s, 262);
	assert_int_equal(tcp_conn_room(&s->c), 0); /* by our own limit of 256 KiB */
	has(s, 0, 1, 262);
	assert_resends(s, 0, 1);
	assert_int_equal(tcp_conn_room(&s->c), 256 * 1024 - 1000);
}

static void test_tcp_lost_blocks_that_cannot_be_are_ignored(void **state)
{
	static const struct tcp_sack blocks[] = {
		{ AT(2), AT(2) },
		{ AT(4), AT(3) },
		{ AT(0), AT(1) }, /* ends before snd_una */
		{ AT(1), AT(5) }, /* starts with what it is missing */
		{ AT(9), AT(11) }, /* more than was sent */
		{ AT(2), AT(2) + 0x80000000 },
	};
	struct tcp_script *s = *state;

	open_with_sack(s);
	send_segments(s, 10);
	script_feed(s, NS + 1, TCP_ACK, AT(1), 0);
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct tcp_segment seg = script_segment(NS + 1, TCP_ACK, AT(1), 0);

		seg.sack_count = 1;
		seg.sack[0] = blocks[i];
		for (int j = 0; j < 5; j++)
			tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
		assert_int_equal(board.count, 0);
		assert_int_equal(s->c.snd_nxt, AT(10));
	}
}

static void test_tcp_lost_data_before_a_fin_that_arrived(void **state)
{
	struct tcp_script *s = *state;
	struct tcp_segment seg;

	open_with_sack(s);
	send_segments(s, 5);
	tcp_conn_eof(&s->c);
	tcp_conn_sent(&s->c, 0, true, s->now_ns);
	seg = script_segment(NS + 1, TCP_ACK, AT(0), 0);
	seg.sack_count = 1;
	seg.sack[0] = (struct tcp_sack){ AT(1), AT(5) + 1 };
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
	assert_true(s->a.pull);
	assert_resends(s, 0, 1);
	assert_false(tcp_conn_fin_due(&s->c));
	assert_int_equal(tcp_conn_room(&s->c), 0);
	script_feed(s, NS + 1, TCP_ACK, AT(5) + 1, 0);
	assert_int_equal(s->c.to_ns_state, TCP_TO_NS_FIN_ACKED);
}

static void test_tcp_lost_acknowledgements_are_counted_if_there_is_no_memory(void **state)
{
	struct tcp_script *s = *state;

	open_with_sack(s);
	s->c.sacked = NULL;
	send_segments(s, 10);
	for (uint32_t i = 1; i <= 3; i++)
		has(s, 0, 1, 1 + i);
	assert_true(s->a.pull);
	assert_int_equal(s->c.snd_nxt, AT(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(test_tcp_lost_only_what_is_missing_is_sent_again),
		script_test(test_tcp_lost_is_sent_again_once),
		script_test(test_tcp_lost_again_is_seen_by_what_was_sent_later),
		script_test(test_tcp_lost_a_later_hole_is_mended_after_the_first),
		script_test(test_tcp_lost_few_segments_need_a_little_time),
		script_test(test_tcp_lost_reordering_sends_nothing_again),
		script_test(test_tcp_lost_timeout_sends_everything_again),
		script_test(test_tcp_lost_what_was_thrown_away_is_sent_again),
		script_test(test_tcp_lost_bytes_that_arrived_leave_room_for_others),
		script_test(test_tcp_lost_blocks_that_cannot_be_are_ignored),
		script_test(test_tcp_lost_data_before_a_fin_that_arrived),
		script_test(test_tcp_lost_acknowledgements_are_counted_if_there_is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
