/* SPDX-License-Identifier: Apache-2.0
 *
 * The packet that an ICMP error quotes: its header, and as much of the rest as the sender cared to
 * return, eight bytes at least (RFC 792; RFC 4443, 2.4 (c)). Lengths in it are those of the packet
 * as it was, so they are not compared with what is there. Pure.
 */
#ifndef COMMON_WIRE_QUOTED_H
#define COMMON_WIRE_QUOTED_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/wire/cursor.h"

/* What is returned of a transport header in any case: ports, and of TCP the sequence number */
#define QUOTED_TRANSPORT_LEN 8

struct quoted_packet {
	struct in6_addr src, dst; /* IPv4-mapped for IPv4 */
	uint8_t protocol;
	uint16_t src_port, dst_port; /* if the protocol has them */
	uint32_t seq; /* of TCP */
};

/* quoted_parse() - the packet that starts at @r; IPv6 extension headers are not looked behind
 *
 * Return: 0, or -EBADMSG if it is no IP packet, a later fragment of one, or cut off too early
 */
int quoted_parse(struct reader *r, struct quoted_packet *ret_quoted);

#endif
