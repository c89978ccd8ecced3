/* SPDX-License-Identifier: Apache-2.0
 *
 * Out of order: what came from the namespace while something before it is missing. Bytes lie in
 * chunks at a place that follows from their sequence number alone, so pieces may come in any order
 * and overlap; each is stored once. A queue belongs to whoever embeds it, its chunks to a pool.
 * Pure over these: nothing is sent or received here.
 */
#ifndef COMMON_TCP_OOO_H
#define COMMON_TCP_OOO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/chunk.h"
#include "common/tcp/seq_ranges.h"

/* Power of two; as much as the largest window that we announce */
#define OOO_SLOTS 256

struct ooo {
	struct seq_ranges ranges; /* what is here */
	uint32_t slot[OOO_SLOTS]; /* chunk of the numbers in there, 0: none; by number / CHUNK_BYTES
				   */
	uint32_t chunks; /* in slots */
	uint32_t recent[TCP_SACK_MAX]; /* numbers that came lately, the last one first */
};

/* What becomes of a piece */
struct ooo_piece {
	const uint8_t *data;
	struct tcp_sack at; /* where it belongs */
	struct tcp_sack duplicate; /* returned: the part that was here already, or empty */
};

/* ooo_add() - keep a piece, or as much of its beginning as there's room for
 * @base:	the first number that is missing, before all that is kept
 * @chunks_max:	how many more chunks may be taken
 *
 * Return: whether all of it is here now
 */
bool ooo_add(struct chunk_pool *pool, struct ooo *ooo, uint32_t base, uint32_t chunks_max,
	     struct ooo_piece *piece);

/* ooo_ready() - Return: bytes that are here from @seq on, without a gap */
uint32_t ooo_ready(const struct ooo *ooo, uint32_t seq);

/* ooo_peek() - point at up to @len bytes that are here from @seq on. Return: pieces in @iov */
int ooo_peek(const struct chunk_pool *pool, const struct ooo *ooo, struct tcp_sack what,
	     struct iovec *iov, int iov_max);

/* ooo_drop() - let go of all before @base */
void ooo_drop(struct chunk_pool *pool, struct ooo *ooo, uint32_t base);

/* ooo_clear() - let go of everything */
void ooo_clear(struct chunk_pool *pool, struct ooo *ooo);

/* ooo_blocks() - what to tell of it: what came lately first (RFC 2018, 4). Return: up to @max */
int ooo_blocks(const struct ooo *ooo, struct tcp_sack *blocks, int max);

#endif
