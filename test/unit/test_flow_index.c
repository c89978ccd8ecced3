/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "common/engine/flow_index.h"

#define CAPACITY 1000u

static int setup(void **state)
{
	struct flow_index *index = calloc(1, sizeof(*index));

	*state = index;
	if (!index || flow_index_init(index, CAPACITY))
		return -1;
	return flow_index_add_worker(index, 0) || flow_index_add_worker(index, 1) ? -1 : 0;
}

static int teardown(void **state)
{
	flow_index_fini(*state);
	free(*state);
	return 0;
}

static struct flow_key key_of(uint16_t port)
{
	return (struct flow_key){ .ns_port = port, .protocol = IPPROTO_TCP };
}

static void test_flow_index_knows_whose_a_flow_is(void **state)
{
	const struct flow_key a = key_of(1), b = key_of(2);

	assert_int_equal(flow_index_owner(*state, &a, 5), -1);
	assert_true(flow_index_claim(*state, 0, 7, &a, 5));
	assert_true(flow_index_claim(*state, 1, 7, &b, 5)); /* in the same chain */
	assert_int_equal(flow_index_owner(*state, &a, 5), 0);
	assert_int_equal(flow_index_owner(*state, &b, 5), 1);
	flow_index_release(*state, 0, 7);
	assert_int_equal(flow_index_owner(*state, &a, 5), -1);
	assert_int_equal(flow_index_owner(*state, &b, 5), 1);
}

static void test_flow_index_gives_a_flow_to_one_alone(void **state)
{
	const struct flow_key key = key_of(1);

	assert_true(flow_index_claim(*state, 1, 0, &key, 9));
	assert_false(flow_index_claim(*state, 0, 3, &key, 9));
	flow_index_release(*state, 1, 0);
	assert_true(flow_index_claim(*state, 0, 3, &key, 9));
	assert_int_equal(flow_index_owner(*state, &key, 9), 0);
}

/* Two that begin and end the same flows: each has what it has claimed */
struct rival {
	struct flow_index *index;
	uint32_t worker, won;
};

static void *compete(void *arg)
{
	struct rival *rival = arg;

	for (uint32_t i = 0; i < 200000; i++) {
		const uint32_t n = i % CAPACITY;
		const struct flow_key key = key_of((uint16_t)n);

		if (!flow_index_claim(rival->index, rival->worker, n, &key, n))
			continue;
		if (flow_index_owner(rival->index, &key, n) == (int)rival->worker)
			rival->won++;
		else
			rival->won = UINT32_MAX / 2;
		flow_index_release(rival->index, rival->worker, n);
	}
	return NULL;
}

static void test_flow_index_between_two_threads(void **state)
{
	struct rival rivals[] = { { *state, 0, 0 }, { *state, 1, 0 } };
	pthread_t other;

	assert_int_equal(pthread_create(&other, NULL, compete, &rivals[1]), 0);
	compete(&rivals[0]);
	pthread_join(other, NULL);
	assert_in_range(rivals[0].won, 1, 200000);
	assert_in_range(rivals[1].won, 1, 200000);
	for (uint32_t n = 0; n < CAPACITY; n++) {
		const struct flow_key key = key_of((uint16_t)n);

		assert_int_equal(flow_index_owner(*state, &key, n), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_flow_index_knows_whose_a_flow_is, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_flow_index_gives_a_flow_to_one_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_flow_index_between_two_threads, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
