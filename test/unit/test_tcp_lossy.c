/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream to the namespace over a link that loses and reorders at random, against a receiver as
 * RFC 2018 has it: all of it arrives, most losses are mended without a timeout, and little is sent
 * that the receiver has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/util.h"
#include "test/unit/tcp_conn.h"

#define STREAM 2000000
#define LINK 300 /* segments on their way at most: more than a window */

struct link {
	struct tcp_script *s;
	struct seq_ranges board; /* what the sender knows */
	struct seq_ranges here; /* what the receiver has beyond ack */
	uint32_t ack;
	struct tcp_sack way[LINK]; /* segments on their way, in order of arrival */
	uint32_t count;
	uint32_t seed, lost_permille, reorder;
	uint32_t sent, lost, again, timeouts; /* segments; again: that had arrived before */
};

static uint32_t link_random(struct link *l, uint32_t below)
{
	l->seed = l->seed * 1664525 + 1013904223;
	return (l->seed >> 8) % below;
}

static bool link_loses(struct link *l)
{
	return link_random(l, 1000) < l->lost_permille;
}

/* All that may be sent, in segments, some of which get lost */
static void link_send(struct link *l)
{
	struct tcp_conn *c = &l->s->c;
	uint32_t room, end = US + 1 + STREAM;

	while ((room = tcp_conn_room(c)) && c->snd_nxt != end) {
		uint32_t len = MIN(room, end - c->snd_nxt), from = c->snd_nxt;

		if (!tcp_conn_fits(c, len))
			break;
		tcp_conn_sent(c, len, false, l->s->now_ns);
		for (uint32_t to = from; len; from = to, len -= MIN(len, MSS)) {
			to = from + MIN(len, MSS);
			l->sent++;
			if (link_loses(l)) {
				l->lost++;
				continue;
			}
			assert_true(l->count < LINK);
			l->way[l->count++] = (struct tcp_sack){ from, to };
		}
	}
}

/* The receiver answers each segment, with what it has; answers get lost, too */
static void link_answer(struct link *l, struct tcp_sack latest)
{
	struct tcp_segment seg = script_segment(l->s->c.rcv_nxt, TCP_ACK, l->ack, 0);
	const struct tcp_sack *first = seq_ranges_find(&l->here, latest.from);

	if (first)
		seg.sack[seg.sack_count++] = *first;
	for (uint32_t i = 0; i < l->here.count && seg.sack_count < TCP_SACK_MAX; i++)
		seg.sack[seg.sack_count++] = l->here.range[i];
	if (!link_loses(l))
		tcp_conn_segment(&l->s->c, &seg, l->s->now_ns, &l->s->a);
}

static void link_deliver(struct link *l)
{
	uint32_t at = link_random(l, MIN(l->reorder, l->count));
	struct tcp_sack seg = l->way[at];

	memmove(&l->way[at], &l->way[at + 1], (--l->count - at) * sizeof(seg));
	if (tcp_seq_le(seg.to, l->ack) || seq_ranges_has(&l->here, seg)) {
		l->again++;
	} else {
		assert_true(seq_ranges_add(&l->here, seg));
		if (tcp_seq_le(l->here.range[0].from, l->ack))
			l->ack = l->here.range[0].to;
		seq_ranges_cut(&l->here, l->ack);
	}
	link_answer(l, seg);
}

/* Nothing is on its way: time passes */
static void link_wait(struct link *l)
{
	uint8_t retries = l->s->c.retries;

	script_later(l->s, tcp_conn_timer_ms(&l->s->c, 0), 0);
	assert_false(l->s->a.reset_both);
	l->timeouts += l->s->c.retries > retries;
}

static struct link transfer(struct tcp_script *s, uint32_t lost_permille, uint32_t reorder,
			    uint32_t seed)
{
	struct link l = { .s = s,
			  .ack = US + 1,
			  .lost_permille = lost_permille,
			  .reorder = reorder,
			  .seed = seed };

	script_open(s);
	s->c.sack = true;
	s->c.sacked = &l.board;
	while (s->c.snd_una != US + 1 + STREAM) {
		link_send(&l);
		if (l.count)
			link_deliver(&l);
		else
			link_wait(&l);
	}
	assert_int_equal(l.board.count, 0);
	assert_int_equal(l.ack, US + 1 + STREAM);
	return l;
}

static void test_tcp_lossy_most_losses_are_mended_without_a_timeout(void **state)
{
	for (uint32_t seed = 1; seed <= 50; seed++) {
		struct link l = transfer(*state, seed, 1, seed);

		/* the last segments have none behind them that would tell */
		assert_in_range(l.timeouts, 0, 1 + l.lost / 10);
		/* and after a timeout all is sent again (RFC 2018, 8) */
		assert_in_range(l.again, 0, l.lost + l.timeouts * WINDOW / MSS);
	}
}

static void test_tcp_lossy_few_losses_send_nothing_in_vain(void **state)
{
	for (uint32_t seed = 1; seed <= 50; seed++) {
		struct link l = transfer(*state, 5, 1, seed);

		assert_int_equal(l.again, 0);
		assert_int_equal(l.sent, STREAM / MSS + l.lost);
	}
}

static void test_tcp_lossy_reordering_by_little_sends_little_again(void **state)
{
	for (uint32_t seed = 1; seed <= 50; seed++) {
		struct link l = transfer(*state, 0, 2, seed);

		assert_int_equal(l.timeouts, 0);
		assert_in_range(l.again, 0, l.sent / 10);
	}
}

static void test_tcp_lossy_both_at_once(void **state)
{
	for (uint32_t seed = 1; seed <= 50; seed++) {
		struct link l = transfer(*state, 2 * seed, 20, seed);

		assert_in_range(l.timeouts, 0, 1 + l.lost / 10);
		assert_in_range(l.again, 0, l.sent / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(test_tcp_lossy_most_losses_are_mended_without_a_timeout),
		script_test(test_tcp_lossy_few_losses_send_nothing_in_vain),
		script_test(test_tcp_lossy_reordering_by_little_sends_little_again),
		script_test(test_tcp_lossy_both_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
