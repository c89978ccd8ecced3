/* SPDX-License-Identifier: Apache-2.0
 *
 * Chained hash over an array of entries, which are in a list by age as well. What has ended stays
 * until its place is wanted.
 */
#include "common/policy/learnt.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/map.h"
#include "common/base/util.h"

#define BUCKETS 4096

int policy_learnt_init(struct policy_learnt *learnt, const struct siphash_key *secret)
{
	*learnt = (struct policy_learnt){
		.entries = map_lazily(POLICY_LEARNT_MAX * sizeof(*learnt->entries)),
		.buckets = map_lazily(BUCKETS * sizeof(*learnt->buckets)),
		.secret = *secret,
	};
	if (learnt->entries && learnt->buckets)
		return 0;
	policy_learnt_fini(learnt);
	return -ENOMEM;
}

void policy_learnt_fini(struct policy_learnt *learnt)
{
	map_drop(learnt->entries, POLICY_LEARNT_MAX * sizeof(*learnt->entries));
	map_drop(learnt->buckets, BUCKETS * sizeof(*learnt->buckets));
	learnt->entries = NULL;
	learnt->buckets = NULL;
}

static uint32_t *bucket_of(const struct policy_learnt *learnt, const struct in6_addr *addr)
{
	uint64_t words[2];

	memcpy(words, addr, sizeof(words));
	return &learnt->buckets[siphash_words(&learnt->secret, words, 2) % BUCKETS];
}

static struct policy_learnt_entry *at(const struct policy_learnt *learnt, uint32_t number)
{
	return &learnt->entries[number - 1];
}

static uint32_t number_of(const struct policy_learnt *learnt,
			  const struct policy_learnt_entry *entry)
{
	return (uint32_t)(entry - learnt->entries) + 1;
}

static bool holds(const struct policy_learnt_entry *entry, uint64_t now_ns)
{
	return entry->name[0] && (entry->holders || entry->until_ns > now_ns);
}

/* Into its chain and the list, as what was learnt last */
static void put_in(struct policy_learnt *learnt, struct policy_learnt_entry *entry)
{
	uint32_t number = number_of(learnt, entry), *bucket = bucket_of(learnt, &entry->addr);

	entry->next = *bucket;
	*bucket = number;
	entry->older = learnt->newest;
	entry->newer = 0;
	if (learnt->newest)
		at(learnt, learnt->newest)->newer = number;
	else
		learnt->oldest = number;
	learnt->newest = number;
}

static void take_out(struct policy_learnt *learnt, struct policy_learnt_entry *entry)
{
	uint32_t number = number_of(learnt, entry), *link = bucket_of(learnt, &entry->addr);

	while (*link != number)
		link = &at(learnt, *link)->next;
	*link = entry->next;
	*(entry->older ? &at(learnt, entry->older)->newer : &learnt->oldest) = entry->newer;
	*(entry->newer ? &at(learnt, entry->newer)->older : &learnt->newest) = entry->older;
}

static void forget(struct policy_learnt *learnt, struct policy_learnt_entry *entry)
{
	take_out(learnt, entry);
	entry->name[0] = '\0';
	entry->next = learnt->free_first;
	learnt->free_first = number_of(learnt, entry);
}

/* What an address has of @name; and of its names that no flow holds the oldest, if they are as many
 * as there may be. Return: NULL: none
 */
static struct policy_learnt_entry *find_name(const struct policy_learnt *learnt,
					     const struct in6_addr *addr, const char *name,
					     struct policy_learnt_entry **ret_oldest)
{
	struct policy_learnt_entry *oldest = NULL;
	uint32_t count = 0, number = *bucket_of(learnt, addr);

	for (; number; number = at(learnt, number)->next) {
		struct policy_learnt_entry *entry = at(learnt, number);

		if (!addr_equal(&entry->addr, addr))
			continue;
		if (!strcmp(entry->name, name))
			return entry;
		count++;
		if (!entry->holders)
			oldest = entry;
	}
	*ret_oldest = count < POLICY_LEARNT_NAMES ? NULL : oldest;
	return NULL;
}

/* The oldest of all that no flow holds is to go. Flows that hold some are as many as there are
 * descriptors for, and most hold the same: where they hold all, nothing is learnt
 */
static struct policy_learnt_entry *oldest_free(const struct policy_learnt *learnt)
{
	uint32_t number = learnt->oldest;

	while (number && at(learnt, number)->holders)
		number = at(learnt, number)->newer;
	return number ? at(learnt, number) : NULL;
}

/* A place for another name of an address. Return: NULL: there is none */
static struct policy_learnt_entry *
place_for(struct policy_learnt *learnt, struct policy_learnt_entry *oldest_of_addr, uint64_t now_ns)
{
	struct policy_learnt_entry *gone = oldest_of_addr;

	if (!gone && !learnt->free_first && learnt->used == POLICY_LEARNT_MAX)
		gone = oldest_free(learnt);
	if (gone) {
		learnt->displaced += holds(gone, now_ns);
		forget(learnt, gone);
	}
	if (learnt->free_first) {
		struct policy_learnt_entry *entry = at(learnt, learnt->free_first);

		learnt->free_first = entry->next;
		return entry;
	}
	return learnt->used < POLICY_LEARNT_MAX ? &learnt->entries[learnt->used++] : NULL;
}

void policy_learnt_take(struct policy_learnt *learnt, const struct in6_addr *addr, const char *name,
			uint32_t ttl_s, uint64_t now_ns)
{
	uint64_t until_ns = now_ns + MAX(ttl_s, (uint32_t)POLICY_LEARNT_MIN_S) * NS_PER_S;
	struct policy_learnt_entry *oldest = NULL, *entry = find_name(learnt, addr, name, &oldest);

	if (entry) {
		take_out(learnt, entry);
		put_in(learnt, entry);
		entry->until_ns = MAX(entry->until_ns, until_ns);
		return;
	}
	entry = place_for(learnt, oldest, now_ns);
	if (!entry)
		return;
	entry->addr = *addr;
	entry->until_ns = until_ns;
	entry->holders = 0;
	memcpy(entry->name, name, strlen(name) + 1);
	put_in(learnt, entry);
}

void policy_learnt_add(struct policy_learnt *learnt, const struct in6_addr *addr, const char *name,
		       uint32_t ttl_s, uint64_t now_ns)
{
	if (learnt->tell)
		learnt->tell(learnt->arg, addr, name, ttl_s);
	policy_learnt_take(learnt, addr, name, ttl_s, now_ns);
}

uint32_t policy_learnt_find(const struct policy_learnt *learnt, const struct in6_addr *addr,
			    uint64_t now_ns,
			    const struct policy_learnt_entry *ret[POLICY_LEARNT_NAMES])
{
	uint32_t count = 0, number = *bucket_of(learnt, addr);

	for (; number && count < POLICY_LEARNT_NAMES; number = at(learnt, number)->next) {
		const struct policy_learnt_entry *entry = at(learnt, number);

		if (addr_equal(&entry->addr, addr) && holds(entry, now_ns))
			ret[count++] = entry;
	}
	return count;
}

uint32_t policy_learnt_hold(struct policy_learnt *learnt, const char *name)
{
	const struct policy_learnt_entry *entry;
	uint32_t number;

	if (!name)
		return 0;
	entry = container_of(name, const struct policy_learnt_entry, name[0]);
	number = number_of(learnt, entry);
	at(learnt, number)->holders++;
	return number;
}

void policy_learnt_release(struct policy_learnt *learnt, uint32_t held)
{
	if (held)
		at(learnt, held)->holders--;
}
