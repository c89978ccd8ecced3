/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of sequence numbers against a map with a byte a number: random additions and cuts, also
 * where numbers start again at 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/tcp/seq_ranges.h"

#define NUMBERS 600

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Every question has the answer that the map gives */
static void compare(const struct seq_ranges *r, const uint8_t *map, uint32_t base)
{
	uint32_t count = 0, sum = 0;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		const struct tcp_sack *found = seq_ranges_find(r, base + i);
		uint32_t next = i;

		while (next < NUMBERS && !map[next])
			next++;
		assert_int_equal(!found, next == NUMBERS);
		if (found) {
			assert_true(tcp_seq_lt(base + i, found->to));
			assert_true(next == i ? tcp_seq_le(found->from, base + i)
					      : found->from == base + next);
		}
		assert_int_equal(seq_ranges_bytes(r, base + i), sum);
		assert_int_equal(seq_ranges_has(r, (struct tcp_sack){ base + i, base + i + 1 }),
				 map[i]);
		count += map[i] && (!i || !map[i - 1]);
		sum += map[i];
	}
	assert_int_equal(r->count, count);
}

static void test_seq_ranges_are_what_was_added(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct seq_ranges r = { .count = 0 };
		uint8_t map[NUMBERS] = { 0 };
		uint32_t base = round % 2 ? 0xffffff00 : random_next(&seed), done = 0;

		for (int step = 0; step < 30; step++) {
			uint32_t from = done + random_next(&seed) % (NUMBERS - done - 40);
			uint32_t len = 1 + random_next(&seed) % 40;

			if (random_next(&seed) % 8) {
				assert_true(seq_ranges_add(
					&r, (struct tcp_sack){ base + from, base + from + len }));
				memset(map + from, 1, len);
			} else {
				done += len / 4;
				seq_ranges_cut(&r, base + done);
				memset(map, 0, done);
			}
		}
		compare(&r, map, base);
	}
}

static void test_seq_ranges_too_many_are_refused_and_change_nothing(void **state)
{
	struct seq_ranges r = { .count = 0 };

	(void)state;
	for (uint32_t i = 0; i < SEQ_RANGES_MAX; i++)
		assert_true(seq_ranges_add(&r, (struct tcp_sack){ 10 * i, 10 * i + 5 }));
	assert_false(seq_ranges_add(&r, (struct tcp_sack){ 7, 8 }));
	assert_int_equal(r.count, SEQ_RANGES_MAX);
	assert_true(seq_ranges_add(&r, (struct tcp_sack){ 5, 10 })); /* makes it fewer */
	assert_int_equal(r.count, SEQ_RANGES_MAX - 1);
	assert_true(seq_ranges_add(&r, (struct tcp_sack){ 0, 10 * SEQ_RANGES_MAX }));
	assert_int_equal(r.count, 1);
	assert_int_equal(seq_ranges_bytes(&r, 10 * SEQ_RANGES_MAX), 10 * SEQ_RANGES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seq_ranges_are_what_was_added),
		cmocka_unit_test(test_seq_ranges_too_many_are_refused_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
