/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte queues of bounded total size: a pool of equal chunks in one mapping made at start, and
 * chains of them that grow at the end and shrink at the front. A chain belongs to whoever embeds
 * it; its chunks go back to the pool as they empty. Unused chunks cost no memory.
 */
#ifndef COMMON_BASE_CHUNK_H
#define COMMON_BASE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define CHUNK_BYTES (16 * 1024)

struct chunk_pool {
	uint8_t *data; /* mapped * CHUNK_BYTES */
	uint32_t *next; /* chunk number + 1 of the next in a chain or on the free list; 0: none */
	uint32_t capacity; /* chunks that may be taken, of @mapped */
	uint32_t mapped;
	uint32_t touched; /* chunks at and beyond it were never used */
	uint32_t free_first; /* free ones that have given their pages back */
	uint32_t warm_first; /* those that have not */
	uint32_t warm;
	uint32_t used;
	uint64_t refused; /* appends that found no chunk */
};

struct chunk_chain {
	uint32_t first, last; /* chunk number + 1; 0: empty */
	uint32_t start; /* of the data in the first chunk */
	uint32_t length; /* bytes in the chain */
};

/* chunk_pool_init() - @capacity: fewer if the process's address space is limited. Return: 0 or
 * -errno */
int chunk_pool_init(struct chunk_pool *pool, uint32_t capacity);
void chunk_pool_fini(struct chunk_pool *pool);

/* chunk_pool_share() - take only one of @parts of what there is, before any is taken; others have
 * the rest, in pools of their own
 */
void chunk_pool_share(struct chunk_pool *pool, uint32_t parts);

/* chunk_available() - whether @count chunks can be had now */
bool chunk_available(const struct chunk_pool *pool, uint32_t count);

/* chunk_take() - a chunk by itself, to be given back. Return: its number, 0 if there is none left
 */
uint32_t chunk_take(struct chunk_pool *pool);
void chunk_give(struct chunk_pool *pool, uint32_t number);

/* chunk_data() - the CHUNK_BYTES of a chunk */
uint8_t *chunk_data(const struct chunk_pool *pool, uint32_t number);

/* chunk_append() - copy bytes to the end of a chain
 *
 * Return: how many; fewer than @length when the pool is exhausted (counted)
 */
uint32_t chunk_append(struct chunk_pool *pool, struct chunk_chain *chain, const void *data,
		      uint32_t length);

/* chunk_peek() - point at up to @length bytes that start @offset into the chain
 * @iov:	room for @iov_max pieces
 *
 * Return: number of pieces, 0 when @offset is at or beyond the end
 */
int chunk_peek(const struct chunk_pool *pool, const struct chunk_chain *chain, uint32_t offset,
	       uint32_t length, struct iovec *iov, int iov_max);

/* chunk_consume() - drop @length bytes, at most all, from the front */
void chunk_consume(struct chunk_pool *pool, struct chunk_chain *chain, uint32_t length);

#endif
