/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams through a flow's socket, UDP and ping alike: sent with the header fields (TTL, TOS,
 * don't fragment) of the namespace's packets, received with those of the host's. What goes wrong
 * on the way is reported to the namespace, never kept. Transport headers are the protocols'
 * business.
 */
#ifndef COMMON_DGRAM_DGRAM_H
#define COMMON_DGRAM_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/dgram/dgram_flow.h"
#include "common/dgram/dgram_meta.h"
#include "common/wire/ip.h"

/* Where a message goes that a shared socket is to send, and how */
struct dgram_route {
	union sockaddr_inany name;
	union {
		struct cmsghdr align;
		uint8_t bytes[128];
	} control;
};

/* dgram_route() - address @msg, if the flow's socket doesn't know where to
 *
 * @route holds the result, with room for a control message of the caller's.
 */
void dgram_route(const struct dgram_flow *f, struct dgram_route *route, struct msghdr *msg);

/* dgram_control_add() - append a control message to @msg, whose buffer has room for it */
void dgram_control_add(struct msghdr *msg, int level, int type, const void *data, size_t len);

/* dgram_header_differs() - whether dgram_header_apply() would change the socket
 * @ip:		the packet to send
 * @len:	bytes of one datagram's IP payload
 */
bool dgram_header_differs(const struct dgram_flow *f, const struct ip_packet *ip, size_t len,
			  uint64_t now_ns);

/* dgram_header_apply() - make the socket send with the packet's TTL, TOS and fragmentation */
void dgram_header_apply(struct dgram_flow *f, const struct ip_packet *ip, size_t len,
			uint64_t now_ns);

/* dgram_send() - one datagram to the host's side
 *
 * Errors that the socket has pending are reported and got out of the way first. A datagram too
 * big for the path goes in fragments, see dgram_mtu.h.
 *
 * Return: 0, or -errno (counted, and reported to the namespace if that makes sense)
 */
int dgram_send(struct dgram_flow *f, const void *data, size_t len, uint64_t now_ns);

/* dgram_packet() - the IP header of a packet from the flow's remote end
 * @len:	bytes of IP payload
 */
struct ip_packet dgram_packet(const struct dgram_flow *f, const struct dgram_meta *meta,
			      size_t len);

#endif
