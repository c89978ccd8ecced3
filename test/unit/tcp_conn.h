/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: a connection of the TCP core and the segments that it is fed. The namespace's
 * first data byte is NS + 1, ours is US + 1; the namespace announces windows of WINDOW bytes,
 * without a scale, and the MSS is 1000. Include <cmocka.h> and what it needs first.
 */
#ifndef TEST_UNIT_TCP_CONN_H
#define TEST_UNIT_TCP_CONN_H

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/tcp/core.h"
#include "common/tcp/timeout.h"

#define NS 1000u
#define US 5000u
#define WINDOW 50000
#define MSS 1000

struct tcp_script {
	struct tcp_conn c;
	struct tcp_action a; /* of the last transition */
	uint64_t now_ns;
};

static inline struct tcp_segment script_segment(uint32_t seq, uint8_t flags, uint32_t ack,
						uint32_t len)
{
	return (struct tcp_segment){
		.seq = seq,
		.ack = ack,
		.flags = flags,
		.window = WINDOW,
		.wscale = TCP_WSCALE_NONE,
		.payload_len = len,
	};
}

/* script_feed_held() - a segment with @len bytes from the namespace; what becomes of accepted
 * ones is left to the caller
 */
static inline void script_feed_held(struct tcp_script *s, uint32_t seq, uint8_t flags,
				    uint32_t ack, uint32_t len)
{
	struct tcp_segment seg = script_segment(seq, flags, ack, len);

	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
}

/* script_feed() - the same, and all of it goes to the socket */
static inline void script_feed(struct tcp_script *s, uint32_t seq, uint8_t flags, uint32_t ack,
			       uint32_t len)
{
	script_feed_held(s, seq, flags, ack, len);
	if (s->a.accept_len)
		tcp_conn_taken(&s->c, 0);
}

/* script_feed_window() - an empty segment at rcv_nxt that says @window */
static inline void script_feed_window(struct tcp_script *s, uint32_t ack, uint16_t window)
{
	struct tcp_segment seg = script_segment(s->c.rcv_nxt, TCP_ACK, ack, 0);

	seg.window = window;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
}

/* script_syn() - the namespace's SYN is here; numbers start at @ns and @us */
static inline void script_syn(struct tcp_script *s, uint32_t ns, uint32_t us, uint8_t wscale)
{
	struct tcp_segment syn = script_segment(ns, TCP_SYN, 0, 0);

	syn.mss = MSS;
	syn.wscale = wscale;
	*s = (struct tcp_script){ .now_ns = 1000 * NS_PER_S };
	tcp_conn_accept_syn(&s->c, &syn, us, 1460, s->now_ns);
}

/* script_open_at() - an established connection, with the first real window announced */
static inline void script_open_at(struct tcp_script *s, uint32_t ns, uint32_t us)
{
	script_syn(s, ns, us, 0);
	tcp_conn_connected(&s->c, s->now_ns, &s->a);
	script_feed(s, ns + 1, TCP_ACK, us + 1, 0);
	tcp_conn_announce(&s->c, 100 * 1024);
}

static inline void script_open(struct tcp_script *s)
{
	script_open_at(s, NS, US);
}

/* script_later() - time passes and the timer fires. Return: ms until it fires again */
static inline uint64_t script_later(struct tcp_script *s, uint64_t ms, uint32_t held)
{
	s->now_ns += ms * NS_PER_MS;
	return tcp_conn_timeout(&s->c, held, s->now_ns, &s->a);
}

static inline void assert_no_action(const struct tcp_script *s)
{
	static const struct tcp_action none;

	assert_memory_equal(&s->a, &none, sizeof(none));
}

/* script_test() - a test whose *state is a struct tcp_script with an established connection */
#define script_test(test) cmocka_unit_test_setup_teardown(test, script_setup, script_teardown)

static inline int script_setup(void **state)
{
	struct tcp_script *s = malloc(sizeof(*s));

	if (!s)
		return -1;
	script_open(s);
	*state = s;
	return 0;
}

static inline int script_teardown(void **state)
{
	free(*state);
	return 0;
}

#endif
