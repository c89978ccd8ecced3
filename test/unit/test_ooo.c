/* SPDX-License-Identifier: Apache-2.0
 *
 * The out-of-order queue: a stream that comes in pieces, in any order, overlapping and more than
 * once, is the stream. What is told of it, and what doesn't fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/util.h"
#include "common/tcp/ooo.h"

#define POOL 400
#define STREAM (1024 * 1024)
#define PIECES 300
#define AHEAD 40 /* pieces that overtake one at most */

struct fixture {
	struct chunk_pool pool;
	struct ooo ooo;
	uint8_t *stream;
	uint32_t base; /* number of the first byte */
	uint32_t nxt; /* the first number that is missing */
	uint32_t seed;
};

static uint32_t random_next(struct fixture *f)
{
	f->seed = f->seed * 1664525 + 1013904223;
	return f->seed >> 8;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || chunk_pool_init(&f->pool, POOL))
		return -1;
	f->stream = malloc(STREAM);
	if (!f->stream)
		return -1;
	f->base = f->nxt = 0xfff80000; /* numbers start again on the way */
	for (uint32_t i = 0; i < STREAM; i++)
		f->stream[i] = (uint8_t)(random_next(f));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	chunk_pool_fini(&f->pool);
	free(f->stream);
	free(f);
	return 0;
}

static bool add(struct fixture *f, uint32_t from, uint32_t to, struct tcp_sack *ret_duplicate)
{
	struct ooo_piece piece = { .data = f->stream + from,
				   .at = { f->base + from, f->base + to } };
	bool all = ooo_add(&f->pool, &f->ooo, f->nxt, POOL, &piece);

	if (ret_duplicate)
		*ret_duplicate = (struct tcp_sack){ piece.duplicate.from - f->base,
						    piece.duplicate.to - f->base };
	return all;
}

/* Take what is in order, and compare it with the stream */
static void take(struct fixture *f)
{
	struct iovec iov[5];
	uint32_t ready;

	while ((ready = ooo_ready(&f->ooo, f->nxt))) {
		int count = ooo_peek(&f->pool, &f->ooo, (struct tcp_sack){ f->nxt, f->nxt + ready },
				     iov, 5);

		assert_in_range(count, 1, 5);
		for (int i = 0; i < count; i++) {
			assert_memory_equal(iov[i].iov_base, f->stream + (f->nxt - f->base),
					    iov[i].iov_len);
			f->nxt += (uint32_t)iov[i].iov_len;
		}
		ooo_drop(&f->pool, &f->ooo, f->nxt);
	}
}

static void check_blocks(struct fixture *f)
{
	struct tcp_sack blocks[TCP_SACK_MAX];
	int count = ooo_blocks(&f->ooo, blocks, TCP_SACK_MAX);

	assert_int_equal(count, MIN(f->ooo.ranges.count, (uint32_t)TCP_SACK_MAX));
	for (int i = 0; i < count; i++) {
		assert_true(tcp_seq_lt(f->nxt, blocks[i].from));
		assert_true(seq_ranges_has(&f->ooo.ranges, blocks[i]));
		for (int j = 0; j < i; j++)
			assert_true(blocks[i].from != blocks[j].from);
	}
}

static void test_ooo_pieces_in_any_order_are_the_stream(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 20; round++) {
		uint32_t cut[PIECES + 1] = { 0 }, order[PIECES];

		f->base = f->nxt = f->base + random_next(f) % 50000;
		for (uint32_t i = 0; i < PIECES; i++) {
			cut[i + 1] = cut[i] + 1 + random_next(f) % (round % 2 ? 3000 : 200);
			order[i] = i;
		}
		for (uint32_t i = 0; i + 1 < PIECES; i++) {
			uint32_t j = i + random_next(f) % MIN(AHEAD, PIECES - i), t = order[i];

			order[i] = order[j];
			order[j] = t;
		}
		for (uint32_t i = 0; i < PIECES; i++) {
			uint32_t from = cut[order[i]], to = cut[order[i] + 1];

			from -= MIN(from, random_next(f) % 3 ? 0 : random_next(f) % 5000);
			if (tcp_seq_lt(f->base + from, f->nxt))
				from = f->nxt - f->base; /* what is old never gets here */
			if (from < to)
				assert_true(add(f, from, to, NULL));
			if (i % 3)
				take(f);
			if (i % 3)
				check_blocks(f);
		}
		take(f);
		assert_int_equal(f->nxt - f->base, cut[PIECES]);
		assert_int_equal(f->ooo.chunks, 0);
		assert_int_equal(f->pool.used, 0);
	}
}

static void test_ooo_what_the_socket_got_another_way_is_dropped(void **state)
{
	struct fixture *f = *state;

	assert_true(add(f, 100, 200, NULL));
	assert_true(add(f, 300, 70000, NULL));
	f->nxt += 400;
	ooo_drop(&f->pool, &f->ooo, f->nxt);
	assert_int_equal(ooo_ready(&f->ooo, f->nxt), 69600);
	take(f);
	assert_int_equal(f->nxt - f->base, 70000);
	assert_int_equal(f->pool.used, 0);
}

static void test_ooo_duplicates_are_found(void **state)
{
	struct fixture *f = *state;
	struct tcp_sack duplicate;

	add(f, 100, 200, &duplicate);
	assert_int_equal(duplicate.from, duplicate.to);
	add(f, 300, 400, NULL);
	add(f, 150, 160, &duplicate);
	assert_int_equal(duplicate.from, 150);
	assert_int_equal(duplicate.to, 160);
	add(f, 50, 350, &duplicate); /* the first of two (RFC 2883, 4) */
	assert_int_equal(duplicate.from, 100);
	assert_int_equal(duplicate.to, 200);
	assert_int_equal(f->ooo.ranges.count, 1);
	add(f, 400, 500, &duplicate); /* touches only */
	assert_int_equal(duplicate.from, duplicate.to);
}

static void test_ooo_tells_of_the_latest_first(void **state)
{
	struct fixture *f = *state;
	struct tcp_sack blocks[TCP_SACK_MAX];

	for (uint32_t i = 1; i <= 6; i++)
		add(f, 100 * i, 100 * i + 50, NULL);
	add(f, 210, 220, NULL); /* came again */
	assert_int_equal(ooo_blocks(&f->ooo, blocks, 3), 3);
	assert_int_equal(blocks[0].from - f->base, 200);
	assert_int_equal(blocks[0].to - f->base, 250);
	assert_int_equal(blocks[1].from - f->base, 600);
	assert_int_equal(blocks[2].from - f->base, 500);
	add(f, 250, 300, NULL); /* joins 200 and 300 */
	assert_int_equal(ooo_blocks(&f->ooo, blocks, 4), 4);
	assert_int_equal(blocks[0].from - f->base, 200);
	assert_int_equal(blocks[0].to - f->base, 350);
	assert_int_equal(blocks[1].from - f->base, 600);
}

static void test_ooo_keeps_what_there_is_room_for(void **state)
{
	struct fixture *f = *state;
	struct ooo_piece piece = { .data = f->stream, .at = { f->base + 10, f->base + 100000 } };

	assert_false(ooo_add(&f->pool, &f->ooo, f->nxt, 2, &piece));
	assert_int_equal(f->ooo.chunks, 2);
	assert_int_equal(ooo_ready(&f->ooo, f->base + 10), 2 * CHUNK_BYTES - 10);
	assert_false(ooo_add(&f->pool, &f->ooo, f->nxt, 0, &piece));
	assert_int_equal(f->ooo.ranges.count, 1);
	ooo_clear(&f->pool, &f->ooo);
	assert_int_equal(f->pool.used, 0);
}

/* A slot belongs to one stretch of the stream only */
static void test_ooo_refuses_what_is_too_far_ahead(void **state)
{
	struct fixture *f = *state;
	uint32_t span = (OOO_SLOTS - 1) * CHUNK_BYTES;
	struct ooo_piece piece = { .data = f->stream,
				   .at = { f->base + span - 5, f->base + span + 5 } };

	assert_false(ooo_add(&f->pool, &f->ooo, f->nxt, POOL, &piece));
	assert_int_equal(ooo_ready(&f->ooo, f->base + span - 5), 5);
	piece.at = (struct tcp_sack){ f->base + span, f->base + span + 10 };
	assert_false(ooo_add(&f->pool, &f->ooo, f->nxt, POOL, &piece));
	assert_int_equal(f->ooo.ranges.count, 1);
	ooo_clear(&f->pool, &f->ooo);
	assert_int_equal(f->pool.used, 0);
}

#define ooo_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ooo_test(test_ooo_pieces_in_any_order_are_the_stream),
		ooo_test(test_ooo_what_the_socket_got_another_way_is_dropped),
		ooo_test(test_ooo_duplicates_are_found),
		ooo_test(test_ooo_tells_of_the_latest_first),
		ooo_test(test_ooo_keeps_what_there_is_room_for),
		ooo_test(test_ooo_refuses_what_is_too_far_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
