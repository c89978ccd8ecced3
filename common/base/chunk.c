/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunk chains. The position of a byte follows from the chain's start and length alone: every
 * chunk but the last is full up to its end.
 */
#include "common/base/chunk.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common/base/map.h"
#include "common/base/util.h"

/* So many free chunks keep their pages: taking these away and getting new ones costs more than to
 * copy what is in them
 */
#define CHUNK_KEEP_WARM 128

/* One part of so many of the address space that is allowed */
#define CHUNK_SPACE_PART 4

static size_t pool_bytes(const struct chunk_pool *pool)
{
	return (size_t)pool->mapped * (CHUNK_BYTES + sizeof(*pool->next));
}

/* Address space is all that a pool takes at first. Where that is limited (ulimit -v), it takes a
 * part */
static uint32_t affordable(uint32_t capacity)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return capacity;
	return (uint32_t)MIN((rlim_t)capacity, limit.rlim_cur / CHUNK_SPACE_PART / CHUNK_BYTES + 1);
}

int chunk_pool_init(struct chunk_pool *pool, uint32_t capacity)
{
	void *p;

	capacity = affordable(capacity);
	*pool = (struct chunk_pool){ .capacity = capacity, .mapped = capacity };
	p = map_lazily(pool_bytes(pool));
	if (!p)
		return -ENOMEM;
	pool->data = p;
	pool->next = (uint32_t *)(void *)(pool->data + (size_t)capacity * CHUNK_BYTES);
	return 0;
}

void chunk_pool_fini(struct chunk_pool *pool)
{
	map_drop(pool->data, pool_bytes(pool));
	pool->data = NULL;
}

void chunk_pool_share(struct chunk_pool *pool, uint32_t parts)
{
	pool->capacity = pool->mapped / parts;
}

uint8_t *chunk_data(const struct chunk_pool *pool, uint32_t number)
{
	return pool->data + (size_t)(number - 1) * CHUNK_BYTES;
}

/* Return: the first chunk of a free list, which loses it; 0 if there's none */
static uint32_t chunk_pop(const struct chunk_pool *pool, uint32_t *first)
{
	uint32_t number = *first;

	if (number)
		*first = pool->next[number - 1];
	return number;
}

uint32_t chunk_take(struct chunk_pool *pool)
{
	uint32_t number = chunk_pop(pool, &pool->warm_first);

	if (number)
		pool->warm--;
	else
		number = chunk_pop(pool, &pool->free_first);
	if (!number && pool->touched < pool->capacity)
		number = ++pool->touched;
	if (!number)
		return 0;
	pool->next[number - 1] = 0;
	pool->used++;
	return number;
}

void chunk_give(struct chunk_pool *pool, uint32_t number)
{
	uint32_t *first = &pool->warm_first;

	if (pool->warm < CHUNK_KEEP_WARM) {
		pool->warm++;
	} else {
		madvise(chunk_data(pool, number), CHUNK_BYTES, MADV_DONTNEED);
		first = &pool->free_first;
	}
	pool->next[number - 1] = *first;
	*first = number;
	pool->used--;
}

bool chunk_available(const struct chunk_pool *pool, uint32_t count)
{
	return pool->capacity - pool->used >= count;
}

uint32_t chunk_append(struct chunk_pool *pool, struct chunk_chain *chain, const void *data,
		      uint32_t length)
{
	const uint8_t *from = data;
	uint32_t left = length;

	while (left) {
		uint32_t end = (chain->start + chain->length) % CHUNK_BYTES;
		uint32_t n = MIN(left, CHUNK_BYTES - end);

		if (!end || !chain->first) {
			uint32_t number = chunk_take(pool);

			if (!number) {
				pool->refused++;
				break;
			}
			if (chain->first)
				pool->next[chain->last - 1] = number;
			else
				chain->first = number;
			chain->last = number;
		}
		memcpy(chunk_data(pool, chain->last) + end, from, n);
		chain->length += n;
		from += n;
		left -= n;
	}
	return length - left;
}

int chunk_peek(const struct chunk_pool *pool, const struct chunk_chain *chain, uint32_t offset,
	       uint32_t length, struct iovec *iov, int iov_max)
{
	uint32_t number = chain->first, at = chain->start + offset;
	uint32_t left = offset < chain->length ? MIN(length, chain->length - offset) : 0;
	int count = 0;

	while (number && at >= CHUNK_BYTES) {
		number = pool->next[number - 1];
		at -= CHUNK_BYTES;
	}
	while (left && count < iov_max) {
		uint32_t n = MIN(left, CHUNK_BYTES - at);

		iov[count++] = (struct iovec){ chunk_data(pool, number) + at, n };
		number = pool->next[number - 1];
		at = 0;
		left -= n;
	}
	return count;
}

void chunk_consume(struct chunk_pool *pool, struct chunk_chain *chain, uint32_t length)
{
	uint32_t at = chain->start + MIN(length, chain->length);

	chain->length -= MIN(length, chain->length);
	while (chain->first && (at >= CHUNK_BYTES || !chain->length)) {
		uint32_t number = chain->first;

		chain->first = pool->next[number - 1];
		chunk_give(pool, number);
		at = at >= CHUNK_BYTES ? at - CHUNK_BYTES : 0;
	}
	chain->start = at;
	if (!chain->first)
		*chain = (struct chunk_chain){ 0 };
}
