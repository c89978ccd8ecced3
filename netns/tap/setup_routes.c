/* SPDX-License-Identifier: Apache-2.0
 *
 * Adding is exclusive: what the kernel has made itself, by an address, is not an error.
 */
#include "netns/tap/setup_routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "netns/host/host_routes.h"
#include "netns/host/netlink_addr.h"

#define NL_ADDR_TEXT_BYTES 128

struct route_text {
	char buf[256];
};

bool setup_prefix_route_copied(const struct setup_family *family, const struct setup_addr *addr)
{
	uint32_t kernel_metric =
		addr_is_ipv4(&addr->addr) ? SETUP_KERNEL_METRIC4 : SETUP_KERNEL_METRIC6;
	struct in6_addr net;
	size_t i;

	for (i = 0; i < host_routes_count(family->routes); i++) {
		struct rtnl_route *route = family->routes->items[i];
		struct nl_addr *dst = rtnl_route_get_dst(route);

		if (netlink_addr_from_object(dst, &net) &&
		    nl_addr_get_prefixlen(dst) == addr->prefix_len &&
		    addr_in_prefix(&addr->addr, &net, addr->prefix_len) &&
		    !host_route_has_gateway(route) &&
		    rtnl_route_get_priority(route) != kernel_metric)
			return true;
	}
	return false;
}

static bool is_own_address(const struct setup_family *family, const struct in6_addr *addr)
{
	size_t i;

	for (i = 0; i < family->addr_count; i++)
		if (addr_equal(&family->addrs[i].addr, addr))
			return true;
	return false;
}

/* A source hint that is no address of the namespace would make the kernel refuse the route */
static void copy_source(struct rtnl_route *copy, struct rtnl_route *route,
			const struct setup_family *family)
{
	struct nl_addr *pref_src = rtnl_route_get_pref_src(route);
	struct in6_addr addr;

	if (netlink_addr_from_object(pref_src, &addr) && is_own_address(family, &addr))
		rtnl_route_set_pref_src(copy, pref_src);
}

static void append(struct route_text *text, const char *fmt, ...)
{
	size_t len = strlen(text->buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text->buf + len, sizeof(text->buf) - len, fmt, ap);
	va_end(ap);
}

/* As ip(8) would print it, without what all of these routes have in common */
static void format_route(struct rtnl_route *route, struct route_text *ret_text)
{
	struct nl_addr *dst = rtnl_route_get_dst(route), *gateway;
	uint32_t metric = rtnl_route_get_priority(route);
	char addr[NL_ADDR_TEXT_BYTES];
	int i;

	ret_text->buf[0] = '\0';
	if (dst && nl_addr_get_prefixlen(dst))
		append(ret_text, "%s", nl_addr2str(dst, addr, sizeof(addr)));
	else
		append(ret_text, "default");
	for (i = 0; i < rtnl_route_get_nnexthops(route); i++) {
		gateway = rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(route, i));
		if (gateway)
			append(ret_text, " via %s", nl_addr2str(gateway, addr, sizeof(addr)));
	}
	if (rtnl_route_get_pref_src(route))
		append(ret_text, " src %s",
		       nl_addr2str(rtnl_route_get_pref_src(route), addr, sizeof(addr)));
	if (metric)
		append(ret_text, " metric %u", metric);
}

/* Return: 0 or -NLE_* */
static int add_route(struct nl_sock *sk, struct rtnl_route *route)
{
	int rc = rtnl_route_add(sk, route, NLM_F_EXCL);

	return rc == -NLE_EXIST ? 0 : rc;
}

/* Add all that can be added; added ones become NULL. Return: how many were */
static size_t add_pass(struct nl_sock *sk, struct rtnl_route **routes, size_t count)
{
	size_t i, added = 0;

	for (i = 0; i < count; i++) {
		if (!routes[i] || add_route(sk, routes[i]))
			continue;
		rtnl_route_put(routes[i]);
		routes[i] = NULL;
		added++;
	}
	return added;
}

/* Return: whether it is there now */
static bool add_or_warn(struct nl_sock *sk, struct rtnl_route *route)
{
	struct route_text text;
	int rc;

	host_route_set_onlink(route);
	rc = add_route(sk, route);
	if (!rc)
		return true;
	format_route(route, &text);
	log_warning("cannot set route '%s': %s; going on without it", text.buf, nl_geterror(rc));
	return false;
}

/* fe80::/64: the kernel makes it with the link-local address, on every link */
static bool is_link_local_network(struct rtnl_route *route)
{
	struct in6_addr net;

	return netlink_addr_from_object(rtnl_route_get_dst(route), &net) && addr_is_scoped(&net) &&
	       !host_route_has_gateway(route);
}

static size_t copy_routes(struct nl_sock *sk, unsigned int ifindex,
			  const struct setup_family *family)
{
	const struct host_routes *from = family->routes;
	struct rtnl_route **copies;
	size_t i, failed = 0;

	copies = calloc(from->count ? from->count : 1, sizeof(struct rtnl_route *));
	if (!copies) {
		log_warning("cannot copy the host's routes: out of memory");
		return from->count;
	}
	for (i = 0; i < from->count; i++) {
		if (is_link_local_network(from->items[i]))
			continue;
		copies[i] = host_route_copy(from->items[i], from->ifindex, ifindex);
		if (copies[i])
			copy_source(copies[i], from->items[i], family);
	}
	while (add_pass(sk, copies, from->count))
		;
	for (i = 0; i < from->count; i++) {
		if (!copies[i])
			continue;
		failed += !add_or_warn(sk, copies[i]);
		rtnl_route_put(copies[i]);
	}
	free(copies);
	return failed;
}

static bool is_on_link(const struct setup_family *family, const struct in6_addr *gateway)
{
	size_t i;

	if (addr_is_scoped(gateway))
		return true;
	for (i = 0; i < family->addr_count; i++)
		if (addr_in_prefix(gateway, &family->addrs[i].addr, family->addrs[i].prefix_len))
			return true;
	return false;
}

/* Of the family that the addresses are of, or else the gateway */
static struct rtnl_route *default_route(unsigned int ifindex, const struct setup_family *family)
{
	bool on_link = addr_is_unspecified(&family->gateway);
	bool ipv4 = addr_is_ipv4(on_link ? &family->addrs[0].addr : &family->gateway);
	const struct in6_addr any = ipv4 ? addr_from_be32(0) : in6addr_any;
	struct nl_addr *dst = netlink_addr_make(&any, 0);
	struct nl_addr *gateway =
		netlink_addr_make(on_link ? &any : &family->gateway, ipv4 ? 32 : 128);
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct rtnl_route *route = rtnl_route_alloc();

	if (!dst || !gateway || !hop || !route) {
		rtnl_route_put(route);
		route = NULL;
		if (hop)
			rtnl_route_nh_free(hop);
	} else {
		rtnl_route_set_family(route, ipv4 ? AF_INET : AF_INET6);
		rtnl_route_set_dst(route, dst);
		rtnl_route_set_priority(route, family->default_metric);
		rtnl_route_set_scope(route, on_link && ipv4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
		rtnl_route_nh_set_ifindex(hop, (int)ifindex);
		if (!on_link)
			rtnl_route_nh_set_gateway(hop, gateway);
		if (!on_link && !is_on_link(family, &family->gateway))
			rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
		rtnl_route_add_nexthop(route, hop);
	}
	nl_addr_put(gateway);
	nl_addr_put(dst);
	return route;
}

size_t setup_routes(struct nl_sock *sk, unsigned int ifindex, const struct setup_family *family)
{
	struct rtnl_route *route;
	bool there;

	if (family->routes)
		return copy_routes(sk, ifindex, family);
	if (addr_is_unspecified(&family->gateway) &&
	    (!family->default_on_link || !family->addr_count))
		return 0;
	route = default_route(ifindex, family);
	if (!route) {
		log_warning("cannot set the default route: out of memory");
		return 1;
	}
	there = !add_route(sk, route) || add_or_warn(sk, route);
	rtnl_route_put(route);
	return !there;
}
