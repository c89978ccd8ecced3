/* SPDX-License-Identifier: Apache-2.0
 *
 * What we give has no end: an address that has one is somebody else's.
 */
#include "netns/tap/given_addrs.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>

#include "common/base/addr.h"
#include "netns/host/netlink_addr.h"
#include "netns/tap/dump.h"

struct looking {
	const struct given_addrs *given;
	struct given_addrs_seen seen;
};

/* Return: whether the message is of an address of the tap's that we may have given */
static bool parse(struct nlmsghdr *hdr, const struct given_addrs *given, struct setup_addr *ret,
		  uint32_t *ret_flags)
{
	const int family = given->ipv4 ? AF_INET : AF_INET6;
	const struct ifaddrmsg *header = nlmsg_data(hdr);
	struct nlattr *attrs[IFA_MAX + 1];
	struct in6_addr addr, local;
	uint32_t flags;

	if (hdr->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(hdr, sizeof(*header), attrs, IFA_MAX, NULL) ||
	    header->ifa_index != given->ifindex || header->ifa_family != family ||
	    !netlink_addr_from_attr(attrs[IFA_ADDRESS], family, &addr))
		return false;
	/* With somebody at the other end it's not ours */
	if (netlink_addr_from_attr(attrs[IFA_LOCAL], family, &local) && !addr_equal(&local, &addr))
		return false;
	if (given->ipv4 && header->ifa_scope != RT_SCOPE_UNIVERSE)
		return false;
	flags = attrs[IFA_FLAGS] && nla_len(attrs[IFA_FLAGS]) >= (int)sizeof(flags)
			? nla_get_u32(attrs[IFA_FLAGS])
			: header->ifa_flags;
	*ret = (struct setup_addr){ .addr = addr,
				    .prefix_len = header->ifa_prefixlen,
				    .deprecated = flags & IFA_F_DEPRECATED };
	*ret_flags = flags;
	return flags & IFA_F_PERMANENT;
}

static int on_addr(struct nl_msg *msg, void *arg)
{
	struct looking *looking = arg;
	struct setup_addr seen;
	uint32_t flags;

	if (!parse(nlmsg_hdr(msg), looking->given, &seen, &flags))
		return NL_OK;
	for (uint32_t i = 0; i < looking->given->count; i++) {
		const struct setup_addr *addr = &looking->given->addrs[i];

		if (!addr_equal(&addr->addr, &seen.addr) || addr->prefix_len != seen.prefix_len ||
		    addr->deprecated != seen.deprecated)
			continue;
		looking->seen.there |= 1U << i;
		if (flags & IFA_F_NOPREFIXROUTE)
			looking->seen.no_network |= 1U << i;
	}
	return NL_OK;
}

bool given_addrs_look(struct nl_sock *sk, const struct given_addrs *given,
		      struct given_addrs_seen *ret_seen)
{
	struct ifaddrmsg header = { .ifa_family = given->ipv4 ? AF_INET : AF_INET6 };
	struct looking looking;
	const struct dump_request request = { RTM_GETADDR,    NLM_F_DUMP, &header,
					      sizeof(header), on_addr,	  &looking };
	int rc = -NLE_DUMP_INTR;

	for (int i = 0; i < DUMP_TRIES && rc == -NLE_DUMP_INTR; i++) {
		looking = (struct looking){ .given = given };
		rc = dump_run(sk, &request);
	}
	*ret_seen = (struct given_addrs_seen){ .there = 0 };
	if (!rc)
		*ret_seen = looking.seen;
	return !rc;
}

int given_addr_remove(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *addr)
{
	struct nl_addr *local = netlink_addr_make(&addr->addr, addr->prefix_len);
	struct rtnl_addr *object = rtnl_addr_alloc();
	int rc = -NLE_NOMEM;

	if (local && object) {
		rtnl_addr_set_ifindex(object, (int)ifindex);
		rc = rtnl_addr_set_local(object, local);
		if (!rc)
			rc = rtnl_addr_delete(sk, object, 0);
	}
	if (object)
		rtnl_addr_put(object);
	nl_addr_put(local);
	return rc;
}

/* IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { promote_secondaries: 1 } } } */
static int put_promotion(struct nl_msg *msg)
{
	struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
	struct nlattr *inet = spec ? nla_nest_start(msg, AF_INET) : NULL;
	struct nlattr *conf = inet ? nla_nest_start(msg, IFLA_INET_CONF) : NULL;

	if (!conf || nla_put_u32(msg, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1))
		return -NLE_NOMEM;
	nla_nest_end(msg, conf);
	nla_nest_end(msg, inet);
	nla_nest_end(msg, spec);
	return 0;
}

int given_addrs_keep_secondary(struct nl_sock *sk, unsigned int ifindex)
{
	struct ifinfomsg header = { .ifi_index = (int)ifindex };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_SETLINK, 0);
	int rc = -NLE_NOMEM;

	if (msg && !nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO))
		rc = put_promotion(msg);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return nl_send_sync(sk, msg); /* which frees it */
}
