/* SPDX-License-Identifier: Apache-2.0
 *
 * A few places for each value of a hash. What is where the tap is gives way first: it would be
 * found there anyway.
 */
#include "common/link/neighbours.h"

#include <assert.h>
#include <string.h>

#include "common/base/util.h"

static_assert(NEIGHBOURS_SETS == 1 << 6, "neighbours_set() takes six bits");

static bool is_station(const uint8_t *mac)
{
	static const uint8_t none[ETH_ALEN];

	return !(mac[0] & 1) && memcmp(mac, none, ETH_ALEN) != 0;
}

void neighbours_init(struct neighbours *neighbours, const uint8_t *mac)
{
	neighbours->met = is_station(mac);
	if (neighbours->met)
		memcpy(neighbours->mac, mac, ETH_ALEN);
	else
		memset(neighbours->mac, 0xff, ETH_ALEN);
	neighbours->elsewhere = 0;
	memset(neighbours->table, 0, sizeof(neighbours->table));
}

static bool is_elsewhere(const struct neighbours *neighbours, const struct neighbour *n)
{
	return !addr_is_unspecified(&n->addr) && memcmp(n->mac, neighbours->mac, ETH_ALEN) != 0;
}

static void place(struct neighbours *neighbours, struct neighbour *n, const uint8_t *mac)
{
	neighbours->elsewhere -= is_elsewhere(neighbours, n);
	memcpy(n->mac, mac, ETH_ALEN);
	neighbours->elsewhere += is_elsewhere(neighbours, n);
}

/* Who was only asked for is where the tap is */
void neighbours_learn_own(struct neighbours *neighbours, const uint8_t *mac)
{
	struct neighbour *n = neighbours->table[0];

	if (!is_station(mac))
		return;
	neighbours->met = true;
	for (int i = 0; i < NEIGHBOURS_SETS * NEIGHBOURS_WAYS; i++)
		if (!is_elsewhere(neighbours, &n[i]))
			memcpy(n[i].mac, mac, ETH_ALEN);
	memcpy(neighbours->mac, mac, ETH_ALEN);
	neighbours->elsewhere = 0;
	for (int i = 0; i < NEIGHBOURS_SETS * NEIGHBOURS_WAYS; i++)
		neighbours->elsewhere += is_elsewhere(neighbours, &n[i]);
}

/* A record for @addr, in place of what is of least use, and where the tap is. Return: NULL if all
 * that could go are elsewhere, and @any is false
 */
static struct neighbour *neighbour_add(struct neighbours *neighbours, const struct in6_addr *addr,
				       bool any)
{
	struct neighbour *set = neighbours_set(neighbours, addr), *least = &set[0];

	for (int i = 1; i < NEIGHBOURS_WAYS; i++) {
		bool away = is_elsewhere(neighbours, &set[i]);
		bool least_away = is_elsewhere(neighbours, least);

		if (away != least_away ? least_away : set[i].heard_ns < least->heard_ns)
			least = &set[i];
	}
	if (!any && is_elsewhere(neighbours, least))
		return NULL;
	place(neighbours, least, neighbours->mac);
	*least = (struct neighbour){ .addr = *addr };
	memcpy(least->mac, neighbours->mac, ETH_ALEN);
	return least;
}

static bool makes_sense(const struct in6_addr *addr, const uint8_t *mac)
{
	return !addr_is_unspecified(addr) && !addr_is_multicast(addr) && !addr_is_loopback(addr) &&
	       is_station(mac);
}

/* Return: whether it is known now */
static bool learn(struct neighbours *neighbours, const struct in6_addr *addr, const uint8_t *mac,
		  uint64_t now_ns, uint64_t *moved)
{
	struct neighbour *n = neighbours_find(neighbours, addr);

	if (!makes_sense(addr, mac))
		return false;
	if (!n)
		n = neighbour_add(neighbours, addr, memcmp(mac, neighbours->mac, ETH_ALEN) != 0);
	if (!n)
		return false;
	*moved += memcmp(n->mac, mac, ETH_ALEN) != 0;
	place(neighbours, n, mac);
	n->heard_ns = now_ns;
	return true;
}

void neighbours_learn(struct neighbours *neighbours, const struct in6_addr *addr,
		      const uint8_t *mac, uint64_t now_ns)
{
	if (learn(neighbours, addr, mac, now_ns, &neighbours->moved) && neighbours->tell)
		neighbours->tell(neighbours->arg, addr, mac);
}

void neighbours_take(struct neighbours *neighbours, const struct in6_addr *addr, const uint8_t *mac,
		     uint64_t now_ns)
{
	uint64_t counted_by_others = 0;

	learn(neighbours, addr, mac, now_ns, &counted_by_others);
}

bool neighbours_doubt(struct neighbours *neighbours, const struct in6_addr *addr, uint64_t now_ns)
{
	struct neighbour *n = neighbours_find(neighbours, addr);
	uint64_t last_ns;

	if (!n)
		n = neighbour_add(neighbours, addr, false);
	if (!n)
		return false;
	last_ns = MAX(n->heard_ns, n->asked_ns);
	if (last_ns && now_ns - last_ns < NEIGHBOURS_SURE_NS)
		return false;
	n->asked_ns = now_ns;
	return true;
}
