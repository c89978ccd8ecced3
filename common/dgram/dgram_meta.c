/* SPDX-License-Identifier: Apache-2.0
 *
 * IPv4 by an IPv6 socket comes with control messages of both families.
 */
#include "common/dgram/dgram_meta.h"

#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/addr.h"

static bool meta_pktinfo(const struct cmsghdr *c, struct dgram_meta *meta)
{
	struct in6_pktinfo info6;
	struct in_pktinfo info4;

	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&info4, CMSG_DATA(c), sizeof(info4));
		meta->local = addr_from_be32(info4.ipi_addr.s_addr);
		meta->ifindex = (uint32_t)info4.ipi_ifindex;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info6, CMSG_DATA(c), sizeof(info6));
		meta->local = info6.ipi6_addr;
		meta->ifindex = info6.ipi6_ifindex;
	} else {
		return false;
	}
	return true;
}

void dgram_meta_parse(struct msghdr *msg, struct dgram_meta *ret_meta)
{
	struct dgram_meta meta = { .ttl = DGRAM_DEFAULT_TTL };
	int value;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		/* One byte, where everything else is an int */
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			meta.tos = *CMSG_DATA(c);
			continue;
		}
		if (c->cmsg_len < CMSG_LEN(sizeof(value)))
			continue;
		if (meta_pktinfo(c, &meta))
			continue;
		memcpy(&value, CMSG_DATA(c), sizeof(value));
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
			meta.gso_size = (uint16_t)value;
		else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
			 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
			meta.ttl = (uint8_t)value;
		else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)
			meta.tos = (uint8_t)value;
	}
	*ret_meta = meta;
}
