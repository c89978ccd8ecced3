/* SPDX-License-Identifier: Apache-2.0
 *
 * No two numbers that are OOO_SLOTS chunks or more apart are kept at a time, so a slot belongs to
 * one stretch of the stream.
 */
#include "common/tcp/ooo.h"

#include <string.h>

#include "common/base/util.h"

/* From the missing number on; one slot less, because it may lie in the middle of the first one */
#define OOO_SPAN ((OOO_SLOTS - 1) * CHUNK_BYTES)

static uint32_t *ooo_slot(struct ooo *ooo, uint32_t seq)
{
	return &ooo->slot[seq / CHUNK_BYTES % OOO_SLOTS];
}

/* Store bytes from piece->at.from to before @to. Return: where the room ended, at most @to */
static uint32_t ooo_store(struct chunk_pool *pool, struct ooo *ooo, uint32_t chunks_max,
			  const struct ooo_piece *piece, uint32_t to)
{
	const uint8_t *from = piece->data;
	uint32_t seq = piece->at.from;

	while (seq != to) {
		uint32_t at = seq % CHUNK_BYTES, n = MIN(CHUNK_BYTES - at, to - seq);
		uint32_t *slot = ooo_slot(ooo, seq);

		if (!*slot) {
			if (!chunks_max--)
				break;
			*slot = chunk_take(pool);
			if (!*slot)
				break;
			ooo->chunks++;
		}
		memcpy(chunk_data(pool, *slot) + at, from, n);
		from += n;
		seq += n;
	}
	return seq;
}

/* The piece's number becomes the first of the recent ones, unless its range is that already */
static void ooo_note(struct ooo *ooo, uint32_t seq)
{
	const struct tcp_sack *range = seq_ranges_find(&ooo->ranges, seq);

	if (range == seq_ranges_find(&ooo->ranges, ooo->recent[0]))
		return;
	memmove(&ooo->recent[1], &ooo->recent[0], sizeof(ooo->recent) - sizeof(ooo->recent[0]));
	ooo->recent[0] = seq;
}

/* The first part of the piece that is here already (RFC 2883, 4) */
static void ooo_find_duplicate(const struct ooo *ooo, struct ooo_piece *piece)
{
	const struct tcp_sack *range = seq_ranges_find(&ooo->ranges, piece->at.from);

	piece->duplicate = (struct tcp_sack){ piece->at.from, piece->at.from };
	if (!range || !tcp_seq_lt(range->from, piece->at.to))
		return;
	if (tcp_seq_lt(piece->at.from, range->from))
		piece->duplicate.from = range->from;
	piece->duplicate.to = tcp_seq_lt(range->to, piece->at.to) ? range->to : piece->at.to;
}

bool ooo_add(struct chunk_pool *pool, struct ooo *ooo, uint32_t base, uint32_t chunks_max,
	     struct ooo_piece *piece)
{
	struct tcp_sack kept = piece->at;

	ooo_find_duplicate(ooo, piece);
	if (seq_ranges_has(&ooo->ranges, kept)) {
		ooo_note(ooo, kept.from);
		return true;
	}
	if (ooo->ranges.count == SEQ_RANGES_MAX || !tcp_seq_lt(kept.from, base + OOO_SPAN))
		return false;
	if (tcp_seq_lt(base + OOO_SPAN, kept.to))
		kept.to = base + OOO_SPAN;
	kept.to = ooo_store(pool, ooo, chunks_max, piece, kept.to);
	if (kept.from == kept.to)
		return false;
	seq_ranges_add(&ooo->ranges, kept); /* there was room for one more */
	ooo_note(ooo, kept.from);
	return kept.to == piece->at.to;
}

uint32_t ooo_ready(const struct ooo *ooo, uint32_t seq)
{
	const struct tcp_sack *first = seq_ranges_find(&ooo->ranges, seq);

	return first && tcp_seq_le(first->from, seq) ? first->to - seq : 0;
}

int ooo_peek(const struct chunk_pool *pool, const struct ooo *ooo, struct tcp_sack what,
	     struct iovec *iov, int iov_max)
{
	int count = 0;

	while (what.from != what.to && count < iov_max) {
		uint32_t at = what.from % CHUNK_BYTES;
		uint32_t n = MIN(CHUNK_BYTES - at, what.to - what.from);
		uint32_t number = ooo->slot[what.from / CHUNK_BYTES % OOO_SLOTS];

		iov[count++] = (struct iovec){ chunk_data(pool, number) + at, n };
		what.from += n;
	}
	return count;
}

static void ooo_give(struct chunk_pool *pool, struct ooo *ooo, uint32_t *slot)
{
	if (!*slot)
		return;
	chunk_give(pool, *slot);
	*slot = 0;
	ooo->chunks--;
}

void ooo_drop(struct chunk_pool *pool, struct ooo *ooo, uint32_t base)
{
	struct seq_ranges *ranges = &ooo->ranges;

	while (ranges->count && tcp_seq_lt(ranges->range[0].from, base)) {
		struct tcp_sack first = ranges->range[0];
		uint32_t seq = first.from - first.from % CHUNK_BYTES;

		if (tcp_seq_lt(base, first.to))
			first.to = base;
		seq_ranges_cut(ranges, first.to);
		for (; tcp_seq_lt(seq, first.to); seq += CHUNK_BYTES)
			/* the last one may have more in it that stays */
			if (!ranges->count || tcp_seq_le(seq + CHUNK_BYTES, ranges->range[0].from))
				ooo_give(pool, ooo, ooo_slot(ooo, seq));
	}
}

void ooo_clear(struct chunk_pool *pool, struct ooo *ooo)
{
	if (ooo->ranges.count)
		ooo_drop(pool, ooo, ooo->ranges.range[ooo->ranges.count - 1].to);
}

/* Add a range to @count blocks unless it's there. Return: the new count */
static int ooo_block(const struct tcp_sack *range, struct tcp_sack *blocks, int count)
{
	for (int i = 0; i < count; i++)
		if (blocks[i].from == range->from)
			return count;
	blocks[count] = *range;
	return count + 1;
}

int ooo_blocks(const struct ooo *ooo, struct tcp_sack *blocks, int max)
{
	int count = 0;

	for (int i = 0; i < TCP_SACK_MAX && count < max; i++) {
		const struct tcp_sack *range = seq_ranges_find(&ooo->ranges, ooo->recent[i]);

		if (range)
			count = ooo_block(range, blocks, count);
	}
	for (uint32_t i = 0; i < ooo->ranges.count && count < max; i++)
		count = ooo_block(&ooo->ranges.range[i], blocks, count);
	return count;
}
