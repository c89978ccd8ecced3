/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP between the link and the host's sockets.
 *
 *	tcp.c		a flow's life: segments in, socket events, timers, the end
 *	accept.c	connections that come to listening sockets, taken by accepting.c
 *	rejected.c	and that the namespace rejects by ICMP
 *	second_try.c	or refuses, though it may take them by the other family
 *	sock_side.c	the host's socket: connect, send, receive, backlog
 *	keep_alive.c	whether its other end is still there
 *	ip_fields.c	what is carried over of IP headers
 *	window.c	how much the namespace may send
 *	tap_side.c	segments towards the namespace
 *	owed.c		acknowledgements that wait to be sent
 *	turns.h		and which of them data is going to carry
 *	dns.c		connections to the host's resolvers, of which some may be dead
 *	core.c		the protocol, without I/O
 *	record.h	a connection, and what all of a worker's have in common
 *
 * Data from the namespace goes to the socket at once; what the socket doesn't take waits in the
 * flow's backlog. Data from the host is looked at in the socket (MSG_PEEK at SO_PEEK_OFF) and stays
 * there until the namespace has acknowledged it, so a retransmission needs no buffer of ours. On
 * kernels without SO_PEEK_OFF for TCP (before 6.9) it is received and kept in a chunk chain.
 */
#ifndef COMMON_TCP_TCP_H
#define COMMON_TCP_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/record.h"
#include "common/wire/ip.h"

/* tcp_init() - @tcp's pointers tap to splice are set by the caller
 * @secret:		for initial sequence numbers (RFC 6528)
 * @peek_off_works:	TCP sockets take SO_PEEK_OFF
 *
 * Return: 0 or -errno
 */
int tcp_init(struct tcp *tcp, const struct siphash_key *secret, bool peek_off_works);
void tcp_fini(struct tcp *tcp);

/* tcp_room() - the link is not full any more: flows that found it so go on */
void tcp_room(struct tcp *tcp, uint64_t now_ns);

/* tcp_waits_for_room() - whether any flow does */
bool tcp_waits_for_room(const struct tcp *tcp);

/* tcp_input() - a TCP segment from the namespace */
void tcp_input(struct tcp *tcp, const struct link_frame *frame, const struct ip_packet *ip,
	       uint64_t now_ns);

/* tcp_flow_new() - a record for a connection that begins
 * @key:	not in the flow table
 *
 * Return: NULL: there's no room, or another worker has @key
 */
struct tcp_flow *tcp_flow_new(struct tcp *tcp, const struct flow_key *key, uint64_t now_ns);

/* tcp_open_to_ns() - open a connection to the namespace
 * @f:		new
 * @fd:		the host's end, as accepted; owned from here on, for every outcome
 *
 * Return: 0, or -errno; the host's peer gets a RST then, and @f is gone
 */
int tcp_open_to_ns(struct tcp_flow *f, int fd, uint64_t now_ns);

/* tcp_flow_close() - end a flow at once, its socket included, without telling anybody */
void tcp_flow_close(struct tcp_flow *f);

/* tcp_flow_reset_both() - end a flow by a reset to either side */
void tcp_flow_reset_both(struct tcp_flow *f);

/* tcp_flow_reset_host() - the same, but the host's peer gets a RST */
void tcp_flow_reset_host(struct tcp_flow *f);

#endif
