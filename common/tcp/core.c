/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP transitions; see core.h. The order of checks in tcp_conn_segment() is that of RFC 9293,
 * 3.10.7.4.
 */
#include "common/tcp/core.h"

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/tcp/lost.h"
#include "common/tcp/turns.h"

/* In flight at most: the namespace's kernel answers within microseconds, so more would only make
 * the socket's queue longer and colder
 */
#define TCP_LIMIT (256 * 1024)

#define TCP_STRAYS_MAX 3 /* answers to our SYN that are from an earlier connection */
#define TCP_MSS_DEFAULT 536 /* RFC 9293, 3.7.1 */
#define TCP_MSS_MIN 88 /* smaller ones cost more than they carry */
#define TCP_MSS_PART 4 /* given up to fit the host's: less than this part */
#define TCP_KEEP_ALIVE_MAX_S 32767U /* that a socket takes: tcp(7) */

void tcp_conn_accept_syn(struct tcp_conn *c, const struct tcp_segment *syn, uint32_t isn,
			 uint16_t mss_max, uint64_t now_ns)
{
	uint16_t mss = syn->mss ? syn->mss : TCP_MSS_DEFAULT;
	bool scaled = syn->wscale != TCP_WSCALE_NONE;

	*c = (struct tcp_conn){
		.rcv_nxt = syn->seq + 1,
		.rcv_ack = syn->seq + 1,
		.rcv_edge = syn->seq + 1,
		.rcv_acked = syn->seq + 1,
		.snd_una = isn,
		.snd_nxt = isn,
		.snd_max = isn,
		.snd_window = syn->window,
		.snd_largest = syn->window,
		.snd_queued = isn,
		.snd_limit = TCP_LIMIT,
		.snd_limit_max = TCP_LIMIT,
		.recover = isn,
		.mended = isn,
		.progress_ns = now_ns,
		.mss = MIN(MAX(mss, TCP_MSS_MIN), mss_max),
		.rcv_mss = mss_max,
		.snd_scale = scaled ? syn->wscale : 0,
		.rcv_scale = scaled ? TCP_WINDOW_SCALE : 0,
		.sack = syn->sack_permitted,
		.tap_state = TCP_TAP_CONNECTING,
	};
}

void tcp_conn_open(struct tcp_conn *c, uint32_t isn, uint16_t mss_max, uint64_t now_ns)
{
	*c = (struct tcp_conn){
		.snd_una = isn,
		.snd_nxt = isn + 1,
		.snd_max = isn + 1,
		.snd_queued = isn + 1,
		.snd_limit = TCP_LIMIT,
		.snd_limit_max = TCP_LIMIT,
		.recover = isn,
		.mended = isn,
		.progress_ns = now_ns,
		.mss = mss_max,
		.rcv_mss = mss_max,
		.rcv_scale = TCP_WINDOW_SCALE,
		.sack = true,
		.tap_state = TCP_TAP_SYN_SENT,
	};
}

void tcp_conn_fit_mss(struct tcp_conn *c, uint16_t path_mss)
{
	uint32_t mss = c->rcv_mss, rest = path_mss && path_mss < mss ? mss % path_mss : 0;

	if (rest < mss / TCP_MSS_PART)
		c->rcv_mss = (uint16_t)(mss - rest);
}

void tcp_conn_connected(struct tcp_conn *c, uint64_t now_ns, struct tcp_action *ret_action)
{
	*ret_action = (struct tcp_action){ .synack = true };
	c->tap_state = TCP_TAP_SYN_RECEIVED;
	c->snd_nxt = c->snd_una + 1;
	c->snd_max = c->snd_queued = c->snd_nxt;
	c->rcv_edge = c->rcv_nxt + TCP_SYNACK_WINDOW;
	c->rcv_largest = TCP_SYNACK_WINDOW;
	c->progress_ns = now_ns;
}

/* RFC 5961: what a RST or SYN in an open connection may do. Return: true if it ends here
 *
 * A socket that is gone answers at the number that we acknowledged, which is behind rcv_nxt while
 * there's a backlog.
 */
static bool tcp_conn_control(struct tcp_conn *c, const struct tcp_segment *seg,
			     struct tcp_action *a)
{
	if (seg->flags & TCP_RST) {
		if (seg->seq == c->rcv_nxt || seg->seq == c->rcv_acked)
			a->reset_host = true;
		else if (tcp_seq_lt(c->rcv_nxt, seg->seq) && tcp_seq_lt(seg->seq, c->rcv_edge))
			c->ack_state = TCP_ACK_NOW;
		return true;
	}
	if (seg->flags & TCP_SYN) {
		if (c->tap_state == TCP_TAP_SYN_RECEIVED && seg->seq + 1 == c->rcv_nxt)
			a->synack = true;
		else
			c->ack_state = TCP_ACK_NOW;
		return true;
	}
	return !(seg->flags & TCP_ACK);
}

/* The acknowledgement moved forward */
static void tcp_conn_acked(struct tcp_conn *c, uint32_t ack, uint64_t now_ns, struct tcp_action *a)
{
	uint32_t bytes = ack - c->snd_una;

	if (c->tap_state == TCP_TAP_SYN_RECEIVED) {
		c->tap_state = TCP_TAP_ESTABLISHED;
		bytes--;
	}
	if (c->to_ns_state == TCP_TO_NS_FIN_SENT && ack == c->snd_max) {
		c->to_ns_state = TCP_TO_NS_FIN_ACKED;
		bytes--;
	}
	c->snd_una = ack;
	tcp_urgent_passed(&c->to_ns_urgent, ack);
	if (tcp_seq_lt(c->snd_nxt, ack))
		c->snd_nxt = ack;
	tcp_lost_acked(c);
	c->snd_limit = c->snd_limit_max;
	c->retries = 0;
	c->progress_ns = now_ns;
	a->discard = bytes;
	a->pull = true;
}

static void tcp_conn_window(struct tcp_conn *c, uint32_t window, uint64_t now_ns,
			    struct tcp_action *a)
{
	if (window > c->snd_window)
		a->pull = true;
	if (!window || !c->snd_window)
		c->progress_ns = now_ns;
	if (!window)
		tcp_lost_all(c); /* it closed before what is in flight: that was dropped */
	else if (!c->snd_window)
		c->retries = 0;
	c->snd_window = window;
	c->snd_largest = MAX(c->snd_largest, window);
}

/* Return: false if the segment is to be dropped */
static bool tcp_conn_ack(struct tcp_conn *c, const struct tcp_segment *seg, uint64_t now_ns,
			 struct tcp_action *a)
{
	uint32_t window = (uint32_t)seg->window << c->snd_scale;
	bool again;

	if (c->tap_state == TCP_TAP_SYN_RECEIVED && seg->ack != c->snd_max) {
		a->reply_reset = true;
		return false;
	}
	if (tcp_seq_lt(c->snd_max, seg->ack)) {
		c->ack_state = TCP_ACK_NOW;
		return false;
	}
	if (tcp_seq_lt(seg->ack, c->snd_una))
		return true; /* old, its data may be new */
	again = seg->ack == c->snd_una && !seg->payload_len && !(seg->flags & TCP_FIN) &&
		tcp_conn_in_flight(c) && window && window == c->snd_window;
	if (seg->ack != c->snd_una)
		tcp_conn_acked(c, seg->ack, now_ns, a);
	if (tcp_lost_told(c, seg, again))
		a->pull = a->resend = true;
	tcp_conn_window(c, window, now_ns, a);
	return true;
}

/* A segment of the namespace: what its interface takes, if that's less than what we announced */
static uint32_t tcp_conn_rcv_segment(const struct tcp_conn *c)
{
	return MIN(c->mss, c->rcv_mss);
}

/* Whether so much is unacknowledged that it should not wait for data (RFC 9293, 3.8.6.3). Segments
 * may be as large as the whole window: half of that is enough, too
 */
static bool tcp_conn_ack_due(const struct tcp_conn *c, uint32_t rcv_nxt)
{
	uint32_t window = c->rcv_edge - c->rcv_acked;

	return rcv_nxt - c->rcv_acked >= MIN(2 * tcp_conn_rcv_segment(c), window / 2);
}

/* The pointer may be ahead of the data, and comes again with every segment before it (RFC
 * 9293, 3.8.5; Linux and all others have it point behind the urgent byte: RFC 6093, 3.1)
 */
static void tcp_conn_urgent_pointer(struct tcp_conn *c, const struct tcp_segment *seg)
{
	uint32_t seq = seg->seq + seg->urgent - !!seg->urgent;

	if (tcp_seq_le(seg->seq, c->rcv_edge) && tcp_seq_le(c->rcv_nxt, seq) &&
	    c->to_host_state == TCP_TO_HOST_OPEN)
		tcp_urgent_note(&c->to_host_urgent, seq);
}

/* Something before it is missing */
static void tcp_conn_early(struct tcp_conn *c, const struct tcp_segment *seg, struct tcp_action *a)
{
	uint32_t ahead = seg->seq - c->rcv_nxt, room = c->rcv_edge - c->rcv_nxt;

	if (!seg->payload_len && !(seg->flags & TCP_FIN) && ahead <= room)
		return; /* an acknowledgement alone is no sign that something is missing */
	a->answer = true;
	if (ahead >= room)
		return;
	a->keep_len = MIN(seg->payload_len, room - ahead);
	if ((seg->flags & TCP_FIN) && a->keep_len == seg->payload_len) {
		c->fin_early = true;
		c->fin_seq = seg->seq + seg->payload_len;
	}
}

static void tcp_conn_fin(struct tcp_conn *c)
{
	c->rcv_nxt++;
	c->rcv_edge += c->rcv_edge == c->rcv_nxt - 1;
	c->to_host_state = TCP_TO_HOST_FIN_HELD;
}

/* In-order data and FIN */
static void tcp_conn_data(struct tcp_conn *c, const struct tcp_segment *seg, struct tcp_action *a)
{
	uint32_t skip = c->rcv_nxt - seg->seq, room = c->rcv_edge - c->rcv_nxt;
	uint32_t len = seg->payload_len;
	bool fin = seg->flags & TCP_FIN;
	uint8_t delay = TCP_ACK_NONE;

	if (c->to_host_state == TCP_TO_HOST_OPEN && tcp_seq_lt(c->rcv_nxt, seg->seq)) {
		tcp_conn_early(c, seg, a);
		return;
	}
	if (skip && seg->payload_len && tcp_seq_lt(seg->seq, c->rcv_nxt)) {
		a->answer = true;
		a->duplicate = (struct tcp_sack){ seg->seq, seg->seq + MIN(len, skip) };
	}
	if (skip > len || c->to_host_state != TCP_TO_HOST_OPEN) {
		c->ack_state = TCP_ACK_NOW; /* all of it is old: keep-alives too */
		return;
	}
	len -= skip;
	if (len > room) {
		len = room;
		fin = false;
	}
	if (len)
		delay = tcp_turns_asked(c);
	if (skip || len < seg->payload_len)
		c->ack_state = TCP_ACK_NOW;
	else if (fin || len >= tcp_conn_rcv_segment(c) || tcp_conn_ack_due(c, c->rcv_nxt + len))
		c->ack_state = MAX(c->ack_state, TCP_ACK_DUE);
	else
		c->ack_state = MAX(c->ack_state, delay);
	a->accept_offset = skip;
	a->accept_len = len;
	c->rcv_nxt += len;
	if (fin || (c->fin_early && c->fin_seq == c->rcv_nxt))
		tcp_conn_fin(c);
}

/* Whether this is a keep-alive (RFC 9293, 3.8.4): the last byte again, or none. A probe of a closed
 * window looks the same, and a byte whose acknowledgement got lost comes sooner. It is answered at
 * once, so each comes after a silence as long as the first
 */
static void tcp_conn_keep_alive(const struct tcp_conn *c, const struct tcp_segment *seg,
				uint64_t now_ns, struct tcp_action *a)
{
	uint64_t silent_s = (now_ns - c->progress_ns + NS_PER_S / 2) / NS_PER_S;

	if (seg->seq + 1 == c->rcv_nxt && seg->payload_len <= 1 && !(seg->flags & TCP_FIN) &&
	    c->rcv_acked == c->rcv_nxt && c->rcv_edge != c->rcv_nxt && !tcp_conn_in_flight(c) &&
	    c->to_host_state == TCP_TO_HOST_OPEN)
		a->keep_alive_s = (uint32_t)MIN(silent_s, TCP_KEEP_ALIVE_MAX_S);
}

static void tcp_conn_check_closed(const struct tcp_conn *c, struct tcp_action *a)
{
	if (c->to_host_state == TCP_TO_HOST_CLOSED && c->to_ns_state == TCP_TO_NS_FIN_ACKED)
		a->closed = true;
}

/* The namespace's SYN-ACK; windows of segments with a SYN are never scaled (RFC 7323, 2.2) */
static void tcp_conn_established(struct tcp_conn *c, const struct tcp_segment *seg, uint64_t now_ns)
{
	uint16_t mss = seg->mss ? seg->mss : TCP_MSS_DEFAULT;

	c->rcv_nxt = c->rcv_ack = c->rcv_acked = seg->seq + 1;
	c->rcv_edge = c->rcv_nxt + TCP_SYNACK_WINDOW;
	c->rcv_largest = TCP_SYNACK_WINDOW;
	c->snd_una = seg->ack;
	c->snd_window = c->snd_largest = seg->window;
	c->mss = MIN(MAX(mss, TCP_MSS_MIN), c->mss);
	if (seg->wscale == TCP_WSCALE_NONE)
		c->rcv_scale = 0;
	else
		c->snd_scale = seg->wscale;
	c->sack = seg->sack_permitted;
	c->tap_state = TCP_TAP_ESTABLISHED;
	c->ack_state = TCP_ACK_NOW;
	c->dup_acks = 0;
	c->retries = 0;
	c->progress_ns = now_ns;
}

/* RFC 9293, 3.10.7.3. A SYN alone is left to the namespace, which answers ours with a SYN-ACK then;
 * data that comes this early is sent again
 */
static void tcp_conn_syn_sent(struct tcp_conn *c, const struct tcp_segment *seg, uint64_t now_ns,
			      struct tcp_action *a)
{
	bool ours = (seg->flags & TCP_ACK) && seg->ack == c->snd_nxt;

	if (seg->flags & TCP_RST) {
		a->reset_host = ours;
	} else if ((seg->flags & TCP_ACK) && !ours) {
		/* left over from an earlier connection: once that is out of the way, try again */
		a->reply_reset = true;
		a->synack = c->dup_acks < TCP_STRAYS_MAX;
		c->dup_acks += a->synack;
	} else if (ours && (seg->flags & TCP_SYN)) {
		tcp_conn_established(c, seg, now_ns);
		a->pull = true;
	}
}

void tcp_conn_segment(struct tcp_conn *c, const struct tcp_segment *seg, uint64_t now_ns,
		      struct tcp_action *ret_action)
{
	*ret_action = (struct tcp_action){ 0 };
	switch ((enum tcp_tap_state)c->tap_state) {
	case TCP_TAP_CONNECTING:
		/* a repeated SYN waits for the host's answer, another one is another connection */
		if (seg->flags & TCP_RST)
			ret_action->reset_host = seg->seq == c->rcv_nxt;
		else if (seg->flags & TCP_SYN)
			ret_action->reset_host = seg->seq + 1 != c->rcv_nxt;
		return;
	case TCP_TAP_TIME_WAIT:
		/* no answer to a plain acknowledgement */
		if (!(seg->flags & TCP_RST) &&
		    (seg->payload_len || (seg->flags & (TCP_SYN | TCP_FIN)) ||
		     seg->seq != c->rcv_nxt))
			c->ack_state = TCP_ACK_NOW;
		return;
	case TCP_TAP_SYN_SENT:
		tcp_conn_syn_sent(c, seg, now_ns, ret_action);
		return;
	case TCP_TAP_SYN_RECEIVED:
	case TCP_TAP_ESTABLISHED:
		break;
	}
	if (tcp_conn_control(c, seg, ret_action) || !tcp_conn_ack(c, seg, now_ns, ret_action))
		return;
	tcp_conn_keep_alive(c, seg, now_ns, ret_action);
	if (!tcp_conn_in_flight(c)) {
		c->progress_ns = now_ns;
		if (c->snd_window)
			c->retries = 0;
	}
	if (seg->flags & TCP_URG)
		tcp_conn_urgent_pointer(c, seg);
	if (seg->payload_len || (seg->flags & TCP_FIN) || seg->seq != c->rcv_nxt)
		tcp_conn_data(c, seg, ret_action);
	tcp_conn_check_closed(c, ret_action);
}

void tcp_conn_taken(struct tcp_conn *c, uint32_t held)
{
	/* If it knows selective acknowledgements, Linux sends its last segment again after a few
	 * milliseconds of silence (RFC 8985, 7). What is held is as good as taken, then: no more is
	 * let in than can be kept
	 */
	uint32_t fin = c->to_host_state == TCP_TO_HOST_FIN_HELD;
	uint32_t ack = c->rcv_nxt - fin - (c->sack ? 0 : held);

	if (tcp_seq_lt(c->rcv_ack, ack))
		c->rcv_ack = ack;
}

void tcp_conn_filled(struct tcp_conn *c, uint32_t len)
{
	c->rcv_nxt += len;
	c->ack_state = MAX(c->ack_state, TCP_ACK_DUE);
	if (c->fin_early && c->fin_seq == c->rcv_nxt)
		tcp_conn_fin(c);
}

void tcp_conn_refused(struct tcp_conn *c, uint32_t len)
{
	c->rcv_nxt -= len + (c->to_host_state == TCP_TO_HOST_FIN_HELD);
	c->to_host_state = TCP_TO_HOST_OPEN;
	c->ack_state = TCP_ACK_NOW;
}

void tcp_conn_shut(struct tcp_conn *c, struct tcp_action *ret_action)
{
	*ret_action = (struct tcp_action){ 0 };
	c->to_host_state = TCP_TO_HOST_CLOSED;
	c->rcv_ack = c->rcv_nxt;
	c->ack_state = TCP_ACK_NOW;
	tcp_conn_check_closed(c, ret_action);
}

void tcp_conn_urgent(struct tcp_conn *c, uint32_t seq)
{
	if (tcp_seq_le(c->snd_una, seq))
		tcp_urgent_note(&c->to_ns_urgent, seq);
}

void tcp_conn_eof(struct tcp_conn *c)
{
	if (c->to_ns_state == TCP_TO_NS_OPEN)
		c->to_ns_state = TCP_TO_NS_EOF;
}

/* What the namespace's window and our own limit leave beside what is in flight */
static uint32_t tcp_conn_usable(const struct tcp_conn *c)
{
	uint32_t used = c->snd_nxt - c->snd_una, flight = used - tcp_lost_arrived(c);

	if (used >= c->snd_window || flight >= c->snd_limit)
		return 0;
	return MIN(c->snd_window - used, c->snd_limit - flight);
}

uint32_t tcp_conn_room(const struct tcp_conn *c)
{
	uint32_t usable = tcp_conn_usable(c), hole = tcp_lost_room(c);

	if (c->tap_state != TCP_TAP_ESTABLISHED || !usable)
		return 0;
	if (c->to_ns_state >= TCP_TO_NS_FIN_SENT) /* only what was sent before, and not the FIN */
		return c->snd_nxt == c->snd_max
			       ? 0
			       : MIN(MIN(usable, hole), c->snd_max - 1 - c->snd_nxt);
	if (hole != UINT32_MAX)
		return MIN(usable, hole);
	if (c->snd_nxt == c->snd_una || usable >= MIN(c->mss, c->snd_largest / 2))
		return usable;
	/* Our own limit is far from what a small exchange needs; and where more is queued than
	 * fits, there's nothing to look for
	 */
	if (c->snd_limit < c->snd_window || tcp_seq_lt(c->snd_nxt + usable, c->snd_queued))
		return 0;
	return usable + 1;
}

bool tcp_conn_fits(struct tcp_conn *c, uint32_t found)
{
	if (found <= tcp_conn_usable(c))
		return true;
	c->snd_queued = c->snd_nxt + found;
	return false;
}

void tcp_conn_sent(struct tcp_conn *c, uint32_t len, bool fin, uint64_t now_ns)
{
	if (!tcp_conn_in_flight(c))
		c->progress_ns = now_ns;
	c->snd_nxt += len + fin;
	if (fin)
		c->to_ns_state = TCP_TO_NS_FIN_SENT;
	if (tcp_seq_lt(c->snd_max, c->snd_nxt)) {
		c->snd_max = c->snd_nxt;
		tcp_turns_answered(c);
	}
	if (tcp_seq_lt(c->snd_queued, c->snd_max))
		c->snd_queued = c->snd_max;
	tcp_lost_skip(c);
}

bool tcp_conn_fin_due(const struct tcp_conn *c)
{
	return c->tap_state == TCP_TAP_ESTABLISHED &&
	       ((c->to_ns_state == TCP_TO_NS_EOF && c->snd_nxt == c->snd_max) ||
		(c->to_ns_state == TCP_TO_NS_FIN_SENT && c->snd_nxt + 1 == c->snd_max));
}

/* The right edge to announce, in units of the scale from rcv_ack: rounded up, so that it doesn't
 * move back by the part of a unit that the field can't express
 */
static uint32_t tcp_conn_edge(const struct tcp_conn *c, uint32_t window)
{
	uint32_t unit = 1U << c->rcv_scale, most = (uint32_t)UINT16_MAX << c->rcv_scale;
	uint32_t edge = c->rcv_nxt + window, span;

	if (tcp_seq_lt(edge, c->rcv_edge) || c->to_host_state != TCP_TO_HOST_OPEN)
		edge = c->rcv_edge;
	span = MIN(edge - c->rcv_ack, most);
	edge = c->rcv_ack + ((span + unit - 1) & ~(unit - 1));
	return tcp_seq_lt(edge, c->rcv_edge) ? c->rcv_edge : edge;
}

uint16_t tcp_conn_announce(struct tcp_conn *c, uint32_t window)
{
	c->rcv_edge = tcp_conn_edge(c, window);
	c->rcv_acked = c->rcv_ack;
	c->rcv_largest = MAX(c->rcv_largest, c->rcv_edge - c->rcv_ack);
	c->ack_state = TCP_ACK_NONE;
	return (uint16_t)MIN((c->rcv_edge - c->rcv_ack) >> c->rcv_scale, UINT16_MAX);
}

/* Whether a wider window is worth a segment of its own: from nearly nothing, once the namespace may
 * use it (RFC 9293, 3.8.6.2.2: a segment, or half of the most there was), else if it's doubled
 */
static bool tcp_conn_update_worth(const struct tcp_conn *c, uint32_t window)
{
	uint32_t enough = MIN(tcp_conn_rcv_segment(c), c->rcv_largest / 2);
	uint32_t usable = c->rcv_edge - c->rcv_nxt;
	uint32_t wider = tcp_conn_edge(c, window) - c->rcv_nxt;

	return wider >= (usable < enough ? enough : 2 * usable);
}

bool tcp_conn_ack_wanted(const struct tcp_conn *c, uint32_t window)
{
	switch ((enum tcp_ack_state)c->ack_state) {
	case TCP_ACK_NONE:
		return false;
	case TCP_ACK_CARRIED:
	case TCP_ACK_DELAYED:
	case TCP_ACK_DUE:
		return c->rcv_ack != c->rcv_acked || tcp_conn_update_worth(c, window);
	case TCP_ACK_NOW:
		break;
	}
	return true;
}
