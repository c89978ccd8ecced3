/* SPDX-License-Identifier: Apache-2.0
 *
 * A dump, of which nothing is kept: there may be any number of routes in there.
 */
#include "netns/tap/given_default.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>

#include "common/base/addr.h"
#include "netns/host/netlink_addr.h"

#define TRIES 5 /* of dumps during which routes have changed */
#define KERNEL_NULL_METRIC 0xffffffffU /* IPv6's entry for "no route", which older kernels show */

struct seen {
	const struct given_default *given;
	unsigned int ours, others;
};

static uint32_t number(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : 0;
}

static int on_route(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *route = nlmsg_data(hdr);
	struct seen *seen = arg;
	struct in6_addr gateway;

	if (hdr->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(hdr, sizeof(*route), attrs, RTA_MAX, NULL))
		return NL_OK;
	if (route->rtm_family != seen->given->family || route->rtm_dst_len ||
	    route->rtm_table != RT_TABLE_MAIN || (route->rtm_flags & RTM_F_CLONED) ||
	    number(attrs[RTA_PRIORITY]) == KERNEL_NULL_METRIC)
		return NL_OK;
	if (netlink_addr_from_attr(attrs[RTA_GATEWAY], route->rtm_family, &gateway) &&
	    addr_equal(&gateway, &seen->given->gateway) &&
	    number(attrs[RTA_OIF]) == seen->given->ifindex)
		seen->ours++;
	else
		seen->others++;
	return NL_OK;
}

/* Return: 0 or -NLE_* */
static int dump(struct nl_sock *sk, struct seen *seen)
{
	struct rtmsg header = { .rtm_family = (unsigned char)seen->given->family };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int rc = -NLE_NOMEM;

	if (!cb)
		return rc;
	rc = nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_route, seen);
	if (!rc)
		rc = nl_send_simple(sk, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
	if (rc >= 0)
		rc = nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	return rc < 0 ? rc : 0;
}

bool given_default_is_alone(struct nl_sock *sk, const struct given_default *given)
{
	struct seen seen;
	int rc = -NLE_DUMP_INTR;

	for (int i = 0; i < TRIES && rc == -NLE_DUMP_INTR; i++) {
		seen = (struct seen){ .given = given };
		rc = dump(sk, &seen);
	}
	if (rc)
		return false;
	return !seen.others && (addr_is_unspecified(&given->gateway) ? !seen.ours : seen.ours);
}
