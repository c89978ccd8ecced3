/* SPDX-License-Identifier: Apache-2.0
 *
 * The out-of-order queue, fed with any pieces, and relieved of any amount: what it says is here was
 * given to it, byte for byte, and all chunks come back in the end. A byte is known by its number.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/util.h"
#include "common/tcp/ooo.h"

#define POOL 40

struct step {
	uint8_t kind; /* even: a piece, odd: take or drop */
	uint8_t unit;
	uint16_t from, len;
};

/* Bytes repeat after so many, which is no part of a chunk */
#define PERIOD 251
#define PIECE_MAX UINT16_MAX

static uint8_t stream[PERIOD + PIECE_MAX];

/* At least PIECE_MAX bytes from the one on that is @offset into the stream */
static const uint8_t *bytes_at(uint32_t offset)
{
	if (!stream[1])
		for (uint32_t i = 0; i < sizeof(stream); i++)
			stream[i] = (uint8_t)(i % PERIOD);
	return stream + offset % PERIOD;
}

static void check(const struct chunk_pool *pool, const struct ooo *ooo, uint32_t base)
{
	struct tcp_sack blocks[TCP_SACK_MAX];
	int count = ooo_blocks(ooo, blocks, TCP_SACK_MAX);
	uint32_t before = base;

	REQUIRE(ooo->chunks == pool->used && ooo->ranges.count <= SEQ_RANGES_MAX);
	REQUIRE(count == (int)MIN(ooo->ranges.count, (uint32_t)TCP_SACK_MAX));
	for (int i = 0; i < count; i++)
		REQUIRE(seq_ranges_has(&ooo->ranges, blocks[i]));
	for (uint32_t i = 0; i < ooo->ranges.count; i++) {
		const struct tcp_sack *r = &ooo->ranges.range[i];

		REQUIRE((i ? tcp_seq_lt(before, r->from) : tcp_seq_le(before, r->from)) &&
			tcp_seq_lt(r->from, r->to));
		before = r->to;
	}
}

static void add(struct chunk_pool *pool, struct ooo *ooo, uint32_t first, uint32_t base,
		const struct step *s)
{
	uint32_t from = base + ((uint32_t)s->from << s->unit % 12), len = s->len ? s->len : 1;
	struct ooo_piece piece = { .data = bytes_at(from - first), .at = { from, from + len } };

	if (ooo_add(pool, ooo, base, s->unit % 3 ? POOL : s->unit % 5, &piece))
		REQUIRE(seq_ranges_has(&ooo->ranges, piece.at));
	REQUIRE(tcp_seq_le(piece.at.from, piece.duplicate.from) &&
		tcp_seq_le(piece.duplicate.to, piece.at.to));
}

/* Return: the new first number that is missing */
static uint32_t take(struct chunk_pool *pool, struct ooo *ooo, uint32_t first, uint32_t base,
		     const struct step *s)
{
	struct iovec iov[4];
	uint32_t ready = ooo_ready(ooo, base);
	int count;

	if (!ready)
		return base + s->from % 5000;
	count = ooo_peek(pool, ooo, (struct tcp_sack){ base, base + ready }, iov, 4);
	for (int i = 0; i < count; i++) {
		REQUIRE(!memcmp(iov[i].iov_base, bytes_at(base - first), iov[i].iov_len));
		base += (uint32_t)iov[i].iov_len;
	}
	return base;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chunk_pool pool;
	struct ooo ooo = { .chunks = 0 };
	struct step s;
	uint32_t base, first;

	if (size < sizeof(base) || chunk_pool_init(&pool, POOL))
		return 0;
	memcpy(&base, data, sizeof(base));
	first = base;
	for (data += sizeof(base), size -= sizeof(base); size >= sizeof(s); data += sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		size -= sizeof(s);
		if (s.kind % 2) {
			base = take(&pool, &ooo, first, base, &s);
			ooo_drop(&pool, &ooo, base);
		} else {
			add(&pool, &ooo, first, base, &s);
		}
		check(&pool, &ooo, base);
	}
	ooo_clear(&pool, &ooo);
	REQUIRE(!pool.used && !ooo.ranges.count);
	chunk_pool_fini(&pool);
	return 0;
}
