/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunk chains against flat buffers: random appends, looks and consumes on chains that share a
 * pool, up to and beyond its exhaustion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/chunk.h"
#include "common/base/util.h"

#define CHAINS 3
#define POOL 24
#define FLAT (POOL * CHUNK_BYTES)

/* What a chain should contain: bytes of a pattern, by their position in the stream */
struct model {
	struct chunk_chain chain;
	uint32_t first; /* position of the first byte that is left */
};

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static uint8_t pattern(uint32_t chain, uint32_t position)
{
	return (uint8_t)(position * 31 + position / 251 + chain * 97);
}

static uint32_t append(struct chunk_pool *pool, struct model *models, uint32_t i, uint8_t *scratch,
		       uint32_t len)
{
	struct model *m = &models[i];

	for (uint32_t at = 0; at < len; at++)
		scratch[at] = pattern(i, m->first + m->chain.length + at);
	return chunk_append(pool, &m->chain, scratch, len);
}

/* Look at @len bytes from @offset on with @pieces pieces, and compare */
static void look(const struct chunk_pool *pool, const struct model *models, uint32_t i,
		 uint32_t offset, uint32_t len, int pieces)
{
	const struct model *m = &models[i];
	struct iovec iov[POOL + 1];
	uint32_t total = 0, there = offset < m->chain.length ? m->chain.length - offset : 0;
	int count = chunk_peek(pool, &m->chain, offset, len, iov, pieces);

	assert_in_range(count, 0, pieces);
	for (int k = 0; k < count; k++) {
		const uint8_t *bytes = iov[k].iov_base;

		assert_in_range(iov[k].iov_len, 1, CHUNK_BYTES);
		for (uint32_t at = 0; at < iov[k].iov_len; at += 5)
			if (bytes[at] != pattern(i, m->first + offset + total + at))
				fail_msg("byte %u of chain %u", offset + total + at, i);
		total += (uint32_t)iov[k].iov_len;
	}
	assert_in_range(total, 0, MIN(len, there));
	if (count < pieces)
		assert_int_equal(total, MIN(len, there));
}

static void test_chunk_random_against_flat_model(void **state)
{
	struct model models[CHAINS] = { 0 };
	uint8_t *scratch = malloc(FLAT);
	struct chunk_pool pool;
	uint32_t seed = 1, used;
	unsigned int exhausted = 0;

	(void)state;
	assert_non_null(scratch);
	assert_int_equal(chunk_pool_init(&pool, POOL), 0);
	for (int round = 0; round < 3000; round++) {
		uint32_t i = random_next(&seed) % CHAINS;
		uint32_t len = random_next(&seed) % (round % 3 ? 3000 : 3 * CHUNK_BYTES), took;
		struct model *m = &models[i];

		if (random_next(&seed) % 9 == 0) /* exactly up to the end of a chunk */
			len = CHUNK_BYTES - (m->chain.start + m->chain.length) % CHUNK_BYTES;
		if (random_next(&seed) % 2) {
			took = append(&pool, models, i, scratch, len);
			assert_in_range(took, 0, len);
			exhausted += took < len;
			assert_true(took == len || !chunk_available(&pool, 1));
		} else {
			len = MIN(len, m->chain.length);
			chunk_consume(&pool, &m->chain, len);
			m->first += len;
		}
		look(&pool, models, i, random_next(&seed) % (m->chain.length + 10),
		     random_next(&seed) % (2 * CHUNK_BYTES), 1 + (int)random_next(&seed) % 4);
		look(&pool, models, i, 0, UINT32_MAX, POOL + 1);
		used = 0;
		for (uint32_t k = 0; k < CHAINS; k++)
			used += (models[k].chain.start + models[k].chain.length + CHUNK_BYTES - 1) /
				CHUNK_BYTES;
		assert_int_equal(pool.used, used);
	}
	assert_in_range(exhausted, 10, 2000); /* it was not too easy */
	assert_int_equal(pool.refused, exhausted);
	chunk_pool_fini(&pool);
	free(scratch);
}

static void test_chunk_pool_exhausted_and_usable_again(void **state)
{
	struct chunk_chain a = { 0 }, b = { 0 };
	uint8_t *bytes = calloc(3, CHUNK_BYTES);
	struct chunk_pool pool;

	(void)state;
	assert_int_equal(chunk_pool_init(&pool, 2), 0);
	assert_true(chunk_available(&pool, 2));
	assert_false(chunk_available(&pool, 3));
	assert_int_equal(chunk_append(&pool, &a, bytes, 3 * CHUNK_BYTES), 2 * CHUNK_BYTES);
	assert_int_equal(pool.refused, 1);
	assert_false(chunk_available(&pool, 1));
	assert_int_equal(chunk_append(&pool, &b, bytes, 1), 0);
	assert_int_equal(b.length, 0);
	assert_int_equal(b.first, 0);
	chunk_consume(&pool, &a, CHUNK_BYTES - 1);
	assert_int_equal(chunk_append(&pool, &b, bytes, 1), 0);
	chunk_consume(&pool, &a, 1);
	assert_int_equal(chunk_append(&pool, &b, bytes, 2), 2);
	assert_int_equal(pool.used, 2);
	chunk_consume(&pool, &a, UINT32_MAX);
	chunk_consume(&pool, &b, 2);
	assert_int_equal(pool.used, 0);
	assert_int_equal(a.first, 0);
	chunk_pool_fini(&pool);
	free(bytes);
}

static void test_chunk_pool_that_is_shared_gives_its_part(void **state)
{
	struct chunk_pool pool;

	(void)state;
	assert_int_equal(chunk_pool_init(&pool, POOL), 0);
	chunk_pool_share(&pool, 3);
	for (uint32_t i = 0; i < POOL / 3; i++)
		assert_true(chunk_take(&pool) > 0);
	assert_int_equal(chunk_take(&pool), 0);
	assert_false(chunk_available(&pool, 1));
	chunk_pool_fini(&pool);
}

static void test_chunk_empty_chain(void **state)
{
	struct chunk_chain chain = { 0 };
	struct chunk_pool pool;
	struct iovec iov[1];

	(void)state;
	assert_int_equal(chunk_pool_init(&pool, 1), 0);
	assert_int_equal(chunk_peek(&pool, &chain, 0, 10, iov, 1), 0);
	chunk_consume(&pool, &chain, 10);
	assert_int_equal(chunk_append(&pool, &chain, "", 0), 0);
	assert_int_equal(chain.first, 0);
	assert_int_equal(pool.used, 0);
	chunk_pool_fini(&pool);
}

#define TAKEN 300

static void test_chunk_some_free_ones_keep_their_pages(void **state)
{
	struct chunk_pool pool;
	uint32_t kept = 0;

	(void)state;
	assert_int_equal(chunk_pool_init(&pool, TAKEN), 0);
	for (uint32_t number = 1; number <= TAKEN; number++) {
		assert_int_equal(chunk_take(&pool), number);
		*chunk_data(&pool, number) = 0xa5;
	}
	assert_int_equal(chunk_take(&pool), 0);
	for (uint32_t number = TAKEN; number; number--)
		chunk_give(&pool, number);
	assert_int_equal(pool.used, 0);
	for (uint32_t number = 1; number <= TAKEN; number++)
		kept += *chunk_data(&pool, number) == 0xa5;
	assert_int_equal(kept, pool.warm);
	assert_in_range(kept, 64, TAKEN / 2);
	for (uint32_t i = 0; i < kept; i++) /* and are taken first */
		assert_int_equal(*chunk_data(&pool, chunk_take(&pool)), 0xa5);
	assert_int_equal(*chunk_data(&pool, chunk_take(&pool)), 0);
	chunk_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunk_random_against_flat_model),
		cmocka_unit_test(test_chunk_pool_exhausted_and_usable_again),
		cmocka_unit_test(test_chunk_pool_that_is_shared_gives_its_part),
		cmocka_unit_test(test_chunk_empty_chain),
		cmocka_unit_test(test_chunk_some_free_ones_keep_their_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
