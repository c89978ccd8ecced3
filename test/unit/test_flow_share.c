/* SPDX-License-Identifier: Apache-2.0
 *
 * How long flows live without traffic, and which one goes when there are too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/flow/share.h"

#define START_NS (1000 * NS_PER_S)
#define FLOWS 100

struct fixture {
	struct flow_share share;
	struct flow_use uses[FLOWS];
	uint64_t now_ns;
};

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.now_ns = START_NS;
	*state = &fixture;
	return 0;
}

static void open_flows(struct fixture *f, int first, int count)
{
	for (int i = first; i < first + count; i++) {
		f->now_ns += NS_PER_MS;
		flow_share_add(&f->share, &f->uses[i], f->now_ns);
	}
}

static void answer(struct fixture *f, int first, int count)
{
	for (int i = first; i < first + count; i++)
		flow_share_answered(&f->share, &f->uses[i], f->now_ns);
}

/* Return: number of the flow that goes if @max are all, -1: none */
static int displaced(struct fixture *f, uint32_t max)
{
	struct flow_use *use = flow_share_displace(&f->share, max, "flows", f->now_ns);

	return use ? (int)(use - f->uses) : -1;
}

static uint64_t left_ms(const struct fixture *f, int i)
{
	return flow_use_left_ms(&f->uses[i], FLOW_IDLE_STREAM_MS, f->now_ns);
}

static void test_flow_share_ages(void **state)
{
	struct fixture *f = *state;

	flow_share_add(&f->share, &f->uses[0], f->now_ns);
	assert_int_equal(left_ms(f, 0), 30000);
	f->now_ns += 10 * NS_PER_S;
	f->uses[0].last_ns = f->now_ns;
	assert_int_equal(flow_use_age(&f->uses[0]), FLOW_ONE_WAY);
	answer(f, 0, 1);
	assert_int_equal(left_ms(f, 0), 30000);
	f->now_ns += 2 * NS_PER_S;
	f->uses[0].last_ns = f->now_ns;
	assert_int_equal(left_ms(f, 0), 30000);
	f->now_ns += NS_PER_MS;
	f->uses[0].last_ns = f->now_ns;
	assert_int_equal(left_ms(f, 0), 120000);
	f->now_ns += 119999 * NS_PER_MS;
	assert_int_equal(left_ms(f, 0), 1);
	f->now_ns += NS_PER_MS;
	assert_int_equal(left_ms(f, 0), 0);
}

static void test_flow_share_oldest_one_way_flow_goes_first(void **state)
{
	struct fixture *f = *state;

	open_flows(f, 0, 16);
	answer(f, 0, 15);
	f->now_ns += NS_PER_S;
	assert_int_equal(displaced(f, 16), 15);
	assert_int_equal(displaced(f, 16), 0);
	assert_int_equal(f->share.displaced, 2);
	assert_int_equal(flow_share_count(&f->share), 14);
}

static void test_flow_share_half_is_for_new_flows(void **state)
{
	struct fixture *f = *state;

	open_flows(f, 0, 16);
	answer(f, 0, 7);
	assert_int_equal(displaced(f, 16), 7);
	assert_int_equal(displaced(f, 16), 8);
	assert_int_equal(displaced(f, 16), 0);
	open_flows(f, 0, 1);
	assert_int_equal(displaced(f, 16), 9);
}

static void test_flow_share_streams_go_last(void **state)
{
	struct fixture *f = *state;

	open_flows(f, 0, 4);
	answer(f, 0, 4);
	f->now_ns += 3 * NS_PER_S;
	f->uses[0].last_ns = f->uses[1].last_ns = f->now_ns;
	assert_int_equal(displaced(f, 3), 2);
	assert_int_equal(displaced(f, 3), 3);
	assert_int_equal(displaced(f, 3), 0);
	assert_int_equal(displaced(f, 3), 1);
	assert_int_equal(displaced(f, 3), -1);
}

static void test_flow_share_what_was_used_gets_a_second_chance(void **state)
{
	struct fixture *f = *state;

	open_flows(f, 0, 3);
	f->uses[0].last_ns = f->now_ns + NS_PER_MS;
	assert_int_equal(displaced(f, 3), 1);
	assert_int_equal(displaced(f, 3), 2);
	assert_int_equal(displaced(f, 3), 0);
}

static void test_flow_share_all_in_use_still_makes_room(void **state)
{
	struct fixture *f = *state;

	open_flows(f, 0, FLOWS);
	for (int i = 0; i < FLOWS; i++)
		f->uses[i].last_ns = f->now_ns + NS_PER_S;
	assert_true(displaced(f, FLOWS) >= 0);
	assert_int_equal(flow_share_count(&f->share), FLOWS - 1);
}

static void test_flow_share_displaced_flow_is_in_no_queue(void **state)
{
	struct fixture *f = *state;

	open_flows(f, 0, 2);
	assert_int_equal(displaced(f, 2), 0);
	flow_share_answered(&f->share, &f->uses[0], f->now_ns);
	flow_share_remove(&f->share, &f->uses[0]);
	assert_int_equal(flow_share_count(&f->share), 1);
	flow_share_remove(&f->share, &f->uses[1]);
	assert_int_equal(flow_share_count(&f->share), 0);
	assert_null(f->share.queues[FLOW_ONE_WAY].newest);
	assert_int_equal(displaced(f, 2), -1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_flow_share_ages),
		TEST(test_flow_share_oldest_one_way_flow_goes_first),
		TEST(test_flow_share_half_is_for_new_flows),
		TEST(test_flow_share_streams_go_last),
		TEST(test_flow_share_what_was_used_gets_a_second_chance),
		TEST(test_flow_share_all_in_use_still_makes_room),
		TEST(test_flow_share_displaced_flow_is_in_no_queue),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
