/* SPDX-License-Identifier: Apache-2.0
 *
 * Order matters: the tap's IPv6 address generation is switched off before it goes up, because a
 * link-local address of the kernel's own would be tentative for a second; ours, the same one, is
 * added without duplicate detection, and its router solicitation goes out at once. The tap is
 * being read, or queues, from before that. Then the other addresses, then routes: setup_addrs.h.
 */
#include "netns/start/setup.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>
#include <netlink/socket.h>
#include <string.h>

#include "common/base/addr.h"
#include "netns/host/netlink_socket.h"
#include "netns/tap/setup_addrs.h"
#include "netns/tap/setup_await.h"

#define LINK_LOCAL_PREFIX_LEN 64
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

/* Return: 0 if IPv6 can be used on the tap, else -NLE_* */
static int add_link_local(struct nl_sock *sk, unsigned int ifindex, struct rtnl_link *tap)
{
	struct nl_addr *lladdr = rtnl_link_get_addr(tap);
	struct setup_addr a = { .prefix_len = LINK_LOCAL_PREFIX_LEN };

	if (!lladdr || nl_addr_get_len(lladdr) != 6)
		return -NLE_NOADDR;
	/* As the kernel would have made it */
	a.addr = addr_link_local_from_mac(nl_addr_get_binary_addr(lladdr));
	return setup_address(sk, ifindex, &a, 0);
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
		rc = setup_family_apply(sk, request->ifindex, &request->ip6, err);
	if (!rc && request->ip4.enabled)
		rc = setup_family_apply(sk, request->ifindex, &request->ip4, err);
	if (!rc && request->ip6.enabled && !ip6_rc)
		setup_await(sk, &request->ip6);
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
