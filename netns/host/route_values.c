/* SPDX-License-Identifier: Apache-2.0
 *
 * Of several next hops the first one through the interface counts: they only share traffic out.
 */
#include "netns/host/route_values.h"

#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

#include "common/base/addr.h"
#include "netns/host/host_routes.h"
#include "netns/host/netlink_addr.h"

/* What the kernel gives an IPv6 route that has none */
#define METRIC6 1024

static struct rtnl_nexthop *hop_through(struct rtnl_route *route, unsigned int ifindex)
{
	for (int i = 0; i < rtnl_route_get_nnexthops(route); i++) {
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, i);

		if ((unsigned int)rtnl_route_nh_get_ifindex(hop) == ifindex)
			return hop;
	}
	return NULL;
}

/* What a compiler leaves between fields is copied, too */
static void append(struct route_values *values, const struct route_value *value)
{
	memcpy(&values->items[values->count++], value, sizeof(*value));
}

static void put(struct rtnl_route *route, struct rtnl_nexthop *hop, struct route_value *out)
{
	const bool ipv4 = rtnl_route_get_family(route) == AF_INET;
	struct nl_addr *dst = rtnl_route_get_dst(route);

	out->dst = ipv4 ? addr_from_be32(0) : in6addr_any;
	if (netlink_addr_from_object(dst, &out->dst))
		out->dst_len = (uint8_t)nl_addr_get_prefixlen(dst);
	netlink_addr_from_object(rtnl_route_nh_get_gateway(hop), &out->gateway);
	netlink_addr_from_object(rtnl_route_get_pref_src(route), &out->source);
	out->metric = rtnl_route_get_priority(route);
	if (rtnl_route_get_metric(route, RTAX_MTU, &out->mtu))
		out->mtu = 0;
	out->scope = rtnl_route_get_scope(route);
	out->protocol = rtnl_route_get_protocol(route);
	out->tos = (uint8_t)rtnl_route_get_tos(route);
	out->on_link = rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK;
	/* One by the other family's gateway needs none here */
	if (ipv4 && addr_is_unspecified(&out->gateway) && out->scope < RT_SCOPE_LINK)
		out->scope = RT_SCOPE_LINK;
}

bool route_value_make(struct rtnl_route *route, unsigned int ifindex, struct route_value *ret_value)
{
	struct rtnl_nexthop *hop = hop_through(route, ifindex);

	if (!hop)
		return false;
	memset(ret_value, 0, sizeof(*ret_value));
	put(route, hop, ret_value);
	return true;
}

/* fe80::/64: the kernel makes it with the link-local address, on every link */
static bool is_link_local_network(const struct route_value *value)
{
	return addr_is_scoped(&value->dst) && addr_is_unspecified(&value->gateway);
}

void route_values_make(const struct host_routes *routes, struct route_values *ret_values)
{
	memset(ret_values, 0, ROUTE_VALUES_HEAD_BYTES);
	for (size_t i = 0; i < host_routes_count(routes); i++) {
		struct route_value value;

		if (!route_value_make(routes->items[i], routes->ifindex, &value) ||
		    is_link_local_network(&value))
			continue;
		if (ret_values->count == ROUTE_VALUES_MAX) {
			ret_values->cut = true;
			return;
		}
		append(ret_values, &value);
	}
}

void route_values_default(bool ipv4, const struct in6_addr *gateway, uint32_t metric,
			  struct route_values *ret_values)
{
	const bool on_link = addr_is_unspecified(gateway);

	memset(ret_values, 0, ROUTE_VALUES_HEAD_BYTES + sizeof(ret_values->items[0]));
	ret_values->count = 1;
	ret_values->items[0].dst = ipv4 ? addr_from_be32(0) : in6addr_any;
	ret_values->items[0].gateway = on_link ? in6addr_any : *gateway;
	ret_values->items[0].metric = metric || ipv4 ? metric : METRIC6;
	ret_values->items[0].scope = on_link && ipv4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	ret_values->items[0].protocol = RTPROT_STATIC;
}

uint32_t route_values_find(const struct route_values *values, const struct route_value *value)
{
	static_assert(sizeof(*value) == 3 * sizeof(struct in6_addr) + 16, "it has no holes");

	for (uint32_t i = 0; i < values->count; i++)
		if (!memcmp(&values->items[i], value, sizeof(*value)))
			return i;
	return ROUTE_VALUES_MAX;
}

bool route_values_has(const struct route_values *values, const struct route_value *value)
{
	return route_values_find(values, value) < ROUTE_VALUES_MAX;
}

bool route_values_equal(const struct route_values *a, const struct route_values *b)
{
	if (a->count != b->count || a->cut != b->cut)
		return false;
	if (!memcmp(a->items, b->items, a->count * sizeof(a->items[0])))
		return true;
	for (uint32_t i = 0; i < a->count; i++)
		if (!route_values_has(b, &a->items[i]))
			return false;
	return true;
}

void route_values_join(const struct route_values *more, bool defaults, struct route_values *values)
{
	for (uint32_t i = 0; i < more->count && values->count < ROUTE_VALUES_MAX; i++)
		if ((more->items[i].dst_len || defaults) &&
		    !route_values_has(values, &more->items[i]))
			append(values, &more->items[i]);
	values->cut |= more->cut;
}

static bool is_family(const struct in6_addr *addr, bool ipv4)
{
	return addr_is_unspecified(addr) || addr_is_ipv4(addr) == ipv4;
}

bool route_values_are_sound(const struct route_values *values, bool ipv4)
{
	if (values->count > ROUTE_VALUES_MAX)
		return false;
	for (uint32_t i = 0; i < values->count; i++) {
		const struct route_value *value = &values->items[i];

		if (value->dst_len > (ipv4 ? 32 : 128) || addr_is_ipv4(&value->dst) != ipv4 ||
		    !is_family(&value->gateway, ipv4) || !is_family(&value->source, ipv4))
			return false;
	}
	return true;
}

static int add_hop(const struct route_value *value, unsigned int ifindex, struct rtnl_route *route)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *gateway;

	if (!hop)
		return -ENOMEM;
	rtnl_route_nh_set_ifindex(hop, (int)ifindex);
	if (value->on_link)
		rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	rtnl_route_add_nexthop(route, hop);
	if (addr_is_unspecified(&value->gateway))
		return 0;
	gateway = netlink_addr_make(&value->gateway, addr_is_ipv4(&value->gateway) ? 32 : 128);
	if (!gateway)
		return -ENOMEM;
	rtnl_route_nh_set_gateway(hop, gateway);
	nl_addr_put(gateway);
	return 0;
}

static int fill(const struct route_value *value, bool ipv4, struct rtnl_route *route)
{
	struct nl_addr *dst = netlink_addr_make(&value->dst, value->dst_len), *source;

	if (!dst)
		return -ENOMEM;
	rtnl_route_set_family(route, ipv4 ? AF_INET : AF_INET6);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_type(route, RTN_UNICAST);
	rtnl_route_set_scope(route, value->scope);
	rtnl_route_set_protocol(route, value->protocol);
	rtnl_route_set_tos(route, value->tos);
	rtnl_route_set_priority(route, value->metric);
	rtnl_route_set_dst(route, dst);
	nl_addr_put(dst);
	if (value->mtu)
		rtnl_route_set_metric(route, RTAX_MTU, value->mtu);
	if (addr_is_unspecified(&value->source))
		return 0;
	source = netlink_addr_make(&value->source, ipv4 ? 32 : 128);
	if (!source)
		return -ENOMEM;
	rtnl_route_set_pref_src(route, source);
	nl_addr_put(source);
	return 0;
}

int route_values_append(const struct route_values *values, uint32_t index, bool ipv4,
			struct host_routes *routes)
{
	const struct route_value *value = &values->items[index];
	struct rtnl_route *route = rtnl_route_alloc();
	int rc = route ? fill(value, ipv4, route) : -ENOMEM;

	if (!rc)
		rc = add_hop(value, routes->ifindex, route);
	if (!rc)
		rc = host_routes_add(routes, route);
	if (route)
		rtnl_route_put(route);
	return rc;
}
