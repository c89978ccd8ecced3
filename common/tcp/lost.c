/* SPDX-License-Identifier: Apache-2.0
 *
 * A loss is mended by a rewind: snd_nxt goes back to snd_una and then forward from hole to hole, up
 * to the last number that the namespace has; what follows that is still on its way. What is sent in
 * the course of it may be lost, too: numbers beyond snd_max at the time of the rewind that arrive
 * before it tell of that.
 */
#include "common/tcp/lost.h"

#include "common/base/util.h"

#define TCP_DUP_ACKS 3 /* RFC 5681, 3.2; RFC 6675, 2 */

static bool tcp_lost_known(const struct tcp_conn *c)
{
	return c->sacked && c->sacked->count;
}

/* One after the last number that the namespace has */
static uint32_t tcp_lost_top(const struct tcp_conn *c)
{
	return c->sacked->range[c->sacked->count - 1].to;
}

void tcp_lost_acked(struct tcp_conn *c)
{
	if (tcp_seq_lt(c->recover, c->snd_una))
		c->recover = c->snd_una - 1;
	if (tcp_seq_lt(c->mended, c->snd_una))
		c->mended = c->snd_una;
	c->dup_acks = 0;
	if (c->sacked) {
		const struct tcp_sack *first = c->sacked->range;

		seq_ranges_cut(c->sacked, c->snd_una);
		if (c->sacked->count && first->from == c->snd_una)
			seq_ranges_cut(c->sacked, first->to); /* it has thrown that away */
	}
	tcp_lost_skip(c);
}

static void tcp_lost_rewind(struct tcp_conn *c, bool only_holes)
{
	c->snd_nxt = c->snd_una;
	c->recover = c->snd_max;
	c->mended = only_holes ? tcp_lost_top(c) : c->snd_max;
	c->only_holes = only_holes;
}

/* Note the blocks of an acknowledgement */
static void tcp_lost_note(struct tcp_conn *c, const struct tcp_segment *seg)
{
	for (int i = 0; i < seg->sack_count; i++) {
		struct tcp_sack block = seg->sack[i];

		/* Below snd_una it's about something that came twice (RFC 2883) */
		if (!tcp_seq_lt(c->snd_una, block.from) || !tcp_seq_lt(block.from, block.to) ||
		    tcp_seq_lt(c->snd_max, block.to))
			continue;
		seq_ranges_add(c->sacked, block);
	}
}

/* Bytes that arrived though they were sent after the first missing one; after its repetition, if it
 * was sent again
 */
static uint32_t tcp_lost_overtaken(const struct tcp_conn *c)
{
	uint32_t since = tcp_seq_lt(c->snd_una, c->mended) ? c->recover : c->snd_una, top;

	if (!tcp_lost_known(c))
		return 0;
	top = tcp_lost_top(c);
	return tcp_seq_lt(since, top)
		       ? seq_ranges_bytes(c->sacked, top) - seq_ranges_bytes(c->sacked, since)
		       : 0;
}

bool tcp_lost_doubtful(const struct tcp_conn *c)
{
	return tcp_lost_overtaken(c);
}

void tcp_lost_holes(struct tcp_conn *c)
{
	tcp_lost_rewind(c, true);
}

bool tcp_lost_told(struct tcp_conn *c, const struct tcp_segment *seg, bool again)
{
	if (c->sacked)
		tcp_lost_note(c, seg);
	if (tcp_lost_known(c) && tcp_lost_overtaken(c) >= (uint32_t)TCP_DUP_ACKS * c->mss) {
		tcp_lost_holes(c);
		return true;
	}
	/* What follows a rewind may be a repetition to the namespace, and answered with more of the
	 * same: no second rewind before all of that is behind (RFC 6582, 3.2)
	 */
	if (c->sack && (c->sacked || !seg->sack_count))
		again = false; /* blocks say more, if there's memory to note them */
	if (!again || c->dup_acks >= TCP_DUP_ACKS || ++c->dup_acks < TCP_DUP_ACKS ||
	    !tcp_seq_lt(c->recover, c->snd_una))
		return false;
	tcp_lost_rewind(c, false);
	return true;
}

/* What it has may be thrown away by the namespace (RFC 2018, 8) */
void tcp_lost_all(struct tcp_conn *c)
{
	if (c->sacked)
		c->sacked->count = 0;
	tcp_lost_rewind(c, false);
}

void tcp_lost_skip(struct tcp_conn *c)
{
	bool known = tcp_lost_known(c);

	if (known) {
		const struct tcp_sack *next = seq_ranges_find(c->sacked, c->snd_nxt);

		if (next && tcp_seq_le(next->from, c->snd_nxt))
			c->snd_nxt = next->to;
	}
	if (c->only_holes && (!known || !tcp_seq_lt(c->snd_nxt, tcp_lost_top(c))))
		c->snd_nxt = c->snd_max;
}

uint32_t tcp_lost_room(const struct tcp_conn *c)
{
	const struct tcp_sack *next =
		tcp_lost_known(c) ? seq_ranges_find(c->sacked, c->snd_nxt) : NULL;

	return next ? next->from - c->snd_nxt : UINT32_MAX;
}

uint32_t tcp_lost_arrived(const struct tcp_conn *c)
{
	return tcp_lost_known(c) ? seq_ranges_bytes(c->sacked, c->snd_nxt) : 0;
}
