/* SPDX-License-Identifier: Apache-2.0
 *
 * Order matters: the tap's IPv6 address generation is switched off before it goes up, because a
 * link-local address of the kernel's own would be tentative for a second; ours, the same one, is
 * added without duplicate detection, and its router solicitation goes out at once. The tap is
 * being read, or queues, from before that. Then the other addresses, then routes.
 */
#include "netns/start/setup.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>
#include <netlink/socket.h>
#include <string.h>

#include "common/base/addr.h"
#include "netns/host/netlink_addr.h"
#include "netns/host/netlink_socket.h"
#include "netns/start/setup_routes.h"

#define LINK_LOCAL_PREFIX_LEN 64
#define LIFETIME_FOREVER 0xffffffffU /* INFINITY_LIFE_TIME in the kernel */
#define LOOPBACK_IFINDEX 1 /* in every network namespace */

static int bring_up(struct nl_sock *sk, const char *what, struct rtnl_link *link, struct err *err)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int rc = -NLE_NOMEM;

	if (change) {
		rtnl_link_set_flags(change, IFF_UP);
		rc = rtnl_link_change(sk, link, change, 0);
		rtnl_link_put(change);
	}
	if (rc)
		return err_set(err, -EIO, "cannot bring interface '%s' up: %s", what,
			       nl_geterror(rc));
	return 0;
}

static int bring_lo_up(struct nl_sock *sk, struct err *err)
{
	struct rtnl_link *lo = rtnl_link_alloc();
	int rc;

	if (!lo)
		return err_set(err, -ENOMEM, "cannot bring interface 'lo' up: out of memory");
	rtnl_link_set_ifindex(lo, LOOPBACK_IFINDEX);
	rc = bring_up(sk, "lo", lo, err);
	rtnl_link_put(lo);
	return rc;
}

/* Return: 0 or -NLE_*; a kernel without IPv6 knows no such setting */
static int stop_address_generation(struct nl_sock *sk, struct rtnl_link *tap)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int rc = -NLE_NOMEM;

	if (!change)
		return rc;
	rc = rtnl_link_inet6_set_addr_gen_mode(change, IN6_ADDR_GEN_MODE_NONE);
	if (!rc)
		rc = rtnl_link_change(sk, tap, change, 0);
	rtnl_link_put(change);
	return rc;
}

static struct nl_addr *broadcast_of(const struct setup_addr *a)
{
	uint32_t host_bits = a->prefix_len ? htonl(0xffffffffU >> a->prefix_len) : 0xffffffffU;
	uint32_t broadcast_be = addr_be32(&a->addr) | host_bits;

	return nl_addr_build(AF_INET, &broadcast_be, sizeof(broadcast_be));
}

static int fill_address(struct rtnl_addr *object, const struct setup_addr *a, unsigned int flags)
{
	struct nl_addr *local = netlink_addr_make(&a->addr, a->prefix_len), *broadcast;
	int rc = -NLE_NOMEM;

	if (!local)
		return rc;
	rc = rtnl_addr_set_local(object, local);
	nl_addr_put(local);
	if (rc)
		return rc;
	if (addr_is_ipv4(&a->addr) && a->prefix_len < 31) {
		broadcast = broadcast_of(a);
		if (!broadcast)
			return -NLE_NOMEM;
		rc = rtnl_addr_set_broadcast(object, broadcast);
		nl_addr_put(broadcast);
	}
	if (!addr_is_ipv4(&a->addr))
		flags |= IFA_F_NODAD;
	rtnl_addr_set_flags(object, flags);
	if (a->deprecated) {
		rtnl_addr_set_valid_lifetime(object, LIFETIME_FOREVER);
		rtnl_addr_set_preferred_lifetime(object, 0);
	}
	return rc;
}

/* Return: 0 or -NLE_* */
static int add_address(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *a,
		       unsigned int flags)
{
	struct rtnl_addr *object = rtnl_addr_alloc();
	int rc;

	if (!object)
		return -NLE_NOMEM;
	rtnl_addr_set_ifindex(object, (int)ifindex);
	rc = fill_address(object, a, flags);
	if (!rc)
		rc = rtnl_addr_add(sk, object, 0);
	rtnl_addr_put(object);
	return rc == -NLE_EXIST ? 0 : rc;
}

/* The kernel has no such family, or it's disabled for this interface */
static bool family_is_absent(int rc)
{
	return rc == -NLE_AF_NOSUPPORT || rc == -NLE_OPNOTSUPP || rc == -NLE_NOACCESS;
}

/* The kernel puts a newer IPv4 address last and a newer IPv6 one first; ours keep their order */
static const struct setup_addr *nth_to_add(const struct setup_family *family, size_t n)
{
	const struct setup_addr *last = &family->addrs[family->addr_count - 1];

	return addr_is_ipv4(&last->addr) ? &family->addrs[n] : last - n;
}

static int set_up_family(struct nl_sock *sk, unsigned int ifindex,
			 const struct setup_family *family, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < family->addr_count; i++) {
		const struct setup_addr *a = nth_to_add(family, i);
		unsigned int flags = setup_prefix_route_copied(family, a) ? IFA_F_NOPREFIXROUTE : 0;
		int rc = add_address(sk, ifindex, a, flags);

		if (family_is_absent(rc))
			return 0;
		if (rc)
			return err_set(err, -EIO, "cannot set address '%s/%u': %s",
				       addr_format(&a->addr, text), a->prefix_len, nl_geterror(rc));
	}
	setup_routes(sk, ifindex, family);
	return 0;
}

/* Return: 0 if IPv6 can be used on the tap, else -NLE_* */
static int add_link_local(struct nl_sock *sk, unsigned int ifindex, struct rtnl_link *tap)
{
	struct nl_addr *lladdr = rtnl_link_get_addr(tap);
	struct setup_addr a = { .prefix_len = LINK_LOCAL_PREFIX_LEN };

	if (!lladdr || nl_addr_get_len(lladdr) != 6)
		return -NLE_NOADDR;
	/* As the kernel would have made it */
	a.addr = addr_link_local_from_mac(nl_addr_get_binary_addr(lladdr));
	return add_address(sk, ifindex, &a, 0);
}

static int set_up_tap(struct nl_sock *sk, const struct setup_request *request,
		      struct rtnl_link *tap, bool *ret_no_ip6, struct err *err)
{
	int rc, ip6_rc;

	ip6_rc = stop_address_generation(sk, tap);
	rc = bring_up(sk, rtnl_link_get_name(tap), tap, err);
	if (rc)
		return rc;
	if (request->ip6.enabled && !ip6_rc)
		ip6_rc = add_link_local(sk, request->ifindex, tap);
	if (request->ip6.enabled && !ip6_rc)
		rc = set_up_family(sk, request->ifindex, &request->ip6, err);
	if (!rc && request->ip4.enabled)
		rc = set_up_family(sk, request->ifindex, &request->ip4, err);
	*ret_no_ip6 = request->ip6.enabled && ip6_rc;
	return rc;
}

static int find_and_set_up_tap(struct nl_sock *sk, const struct setup_request *request,
			       bool *ret_no_ip6, struct err *err)
{
	struct rtnl_link *tap;
	int rc;

	rc = rtnl_link_get_kernel(sk, (int)request->ifindex, NULL, &tap);
	if (rc)
		return err_set(err, -EIO, "cannot read the tap's properties: %s", nl_geterror(rc));
	rc = set_up_tap(sk, request, tap, ret_no_ip6, err);
	rtnl_link_put(tap);
	return rc;
}

int setup_apply(const struct setup_request *request, bool *ret_no_ip6, struct err *err)
{
	bool no_ip6 = false;
	struct nl_sock *sk;
	int rc = netlink_open(&sk, err);

	if (rc)
		return rc;
	rc = bring_lo_up(sk, err);
	if (!rc && request->config_net)
		rc = find_and_set_up_tap(sk, request, &no_ip6, err);
	nl_socket_free(sk);
	if (!rc)
		*ret_no_ip6 = no_ip6;
	return rc;
}
