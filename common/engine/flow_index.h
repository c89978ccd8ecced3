/* SPDX-License-Identifier: Apache-2.0
 *
 * Which worker has which flow, for all workers of an engine: written when a flow begins and ends,
 * read by a worker that gets a frame of a flow that it doesn't have. No two workers can have the
 * same one.
 *
 * An entry belongs to a record of a worker's flow table, so that nothing has to be allocated. Locks
 * are per part of the buckets, and held for a few instructions.
 */
#ifndef COMMON_ENGINE_FLOW_INDEX_H
#define COMMON_ENGINE_FLOW_INDEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/flow/flow.h"

/* Of an engine, at most */
#define WORKERS_MAX 8
#define FLOW_INDEX_LOCKS 256

struct flow_index_entry {
	struct flow_key key;
	uint32_t hash;
	uint32_t next; /* in its chain: number + 1, 0: none */
};

struct flow_index {
	struct flow_index_entry *entries[WORKERS_MAX]; /* one a record */
	uint32_t capacity; /* records of a worker */
	uint32_t *buckets; /* number + 1 of a chain's first entry; 0: none */
	uint32_t bucket_mask;
	pthread_mutex_t locks[FLOW_INDEX_LOCKS];
};

/* flow_index_init() - for workers that are added
 * @capacity:	of each one's flow table
 *
 * Return: 0 or -ENOMEM; flow_index_fini() is needed either way, and nothing else before it
 */
int flow_index_init(struct flow_index *index, uint32_t capacity);
void flow_index_fini(struct flow_index *index);

/* flow_index_add_worker() - Return: 0 or -ENOMEM */
int flow_index_add_worker(struct flow_index *index, uint32_t worker);

/* flow_index_remove_worker() - it has no flows; one that was never added is fine */
void flow_index_remove_worker(struct flow_index *index, uint32_t worker);

/* flow_index_owner() - who has the flow of @key
 * @hash:	flow_key_hash() of the table of any worker: they have the same secret
 *
 * Return: the worker's number; -1: nobody
 */
int flow_index_owner(struct flow_index *index, const struct flow_key *key, uint32_t hash);

/* flow_index_claim() - a flow begins. Return: false: another worker has it */
bool flow_index_claim(struct flow_index *index, uint32_t worker, uint32_t record,
		      const struct flow_key *key, uint32_t hash);

/* flow_index_release() - and ends */
void flow_index_release(struct flow_index *index, uint32_t worker, uint32_t record);

#endif
