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
 * round-trip estimates: its link is the tap. Out-of-order segments are not kept; what was in order
 * and inside the window always is.
 */
#ifndef COMMON_TCP_CORE_H
#define COMMON_TCP_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/seq.h"
#include "common/tcp/urgent.h"
#include "common/wire/tcp.h"

/* Scale of the windows that we announce: up to 64 MiB, beyond any usual tcp_wmem */
#define TCP_WINDOW_SCALE 10

/* Announced with the SYN-ACK, where windows are unscaled */
#define TCP_SYNACK_WINDOW 65535

/* Linux delays ACKs by up to 200 ms: below twice that, a retransmission would be premature */
#define TCP_RTO_MIN_MS 400
#define TCP_RTO_MAX_MS 60000
#define TCP_RETRIES_MAX 12
#define TCP_SYN_RETRIES_MAX 6

/* Both directions closed: long enough for the namespace's last FIN to come again */
#define TCP_TIME_WAIT_MS 1000

/* A silent connection is probed after so long, as Linux's keep-alive would */
#define TCP_IDLE_MS (2 * 3600 * 1000)

/* The namespace has closed: its kernel keeps the rest of a connection that no program has any more
 * for 60 s (tcp_fin_timeout), so it is asked after that
 */
#define TCP_HALF_CLOSED_IDLE_MS (65 * 1000)

/* Before it is full, an in-order byte that the socket didn't take is acknowledged all the same,
 * so that a stalled receiver doesn't run into the namespace's retransmission timer (200 ms)
 */
#define TCP_STALL_ACK_MS 100

enum tcp_tap_state {
	TCP_TAP_CONNECTING, /* the namespace's SYN is here, the host's socket is connecting */
	TCP_TAP_SYN_RECEIVED, /* our SYN-ACK is out */
	TCP_TAP_SYN_SENT, /* the host's peer is connected, our SYN is out */
	TCP_TAP_ESTABLISHED,
	TCP_TAP_TIME_WAIT, /* both directions are closed, the socket is gone */
};

/* Direction namespace to host */
enum tcp_to_host_state {
	TCP_TO_HOST_OPEN,
	TCP_TO_HOST_FIN_HELD, /* the FIN is here, bytes before it wait for the socket */
	TCP_TO_HOST_CLOSED, /* the socket's write side is shut down, the FIN may be acknowledged */
};

/* Direction host to namespace */
enum tcp_to_ns_state {
	TCP_TO_NS_OPEN,
	TCP_TO_NS_EOF, /* the socket has nothing more, our FIN follows the last byte */
	TCP_TO_NS_FIN_SENT,
	TCP_TO_NS_FIN_ACKED,
};

enum tcp_ack_state {
	TCP_ACK_NONE,
	TCP_ACK_DELAYED, /* data may carry it, or the end of activity */
	TCP_ACK_DUE, /* at the end of the batch, if there's something new to say */
	TCP_ACK_NOW, /* at the end of the batch in any case: an answer */
};

struct tcp_conn {
	uint32_t rcv_nxt;
	uint32_t rcv_ack;
	uint32_t rcv_edge;
	uint32_t rcv_acked; /* the last acknowledgement we sent */
	uint32_t rcv_largest; /* the largest window we announced */
	uint32_t snd_una;
	uint32_t snd_nxt;
	uint32_t snd_max;
	uint32_t snd_window; /* from snd_una, bytes */
	uint32_t snd_largest; /* the largest window that the namespace announced */
	uint32_t snd_queued; /* the socket is known to hold everything below */
	uint32_t snd_limit; /* most bytes in flight */
	uint32_t recover; /* snd_max at the last rewind, or snd_una - 1 once that is behind */
	struct tcp_urgent to_host_urgent; /* until the socket has it */
	struct tcp_urgent to_ns_urgent; /* until it is acknowledged */
	uint64_t progress_ns; /* last time the namespace acknowledged something or spoke at all */
	uint16_t mss; /* payload bytes a segment towards the namespace */
	uint16_t rcv_mss; /* the same from the namespace, as announced with our SYN */
	uint8_t snd_scale;
	uint8_t rcv_scale;
	uint8_t tap_state; /* enum tcp_tap_state */
	uint8_t to_host_state; /* enum tcp_to_host_state */
	uint8_t to_ns_state; /* enum tcp_to_ns_state */
	uint8_t ack_state; /* enum tcp_ack_state */
	uint8_t dup_acks;
	uint8_t retries;
};

/* What to do next, in this order */
struct tcp_action {
	bool reset_both; /* RST to the namespace, RST to the host, forget the flow */
	bool reset_host; /* RST to the host, forget the flow */
	bool reply_reset; /* answer this segment with a RST, keep everything else */
	bool synack; /* send (again) our SYN-ACK, or our SYN in TCP_TAP_SYN_SENT */
	bool probe; /* send an empty segment with an old sequence number */
	uint32_t accept_offset; /* of the segment's payload */
	uint32_t accept_len; /* bytes to hand to the socket, then tcp_conn_taken() */
	uint32_t discard; /* bytes to drop from the front of what the socket holds */
	bool pull; /* more may be sent, from snd_nxt on: look at the socket */
	uint32_t keep_alive_s; /* the namespace probes after so long a silence; 0: it doesn't */
	bool closed; /* both directions are done: close the socket */
};

/* tcp_conn_accept_syn() - state for a connection that the namespace opens
 * @isn:	our initial sequence number
 * @mss_max:	largest payload a segment that the tap's MTU allows
 */
void tcp_conn_accept_syn(struct tcp_conn *c, const struct tcp_segment *syn, uint32_t isn,
			 uint16_t mss_max, uint64_t now_ns);

/* tcp_conn_open() - state for a connection that we open to the namespace: a SYN goes out
 * @isn:	our initial sequence number
 * @mss_max:	largest payload a segment that the tap's MTU allows
 */
void tcp_conn_open(struct tcp_conn *c, uint32_t isn, uint16_t mss_max, uint64_t now_ns);

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

/* tcp_conn_timeout() - the connection's timer fired
 * @held:	bytes in the backlog
 *
 * Return: milliseconds until it should fire again
 */
uint64_t tcp_conn_timeout(struct tcp_conn *c, uint32_t held, uint64_t now_ns,
			  struct tcp_action *ret_action);

/* tcp_conn_timer_ms() - how soon the timer must fire at the latest in the present state */
uint64_t tcp_conn_timer_ms(const struct tcp_conn *c, uint32_t held);

#endif
