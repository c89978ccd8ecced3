/* SPDX-License-Identifier: Apache-2.0
 *
 * The flow table: found by every field of the key, bounded, and no record reused in the batch in
 * which it was freed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/flow/flow.h"

#define CAPACITY 100

static const struct siphash_key secret = { { 0x0123456789abcdef, 0xfedcba9876543210 } };

static struct flow_key key_make(uint32_t n)
{
	return (struct flow_key){
		.ns = addr_from_be32(htonl(0xc0000201)),
		.remote = addr_from_be32(htonl(0xc6336400 + n % 7)),
		.ns_port = (uint16_t)(n / 7),
		.remote_port = 80,
		.protocol = IPPROTO_TCP,
	};
}

static int table_setup(void **state)
{
	static struct flow_table table;

	*state = &table;
	return flow_table_init(&table, CAPACITY, &secret);
}

static int table_teardown(void **state)
{
	flow_table_fini(*state);
	return 0;
}

static void test_flow_record_is_empty(void **state)
{
	struct flow_key key = key_make(1);
	struct flow *flow = flow_alloc(*state, &key);

	assert_non_null(flow);
	assert_int_equal(flow->watch.fd, -1);
	assert_null(flow->watch.fn);
	assert_false(timer_is_set(&flow->timer));
	for (size_t i = sizeof(*flow); i < FLOW_RECORD_BYTES; i++)
		assert_int_equal(((uint8_t *)flow)[i], 0);
}

static void test_flow_found_by_every_field(void **state)
{
	struct flow_key key = key_make(1), others[6];
	struct flow *flow = flow_alloc(*state, &key);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = key;
	others[0].ns.s6_addr[15] ^= 1;
	others[1].remote.s6_addr[0] ^= 1;
	others[2].ns_port ^= 1;
	others[3].remote_port ^= 0x8000;
	others[4].protocol = IPPROTO_UDP;
	others[5].ns = key.remote;
	others[5].remote = key.ns;
	assert_ptr_equal(flow_lookup(*state, &key), flow);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_null(flow_lookup(*state, &others[i]));
}

static void test_flow_table_full_refuses_and_counts(void **state)
{
	struct flow_table *table = *state;
	struct flow_key key;
	struct flow *flow;

	for (uint32_t i = 0; i < CAPACITY; i++) {
		key = key_make(i);
		assert_non_null(flow_alloc(table, &key));
	}
	assert_int_equal(table->used, CAPACITY);
	key = key_make(CAPACITY);
	assert_null(flow_alloc(table, &key));
	assert_int_equal(table->refused, 1);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		key = key_make(i);
		flow = flow_lookup(table, &key);
		assert_memory_equal(&flow->key, &key, sizeof(key));
	}
}

static void test_flow_freed_record_reused_only_after_the_batch(void **state)
{
	struct flow_table *table = *state;
	struct flow_key key = key_make(0), other = key_make(CAPACITY);
	struct flow *flow = NULL;

	for (uint32_t i = 0; i < CAPACITY; i++) {
		struct flow_key k = key_make(i);

		flow = flow_alloc(table, &k);
	}
	flow = flow_lookup(table, &key);
	flow_free(table, flow);
	assert_null(flow_lookup(table, &key));
	assert_int_equal(table->used, CAPACITY - 1);
	assert_null(flow_alloc(table, &other)); /* an event of this batch may still point to it */
	assert_false(flow_has_room(table, 0));
	assert_int_equal(flow->key.ns_port, key.ns_port);
	flow_table_reap(table);
	assert_true(flow_has_room(table, 0));
	assert_false(flow_has_room(table, 1)); /* which others take */
	assert_ptr_equal(flow_alloc(table, &other), flow);
	assert_ptr_equal(flow_lookup(table, &other), flow);
}

static void test_flow_same_key_again_in_the_same_batch(void **state)
{
	struct flow_table *table = *state;
	struct flow_key key = key_make(3);
	struct flow *first = flow_alloc(table, &key), *second;

	flow_free(table, first);
	second = flow_alloc(table, &key);
	assert_ptr_not_equal(first, second);
	flow_table_reap(table);
	assert_ptr_equal(flow_lookup(table, &key), second);
}

static void free_odd(struct flow *flow, void *arg)
{
	struct flow_table *table = ((void **)arg)[0];
	unsigned int *seen = ((void **)arg)[1];

	(*seen)++;
	if (flow->key.ns_port % 2)
		flow_free(table, flow);
}

static void test_flow_each_may_free(void **state)
{
	unsigned int seen = 0;
	void *arg[] = { *state, &seen };

	for (uint16_t i = 0; i < 50; i++) {
		struct flow_key key = key_make(0);

		key.ns_port = i;
		assert_non_null(flow_alloc(*state, &key));
	}
	flow_table_each(*state, free_odd, arg);
	assert_int_equal(seen, 50);
	seen = 0;
	flow_table_each(*state, free_odd, arg);
	assert_int_equal(seen, 25);
}

/* Against an array of what is in the table */
static void test_flow_random_against_model(void **state)
{
	struct flow *model[400] = { NULL };
	struct flow_table *table = *state;
	uint32_t seed = 1, used = 0, freed = 0;

	for (int i = 0; i < 200000; i++) {
		uint32_t n = (seed = seed * 1664525 + 1013904223) >> 8;
		struct flow_key key = key_make(n % ARRAY_SIZE(model));
		struct flow **entry = &model[n % ARRAY_SIZE(model)];

		assert_ptr_equal(flow_lookup(table, &key), *entry);
		if (*entry && n / ARRAY_SIZE(model) % 2) {
			flow_free(table, *entry);
			*entry = NULL;
			used--;
			freed++;
		} else if (!*entry) {
			*entry = flow_alloc(table, &key);
			assert_true(!*entry == (used + freed == CAPACITY));
			used += !!*entry;
		}
		assert_int_equal(table->used, used);
		if (n % 16 == 0) {
			flow_table_reap(table);
			freed = 0;
		}
	}
}

static void test_flow_table_of_one(void **state)
{
	struct flow_key a = key_make(1), b = key_make(2);
	struct flow_table table;

	(void)state;
	assert_int_equal(flow_table_init(&table, 1, &secret), 0);
	assert_non_null(flow_alloc(&table, &a));
	assert_null(flow_alloc(&table, &b));
	assert_non_null(flow_lookup(&table, &a));
	flow_table_fini(&table);
	flow_table_fini(&table);
}

#define table_test(fn) cmocka_unit_test_setup_teardown(fn, table_setup, table_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(test_flow_record_is_empty),
		table_test(test_flow_found_by_every_field),
		table_test(test_flow_table_full_refuses_and_counts),
		table_test(test_flow_freed_record_reused_only_after_the_batch),
		table_test(test_flow_same_key_again_in_the_same_batch),
		table_test(test_flow_each_may_free),
		table_test(test_flow_random_against_model),
		cmocka_unit_test(test_flow_table_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
