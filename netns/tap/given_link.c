/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel keeps when IPv6 was last shut down on a link, which happens when the link goes down
 * and when disable_ipv6 is set, and at no other time. Of IPv4 it keeps nothing like that: a link
 * that has been down between two looks is told from IPv6 that was switched off by that setting.
 */
#include "netns/tap/given_link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "netns/tap/dump.h"

struct looking {
	unsigned int ifindex;
	bool found;
	struct given_link link;
};

static void parse_ip6(struct nlattr *spec, struct given_link *link)
{
	struct nlattr *inet6 = nla_find(nla_data(spec), nla_len(spec), AF_INET6);
	struct nlattr *attrs[IFLA_INET6_MAX + 1], *conf, *cache;
	const size_t disable_end = (DEVCONF_DISABLE_IPV6 + 1) * sizeof(int32_t);
	struct ifla_cacheinfo info;
	int32_t disabled;

	if (!inet6 || nla_parse_nested(attrs, IFLA_INET6_MAX, inet6, NULL))
		return;
	conf = attrs[IFLA_INET6_CONF];
	cache = attrs[IFLA_INET6_CACHEINFO];
	if (conf && nla_len(conf) >= (int)disable_end) {
		memcpy(&disabled, (uint8_t *)nla_data(conf) + disable_end - sizeof(disabled),
		       sizeof(disabled));
		link->no_ip6 = disabled;
	}
	if (cache && nla_len(cache) >= (int)sizeof(info)) {
		memcpy(&info, nla_data(cache), sizeof(info));
		link->stamp = info.tstamp;
	}
}

static int on_link(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	const struct ifinfomsg *header = nlmsg_data(hdr);
	struct nlattr *attrs[IFLA_MAX + 1];
	struct looking *looking = arg;

	if (hdr->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(hdr, sizeof(*header), attrs, IFLA_MAX, NULL) ||
	    header->ifi_index != (int)looking->ifindex)
		return NL_OK;
	looking->found = true;
	looking->link = (struct given_link){ .up = header->ifi_flags & IFF_UP, .no_ip6 = true };
	if (attrs[IFLA_AF_SPEC])
		parse_ip6(attrs[IFLA_AF_SPEC], &looking->link);
	return NL_OK;
}

bool given_link_look(struct nl_sock *sk, unsigned int ifindex, struct given_link *ret_link)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct looking looking = { .ifindex = ifindex };
	const struct dump_request request = { RTM_GETLINK,    NLM_F_DUMP, &header,
					      sizeof(header), on_link,	  &looking };
	int rc = -NLE_DUMP_INTR;

	/* Links that come and go meanwhile are others */
	for (int i = 0; i < DUMP_TRIES && rc == -NLE_DUMP_INTR && !looking.found; i++)
		rc = dump_run(sk, &request);
	if (looking.found)
		*ret_link = looking.link;
	return looking.found;
}

bool given_link_restarted(const struct given_link *before, const struct given_link *now)
{
	return before->up != now->up || before->no_ip6 != now->no_ip6 ||
	       before->stamp != now->stamp;
}
