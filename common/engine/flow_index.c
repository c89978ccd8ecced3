/* SPDX-License-Identifier: Apache-2.0
 *
 * An entry's number is that of the worker times the capacity, plus that of the record.
 */
#include "common/engine/flow_index.h"

#include <errno.h>
#include <string.h>

#include "common/base/map.h"

int flow_index_init(struct flow_index *index, uint32_t capacity)
{
	uint32_t buckets = FLOW_INDEX_LOCKS;

	while (buckets < capacity)
		buckets *= 2;
	*index = (struct flow_index){ .capacity = capacity, .bucket_mask = buckets - 1 };
	for (int i = 0; i < FLOW_INDEX_LOCKS; i++)
		pthread_mutex_init(&index->locks[i], NULL);
	index->buckets = map_lazily((size_t)buckets * sizeof(*index->buckets));
	return index->buckets ? 0 : -ENOMEM;
}

void flow_index_remove_worker(struct flow_index *index, uint32_t worker)
{
	map_drop(index->entries[worker], index->capacity * sizeof(*index->entries[worker]));
	index->entries[worker] = NULL;
}

void flow_index_fini(struct flow_index *index)
{
	for (uint32_t i = 0; i < WORKERS_MAX; i++)
		flow_index_remove_worker(index, i);
	map_drop(index->buckets, ((size_t)index->bucket_mask + 1) * sizeof(*index->buckets));
	for (int i = 0; i < FLOW_INDEX_LOCKS; i++)
		pthread_mutex_destroy(&index->locks[i]);
}

int flow_index_add_worker(struct flow_index *index, uint32_t worker)
{
	index->entries[worker] = map_lazily(index->capacity * sizeof(*index->entries[worker]));
	return index->entries[worker] ? 0 : -ENOMEM;
}

static struct flow_index_entry *entry_at(const struct flow_index *index, uint32_t number)
{
	return &index->entries[number / index->capacity][number % index->capacity];
}

static pthread_mutex_t *lock_of(struct flow_index *index, uint32_t hash)
{
	return &index->locks[hash & (FLOW_INDEX_LOCKS - 1)];
}

/* Under the lock. Return: number + 1, 0: there's none */
static uint32_t find(const struct flow_index *index, const struct flow_key *key, uint32_t hash)
{
	uint32_t next = index->buckets[hash & index->bucket_mask];

	while (next) {
		const struct flow_index_entry *entry = entry_at(index, next - 1);

		if (entry->hash == hash && !memcmp(&entry->key, key, sizeof(*key)))
			return next;
		next = entry->next;
	}
	return 0;
}

int flow_index_owner(struct flow_index *index, const struct flow_key *key, uint32_t hash)
{
	uint32_t found;

	pthread_mutex_lock(lock_of(index, hash));
	found = find(index, key, hash);
	pthread_mutex_unlock(lock_of(index, hash));
	return found ? (int)((found - 1) / index->capacity) : -1;
}

bool flow_index_claim(struct flow_index *index, uint32_t worker, uint32_t record,
		      const struct flow_key *key, uint32_t hash)
{
	const uint32_t number = worker * index->capacity + record;
	struct flow_index_entry *entry = entry_at(index, number);
	uint32_t *bucket = &index->buckets[hash & index->bucket_mask];
	bool is_free;

	pthread_mutex_lock(lock_of(index, hash));
	is_free = !find(index, key, hash);
	if (is_free) {
		*entry = (struct flow_index_entry){ *key, hash, *bucket };
		*bucket = number + 1;
	}
	pthread_mutex_unlock(lock_of(index, hash));
	return is_free;
}

void flow_index_release(struct flow_index *index, uint32_t worker, uint32_t record)
{
	const uint32_t number = worker * index->capacity + record;
	const struct flow_index_entry *entry = entry_at(index, number);
	const uint32_t hash = entry->hash; /* nobody else writes to it */
	uint32_t *link = &index->buckets[hash & index->bucket_mask];

	pthread_mutex_lock(lock_of(index, hash));
	while (*link != number + 1)
		link = &entry_at(index, *link - 1)->next;
	*link = entry->next;
	pthread_mutex_unlock(lock_of(index, hash));
}
