/* SPDX-License-Identifier: Apache-2.0
 *
 * Both directions go by bytes in network order, whose number has to be the family's.
 */
#include "netns/host/netlink_addr.h"

#include <netlink/addr.h>
#include <netlink/attr.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"

static bool from_bytes(int family, const void *bytes, size_t len, struct in6_addr *ret_addr)
{
	uint32_t ipv4_be;

	if (family == AF_INET && len == sizeof(ipv4_be)) {
		memcpy(&ipv4_be, bytes, sizeof(ipv4_be));
		*ret_addr = addr_from_be32(ipv4_be);
		return true;
	}
	if (family == AF_INET6 && len == sizeof(*ret_addr)) {
		memcpy(ret_addr, bytes, sizeof(*ret_addr));
		return true;
	}
	return false;
}

bool netlink_addr_from_attr(const struct nlattr *attr, int family, struct in6_addr *ret_addr)
{
	return attr && from_bytes(family, nla_data(attr), (size_t)nla_len(attr), ret_addr);
}

bool netlink_addr_from_object(const struct nl_addr *object, struct in6_addr *ret_addr)
{
	return object && from_bytes(nl_addr_get_family(object), nl_addr_get_binary_addr(object),
				    nl_addr_get_len(object), ret_addr);
}

struct nl_addr *netlink_addr_make(const struct in6_addr *addr, unsigned int prefix_len)
{
	uint32_t ipv4_be = addr_be32(addr);
	struct nl_addr *object;

	if (addr_is_ipv4(addr))
		object = nl_addr_build(AF_INET, &ipv4_be, sizeof(ipv4_be));
	else
		object = nl_addr_build(AF_INET6, addr, sizeof(*addr));
	if (object)
		nl_addr_set_prefixlen(object, (int)prefix_len);
	return object;
}
