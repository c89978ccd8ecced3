/* SPDX-License-Identifier: Apache-2.0
 *
 * Chained hash over an array of records. A record is on exactly one of three lists, all threaded
 * through flow->next: a hash chain, the dying list (freed in this batch), the free list.
 */
#include "common/flow/flow.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/map.h"

static_assert(sizeof(struct flow_key) == 40, "hashed as five words, without padding");
static_assert(FLOW_RECORD_BYTES % 64 == 0, "records do not share cache lines");

static struct flow *flow_at(const struct flow_table *table, uint32_t index)
{
	return (struct flow *)(void *)(table->records + (size_t)index * FLOW_RECORD_BYTES);
}

static uint32_t flow_index(const struct flow_table *table, const struct flow *flow)
{
	return (uint32_t)((size_t)((const uint8_t *)flow - table->records) / FLOW_RECORD_BYTES);
}

uint32_t flow_key_hash(const struct flow_table *table, const struct flow_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];

	memcpy(words, key, sizeof(words));
	return (uint32_t)siphash_words(&table->secret, words, sizeof(words) / sizeof(words[0]));
}

int flow_table_init(struct flow_table *table, uint32_t capacity, const struct siphash_key *secret)
{
	uint32_t buckets = 1;

	while (buckets < capacity)
		buckets *= 2;
	*table = (struct flow_table){
		.capacity = capacity,
		.bucket_mask = buckets - 1,
		.secret = *secret,
		.records = map_lazily((size_t)capacity * FLOW_RECORD_BYTES),
		.buckets = map_lazily((size_t)buckets * sizeof(*table->buckets)),
	};
	if (!table->records || !table->buckets) {
		flow_table_fini(table);
		return -ENOMEM;
	}
	return 0;
}

void flow_table_fini(struct flow_table *table)
{
	map_drop(table->records, (size_t)table->capacity * FLOW_RECORD_BYTES);
	map_drop(table->buckets, ((size_t)table->bucket_mask + 1) * sizeof(*table->buckets));
	table->records = NULL;
	table->buckets = NULL;
}

/* A flow is often looked up several times in a row: for each frame of a train, and by whoever has
 * to know whose a frame is. A free record has a key that none has
 */
struct flow *flow_lookup(struct flow_table *table, const struct flow_key *key)
{
	uint32_t hash, next;

	if (table->last && !memcmp(&table->last->key, key, sizeof(*key)))
		return table->last;
	hash = flow_key_hash(table, key);
	next = table->buckets[hash & table->bucket_mask];
	while (next) {
		struct flow *flow = flow_at(table, next - 1);

		if (flow->hash == hash && !memcmp(&flow->key, key, sizeof(*key))) {
			table->last = flow;
			return flow;
		}
		next = flow->next;
	}
	return NULL;
}

struct flow *flow_alloc(struct flow_table *table, const struct flow_key *key)
{
	const uint32_t hash = flow_key_hash(table, key);
	uint32_t index, *bucket;
	struct flow *flow;

	if (table->free_first) {
		index = table->free_first - 1;
		table->free_first = flow_at(table, index)->next;
	} else if (table->touched < table->capacity) {
		index = table->touched++;
	} else {
		table->refused++;
		return NULL;
	}
	flow = flow_at(table, index);
	memset(flow, 0, FLOW_RECORD_BYTES);
	if (table->claims.claim && !table->claims.claim(table->claims.arg, index, key, hash)) {
		flow->next = table->free_first;
		table->free_first = index + 1;
		return NULL;
	}
	flow->watch.fd = -1;
	flow->key = *key;
	flow->hash = hash;
	bucket = &table->buckets[flow->hash & table->bucket_mask];
	flow->next = *bucket;
	*bucket = index + 1;
	table->used++;
	table->taken++;
	return flow;
}

void flow_free(struct flow_table *table, struct flow *flow)
{
	uint32_t index = flow_index(table, flow);
	uint32_t *link = &table->buckets[flow->hash & table->bucket_mask];

	while (*link != index + 1)
		link = &flow_at(table, *link - 1)->next;
	*link = flow->next;
	if (table->claims.release)
		table->claims.release(table->claims.arg, index, &flow->key);
	flow->next = table->dying_first;
	flow->key.protocol = 0;
	table->dying_first = index + 1;
	table->used--;
}

void flow_table_reap(struct flow_table *table)
{
	while (table->dying_first) {
		struct flow *flow = flow_at(table, table->dying_first - 1);
		uint32_t next = flow->next;

		flow->next = table->free_first;
		table->free_first = table->dying_first;
		table->dying_first = next;
		table->taken--;
	}
}

const struct flow *flow_table_at(const struct flow_table *table, uint32_t index)
{
	const struct flow *flow = flow_at(table, index);

	return flow->key.protocol ? flow : NULL;
}

void flow_table_each(struct flow_table *table, void (*fn)(struct flow *flow, void *arg), void *arg)
{
	for (uint32_t i = 0; i < table->touched; i++) {
		struct flow *flow = flow_at(table, i);

		if (flow->key.protocol)
			fn(flow, arg);
	}
}
