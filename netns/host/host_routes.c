/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies are built from nothing rather than changed in place: what is not understood stays behind.
 */
#include "netns/host/host_routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <stdlib.h>

struct host_routes *host_routes_new(unsigned int ifindex)
{
	struct host_routes *routes = calloc(1, sizeof(*routes));

	if (routes)
		routes->ifindex = ifindex;
	return routes;
}

void host_routes_clear(struct host_routes *routes)
{
	for (size_t i = 0; i < routes->count; i++)
		rtnl_route_put(routes->items[i]);
	routes->count = 0;
}

void host_routes_free(struct host_routes *routes)
{
	if (!routes)
		return;
	host_routes_clear(routes);
	free(routes->items);
	free(routes);
}

size_t host_routes_count(const struct host_routes *routes)
{
	return routes ? routes->count : 0;
}

int host_routes_add(struct host_routes *routes, struct rtnl_route *route)
{
	if (routes->count == routes->capacity) {
		size_t capacity = routes->capacity ? routes->capacity * 2 : 8;
		void *items = reallocarray(routes->items, capacity, sizeof(struct rtnl_route *));

		if (!items)
			return -ENOMEM;
		routes->items = items;
		routes->capacity = capacity;
	}
	rtnl_route_get(route);
	routes->items[routes->count++] = route;
	return 0;
}

bool host_route_uses(struct rtnl_route *route, unsigned int ifindex)
{
	int i;

	for (i = 0; i < rtnl_route_get_nnexthops(route); i++)
		if ((unsigned int)rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, i)) ==
		    ifindex)
			return true;
	return false;
}

static int copy_hop(struct rtnl_route *copy, struct rtnl_nexthop *hop, unsigned int to)
{
	struct rtnl_nexthop *new_hop = rtnl_route_nh_alloc();
	struct nl_addr *gateway = rtnl_route_nh_get_gateway(hop);
	struct nl_addr *via = rtnl_route_nh_get_via(hop);

	if (!new_hop)
		return -ENOMEM;
	rtnl_route_nh_set_ifindex(new_hop, (int)to);
	rtnl_route_nh_set_weight(new_hop, rtnl_route_nh_get_weight(hop));
	rtnl_route_nh_set_flags(new_hop, rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK);
	if (gateway)
		rtnl_route_nh_set_gateway(new_hop, gateway);
	if (via)
		rtnl_route_nh_set_via(new_hop, via);
	rtnl_route_add_nexthop(copy, new_hop);
	return 0;
}

static void copy_metrics(struct rtnl_route *copy, struct rtnl_route *route)
{
	uint32_t value;
	int i;

	for (i = 1; i <= RTAX_MAX; i++) {
		/* The only one that is no number */
		if (i == RTAX_CC_ALGO || rtnl_route_get_metric(route, i, &value))
			continue;
		rtnl_route_set_metric(copy, i, value);
	}
}

struct rtnl_route *host_route_copy(struct rtnl_route *route, unsigned int from, unsigned int to)
{
	struct rtnl_route *copy = rtnl_route_alloc();
	int i;

	if (!copy)
		return NULL;
	rtnl_route_set_family(copy, rtnl_route_get_family(route));
	rtnl_route_set_table(copy, RT_TABLE_MAIN);
	rtnl_route_set_type(copy, rtnl_route_get_type(route));
	rtnl_route_set_scope(copy, rtnl_route_get_scope(route));
	rtnl_route_set_protocol(copy, rtnl_route_get_protocol(route));
	rtnl_route_set_tos(copy, rtnl_route_get_tos(route));
	rtnl_route_set_priority(copy, rtnl_route_get_priority(route));
	if (rtnl_route_get_dst(route))
		rtnl_route_set_dst(copy, rtnl_route_get_dst(route));
	if (rtnl_route_get_src(route))
		rtnl_route_set_src(copy, rtnl_route_get_src(route));
	copy_metrics(copy, route);
	for (i = 0; i < rtnl_route_get_nnexthops(route); i++) {
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, i);

		if ((unsigned int)rtnl_route_nh_get_ifindex(hop) != from)
			continue;
		if (copy_hop(copy, hop, to)) {
			rtnl_route_put(copy);
			return NULL;
		}
	}
	return copy;
}

struct rtnl_route *host_route_default(int family, struct rtnl_nexthop *hop)
{
	static const uint8_t any[16];
	struct nl_addr *dst = nl_addr_build(family, any, family == AF_INET ? 4 : 16);
	struct rtnl_route *route = rtnl_route_alloc();

	if (!dst || !route || copy_hop(route, hop, (unsigned int)rtnl_route_nh_get_ifindex(hop))) {
		nl_addr_put(dst);
		rtnl_route_put(route);
		return NULL;
	}
	nl_addr_set_prefixlen(dst, 0);
	rtnl_route_set_family(route, (uint8_t)family);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_type(route, RTN_UNICAST);
	rtnl_route_set_scope(route,
			     rtnl_route_nh_get_gateway(hop) ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	rtnl_route_set_dst(route, dst);
	nl_addr_put(dst);
	return route;
}

void host_route_set_onlink(struct rtnl_route *route)
{
	int i;

	for (i = 0; i < rtnl_route_get_nnexthops(route); i++) {
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, i);

		if (rtnl_route_nh_get_gateway(hop))
			rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	}
}

bool host_route_has_gateway(struct rtnl_route *route)
{
	int i;

	for (i = 0; i < rtnl_route_get_nnexthops(route); i++)
		if (rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(route, i)))
			return true;
	return false;
}
