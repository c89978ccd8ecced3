/* SPDX-License-Identifier: Apache-2.0
 *
 * What is carried over of the IP headers of a connection: DSCP (RFC 2474) and TTL. The ECN bits
 * belong to each leg. The host's socket sends as the namespace's last segment came. In the other
 * direction the kernel tells one thing about segments at no cost: the DSCP of the one that made an
 * accepted connection; it is that of the whole connection then.
 *
 * A TTL also brings errors about (traceroute): which router a SYN of a few hops has got to is in
 * the socket's error queue, if one asks for it before connect().
 */
#ifndef COMMON_TCP_IP_FIELDS_H
#define COMMON_TCP_IP_FIELDS_H

#include <stdbool.h>

#include "common/service/icmp_error.h"
#include "common/tcp/record.h"
#include "common/wire/ip.h"

#define TCP_TTL_DEFAULT 64
#define TCP_DSCP_MASK 0xfc

/* tcp_ip_fields_init() - a connection that the namespace opens by @ip, or NULL: one from the host
 */
void tcp_ip_fields_init(struct tcp_flow *f, const struct ip_packet *ip);

/* tcp_ip_fields_changed() - the fields are not as in the last packet: tell the socket */
void tcp_ip_fields_changed(struct tcp_flow *f, const struct ip_packet *ip);

/* tcp_ip_fields_seen() - a packet of this flow came from the namespace */
static inline void tcp_ip_fields_seen(struct tcp_flow *f, const struct ip_packet *ip)
{
	if (ip->ttl != f->ttl || (ip->tos & TCP_DSCP_MASK) != f->dscp)
		tcp_ip_fields_changed(f, ip);
}

/* tcp_ip_fields_connecting() - a new socket, before connect() */
void tcp_ip_fields_connecting(struct tcp_flow *f);

/* tcp_ip_fields_connected() - errors are those of a connection from now on */
void tcp_ip_fields_connected(struct tcp_flow *f);

/* tcp_ip_fields_adopted() - a new socket that was accepted */
void tcp_ip_fields_adopted(struct tcp_flow *f);

/* tcp_ip_fields_error() - who has ended the connecting, and how
 *
 * Return: whether that's known: all of *ret_error but the packet is set
 */
bool tcp_ip_fields_error(struct tcp_flow *f, struct icmp_error *ret_error);

#endif
