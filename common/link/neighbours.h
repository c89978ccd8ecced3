/* SPDX-License-Identifier: Apache-2.0
 *
 * Which hardware address each address of the inner side is at: learnt from the frames that come
 * from there, because the tap's own may change, and there may be a bridge or a macvlan behind it,
 * with several. Small and bounded: what there is no room for is taken to be where the tap is.
 * Whoever sends frames from there can only lead its own side's traffic astray. Pure, time comes in
 * as a parameter.
 */
#ifndef COMMON_LINK_NEIGHBOURS_H
#define COMMON_LINK_NEIGHBOURS_H

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "common/base/clock.h"

#define NEIGHBOURS_SETS 64
#define NEIGHBOURS_WAYS 4

/* How long an address is taken to be where it was heard of last, before somebody has to ask */
#define NEIGHBOURS_SURE_NS NS_PER_S

struct neighbour {
	struct in6_addr addr; /* unspecified: not in use */
	uint64_t heard_ns; /* 0: never */
	uint64_t asked_ns; /* likewise */
	uint8_t mac[ETH_ALEN];
};

struct neighbours {
	/* Others want to know of what is learnt, too; NULL: nobody does */
	void (*tell)(void *arg, const struct in6_addr *addr, const uint8_t *mac);
	void *arg;
	uint8_t mac[ETH_ALEN]; /* of those that are not known */
	bool met; /* that is the tap's own; else everybody's */
	uint32_t elsewhere; /* known ones that have another */
	uint64_t moved; /* times that an address was heard of from another one than before */
	struct neighbour table[NEIGHBOURS_SETS][NEIGHBOURS_WAYS];
};

/* neighbours_init() - know of nobody, and count on; before the first time @neighbours is all zeroes
 * @mac:	the tap's own; all zeroes: a guest's, which neighbours_met() will tell. Until then
 *		frames go to everybody
 */
void neighbours_init(struct neighbours *neighbours, const uint8_t *mac);

/* neighbours_learn_own() - for neighbours_met(), when it's news */
void neighbours_learn_own(struct neighbours *neighbours, const uint8_t *mac);

/* neighbours_met() - a frame came from @mac, whatever address it is of */
static inline void neighbours_met(struct neighbours *neighbours, const uint8_t *mac)
{
	if (!neighbours->met)
		neighbours_learn_own(neighbours, mac);
}

/* neighbours_set() - the places that @addr may have */
static inline struct neighbour *neighbours_set(struct neighbours *neighbours,
					       const struct in6_addr *addr)
{
	uint32_t folded =
		addr->s6_addr32[0] ^ addr->s6_addr32[1] ^ addr->s6_addr32[2] ^ addr->s6_addr32[3];

	return neighbours->table[folded * 0x9e3779b1U >> 26]; /* Fibonacci hashing */
}

/* neighbours_find() - Return: NULL if nothing is known */
static inline struct neighbour *neighbours_find(struct neighbours *neighbours,
						const struct in6_addr *addr)
{
	struct neighbour *set = neighbours_set(neighbours, addr);

	for (int i = 0; i < NEIGHBOURS_WAYS; i++)
		if (addr_equal(&set[i].addr, addr))
			return &set[i];
	return NULL;
}

/* neighbours_mac() - where to send a frame for @addr */
static inline const uint8_t *neighbours_mac(struct neighbours *neighbours,
					    const struct in6_addr *addr)
{
	const struct neighbour *n;

	if (!neighbours->elsewhere)
		return neighbours->mac;
	n = neighbours_find(neighbours, addr);
	return n ? n->mac : neighbours->mac;
}

/* neighbours_learn() - for neighbours_heard(), when it's news */
void neighbours_learn(struct neighbours *neighbours, const struct in6_addr *addr,
		      const uint8_t *mac, uint64_t now_ns);

/* neighbours_take() - the same, by somebody who tells: others know of it */
void neighbours_take(struct neighbours *neighbours, const struct in6_addr *addr, const uint8_t *mac,
		     uint64_t now_ns);

/* neighbours_heard() - a frame came from @addr, at @mac; both are looked at whether they make sense
 */
static inline void neighbours_heard(struct neighbours *neighbours, const struct in6_addr *addr,
				    const uint8_t *mac, uint64_t now_ns)
{
	struct neighbour *n = neighbours_find(neighbours, addr);

	if (n && !memcmp(n->mac, mac, ETH_ALEN))
		n->heard_ns = now_ns;
	else
		neighbours_learn(neighbours, addr, mac, now_ns);
}

/* neighbours_doubt() - before a frame that nobody may answer: whether to ask where @addr is. Says
 * so once in a while only, for each
 */
bool neighbours_doubt(struct neighbours *neighbours, const struct in6_addr *addr, uint64_t now_ns);

#endif
