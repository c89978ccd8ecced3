/* SPDX-License-Identifier: Apache-2.0
 *
 * Adding is exclusive, as with routes: what is there already is not an error.
 */
#include "netns/tap/setup_addrs.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <netlink/route/addr.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "netns/host/netlink_addr.h"
#include "netns/tap/setup_routes.h"

#define LIFETIME_FOREVER 0xffffffffU /* INFINITY_LIFE_TIME in the kernel */

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

static int set_address(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *a,
		       unsigned int flags, int how)
{
	struct rtnl_addr *object = rtnl_addr_alloc();
	int rc;

	if (!object)
		return -NLE_NOMEM;
	rtnl_addr_set_ifindex(object, (int)ifindex);
	rc = fill_address(object, a, flags);
	if (!rc)
		rc = rtnl_addr_add(sk, object, how);
	rtnl_addr_put(object);
	return rc;
}

int setup_address(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *a,
		  unsigned int flags)
{
	int rc = set_address(sk, ifindex, a, flags, 0);

	return rc == -NLE_EXIST ? 0 : rc;
}

int setup_address_again(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *a,
			unsigned int flags)
{
	return set_address(sk, ifindex, a, flags, NLM_F_REPLACE);
}

/* The kernel has no such family, or it's disabled for this interface */
static bool family_is_absent(int rc)
{
	return rc == -NLE_AF_NOSUPPORT || rc == -NLE_OPNOTSUPP || rc == -NLE_NOACCESS;
}

/* The kernel puts a newer IPv4 address last and a newer IPv6 one first; ours keep their order */
static const struct setup_addr *nth_to_add(const struct setup_family *family, size_t count,
					   size_t n)
{
	const struct setup_addr *last = &family->addrs[count - 1];

	return addr_is_ipv4(&last->addr) ? &family->addrs[n] : last - n;
}

int setup_addresses(struct nl_sock *sk, unsigned int ifindex, const struct setup_family *family,
		    size_t count, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct setup_addr *a = nth_to_add(family, count, i);
		unsigned int flags = setup_prefix_route_copied(family, a) ? IFA_F_NOPREFIXROUTE : 0;
		int rc = setup_address(sk, ifindex, a, flags);

		if (family_is_absent(rc))
			return SETUP_FAMILY_ABSENT;
		if (rc)
			return err_set(err, -EIO, "cannot set address '%s/%u': %s",
				       addr_format(&a->addr, text), a->prefix_len, nl_geterror(rc));
	}
	return SETUP_DONE;
}

int setup_family_apply(struct nl_sock *sk, unsigned int ifindex, const struct setup_family *family,
		       struct err *err)
{
	int rc = setup_addresses(sk, ifindex, family, family->addr_count, err);

	if (rc == SETUP_DONE)
		setup_routes(sk, ifindex, family);
	return MIN(rc, 0);
}
