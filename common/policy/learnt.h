/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses the host's resolvers gave for which names: the one part of a policy that changes
 * by itself. Written by who forwards answers, read by address when a flow is opened.
 *
 * What was learnt holds for its TTL, POLICY_LEARNT_MIN_S at least, and as long as flows hold it.
 * The table is bounded: what was learnt longest ago goes first, and one address has
 * POLICY_LEARNT_NAMES names. Untouched entries cost no memory.
 */
#ifndef COMMON_POLICY_LEARNT_H
#define COMMON_POLICY_LEARNT_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/base/siphash.h"
#include "common/policy/name.h"

#define POLICY_LEARNT_MAX 8192
#define POLICY_LEARNT_NAMES 32
#define POLICY_LEARNT_MIN_S 60

struct policy_learnt_entry {
	struct in6_addr addr;
	uint64_t until_ns;
	/* Indices + 1, 0: none */
	uint32_t next; /* in its chain, in which the last one learnt is the first */
	uint32_t older, newer; /* of all */
	uint32_t holders; /* flows */
	char name[NAME_TEXT_MAX + 1]; /* "": the entry is free */
};

struct policy_learnt {
	/* Others want to know of what is added, too; NULL: nobody does */
	void (*tell)(void *arg, const struct in6_addr *addr, const char *name, uint32_t ttl_s);
	void *arg;
	struct policy_learnt_entry *entries; /* POLICY_LEARNT_MAX */
	uint32_t *buckets; /* index + 1 of a chain's first; 0: none */
	uint32_t used; /* entries that were ever in use: the first ones */
	uint32_t oldest, newest; /* index + 1; 0: none */
	uint32_t free_first; /* likewise, chained by ->next */
	uint64_t displaced; /* before their time */
	struct siphash_key secret;
};

/* policy_learnt_init() - Return: 0 or -errno */
int policy_learnt_init(struct policy_learnt *learnt, const struct siphash_key *secret);
void policy_learnt_fini(struct policy_learnt *learnt);

/* policy_learnt_add() - @name has @addr
 * @name:	in lower case, not empty
 */
void policy_learnt_add(struct policy_learnt *learnt, const struct in6_addr *addr, const char *name,
		       uint32_t ttl_s, uint64_t now_ns);

/* policy_learnt_take() - the same, by somebody who tells: others know of it */
void policy_learnt_take(struct policy_learnt *learnt, const struct in6_addr *addr, const char *name,
			uint32_t ttl_s, uint64_t now_ns);

/* policy_learnt_find() - the names of an address
 * @ret:	entries: valid until the next is added
 *
 * Return: how many
 */
uint32_t policy_learnt_find(const struct policy_learnt *learnt, const struct in6_addr *addr,
			    uint64_t now_ns,
			    const struct policy_learnt_entry *ret[POLICY_LEARNT_NAMES]);

/* policy_learnt_hold() - a flow begins that an address's name has led to, which stays while it
 * lives
 * @name:	in its entry; NULL: there is none
 * @learnt:	NULL is fine with that
 *
 * Return: what policy_learnt_release() takes at the flow's end
 */
uint32_t policy_learnt_hold(struct policy_learnt *learnt, const char *name);
void policy_learnt_release(struct policy_learnt *learnt, uint32_t held);

#endif
