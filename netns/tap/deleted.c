/* SPDX-License-Identifier: Apache-2.0 */
#include "netns/tap/deleted.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"

void deleted_add_addr(struct deleted *deleted, const struct in6_addr *addr)
{
	if (!deleted_has_addr(deleted, addr))
		deleted->addrs[deleted->addr_count++ % DELETED_ADDRS_MAX] = *addr;
}

void deleted_add_route(struct deleted *deleted, const struct route_value *route)
{
	if (!deleted_has_route(deleted, route))
		deleted->routes[deleted->route_count++ % DELETED_ROUTES_MAX] = *route;
}

bool deleted_has_addr(const struct deleted *deleted, const struct in6_addr *addr)
{
	const uint32_t count = MIN(deleted->addr_count, DELETED_ADDRS_MAX);

	for (uint32_t i = 0; i < count; i++)
		if (addr_equal(&deleted->addrs[i], addr))
			return true;
	return false;
}

static bool is_same(const struct route_value *a, const struct route_value *b)
{
	return a->dst_len == b->dst_len && a->metric == b->metric && a->tos == b->tos &&
	       addr_equal(&a->dst, &b->dst) && addr_equal(&a->gateway, &b->gateway);
}

bool deleted_has_route(const struct deleted *deleted, const struct route_value *route)
{
	const uint32_t count = MIN(deleted->route_count, DELETED_ROUTES_MAX);

	for (uint32_t i = 0; i < count; i++)
		if (is_same(&deleted->routes[i], route))
			return true;
	return false;
}
