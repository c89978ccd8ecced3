/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * A list of the host's routes of one family, as libnl objects, owned by the list, in the kernel's
 * order, and the making of copies of them for another interface.
 */
#ifndef NETNS_HOST_HOST_ROUTES_H
#define NETNS_HOST_HOST_ROUTES_H

#include <netlink/route/route.h>
#include <stdbool.h>
#include <stddef.h>

/* Routes of one family that are copied. One more would only lead to the same tap as the others */
#define HOST_ROUTES_MAX 4096

struct host_routes {
	unsigned int ifindex; /* the template: only next hops through it are copied */
	struct rtnl_route **items;
	size_t count, capacity;
};

/* host_routes_new() - an empty list, or NULL if memory ran out */
struct host_routes *host_routes_new(unsigned int ifindex);
void host_routes_free(struct host_routes *routes);
void host_routes_clear(struct host_routes *routes);

/* host_routes_count() - how many; @routes may be NULL */
size_t host_routes_count(const struct host_routes *routes);

/* host_routes_add() - append; takes a reference of its own. Return: 0 or -ENOMEM */
int host_routes_add(struct host_routes *routes, struct rtnl_route *route);

/* host_route_uses() - whether a next hop of the route goes through an interface */
bool host_route_uses(struct rtnl_route *route, unsigned int ifindex);

/* host_route_copy() - the same route through another interface
 * @from, @to:	interface indices; next hops elsewhere than @from are left out
 *
 * What describes the state of the original (dead, link down, offloaded, its expiry) is left out,
 * and so is the preferred source, which may be an address that the copy's namespace lacks.
 *
 * Return: the copy, to be put by rtnl_route_put(), or NULL if memory ran out
 */
struct rtnl_route *host_route_copy(struct rtnl_route *route, unsigned int from, unsigned int to);

/* host_route_default() - a default route by the next hop of another route
 *
 * Return: the route, to be put by rtnl_route_put(), or NULL if memory ran out
 */
struct rtnl_route *host_route_default(int family, struct rtnl_nexthop *hop);

/* host_route_set_onlink() - take the gateways of a route to be on the link */
void host_route_set_onlink(struct rtnl_route *route);

/* host_route_has_gateway() - whether any next hop is a gateway */
bool host_route_has_gateway(struct rtnl_route *route);

#endif
