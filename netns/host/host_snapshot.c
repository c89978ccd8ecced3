/* SPDX-License-Identifier: Apache-2.0
 *
 * Dumps: links, addresses, routes of the main table. Where the main table has no way out the kernel
 * is asked for one, which another table may have by a policy rule (VPNs do that). A dump during
 * which something changed is marked so by the kernel (NLM_F_DUMP_INTR) and taken again.
 *
 * A router on the internet has a million routes, and all that is wanted of them is where out is.
 * Once a default route was seen, and the kernel shows that first, others are passed over unread;
 * without one, each next hop is kept once. The second look at the routes, for copying, has the
 * kernel leave out all of other interfaces, and ends early. Routes are parsed by libnl-route,
 * because they are copied; links and addresses are few fields, read from the message.
 */
#include "netns/host/host_snapshot.h"

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
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "netns/host/host_routes.h"
#include "netns/host/netlink_addr.h"
#include "netns/host/netlink_socket.h"

/* Dumps of one kind before a changing network is taken as it is */
#define DUMP_TRIES 20

/* Ordinary routes after a default one before the rest is taken to be like them. The kernel shows
 * routes in the order of their destinations, so the default ones come first
 */
#define NEEDLESS_MAX 10000

/* The most that the kernel puts into one message of a dump (netlink_dump() in the kernel) */
#define DUMP_READ_BYTES 32768

/* Return: room for one more item, zeroed, or NULL (noted) */
static void *grow(struct host_snapshot *s, void **items, size_t *count, size_t *capacity,
		  size_t size)
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
	nla_for_each_nested (attr, tb[IFLA_PROP_LIST], rest)
		if (nla_type(attr) == IFLA_ALT_IFNAME && !nla_strcmp(attr, name))
			return true;
	return false;
}

static void look_for_named(struct host_snapshot *s, struct nlattr **tb, unsigned int ifindex)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->named); i++)
		if (s->named[i].name && has_name(tb, s->named[i].name))
			s->named[i].ifindex = ifindex;
}

static int on_link(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *tb[IFLA_MAX + 1];
	struct host_snapshot *s = arg;
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

/* IFA_LOCAL is ours on a point-to-point link, where IFA_ADDRESS is the peer's */
static int on_addr(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *tb[IFA_MAX + 1];
	struct host_snapshot *s = arg;
	struct choice_addr *entry;
	struct ifaddrmsg *info;
	struct in6_addr addr;
	uint32_t flags;

	if (hdr->nlmsg_type != RTM_NEWADDR || nlmsg_parse(hdr, sizeof(*info), tb, IFA_MAX, NULL))
		return NL_SKIP;
	info = nlmsg_data(hdr);
	if (!netlink_addr_from_attr(tb[IFA_LOCAL], info->ifa_family, &addr) &&
	    !netlink_addr_from_attr(tb[IFA_ADDRESS], info->ifa_family, &addr))
		return NL_SKIP;
	flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : info->ifa_flags;
	if (addr_is_loopback(&addr) || flags & IFA_F_DADFAILED)
		return NL_SKIP;
	entry = grow(s, (void **)&s->addrs, &s->addr_count, &s->addr_capacity, sizeof(*entry));
	if (!entry)
		return NL_SKIP;
	entry->ifindex = info->ifa_index;
	entry->addr = entry->network = addr;
	netlink_addr_from_attr(tb[IFA_ADDRESS], info->ifa_family, &entry->network);
	entry->prefix_len = info->ifa_prefixlen;
	entry->link_local = addr_is_link_local(&addr);
	entry->flags = flags;
	return NL_OK;
}

/* Whether a next hop of an ordinary route is among ours: another like it changes no choice */
static bool is_known(const struct host_snapshot *s, int family, unsigned int ifindex,
		     const struct in6_addr *gateway)
{
	for (size_t i = 0; i < s->hop_count; i++) {
		const struct choice_hop *hop = &s->hops[i];

		if (hop->family == family && hop->ifindex == ifindex && !hop->is_default &&
		    !hop->dead && addr_equal(&hop->gateway, gateway))
			return true;
	}
	return false;
}

static bool *default_of(struct host_snapshot *s, int family)
{
	return family == AF_INET ? &s->default4 : &s->default6;
}

static unsigned int named_template(const struct host_snapshot *s, int family)
{
	unsigned int ifindex = s->named[HOST_NAMED_TEMPLATE].ifindex;

	if (ifindex)
		return ifindex;
	return s->named[family == AF_INET ? HOST_NAMED_OUTBOUND4 : HOST_NAMED_OUTBOUND6].ifindex;
}

/* Whether host_choose() would not look at ordinary routes, having this default route */
static bool decides(const struct host_snapshot *s, const struct choice_hop *hop)
{
	unsigned int named = named_template(s, hop->family);

	if (!hop->is_default || hop->dead)
		return false;
	if (named)
		return hop->ifindex == named;
	for (size_t i = 0; i < s->link_count; i++)
		if (s->links[i].ifindex == hop->ifindex)
			return s->links[i].up && !s->links[i].loopback;
	return false;
}

static void add_hop(struct host_snapshot *s, struct rtnl_route *route, struct rtnl_nexthop *nh,
		    int preference)
{
	struct nl_addr *dst = rtnl_route_get_dst(route);
	struct choice_hop *hop, new_hop = {
		.family = rtnl_route_get_family(route),
		.route = s->route_count,
		.is_default = !dst || !nl_addr_get_prefixlen(dst),
		.dead = rtnl_route_nh_get_flags(nh) & RTNH_F_DEAD,
		.metric = rtnl_route_get_priority(route),
		.preference = preference,
		.weight = rtnl_route_nh_get_weight(nh) + 1u,
		.ifindex = (unsigned int)rtnl_route_nh_get_ifindex(nh),
	};

	netlink_addr_from_object(rtnl_route_nh_get_gateway(nh), &new_hop.gateway);
	if (!new_hop.is_default && is_known(s, new_hop.family, new_hop.ifindex, &new_hop.gateway))
		return;
	hop = grow(s, (void **)&s->hops, &s->hop_count, &s->hop_capacity, sizeof(*hop));
	if (!hop)
		return;
	*hop = new_hop;
	if (decides(s, hop))
		*default_of(s, hop->family) = true;
}

static void add_hops(struct host_snapshot *s, struct rtnl_route *route, int preference)
{
	for (int i = 0; i < rtnl_route_get_nnexthops(route); i++)
		add_hop(s, route, rtnl_route_nexthop_n(route, i), preference);
	s->route_count++;
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

/* Filters are the kernel's business since Linux 4.20; who implements that interface may not care */
static bool is_ordinary(struct nlmsghdr *hdr, int family)
{
	const struct rtmsg *route = nlmsg_data(hdr);

	return hdr->nlmsg_type == RTM_NEWROUTE && nlmsg_valid_hdr(hdr, sizeof(*route)) &&
	       route->rtm_family == family && route->rtm_table == RT_TABLE_MAIN &&
	       route->rtm_type == RTN_UNICAST;
}

/* Whether a route can be told from its message to change no choice */
static bool is_needless(struct host_snapshot *s, struct nlmsghdr *hdr)
{
	const struct rtmsg *route = nlmsg_data(hdr);
	struct in6_addr gateway = in6addr_any;
	struct nlattr *oif;

	if (!route->rtm_dst_len)
		return false;
	if (*default_of(s, route->rtm_family))
		return true;
	oif = nlmsg_find_attr(hdr, sizeof(*route), RTA_OIF);
	if (!oif || nla_len(oif) < (int)sizeof(uint32_t))
		return false;
	netlink_addr_from_attr(nlmsg_find_attr(hdr, sizeof(*route), RTA_GATEWAY), route->rtm_family,
			       &gateway);
	return is_known(s, route->rtm_family, nla_get_u32(oif), &gateway);
}

static int on_route_of(struct host_snapshot *s, struct nlmsghdr *hdr, int family)
{
	struct rtnl_route *route;

	if (!is_ordinary(hdr, family))
		return NL_SKIP;
	if (is_needless(s, hdr))
		return *default_of(s, family) && ++s->needless_count > NEEDLESS_MAX ? NL_STOP
										    : NL_SKIP;
	if (rtnl_route_parse(hdr, &route))
		return NL_SKIP;
	add_hops(s, route, route_preference(hdr));
	rtnl_route_put(route);
	return NL_OK;
}

static int on_route4(struct nl_msg *msg, void *arg)
{
	return on_route_of(arg, nlmsg_hdr(msg), AF_INET);
}

static int on_route6(struct nl_msg *msg, void *arg)
{
	return on_route_of(arg, nlmsg_hdr(msg), AF_INET6);
}

/* The kernel's answer for one destination, as a default route of the main table */
static int on_way_out(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct host_snapshot *s = arg;
	struct rtnl_route *found, *route;
	struct rtnl_nexthop *hop;

	if (hdr->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(hdr, &found))
		return NL_SKIP;
	hop = rtnl_route_nexthop_n(found, 0);
	if (hop && rtnl_route_get_type(found) == RTN_UNICAST) {
		route = host_route_default(rtnl_route_get_family(found), hop);
		if (route)
			add_hops(s, route, 0);
		if (!route || host_routes_add(s->beyond, route))
			s->out_of_memory = true;
		rtnl_route_put(route);
	}
	rtnl_route_put(found);
	return NL_OK;
}

/* Filters are the kernel's business, where it can */
static int open_socket(struct nl_sock **ret_sk, struct err *err)
{
	int rc = netlink_open(ret_sk, err);

	if (!rc)
		socket_set(nl_socket_get_fd(*ret_sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
	return rc;
}

struct dump {
	const char *what;
	int type; /* RTM_GET* */
	void *header;
	size_t header_len;
	nl_recvmsg_msg_cb_t on_message;
};

/* Each dump has a socket of its own: one that is left in the middle would go on in the next. A read
 * takes all that the kernel has put together; but a link may be larger than that
 *
 * Return: 0; -EAGAIN if something changed meanwhile; another -errno with @err set
 */
static int dump_once(const struct dump *dump, void *arg, struct err *err)
{
	struct nl_sock *sk;
	int rc = open_socket(&sk, err);

	if (rc)
		return rc;
	if (dump->type == RTM_GETROUTE) {
		nl_socket_set_msg_buf_size(sk, DUMP_READ_BYTES);
		nl_socket_disable_msg_peek(sk);
	}
	rc = nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, dump->on_message, arg);
	if (!rc)
		rc = nl_send_simple(sk, dump->type, NLM_F_DUMP, dump->header, dump->header_len);
	if (rc >= 0)
		rc = nl_recvmsgs_default(sk);
	nl_socket_free(sk);
	if (rc == -NLE_DUMP_INTR)
		return -EAGAIN;
	if (rc < 0)
		return err_set(err, -EIO, "cannot read the host's %s: %s", dump->what,
			       nl_geterror(rc));
	return 0;
}

/* Whole or not at all: what an interrupted try has left is taken back */
static int dump_into(const struct dump *dump, struct host_snapshot *s, struct err *err)
{
	const struct host_snapshot before = *s;
	int rc = -EAGAIN;

	for (int tries = 0; tries < DUMP_TRIES && rc == -EAGAIN; tries++) {
		s->link_count = before.link_count;
		s->addr_count = before.addr_count;
		s->hop_count = before.hop_count;
		s->default4 = before.default4;
		s->default6 = before.default6;
		s->needless_count = 0;
		rc = dump_once(dump, s, err);
	}
	return rc == -EAGAIN ? 0 : rc;
}

static bool has_default(const struct host_snapshot *s, int family)
{
	for (size_t i = 0; i < s->hop_count; i++)
		if (s->hops[i].family == family && s->hops[i].is_default && !s->hops[i].dead)
			return true;
	return false;
}

/* Any global address will do to ask with, as nothing is sent there. The host may have a route of
 * its own to a resolver that everybody knows, but not to the DNS root's a.root-servers.net
 */
static int look_beyond_main_table(struct host_snapshot *s, struct err *err)
{
	static const struct {
		uint8_t family, len, addr[16];
	} asked[] = {
		{ AF_INET, 4, { 198, 41, 0, 4 } },
		{ AF_INET6, 16, { 0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [13] = 0x02, [15] = 0x30 } },
	};
	struct nl_sock *sk;
	int rc = open_socket(&sk, err);

	if (rc)
		return rc;
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
	nl_socket_free(sk);
	return 0;
}

int host_snapshot_take(struct host_snapshot *s, struct err *err)
{
	struct rtmsg route4 = { .rtm_family = AF_INET,
				.rtm_table = RT_TABLE_MAIN,
				.rtm_type = RTN_UNICAST };
	struct rtmsg route6 = { .rtm_family = AF_INET6,
				.rtm_table = RT_TABLE_MAIN,
				.rtm_type = RTN_UNICAST };
	struct ifinfomsg link = { 0 };
	struct ifaddrmsg addr = { 0 };
	const struct dump dumps[] = {
		{ "interfaces", RTM_GETLINK, &link, sizeof(link), on_link },
		{ "addresses", RTM_GETADDR, &addr, sizeof(addr), on_addr },
		{ "routes", RTM_GETROUTE, &route4, sizeof(route4), on_route4 },
		{ "IPv6 routes", RTM_GETROUTE, &route6, sizeof(route6), on_route6 },
	};
	int rc = 0;

	s->beyond = host_routes_new(0);
	for (size_t i = 0; i < ARRAY_SIZE(dumps) && !rc && s->beyond; i++)
		rc = dump_into(&dumps[i], s, err);
	if (!rc && s->beyond)
		rc = look_beyond_main_table(s, err);
	if (!rc && (s->out_of_memory || !s->beyond))
		rc = err_set(err, -ENOMEM, "cannot read the host's network: out of memory");
	return rc;
}

void host_snapshot_fini(struct host_snapshot *s)
{
	free(s->links);
	free(s->addrs);
	free(s->hops);
	host_routes_free(s->beyond);
}

/* The routes of one family through one interface */
struct picking {
	int family;
	struct host_routes *routes; /* of that interface */
	bool out_of_memory, too_many;
};

static int on_picked(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct picking *picking = arg;
	struct rtnl_route *route;

	if (!is_ordinary(hdr, picking->family) || rtnl_route_parse(hdr, &route))
		return NL_SKIP;
	if (host_route_uses(route, picking->routes->ifindex)) {
		picking->too_many = host_routes_count(picking->routes) == HOST_ROUTES_MAX;
		if (!picking->too_many && host_routes_add(picking->routes, route))
			picking->out_of_memory = true;
	}
	rtnl_route_put(route);
	return picking->too_many ? NL_STOP : NL_OK;
}

static int pick_once(struct picking *picking, struct err *err)
{
	struct {
		struct rtmsg header;
		struct nlattr attr;
		uint32_t ifindex;
	} filter = {
		.header = { .rtm_family = (uint8_t)picking->family,
			    .rtm_table = RT_TABLE_MAIN,
			    .rtm_type = RTN_UNICAST },
		.attr = { .nla_len = sizeof(struct nlattr) + sizeof(uint32_t),
			  .nla_type = RTA_OIF },
		.ifindex = picking->routes->ifindex,
	};
	const struct dump dump = { "routes", RTM_GETROUTE, &filter, sizeof(filter), on_picked };

	host_routes_clear(picking->routes);
	picking->too_many = false;
	return dump_once(&dump, picking, err);
}

static int add_beyond(const struct host_snapshot *s, struct picking *picking)
{
	for (size_t i = 0; i < s->beyond->count; i++) {
		struct rtnl_route *route = s->beyond->items[i];

		if (rtnl_route_get_family(route) == picking->family &&
		    host_route_uses(route, picking->routes->ifindex) &&
		    host_routes_add(picking->routes, route))
			return -ENOMEM;
	}
	return 0;
}

int host_snapshot_routes(const struct host_snapshot *s, int family, unsigned int ifindex,
			 struct host_routes **ret_routes, unsigned int *ret_cut_at, struct err *err)
{
	struct picking picking = { .family = family, .routes = host_routes_new(ifindex) };
	int rc = -EAGAIN;

	if (!picking.routes)
		return err_set(err, -ENOMEM, "cannot read the host's routes: out of memory");
	for (int tries = 0; tries < DUMP_TRIES && rc == -EAGAIN; tries++)
		rc = pick_once(&picking, err);
	if (rc && rc != -EAGAIN) {
		host_routes_free(picking.routes);
		return rc;
	}
	if (picking.out_of_memory || add_beyond(s, &picking)) {
		host_routes_free(picking.routes);
		return err_set(err, -ENOMEM, "cannot read the host's routes: out of memory");
	}
	*ret_routes = picking.routes;
	*ret_cut_at = picking.too_many ? HOST_ROUTES_MAX : 0;
	return 0;
}
