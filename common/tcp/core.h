/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP endpoint that the namespace talks to, without any I/O: transitions take a parsed segment
 * or a fact about the host's socket and the time, change struct tcp_conn, and return what has to
 * be done as a struct tcp_action. RFC 9293, with RFC 5961's checks and RFC 7323's window scale.
 *
 *	namespace                  tcp_conn                     host's socket
 *	---------> rcv_nxt   in order, accepted from the namespace  ------>
 *	           rcv_ack   what the host's socket has taken of it
 *	           rcv_edge  right edge of the window we announced
 *	<--------- snd_una   first byte not acknowledged            <------
 *	           snd_nxt   next byte to send
 *	           snd_max   everything below was sent at least once
 *
 * Towards the host there's a kernel socket, so this endpoint needs neither congestion control nor
 * round-trip estimates: nothing is between it and its peer but the link. What is in order and
 *inside the window is always kept; what is early may be (ooo.h). What the namespace is missing is
 *in lost.h.
 */
#ifndef COMMON_TCP_CORE_H
#define COMMON_TCP_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/conn.h"
#include "common/wire/tcp.h"

/* Scale of the windows that we announce: up to 64 MiB, beyond any usual tcp_wmem */
#define TCP_WINDOW_SCALE 10

/* Announced with the SYN-ACK, where windows are unscaled */
#define TCP_SYNACK_WINDOW 65535

/* tcp_conn_accept_syn() - state for a connection that the namespace opens
 * @isn:	our initial sequence number
 * @mss_max:	largest payload a segment that the link's MTU allows
 */
void tcp_conn_accept_syn(struct tcp_conn *c, const struct tcp_segment *syn, uint32_t isn,
			 uint16_t mss_max, uint64_t now_ns);

/* tcp_conn_open() - state for a connection that we open to the namespace: a SYN goes out
 * @isn:	our initial sequence number
 * @mss_max:	largest payload a segment that the link's MTU allows
 */
void tcp_conn_open(struct tcp_conn *c, uint32_t isn, uint16_t mss_max, uint64_t now_ns);

/* tcp_conn_set_limit() - before our SYN: how many bytes may be in flight towards the namespace */
static inline void tcp_conn_set_limit(struct tcp_conn *c, uint32_t bytes)
{
	c->snd_limit = c->snd_limit_max = bytes;
}

/* tcp_conn_fit_mss() - before our SYN: announce a multiple of @path_mss
 * @path_mss:	payload bytes a segment of the host's connection; 0: not known
 *
 * The host's kernel sends a full segment of the namespace on as so many full ones, without a small
 * one for the rest. Where the rest is large nothing is changed: at first, the host's kernel cuts
 * loopback's segments to half the peer's window.
 */
void tcp_conn_fit_mss(struct tcp_conn *c, uint16_t path_mss);

/* tcp_conn_connected() - the host's socket has connected: a SYN-ACK goes out */
void tcp_conn_connected(struct tcp_conn *c, uint64_t now_ns, struct tcp_action *ret_action);

/* tcp_conn_segment() - a segment of this connection came from the namespace */
void tcp_conn_segment(struct tcp_conn *c, const struct tcp_segment *seg, uint64_t now_ns,
		      struct tcp_action *ret_action);

/* tcp_conn_taken() - the socket took all that was accepted but @held bytes in the backlog */
void tcp_conn_taken(struct tcp_conn *c, uint32_t held);

/* tcp_conn_refused() - the last @len bytes accepted could not even be held: they must come again */
void tcp_conn_refused(struct tcp_conn *c, uint32_t len);

/* tcp_conn_filled() - @len bytes that came early, now in order, were accepted */
void tcp_conn_filled(struct tcp_conn *c, uint32_t len);

/* tcp_conn_shut() - the socket's write side was shut down after the last byte */
void tcp_conn_shut(struct tcp_conn *c, struct tcp_action *ret_action);

/* tcp_conn_urgent() - the socket holds an urgent byte, the one to be sent as @seq */
void tcp_conn_urgent(struct tcp_conn *c, uint32_t seq);

/* tcp_conn_eof() - the socket will give nothing more */
void tcp_conn_eof(struct tcp_conn *c);

/* tcp_conn_room() - payload bytes to ask the socket for, 0 if nothing may be sent now
 *
 * May be one more than the window takes: see tcp_conn_fits().
 */
uint32_t tcp_conn_room(const struct tcp_conn *c);

/* tcp_conn_fits() - whether what the socket had when it was asked for tcp_conn_room() may be sent
 * @found:	bytes from snd_nxt on
 *
 * RFC 9293, 3.8.6.2.1: a small part of the window is used only if all that is queued fits into it.
 * What doesn't is noted, so that the socket isn't asked again before there's room.
 */
bool tcp_conn_fits(struct tcp_conn *c, uint32_t found);

/* tcp_conn_sent() - @len bytes from snd_nxt on, and the FIN if @fin, went to the namespace */
void tcp_conn_sent(struct tcp_conn *c, uint32_t len, bool fin, uint64_t now_ns);

/* tcp_conn_fin_due() - whether our FIN is the next thing to send */
bool tcp_conn_fin_due(const struct tcp_conn *c);

/* tcp_conn_announce() - the window field for the next segment
 * @window:	bytes from rcv_nxt that can be taken in; the right edge never moves back, and is
 *		rounded up to what the window field can express
 */
uint16_t tcp_conn_announce(struct tcp_conn *c, uint32_t window);

/* tcp_conn_ack_wanted() - whether an acknowledgement is to be sent at the end of the batch
 * @window:	as for tcp_conn_announce()
 *
 * Three that say the same would be taken for a loss (RFC 5681, 3.2).
 */
bool tcp_conn_ack_wanted(const struct tcp_conn *c, uint32_t window);

#endif
