/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP core, driven by any sequence of segments, facts about the socket and time. The rest of
 * the translation is played here as tcp/ does it: what is accepted goes to a socket that takes a
 * part, what is sent is counted; what is early may turn out to be in order at any time. Segments
 * are near what the connection expects, or anywhere.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/tcp/core.h"
#include "common/tcp/timeout.h"

enum step_kind {
	STEP_SEGMENT, /* near what is expected */
	STEP_SEGMENT_WILD,
	STEP_DRAIN, /* the socket takes some of the backlog */
	STEP_PULL, /* the socket has data */
	STEP_EOF,
	STEP_FLUSH,
	STEP_TIME,
	STEP_TIMER,
	STEP_KINDS,
};

struct step {
	uint8_t kind;
	uint8_t flags;
	uint8_t seq, ack; /* offsets in some unit */
	uint8_t len;
	uint8_t window;
	uint8_t amount; /* of what the step is about */
	uint8_t unit;
};

struct world {
	struct tcp_conn c;
	struct seq_ranges board;
	struct tcp_action a;
	uint64_t now_ns;
	uint64_t accepted; /* bytes from the namespace */
	uint64_t pulled; /* bytes sent at least once */
	uint64_t discarded;
	uint32_t backlog;
	uint32_t first; /* the namespace's first data byte */
	uint32_t sent_first; /* ours */
	uint32_t seen_edge; /* right edge by what we announced */
	bool host_eof;
	bool over;
};

static void check(const struct world *w)
{
	const struct tcp_conn *c = &w->c;
	const struct seq_ranges *board = &w->board;
	uint32_t fin_in = c->to_host_state != TCP_TO_HOST_OPEN,
		 fin_out = c->to_ns_state >= TCP_TO_NS_FIN_SENT;

	REQUIRE(tcp_seq_le(c->rcv_ack, c->rcv_nxt) && tcp_seq_le(c->rcv_nxt, c->rcv_edge));
	REQUIRE(tcp_seq_le(c->rcv_acked, c->rcv_ack));
	if (c->tap_state == TCP_TAP_SYN_SENT) { /* the namespace's numbers aren't known yet */
		REQUIRE(!w->accepted && !w->pulled && !w->discarded);
		REQUIRE(c->snd_una + 1 == c->snd_nxt && c->snd_nxt == c->snd_max);
		return;
	}
	REQUIRE(tcp_seq_le(c->snd_una, c->snd_nxt) && tcp_seq_le(c->snd_nxt, c->snd_max));
	REQUIRE(c->rcv_nxt - w->first == (uint32_t)w->accepted + fin_in);
	REQUIRE(c->to_host_state != TCP_TO_HOST_FIN_HELD || c->rcv_ack != c->rcv_nxt);
	REQUIRE(c->tap_state == TCP_TAP_CONNECTING || c->tap_state == TCP_TAP_SYN_RECEIVED ||
		c->snd_max - w->sent_first == (uint32_t)w->pulled + fin_out);
	REQUIRE(w->discarded <= w->pulled);
	REQUIRE(c->tap_state != TCP_TAP_ESTABLISHED ||
		c->snd_una - w->sent_first ==
			(uint32_t)w->discarded + (c->to_ns_state == TCP_TO_NS_FIN_ACKED));
	REQUIRE(c->tap_state != TCP_TAP_ESTABLISHED ||
		(tcp_seq_le(c->snd_max, c->snd_queued) && c->snd_window <= c->snd_largest));
	REQUIRE(tcp_seq_le(c->snd_una, c->mended + 1) && tcp_seq_le(c->mended, c->snd_max));
	if (board->count) {
		REQUIRE(tcp_seq_lt(c->snd_una, board->range[0].from) &&
			tcp_seq_le(board->range[board->count - 1].to, c->snd_max));
		REQUIRE(!seq_ranges_has(board, (struct tcp_sack){ c->snd_nxt, c->snd_nxt + 1 }));
	}
	REQUIRE(tcp_seq_le(c->recover, c->snd_max) &&
		tcp_seq_le(c->snd_una, c->recover + 1 + (c->tap_state == TCP_TAP_CONNECTING)));
}

static void act(struct world *w)
{
	struct tcp_action *a = &w->a;

	w->discarded += a->discard;
	REQUIRE(!a->closed || w->c.tap_state == TCP_TAP_TIME_WAIT ||
		(w->c.to_host_state == TCP_TO_HOST_CLOSED &&
		 w->c.to_ns_state == TCP_TO_NS_FIN_ACKED));
	REQUIRE(!(a->reset_both && a->reset_host));
	REQUIRE(!a->synack || w->c.tap_state == TCP_TAP_SYN_RECEIVED ||
		w->c.tap_state == TCP_TAP_SYN_SENT);
	if (a->reset_both || a->reset_host)
		w->over = true;
	else if (a->closed && w->c.tap_state == TCP_TAP_TIME_WAIT)
		w->over = true;
	else if (a->closed)
		w->c.tap_state = TCP_TAP_TIME_WAIT;
}

static void finish(struct world *w)
{
	if (w->c.to_host_state != TCP_TO_HOST_FIN_HELD || w->backlog)
		return;
	tcp_conn_shut(&w->c, &w->a);
	act(w);
}

/* What the socket is given, in pieces, from @seq on: the urgent byte is never in the midst of one
 */
static void hand_over(struct tcp_conn *c, uint32_t seq, uint32_t len)
{
	while (len) {
		uint32_t piece = tcp_urgent_piece(&c->to_host_urgent, seq, len);

		REQUIRE(piece && piece <= len);
		REQUIRE(piece == 1 || !tcp_urgent_is_at(&c->to_host_urgent, seq + piece - 1));
		seq += piece;
		len -= piece;
		tcp_urgent_passed(&c->to_host_urgent, seq);
	}
}

static void take(struct world *w, const struct tcp_segment *seg, const struct step *s)
{
	uint32_t len = w->a.accept_len, held, lost;

	REQUIRE((uint64_t)w->a.accept_offset + len <= seg->payload_len);
	if (len) {
		held = w->backlog ? len : len * (s->amount % 4) / 3;
		lost = held && s->amount > 240 ? held * (s->amount % 3) / 2 : 0;
		hand_over(&w->c, w->first + (uint32_t)w->accepted - w->backlog, len - held);
		w->accepted += len - lost;
		w->backlog += held - lost;
		if (lost)
			tcp_conn_refused(&w->c, lost);
		tcp_conn_taken(&w->c, w->backlog);
	}
}

/* What was kept early is in order now, as far as anything can be that was inside the window */
static void fill(struct world *w, const struct step *s)
{
	uint32_t len = MIN(w->c.rcv_edge - w->c.rcv_nxt, s->amount * 7u);

	if (w->c.to_host_state != TCP_TO_HOST_OPEN || !len)
		return;
	tcp_conn_filled(&w->c, len);
	w->accepted += len;
	w->backlog += s->amount % 2 ? len : 0;
	tcp_conn_taken(&w->c, w->backlog);
}

static void segment(struct world *w, const struct step *s, bool wild)
{
	uint32_t unit = wild ? 0x01010101 : 1U << s->unit % 12;
	struct tcp_segment seg = {
		.flags = s->flags,
		.seq = w->c.rcv_nxt + (uint32_t)(int8_t)s->seq * unit,
		.ack = (s->unit & 0x40 ? w->c.snd_una : w->c.snd_max) -
		       (uint32_t)(int8_t)s->ack * unit,
		.window = (uint16_t)(s->window * 257),
		.urgent = (uint16_t)(s->amount * 7),
		.payload_len = s->len * (s->unit & 0x80 ? 256u : 1u),
		.wscale = TCP_WSCALE_NONE,
	};
	bool fin_was = w->c.to_host_state != TCP_TO_HOST_OPEN;
	bool opening = w->c.tap_state == TCP_TAP_SYN_SENT;

	if (!wild && !(s->unit & 0x20))
		seg.flags = (uint8_t)(TCP_ACK | (s->flags > 250 ? TCP_FIN : 0) |
				      (opening ? TCP_SYN : 0));
	if (opening)
		seg.wscale = s->window % 2 ? TCP_WSCALE_NONE : s->window % (TCP_WSCALE_MAX + 1);
	seg.sack_permitted = s->amount & 1;
	seg.sack_count = s->amount % (TCP_SACK_MAX + 1);
	for (uint32_t i = 0; i < seg.sack_count; i++)
		seg.sack[i] = (struct tcp_sack){ w->c.snd_una + i * s->len + s->ack,
						 w->c.snd_una + i * s->len + s->window };
	tcp_conn_segment(&w->c, &seg, w->now_ns, &w->a);
	REQUIRE(!w->a.keep_len || (!w->a.accept_len && w->a.keep_len <= seg.payload_len));
	REQUIRE(tcp_seq_le(seg.seq, w->a.duplicate.from) || !w->a.duplicate.from);
	REQUIRE(!w->a.reply_reset || w->c.tap_state == TCP_TAP_SYN_RECEIVED ||
		w->c.tap_state == TCP_TAP_SYN_SENT);
	if (opening && w->c.tap_state == TCP_TAP_ESTABLISHED)
		w->first = w->seen_edge = w->c.rcv_nxt;
	if (w->a.reply_reset) {
		REQUIRE(!w->a.accept_len && !w->a.discard && !w->a.closed);
		return;
	}
	REQUIRE(!fin_was || !w->a.accept_len);
	take(w, &seg, s);
	if (w->a.accept_len && s->unit & 0x10)
		fill(w, s);
	act(w);
	if (!w->over)
		finish(w);
}

static void pull(struct world *w, const struct step *s)
{
	uint32_t have = s->amount * (s->unit & 0x80 ? 512u : 8u);

	for (uint32_t room; (room = tcp_conn_room(&w->c));) {
		uint32_t old = w->c.snd_max - w->c.snd_nxt, len;
		uint32_t flight = w->c.snd_nxt - w->c.snd_una;
		uint32_t arrived = seq_ranges_bytes(&w->board, w->c.snd_nxt);
		uint32_t most = MIN(w->c.snd_window - flight, w->c.snd_limit - (flight - arrived));

		REQUIRE(flight < w->c.snd_window && w->c.tap_state == TCP_TAP_ESTABLISHED);
		REQUIRE(room <= most + 1 && (room <= most || flight));
		if (w->c.to_ns_state >= TCP_TO_NS_FIN_SENT) {
			REQUIRE(room < old); /* never beyond the FIN */
			len = room;
		} else {
			len = MIN(room, old + (w->host_eof ? 0 : have));
			if (w->host_eof && !len)
				tcp_conn_eof(&w->c);
		}
		if (!len)
			break;
		if (!tcp_conn_fits(&w->c, len)) {
			REQUIRE(len > most && !tcp_conn_room(&w->c));
			break;
		}
		have -= len > old ? len - old : 0;
		w->pulled += len > old ? len - old : 0;
		tcp_conn_sent(&w->c, len, false, w->now_ns);
	}
	if (tcp_conn_fin_due(&w->c))
		tcp_conn_sent(&w->c, 0, true, w->now_ns);
	REQUIRE(!tcp_conn_fin_due(&w->c));
}

/* What the namespace sees of our window never moves back */
static void flush(struct world *w, const struct step *s, bool always)
{
	uint32_t window = s->amount * (s->unit & 0x80 ? 16411u : 3u), edge = w->c.rcv_edge, seen;

	if (w->c.tap_state < TCP_TAP_ESTABLISHED || !(always || tcp_conn_ack_wanted(&w->c, window)))
		return;
	seen = (uint32_t)tcp_conn_announce(&w->c, window) << w->c.rcv_scale;
	seen += w->c.rcv_ack;
	REQUIRE(tcp_seq_le(edge, w->c.rcv_edge) && tcp_seq_le(seen, w->c.rcv_edge));
	REQUIRE(tcp_seq_le(w->seen_edge, seen) || w->c.to_host_state != TCP_TO_HOST_OPEN ||
		!w->c.rcv_scale);
	REQUIRE(w->c.ack_state == TCP_ACK_NONE && !tcp_conn_ack_wanted(&w->c, 0));
	w->seen_edge = seen;
}

static void timer(struct world *w)
{
	uint64_t next_ms = tcp_conn_timeout(&w->c, w->backlog, w->now_ns, &w->a);

	REQUIRE(next_ms || w->a.reset_both || w->a.closed);
	REQUIRE(next_ms <= TCP_IDLE_MS + 1);
	act(w);
}

static void drain(struct world *w, const struct step *s)
{
	uint32_t len = MIN(w->backlog, s->amount * (s->unit & 0x80 ? 256u : 1u));

	hand_over(&w->c, w->first + (uint32_t)w->accepted - w->backlog, len);
	w->backlog -= len;
	tcp_conn_taken(&w->c, w->backlog);
	finish(w);
}

static void step_run(struct world *w, const struct step *s)
{
	switch ((enum step_kind)(s->kind % STEP_KINDS)) {
	case STEP_SEGMENT:
		segment(w, s, false);
		break;
	case STEP_SEGMENT_WILD:
		segment(w, s, true);
		break;
	case STEP_DRAIN:
		if (w->c.tap_state == TCP_TAP_CONNECTING)
			tcp_conn_connected(&w->c, w->now_ns, &w->a);
		else if (w->c.tap_state != TCP_TAP_TIME_WAIT)
			drain(w, s);
		break;
	case STEP_EOF:
		w->host_eof = true;
		break;
	case STEP_FLUSH:
		flush(w, s, s->flags & 1);
		break;
	case STEP_TIME:
		w->now_ns += (uint64_t)s->amount * (s->unit & 0x80 ? 60000 : 20) * NS_PER_MS;
		break;
	case STEP_TIMER:
		timer(w);
		break;
	case STEP_PULL:
	case STEP_KINDS:
		break;
	}
	if (!w->over && (s->kind % STEP_KINDS == STEP_PULL || w->a.pull))
		pull(w, s);
	w->a = (struct tcp_action){ 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcp_segment syn = { .flags = TCP_SYN, .window = 1000 };
	struct world w = { .now_ns = NS_PER_S };
	uint32_t numbers[2];
	struct step s;

	if (size < sizeof(numbers) + 4)
		return 0;
	memcpy(numbers, data, sizeof(numbers));
	syn.seq = numbers[0];
	syn.wscale = data[8] % 2 ? TCP_WSCALE_NONE : data[8] % (TCP_WSCALE_MAX + 1);
	syn.mss = (uint16_t)(data[9] << 8 | data[10]);
	w.first = w.seen_edge = numbers[0] + 1;
	w.sent_first = numbers[1] + 1;
	if (data[11] & 0x80)
		tcp_conn_open(&w.c, numbers[1], data[11] % 2 ? 1460 : 65480, w.now_ns);
	else
		tcp_conn_accept_syn(&w.c, &syn, numbers[1], data[11] % 2 ? 1460 : 65480, w.now_ns);
	if (data[11] & 0x40)
		w.c.sacked = &w.board;
	for (data += 12, size -= 12; size >= sizeof(s) && !w.over; data += sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		size -= sizeof(s);
		step_run(&w, &s);
		check(&w);
	}
	return 0;
}
