/* SPDX-License-Identifier: Apache-2.0
 *
 * When the worker polls: never when switched off, under bulk load or beyond its share of a core;
 * gladly while it pays off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/engine/poll.h"

#define LIMIT_US 50
#define LIMIT_NS (LIMIT_US * 1000ULL)

static void test_poll_off_never_polls(void **state)
{
	struct poll_policy p;

	(void)state;
	poll_policy_init(&p, 0, 0);
	for (uint64_t t = 0; t < 100; t++)
		assert_false(poll_policy_wanted(&p, 0, t * NS_PER_S));
}

static void test_poll_that_pays_off_goes_on(void **state)
{
	struct poll_policy p;
	uint64_t now_ns = 5 * NS_PER_S;

	(void)state;
	poll_policy_init(&p, LIMIT_US, now_ns);
	for (int i = 0; i < 100000; i++) {
		assert_true(poll_policy_wanted(&p, 200, now_ns));
		now_ns += 20000;
		poll_policy_result(&p, true, 20000);
		assert_in_range(p.score, 1, POLL_SCORE_ONE);
	}
}

static void test_poll_not_under_bulk_load(void **state)
{
	struct poll_policy p;

	(void)state;
	poll_policy_init(&p, LIMIT_US, 0);
	assert_true(poll_policy_wanted(&p, 16384, 0));
	assert_false(poll_policy_wanted(&p, 16385, 0));
}

static void batches(struct poll_policy *p, int count, uint64_t things)
{
	for (int i = 0; i < count; i++)
		poll_policy_batch(p, things);
}

/* Whoever waits for the core then is not served sooner by our waiting */
static void test_poll_not_while_batches_are_large(void **state)
{
	struct poll_policy p;

	(void)state;
	poll_policy_init(&p, LIMIT_US, 0);
	batches(&p, 100, 1);
	assert_true(poll_policy_wanted(&p, 0, 0));
	batches(&p, 1, 4); /* once */
	assert_true(poll_policy_wanted(&p, 0, 0));
	batches(&p, 100, 4);
	assert_false(poll_policy_wanted(&p, 0, 0));
	batches(&p, 100, UINT64_MAX);
	batches(&p, 40, 1);
	assert_true(poll_policy_wanted(&p, 0, 0));
}

static void test_poll_in_vain_soon_rare(void **state)
{
	struct poll_policy p;
	uint64_t now_ns = NS_PER_S;
	int polls = 0;

	(void)state;
	poll_policy_init(&p, LIMIT_US, now_ns);
	for (int i = 0; i < 1000; i++) {
		now_ns += 10 * NS_PER_MS;
		if (poll_policy_wanted(&p, 0, now_ns)) {
			poll_policy_result(&p, false, LIMIT_NS);
			polls++;
		}
	}
	assert_in_range(polls, 1000 / 16, 1000 / 16 + 20); /* and it's tried again at times */
}

static void test_poll_in_vain_bounded_share_of_a_core(void **state)
{
	struct poll_policy p;
	uint64_t now_ns = NS_PER_S, spent_ns = 0;

	(void)state;
	poll_policy_init(&p, LIMIT_US, now_ns);
	for (int i = 0; i < 200000; i++) { /* every other one in vain: the score stays good */
		now_ns += 10000;
		if (!poll_policy_wanted(&p, 0, now_ns))
			continue;
		poll_policy_result(&p, i % 2, LIMIT_NS);
		now_ns += LIMIT_NS;
		spent_ns += i % 2 ? 0 : LIMIT_NS;
	}
	assert_in_range(spent_ns, 1, (now_ns - NS_PER_S) / 32 + 4 * NS_PER_MS + LIMIT_NS);
}

static void test_poll_comes_back_when_it_pays_off_again(void **state)
{
	struct poll_policy p;
	uint64_t now_ns = NS_PER_S;
	int sleeps = 0;

	(void)state;
	poll_policy_init(&p, LIMIT_US, now_ns);
	while (poll_policy_wanted(&p, 0, now_ns += NS_PER_S))
		poll_policy_result(&p, false, LIMIT_NS);
	for (int hits = 0; hits < 4; sleeps++) {
		if (poll_policy_wanted(&p, 0, now_ns += NS_PER_MS)) {
			poll_policy_result(&p, true, 1000);
			hits++;
		}
	}
	assert_in_range(sleeps, 1, 64);
	assert_true(poll_policy_wanted(&p, 0, now_ns + NS_PER_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_poll_off_never_polls),
		cmocka_unit_test(test_poll_that_pays_off_goes_on),
		cmocka_unit_test(test_poll_not_under_bulk_load),
		cmocka_unit_test(test_poll_not_while_batches_are_large),
		cmocka_unit_test(test_poll_in_vain_soon_rare),
		cmocka_unit_test(test_poll_in_vain_bounded_share_of_a_core),
		cmocka_unit_test(test_poll_comes_back_when_it_pays_off_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
