/* SPDX-License-Identifier: Apache-2.0
 */
#include "common/engine/growth.h"

#include "common/base/addr.h"

static bool has_addr(const struct addressing_family *family, const struct in6_addr *addr)
{
	for (size_t i = 0; i < family->addr_count; i++)
		if (addr_equal(&family->addrs[i].addr, addr))
			return true;
	return false;
}

static void append(struct addressing_family *family, const struct addressing_addr *addr)
{
	if (family->addr_count < ADDRESSING_ADDRS_MAX)
		family->addrs[family->addr_count++] = *addr;
}

/* New ones come first: where the host is now is what it is known by */
static void take_addrs(const struct addressing_family *given, const struct addressing_family *now,
		       struct growth *growth)
{
	struct addressing_family *next = &growth->next;

	next->addr_count = 0;
	for (size_t i = 0; i < now->addr_count; i++)
		if (!has_addr(given, &now->addrs[i].addr))
			append(next, &now->addrs[i]);
	growth->moved = next->addr_count;
	for (size_t i = 0; i < given->addr_count; i++)
		append(next, &given->addrs[i]);
}

bool growth_is_possible(const struct addressing_family *given)
{
	return given->enabled && (given->local || given->default_from != ADDRESSING_DEFAULT_GIVEN);
}

bool growth_find(const struct addressing_family *given, const struct addressing_family *now,
		 struct growth *ret_growth)
{
	struct growth growth = { .next = *given };

	if (!growth_is_possible(given) || !now->enabled || now->local)
		return false;
	growth.default_route = given->default_from != ADDRESSING_DEFAULT_GIVEN &&
			       now->default_from == ADDRESSING_DEFAULT_GIVEN;
	if (!given->local && !growth.default_route)
		return false;
	take_addrs(given, now, &growth);
	growth.next.local = false;
	growth.next.addrs_left_out = now->addrs_left_out;
	growth.next.copy_routes = now->copy_routes;
	if (growth.default_route) {
		growth.next.gateway = now->gateway;
		growth.next.default_on_link = now->default_on_link;
		growth.next.default_from = ADDRESSING_DEFAULT_GIVEN;
	}
	*ret_growth = growth;
	return true;
}

static bool same_addrs(const struct addressing_family *a, const struct addressing_family *b)
{
	if (a->addr_count != b->addr_count)
		return false;
	for (size_t i = 0; i < a->addr_count; i++)
		if (!addr_equal(&a->addrs[i].addr, &b->addrs[i].addr) ||
		    a->addrs[i].prefix_len != b->addrs[i].prefix_len ||
		    a->addrs[i].deprecated != b->addrs[i].deprecated)
			return false;
	return true;
}

static bool is_known_by_same(const struct addressing_family *a, const struct addressing_family *b)
{
	return a->local == b->local && !a->addr_count == !b->addr_count &&
	       (!a->addr_count || addr_equal(&a->addrs[0].addr, &b->addrs[0].addr));
}

bool growth_mirror(const struct addressing_family *given, const struct addressing_family *now,
		   struct growth *ret_growth)
{
	/* What a family that is off would be given is nothing */
	const bool on = given->enabled && now->enabled;
	struct growth growth = { .next = on ? *now : *given, .default_route = true };

	growth.moved = !is_known_by_same(given, &growth.next);
	*ret_growth = growth;
	return growth.moved || !same_addrs(given, &growth.next) ||
	       !addr_equal(&given->gateway, &growth.next.gateway) ||
	       given->default_from != growth.next.default_from ||
	       given->default_on_link != growth.next.default_on_link ||
	       given->copy_routes != growth.next.copy_routes;
}
