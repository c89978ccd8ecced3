/* SPDX-License-Identifier: Apache-2.0
 *
 * Three dumps: links, addresses, routes of the main table. Where the main table has no way out the
 * kernel is asked for one, which another table may have by a policy rule (VPNs do that). A dump
 * during which something changed is marked so by the kernel (NLM_F_DUMP_INTR) and taken again.
 * Routes are parsed by libnl-route, because they are copied later; links and addresses are few
 * fields, read from the message.
 */
#include "netns/start/host.h"

#include <errno.h>
#include <linux/icmpv6.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/linux_compat.h"
#include "common/base/util.h"
#include "netns/start/host_choice.h"
#include "netns/start/host_routes.h"

/* Dumps of one kind before a changing network is taken as it is */
#define DUMP_TRIES 20

/* An interface that the user named */
struct named {
	const char *option; /* for the message */
	const char *name; /* any that it has; NULL: none was named */
	unsigned int ifindex; /* 0: not found */
};

enum named_for {
	NAMED_TEMPLATE,
	NAMED_OUTBOUND4,
	NAMED_OUTBOUND6,
	NAMED_COUNT,
};

/* All that the dumps gave; grows while they are read */
struct snapshot {
	struct named named[NAMED_COUNT];
	struct choice_link *links;
	size_t link_count, link_capacity;
	struct choice_addr *addrs;
	size_t addr_count, addr_capacity;
	struct choice_hop *hops;
	size_t hop_count, hop_capacity;
	struct host_routes *routes; /* of both families */
	bool out_of_memory;
};

/* Return: room for one more item, zeroed, or NULL (noted) */
static void *grow(struct snapshot *s, void **items, size_t *count, size_t *capacity, size_t size)
{
	uint8_t *item;

	if (*count == *capacity) {
		size_t larger = *capacity ? *capacity * 2 : 16;
		void *moved = reallocarray(*items, larger, size);

		if (!moved) {
			s->out_of_memory = true;
			return NULL;
		}
		*items = moved;
		*capacity = larger;
	}
	item = (uint8_t *)*items + *count * size;
	memset(item, 0, size);
	(*count)++;
	return item;
}

/* Alternative names are a list within the message (Linux 5.5) */
static bool has_name(struct nlattr **tb, const char *name)
{
	struct nlattr *attr;
	int rest;

	if (!strcmp(nla_get_string(tb[IFLA_IFNAME]), name))
		return true;
	if (!tb[IFLA_PROP_LIST])
		return false;
	nla_for_each_nested(attr, tb[IFLA_PROP_LIST],
			    rest) if (nla_type(attr) == IFLA_ALT_IFNAME &&
				      !nla_strcmp(attr, name)) return true;
	return false;
}

static void look_for_named(struct snapshot *s, struct nlattr **tb, unsigned int ifindex)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->named); i++)
		if (s->named[i].name && has_name(tb, s->named[i].name))
			s->named[i].ifindex = ifindex;
}

static int on_link(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *tb[IFLA_MAX + 1];
	struct snapshot *s = arg;
	struct choice_link *link;
	struct ifinfomsg *info;

	if (hdr->nlmsg_type != RTM_NEWLINK || nlmsg_parse(hdr, sizeof(*info), tb, IFLA_MAX, NULL))
		return NL_SKIP;
	if (!tb[IFLA_IFNAME])
		return NL_SKIP;
	link = grow(s, (void **)&s->links, &s->link_count, &s->link_capacity, sizeof(*link));
	if (!link)
		return NL_SKIP;
	info = nlmsg_data(hdr);
	link->ifindex = (unsigned int)info->ifi_index;
	link->up = info->ifi_flags & IFF_UP;
	link->loopback = info->ifi_flags & IFF_LOOPBACK;
	link->mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0;
	nla_strlcpy(link->ifname, tb[IFLA_IFNAME], sizeof(link->ifname));
	look_for_named(s, tb, link->ifindex);
	return NL_OK;
}

/* Return: whether @attr held an address of @family */
static bool addr_from_attr(const struct nlattr *attr, int family, struct in6_addr *ret_addr)
{
	uint32_t ipv4_be;

	if (!attr)
		return false;
	if (family == AF_INET && nla_len(attr) == sizeof(ipv4_be)) {
		memcpy(&ipv4_be, nla_data(attr), sizeof(ipv4_be));
		*ret_addr = addr_from_be32(ipv4_be);
		return true;
	}
	if (family == AF_INET6 && nla_len(attr) == sizeof(*ret_addr)) {
		memcpy(ret_addr, nla_data(attr), sizeof(*ret_addr));
		return true;
	}
	return false;
}

/* IFA_LOCAL is ours on a point-to-point link, where IFA_ADDRESS is the peer's */
static int on_addr(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *tb[IFA_MAX + 1];
	struct snapshot *s = arg;
	struct choice_addr *entry;
	struct ifaddrmsg *info;
	struct in6_addr addr;
	uint32_t flags;

	if (hdr->nlmsg_type != RTM_NEWADDR || nlmsg_parse(hdr, sizeof(*info), tb, IFA_MAX, NULL))
		return NL_SKIP;
	info = nlmsg_data(hdr);
	if (!addr_from_attr(tb[IFA_LOCAL], info->ifa_family, &addr) &&
	    !addr_from_attr(tb[IFA_ADDRESS], info->ifa_family, &addr))
		return NL_SKIP;
	flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : info->ifa_flags;
	if (addr_is_loopback(&addr) || flags & IFA_F_DADFAILED)
		return NL_SKIP;
	entry = grow(s, (void **)&s->addrs, &s->addr_count, &s->addr_capacity, sizeof(*entry));
	if (!entry)
		return NL_SKIP;
	entry->ifindex = info->ifa_index;
	entry->addr = addr;
	entry->prefix_len = info->ifa_prefixlen;
	entry->link_local = addr_is_link_local(&addr);
	entry->flags = flags;
	return NL_OK;
}

static void add_hop(struct snapshot *s, struct rtnl_route *route, struct rtnl_nexthop *nh,
		    int preference)
{
	struct nl_addr *dst = rtnl_route_get_dst(route), *gateway = rtnl_route_nh_get_gateway(nh);
	struct choice_hop *hop;
	uint32_t ipv4_be;

	hop = grow(s, (void **)&s->hops, &s->hop_count, &s->hop_capacity, sizeof(*hop));
	if (!hop)
		return;
	hop->family = rtnl_route_get_family(route);
	hop->route = (unsigned int)s->routes->count;
	hop->is_default = !dst || !nl_addr_get_prefixlen(dst);
	hop->dead = rtnl_route_nh_get_flags(nh) & RTNH_F_DEAD;
	hop->metric = rtnl_route_get_priority(route);
	hop->preference = preference;
	hop->weight = rtnl_route_nh_get_weight(nh) + 1u;
	hop->ifindex = (unsigned int)rtnl_route_nh_get_ifindex(nh);
	if (!gateway || nl_addr_get_family(gateway) != hop->family)
		return;
	if (hop->family == AF_INET) {
		memcpy(&ipv4_be, nl_addr_get_binary_addr(gateway), sizeof(ipv4_be));
		hop->gateway = addr_from_be32(ipv4_be);
	} else {
		memcpy(&hop->gateway, nl_addr_get_binary_addr(gateway), sizeof(hop->gateway));
	}
}

static void add_route(struct snapshot *s, struct rtnl_route *route, int preference)
{
	for (int i = 0; i < rtnl_route_get_nnexthops(route); i++)
		add_hop(s, route, rtnl_route_nexthop_n(route, i), preference);
	if (host_routes_add(s->routes, route))
		s->out_of_memory = true;
}

/* Of an IPv6 route that came by a router's advertisement; libnl doesn't know of it */
static int route_preference(struct nlmsghdr *hdr)
{
	struct nlattr *attr = nlmsg_find_attr(hdr, sizeof(struct rtmsg), RTA_PREF);
	uint8_t preference = attr ? nla_get_u8(attr) : ICMPV6_ROUTER_PREF_MEDIUM;

	if (preference == ICMPV6_ROUTER_PREF_HIGH)
		return 1;
	return preference == ICMPV6_ROUTER_PREF_LOW ? -1 : 0;
}

static int on_route(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct snapshot *s = arg;
	struct rtnl_route *route;
	int family;

	if (hdr->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(hdr, &route))
		return NL_SKIP;
	family = rtnl_route_get_family(route);
	if ((family == AF_INET || family == AF_INET6) &&
	    rtnl_route_get_table(route) == RT_TABLE_MAIN &&
	    rtnl_route_get_type(route) == RTN_UNICAST)
		add_route(s, route, route_preference(hdr));
	rtnl_route_put(route);
	return NL_OK;
}

struct dump {
	const char *what;
	int type; /* RTM_GET* */
	void *header;
	size_t header_len;
	nl_recvmsg_msg_cb_t on_message;
};

/* Return: 0 or -NLE_* */
static int dump_once(struct nl_sock *sk, const struct dump *dump, struct snapshot *s)
{
	int rc;

	rc = nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, dump->on_message, s);
	if (!rc)
		rc = nl_send_simple(sk, dump->type, NLM_F_DUMP, dump->header, dump->header_len);
	return rc < 0 ? rc : nl_recvmsgs_default(sk);
}

static void forget(struct snapshot *s, int type)
{
	size_t i;

	if (type == RTM_GETLINK)
		s->link_count = 0;
	if (type == RTM_GETADDR)
		s->addr_count = 0;
	if (type != RTM_GETROUTE)
		return;
	s->hop_count = 0;
	for (i = 0; i < s->routes->count; i++)
		rtnl_route_put(s->routes->items[i]);
	s->routes->count = 0;
}

/* The kernel's answer for one destination, as a default route of the main table */
static int on_way_out(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct snapshot *s = arg;
	struct rtnl_route *found, *route;
	struct rtnl_nexthop *hop;

	if (hdr->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(hdr, &found))
		return NL_SKIP;
	hop = rtnl_route_nexthop_n(found, 0);
	if (hop && rtnl_route_get_type(found) == RTN_UNICAST) {
		route = host_route_default(rtnl_route_get_family(found), hop);
		if (route)
			add_route(s, route, 0);
		else
			s->out_of_memory = true;
		rtnl_route_put(route);
	}
	rtnl_route_put(found);
	return NL_OK;
}

static bool has_default(const struct snapshot *s, int family)
{
	for (size_t i = 0; i < s->hop_count; i++)
		if (s->hops[i].family == family && s->hops[i].is_default && !s->hops[i].dead)
			return true;
	return false;
}

/* Any global address will do to ask with, as nothing is sent there. The host may have a route of
 * its own to a resolver that everybody knows, but not to the DNS root's a.root-servers.net
 */
static void look_beyond_main_table(struct nl_sock *sk, struct snapshot *s)
{
	static const struct {
		uint8_t family, len, addr[16];
	} asked[] = {
		{ AF_INET, 4, { 198, 41, 0, 4 } },
		{ AF_INET6, 16, { 0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [13] = 0x02, [15] = 0x30 } },
	};

	nl_socket_disable_auto_ack(sk);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_way_out, s);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct rtmsg header = { .rtm_family = asked[i].family,
					.rtm_dst_len = asked[i].len * 8 };
		struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);

		/* An error is an answer as well: there is no way out */
		if (!has_default(s, asked[i].family) && msg &&
		    !nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) &&
		    !nla_put(msg, RTA_DST, asked[i].len, asked[i].addr) &&
		    nl_send_auto(sk, msg) >= 0)
			nl_recvmsgs_default(sk);
		nlmsg_free(msg);
	}
}

static int dump_all(struct nl_sock *sk, struct snapshot *s, struct err *err)
{
	struct rtmsg route = { .rtm_table = RT_TABLE_MAIN };
	struct ifinfomsg link = { 0 };
	struct ifaddrmsg addr = { 0 };
	const struct dump dumps[] = {
		{ "interfaces", RTM_GETLINK, &link, sizeof(link), on_link },
		{ "addresses", RTM_GETADDR, &addr, sizeof(addr), on_addr },
		{ "routes", RTM_GETROUTE, &route, sizeof(route), on_route },
	};
	int rc, tries;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dumps); i++) {
		for (tries = 0; tries < DUMP_TRIES; tries++) {
			forget(s, dumps[i].type);
			rc = dump_once(sk, &dumps[i], s);
			if (rc != -NLE_DUMP_INTR)
				break;
		}
		if (rc < 0 && rc != -NLE_DUMP_INTR)
			return err_set(err, -EIO, "cannot read the host's %s: %s", dumps[i].what,
				       nl_geterror(rc));
	}
	look_beyond_main_table(sk, s);
	if (s->out_of_memory)
		return err_set(err, -ENOMEM, "cannot read the host's network: out of memory");
	return 0;
}

static int take_snapshot(struct snapshot *s, struct err *err)
{
	struct nl_sock *sk = nl_socket_alloc();
	int one = 1, rc;

	s->routes = host_routes_new(0);
	if (!sk || !s->routes) {
		nl_socket_free(sk);
		return err_set(err, -ENOMEM, "cannot read the host's network: out of memory");
	}
	rc = nl_connect(sk, NETLINK_ROUTE);
	if (rc) {
		nl_socket_free(sk);
		return err_set(err, -EIO, "cannot open a netlink socket: %s", nl_geterror(rc));
	}
	/* An older kernel dumps every table; on_route() looks again anyway */
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	rc = dump_all(sk, s, err);
	nl_socket_free(sk);
	return rc;
}

static void snapshot_fini(struct snapshot *s)
{
	free(s->links);
	free(s->addrs);
	free(s->hops);
	host_routes_free(s->routes);
}

/* 0: best. Temporary and deprecated addresses are no names to be known by */
static int addr_rank(const struct choice_addr *a)
{
	if (a->link_local)
		return 3;
	if (a->flags & IFA_F_DEPRECATED)
		return 2;
	/* The same bit means "secondary" for IPv4: after the primary ones is right for both */
	return a->flags & IFA_F_TEMPORARY ? 1 : 0;
}

static int fill_addrs(const struct snapshot *s, int family, struct host_family *ret)
{
	size_t i;
	int rank;

	ret->addrs = calloc(s->addr_count ? s->addr_count : 1, sizeof(*ret->addrs));
	if (!ret->addrs)
		return -ENOMEM;
	for (rank = 0; rank <= 3; rank++) {
		for (i = 0; i < s->addr_count; i++) {
			const struct choice_addr *a = &s->addrs[i];

			if (a->ifindex != ret->ifindex || addr_family(&a->addr) != family ||
			    addr_rank(a) != rank)
				continue;
			ret->addrs[ret->addr_count++] = (struct host_addr){
				.addr = a->addr,
				.prefix_len = a->prefix_len,
				.link_local = a->link_local,
				.deprecated = rank == 1 || rank == 2,
			};
		}
	}
	return 0;
}

static int fill_routes(const struct snapshot *s, int family, struct host_family *ret)
{
	size_t i;

	ret->routes = host_routes_new(ret->ifindex);
	if (!ret->routes)
		return -ENOMEM;
	for (i = 0; i < s->routes->count; i++) {
		struct rtnl_route *route = s->routes->items[i];

		if (rtnl_route_get_family(route) == family &&
		    host_route_uses(route, ret->ifindex) && host_routes_add(ret->routes, route))
			return -ENOMEM;
	}
	return 0;
}

static int fill_family(const struct snapshot *s, int family, const struct choice_link *named,
		       struct host_family *ret)
{
	const struct choice_view view = {
		.links = s->links,
		.link_count = s->link_count,
		.addrs = s->addrs,
		.addr_count = s->addr_count,
		.hops = s->hops,
		.hop_count = s->hop_count,
	};
	struct choice choice = host_choose(&view, family, named);

	if (!choice.link)
		return 0;
	ret->found = true;
	ret->ifindex = choice.link->ifindex;
	memcpy(ret->ifname, choice.link->ifname, sizeof(ret->ifname));
	ret->mtu = choice.link->mtu;
	ret->gateway = choice.gateway;
	ret->default_on_link = choice.default_on_link;
	return fill_addrs(s, family, ret) || fill_routes(s, family, ret) ? -ENOMEM : 0;
}

static int find_named(const struct snapshot *s, enum named_for what,
		      const struct choice_link **ret_link, struct err *err)
{
	const struct named *named = &s->named[what];

	*ret_link = NULL;
	for (size_t i = 0; named->ifindex && i < s->link_count; i++)
		if (s->links[i].ifindex == named->ifindex)
			*ret_link = &s->links[i];
	if (!named->name || *ret_link)
		return 0;
	return err_set(err, -ENODEV, "--%s '%.200s': %s", named->option, named->name,
		       strerror(ENODEV));
}

static void fill_outbound(const struct choice_link *link, struct host_family *ret)
{
	if (!link)
		return;
	ret->outbound_ifindex = link->ifindex;
	memcpy(ret->outbound_ifname, link->ifname, sizeof(ret->outbound_ifname));
}

static int choose(const struct host_request *request, const struct snapshot *s, struct host *host,
		  struct err *err)
{
	const struct choice_link *named, *named4, *named6;
	int rc;

	rc = find_named(s, NAMED_TEMPLATE, &named, err);
	if (!rc)
		rc = find_named(s, NAMED_OUTBOUND4, &named4, err);
	if (!rc)
		rc = find_named(s, NAMED_OUTBOUND6, &named6, err);
	if (rc)
		return rc;

	fill_outbound(named4, &host->ip4);
	fill_outbound(named6, &host->ip6);
	if (request->ip4)
		rc = fill_family(s, AF_INET, named ? named : named4, &host->ip4);
	if (!rc && request->ip6)
		rc = fill_family(s, AF_INET6, named ? named : named6, &host->ip6);
	return rc ? err_set(err, rc, "cannot read the host's network: out of memory") : 0;
}

int host_look(const struct host_request *request, struct host *ret_host, struct err *err)
{
	struct snapshot snapshot = {
		.named = {
			[NAMED_TEMPLATE] = { "interface", request->ifname, 0 },
			[NAMED_OUTBOUND4] = { "outbound-if4", request->outbound_ifname4, 0 },
			[NAMED_OUTBOUND6] = { "outbound-if6", request->outbound_ifname6, 0 },
		},
	};
	struct host host = { 0 };
	int rc;

	rc = take_snapshot(&snapshot, err);
	if (!rc)
		rc = choose(request, &snapshot, &host, err);
	snapshot_fini(&snapshot);
	if (rc) {
		host_fini(&host);
		return rc;
	}
	*ret_host = host;
	return 0;
}

static void family_fini(struct host_family *family)
{
	free(family->addrs);
	host_routes_free(family->routes);
	*family = (struct host_family){ 0 };
}

void host_fini(struct host *host)
{
	family_fini(&host->ip4);
	family_fini(&host->ip6);
}
