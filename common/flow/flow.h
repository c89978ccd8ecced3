/* SPDX-License-Identifier: Apache-2.0
 *
 * The flow table of one worker: fixed-size records in one mapping made at start, found by a keyed
 * hash of what the link sees. A protocol's record starts with a struct flow and must fit into
 * FLOW_RECORD_BYTES. The table owns the records; the protocol owns the socket in a record and
 * closes it before flow_free(). Untouched records cost no memory.
 */
#ifndef COMMON_FLOW_FLOW_H
#define COMMON_FLOW_FLOW_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/loop.h"
#include "common/base/siphash.h"
#include "common/flow/timer.h"

#define FLOW_RECORD_BYTES 384

/* Both ends as frames on the link carry them; ports in host order, an ICMP flow has its
 * identifier as @ns_port and 0 as @remote_port
 */
struct flow_key {
	struct in6_addr ns; /* the namespace's end */
	struct in6_addr remote;
	uint16_t ns_port;
	uint16_t remote_port;
	uint8_t protocol; /* IPPROTO_* */
	uint8_t zero[3];
};

struct flow {
	struct watch watch; /* fd: the host's socket, -1 when absent */
	struct timer timer;
	struct flow_key key;
	uint32_t hash;
	uint32_t next; /* in the hash chain or on the free list; index + 1, 0: none */
};

/* Tables beside this one, whose flows it can't have as well. */
struct flow_claims {
	/* A flow begins in record @index. Return: false: another table has it */
	bool (*claim)(void *arg, uint32_t index, const struct flow_key *key, uint32_t hash);
	/* And ends */
	void (*release)(void *arg, uint32_t index, const struct flow_key *key);
	/* Whether another table has it */
	bool (*is_elsewhere)(void *arg, const struct flow_key *key, uint32_t hash);
	void *arg;
};

struct flow_table {
	uint8_t *records; /* capacity * FLOW_RECORD_BYTES */
	uint32_t *buckets; /* index + 1 of the chain's first record, 0: none */
	struct flow *last; /* that was looked up and found; it may be free since */
	uint32_t bucket_mask;
	uint32_t capacity;
	uint32_t used; /* in the table now */
	_Atomic uint32_t taken; /* records that aren't reusable now; other threads may look at it */
	uint32_t touched; /* records at and beyond it were never used */
	uint32_t free_first; /* reusable now */
	uint32_t dying_first; /* reusable after flow_table_reap() */
	uint64_t refused; /* allocations that found the table full */
	struct siphash_key secret;
	struct flow_claims claims; /* all NULL: there is no other table */
};

/* flow_table_init() - reserve room for @capacity flows. Return: 0 or -errno */
int flow_table_init(struct flow_table *table, uint32_t capacity, const struct siphash_key *secret);
void flow_table_fini(struct flow_table *table);

/* flow_key_hash() - as the flow of @key has it */
uint32_t flow_key_hash(const struct flow_table *table, const struct flow_key *key);

/* flow_lookup() - Return: the flow of @key, or NULL */
struct flow *flow_lookup(struct flow_table *table, const struct flow_key *key);

/* flow_alloc() - a zeroed record for a @key that is not in the table; watch.fd is -1
 *
 * Return: the record, or NULL if the table is full (counted), or another table has @key
 */
struct flow *flow_alloc(struct flow_table *table, const struct flow_key *key);

/* flow_is_elsewhere() - whether another table has @key, so that flow_alloc() would fail */
static inline bool flow_is_elsewhere(const struct flow_table *table, const struct flow_key *key)
{
	return table->claims.is_elsewhere &&
	       table->claims.is_elsewhere(table->claims.arg, key, flow_key_hash(table, key));
}

/* flow_has_room() - whether flow_alloc() finds a record; from any thread, for whom it may have
 * changed since
 * @coming:	records that somebody else is going to take before
 */
static inline bool flow_has_room(const struct flow_table *table, uint32_t coming)
{
	return coming < table->capacity - atomic_load(&table->taken);
}

/* flow_free() - take a flow out of the table; its record stays readable until the next reap */
void flow_free(struct flow_table *table, struct flow *flow);

/* flow_table_reap() - end of a batch: records freed in it become reusable */
void flow_table_reap(struct flow_table *table);

/* flow_table_at() - the flow in record @index, below @table->touched; NULL: none is in there now */
const struct flow *flow_table_at(const struct flow_table *table, uint32_t index);

/* flow_table_each() - call @fn for every flow in the table; @fn may free the flow it is given */
void flow_table_each(struct flow_table *table, void (*fn)(struct flow *flow, void *arg), void *arg);

#endif
