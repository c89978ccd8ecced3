/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets larger than the link's MTU, sent towards the namespace as IPv4 fragments (RFC 791, 3.2)
 * or with IPv6 Fragment headers (RFC 8200, 4.5). The payload is not copied. The kernel completes
 * no checksum in a fragment: the one in the payload has to be complete. The only state is the next
 * identification, owned by whoever sends.
 */
#ifndef COMMON_LINK_FRAGMENT_H
#define COMMON_LINK_FRAGMENT_H

#include <stdint.h>
#include <sys/uio.h>

#include "common/link/link.h"
#include "common/wire/ip.h"

/* Pieces that a payload may come in */
#define FRAGMENT_IOV_MAX 8

struct fragment_ids {
	uint32_t next; /* starts anywhere, best at random */
	uint32_t step; /* to the next one; 0: 1. Who shares a link with others leaves them theirs */
};

/* fragment_send() - one IP packet towards the namespace, in as many frames as the MTU asks for
 * @ip:		addresses, protocol, ttl, tos and payload_len; a packet that is sent whole keeps its
 *		dont_fragment, the other fields are not looked at
 * @payload:	transport header and data, @ip->payload_len bytes in all
 * @count:	at most FRAGMENT_IOV_MAX
 *
 * Return: 0; -EMSGSIZE if IP can't carry that much; -errno of the frame that failed (the rest of
 *	   the packet is not sent then)
 */
int fragment_send(struct link *link, struct fragment_ids *ids, const struct ip_packet *ip,
		  const struct iovec *payload, int count);

#endif
