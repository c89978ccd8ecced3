/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the pure parts (ooo.c, lost.c) and the worker's chunks.
 */
#include "common/tcp/gaps.h"

#include <assert.h>
#include <string.h>

#include "common/base/util.h"
#include "common/tcp/ooo.h"

/* Kept early for all flows: 64 MiB */
#define TCP_EARLY_CHUNKS 4096

struct tcp_gaps {
	struct ooo early;
	struct seq_ranges sacked;
};
static_assert(sizeof(struct tcp_gaps) <= CHUNK_BYTES, "they fit into a chunk");

static struct tcp_gaps *tcp_gaps_of(const struct tcp_flow *f)
{
	return (void *)chunk_data(&f->tcp->chunks, f->gaps);
}

/* Chunks that may be taken now */
static uint32_t tcp_gaps_room(const struct tcp *tcp)
{
	const struct chunk_pool *pool = &tcp->chunks;
	uint32_t left = pool->capacity - pool->used;
	uint32_t reserved = pool->capacity / 2 + TCP_BACKLOG_CHUNKS;

	return left <= reserved ? 0 : MIN(left - reserved, TCP_EARLY_CHUNKS - tcp->early_chunks);
}

/* Return: NULL if there's no room */
static struct tcp_gaps *tcp_gaps_make(struct tcp_flow *f)
{
	struct tcp_gaps *gaps;

	if (f->gaps)
		return tcp_gaps_of(f);
	if (!tcp_gaps_room(f->tcp))
		return NULL;
	f->gaps = chunk_take(&f->tcp->chunks);
	if (!f->gaps)
		return NULL;
	f->tcp->early_chunks++;
	gaps = tcp_gaps_of(f);
	memset(gaps, 0, sizeof(*gaps));
	return gaps;
}

void tcp_gaps_note(struct tcp_flow *f, const struct tcp_segment *seg)
{
	struct tcp_gaps *gaps;

	if (!seg->sack_count || !f->conn.sack || f->conn.tap_state != TCP_TAP_ESTABLISHED)
		return;
	/* RFC 2883, 4: about what came twice */
	f->tcp->stats.resent_in_vain += tcp_seq_le(seg->sack[0].to, seg->ack);
	if (f->conn.sacked)
		return;
	gaps = tcp_gaps_make(f);
	if (gaps)
		f->conn.sacked = &gaps->sacked;
}

void tcp_gaps_keep(struct tcp_flow *f, const struct tcp_segment *seg, struct tcp_action *action)
{
	struct tcp_gaps *gaps = tcp_gaps_make(f);
	struct ooo_piece piece = {
		.data = seg->payload,
		.at = { seg->seq, seg->seq + action->keep_len },
	};
	bool kept = false;

	if (gaps) {
		uint32_t before = gaps->early.chunks;

		kept = ooo_add(&f->tcp->chunks, &gaps->early, f->conn.rcv_nxt,
			       tcp_gaps_room(f->tcp), &piece);
		f->tcp->early_chunks += gaps->early.chunks - before;
		action->duplicate = piece.duplicate;
	}
	f->tcp->stats.early += kept;
	f->tcp->stats.early_lost += !kept;
}

static void tcp_gaps_drop(struct tcp_flow *f, uint32_t base)
{
	struct ooo *early = &tcp_gaps_of(f)->early;
	uint32_t before = early->chunks;

	ooo_drop(&f->tcp->chunks, early, base);
	f->tcp->early_chunks -= before - early->chunks;
}

int tcp_gaps_next(struct tcp_flow *f, struct iovec *iov, int iov_max)
{
	const struct ooo *early = &tcp_gaps_of(f)->early;
	struct tcp_sack ready = { f->conn.rcv_nxt, f->conn.rcv_nxt };

	tcp_gaps_drop(f, ready.from);
	if (f->conn.to_host_state != TCP_TO_HOST_OPEN)
		return 0;
	ready.to += ooo_ready(early, ready.from);
	return ooo_peek(&f->tcp->chunks, early, ready, iov, iov_max);
}

int tcp_gaps_blocks(const struct tcp_flow *f, struct tcp_sack *blocks, int max)
{
	return f->gaps && f->conn.sack ? ooo_blocks(&tcp_gaps_of(f)->early, blocks, max) : 0;
}

void tcp_gaps_trim(struct tcp_flow *f)
{
	const struct tcp_gaps *gaps = tcp_gaps_of(f);

	if (!gaps->early.ranges.count && !gaps->sacked.count)
		tcp_gaps_forget(f);
}

void tcp_gaps_forget(struct tcp_flow *f)
{
	struct ooo *early;

	if (!f->gaps)
		return;
	early = &tcp_gaps_of(f)->early;
	f->tcp->early_chunks -= early->chunks + 1;
	ooo_clear(&f->tcp->chunks, early);
	chunk_give(&f->tcp->chunks, f->gaps);
	f->gaps = 0;
	f->conn.sacked = NULL;
}
