/* SPDX-License-Identifier: Apache-2.0
 *
 * Of two routes to one destination, the kernel tells by metric, gateway and protocol which one is
 * to be removed: the look has made sure that this is ours.
 */
#include "netns/tap/given_routes.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/route.h>

#include "common/base/addr.h"
#include "netns/host/host_routes.h"
#include "netns/tap/dump.h"

#define KERNEL_NULL_METRIC 0xffffffffU /* IPv6's entry for "no route", which older kernels show */

struct looking {
	const struct given_routes *given;
	struct given_routes_seen seen;
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

/* Return: whether it is one of those that were given */
static bool mark(struct looking *looking, struct nlmsghdr *hdr)
{
	const struct given_routes *given = looking->given;
	struct route_value value;
	struct rtnl_route *route;
	bool found = false;

	if (rtnl_route_parse(hdr, &route))
		return false;
	if (rtnl_route_get_type(route) == RTN_UNICAST &&
	    route_value_make(route, given->ifindex, &value))
		for (uint32_t i = 0; i < given->values->count && !found; i++)
			if ((found = is_as_given(&value, &given->values->items[i])))
				route_bits_set(&looking->seen.there, i);
	rtnl_route_put(route);
	return found;
}

static int on_route(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	const struct rtmsg *route = nlmsg_data(hdr);
	struct looking *looking = arg;

	if (is_of_main_table(hdr, looking->given->ipv4) && !mark(looking, hdr) &&
	    !route->rtm_dst_len)
		looking->seen.other_default = true;
	return NL_OK;
}

bool given_routes_look(struct nl_sock *sk, const struct given_routes *given,
		       struct given_routes_seen *ret_seen)
{
	struct rtmsg header = { .rtm_family = given->ipv4 ? AF_INET : AF_INET6 };
	struct looking looking;
	const struct dump_request request = { RTM_GETROUTE,   NLM_F_DUMP, &header,
					      sizeof(header), on_route,	  &looking };
	int rc = -NLE_DUMP_INTR;

	for (int i = 0; i < DUMP_TRIES && rc == -NLE_DUMP_INTR; i++) {
		looking = (struct looking){ .given = given };
		rc = dump_run(sk, &request);
	}
	*ret_seen = (struct given_routes_seen){ .other_default = false };
	if (!rc)
		*ret_seen = looking.seen;
	return !rc;
}

void given_route_remove(struct nl_sock *sk, const struct given_routes *given, uint32_t index)
{
	struct host_routes *routes = host_routes_new(given->ifindex);

	/* One that is gone meanwhile need not be removed */
	if (routes && !route_values_append(given->values, index, given->ipv4, routes))
		rtnl_route_delete(sk, routes->items[0], 0);
	host_routes_free(routes);
}
