/* SPDX-License-Identifier: Apache-2.0
 *
 * Of two routes to one destination, the kernel tells by metric, gateway and protocol which one is
 * to be removed: the look has made sure that this is ours.
 */
#include "netns/tap/given_routes.h"

#include <assert.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/route.h>

#include "common/base/addr.h"
#include "netns/host/host_routes.h"
#include "netns/tap/dump.h"

#define KERNEL_NULL_METRIC 0xffffffffU /* IPv6's entry for "no route", which older kernels show */

static_assert(ROUTE_VALUES_MAX <= 64, "a bit for each");

struct looking {
	const struct given_routes *given;
	uint64_t there;
	bool other_default;
};

static uint32_t number(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : 0;
}

static bool is_of_main_table(struct nlmsghdr *hdr, bool ipv4)
{
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *route = nlmsg_data(hdr);

	return hdr->nlmsg_type == RTM_NEWROUTE &&
	       !nlmsg_parse(hdr, sizeof(*route), attrs, RTA_MAX, NULL) &&
	       route->rtm_family == (ipv4 ? AF_INET : AF_INET6) &&
	       route->rtm_table == RT_TABLE_MAIN && !(route->rtm_flags & RTM_F_CLONED) &&
	       number(attrs[RTA_PRIORITY]) != KERNEL_NULL_METRIC;
}

/* A source that was none of the namespace's addresses was left out. Whether a gateway is on the
 * link had to be seen there
 */
static bool is_as_given(const struct route_value *value, const struct route_value *given)
{
	return addr_equal(&value->dst, &given->dst) && value->dst_len == given->dst_len &&
	       addr_equal(&value->gateway, &given->gateway) && value->metric == given->metric &&
	       value->mtu == given->mtu && value->scope == given->scope &&
	       value->protocol == given->protocol && value->tos == given->tos &&
	       (addr_is_unspecified(&value->source) || addr_equal(&value->source, &given->source));
}

static uint64_t bit_of(const struct given_routes *given, struct nlmsghdr *hdr)
{
	struct route_value value;
	struct rtnl_route *route;
	uint64_t bit = 0;

	if (rtnl_route_parse(hdr, &route))
		return 0;
	if (rtnl_route_get_type(route) == RTN_UNICAST &&
	    route_value_make(route, given->ifindex, &value))
		for (uint32_t i = 0; i < given->values->count && !bit; i++)
			if (is_as_given(&value, &given->values->items[i]))
				bit = 1ULL << i;
	rtnl_route_put(route);
	return bit;
}

static int on_route(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	const struct rtmsg *route = nlmsg_data(hdr);
	struct looking *looking = arg;
	uint64_t bit;

	if (!is_of_main_table(hdr, looking->given->ipv4))
		return NL_OK;
	bit = bit_of(looking->given, hdr);
	looking->there |= bit;
	looking->other_default |= !bit && !route->rtm_dst_len;
	return NL_OK;
}

void given_routes_look(struct nl_sock *sk, const struct given_routes *given,
		       struct given_routes_seen *ret_seen)
{
	struct rtmsg header = { .rtm_family = given->ipv4 ? AF_INET : AF_INET6 };
	struct looking looking;
	const struct dump_request request = { RTM_GETROUTE, &header, sizeof(header), on_route,
					      &looking };
	bool any = false, ours = false;
	int rc = -NLE_DUMP_INTR;

	*ret_seen = (struct given_routes_seen){ .there = 0 };
	for (int i = 0; i < DUMP_TRIES && rc == -NLE_DUMP_INTR; i++) {
		looking = (struct looking){ .given = given };
		rc = dump_run(sk, &request);
	}
	if (rc)
		return;
	for (uint32_t i = 0; i < given->values->count; i++) {
		any |= !given->values->items[i].dst_len;
		ours |= !given->values->items[i].dst_len && (looking.there >> i & 1);
	}
	ret_seen->there = looking.there;
	ret_seen->default_is_given = !looking.other_default && ours == any;
}

void given_route_remove(struct nl_sock *sk, const struct given_routes *given, uint32_t index)
{
	struct host_routes *routes = host_routes_new(given->ifindex);

	/* One that is gone meanwhile need not be removed */
	if (routes && !route_values_append(given->values, index, given->ipv4, routes))
		rtnl_route_delete(sk, routes->items[0], 0);
	host_routes_free(routes);
}
