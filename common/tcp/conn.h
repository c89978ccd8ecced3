/* SPDX-License-Identifier: Apache-2.0
 *
 * What the TCP endpoint towards the namespace knows of a connection, and what it wants done; see
 * core.h.
 */
#ifndef COMMON_TCP_CONN_H
#define COMMON_TCP_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/seq_ranges.h"
#include "common/tcp/urgent.h"

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
	TCP_ACK_CARRIED, /* data is expected to carry it: turns.h */
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
	uint32_t snd_limit_max; /* what that is if nothing was lost */
	uint32_t recover; /* snd_max at the last rewind, or snd_una - 1 once that is behind */
	uint32_t mended; /* what was missing below was sent again at the last rewind */
	uint32_t fin_seq; /* of a FIN that came early, if fin_early */
	struct tcp_urgent to_host_urgent; /* until the socket has it */
	struct tcp_urgent to_ns_urgent; /* until it is acknowledged */
	struct seq_ranges *sacked; /* what the namespace has beyond snd_una; NULL: nothing known */
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
	uint8_t turns; /* see turns.h */
	uint8_t retries;
	bool asked; /* the last data was the namespace's */
	bool sack; /* both ends know selective acknowledgements (RFC 2018) */
	bool fin_early;
	bool only_holes; /* a rewind was for what is missing, not for all that follows */
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
	bool answer; /* acknowledge this segment by itself: it's early, or old */
	struct tcp_sack
		duplicate; /* what to tell of it then: bytes that were here before, or empty */
	uint32_t keep_len; /* bytes of payload to keep, from its start: something before is missing
			    */
	uint32_t discard; /* bytes to drop from the front of what the socket holds */
	bool pull; /* more may be sent, from snd_nxt on: look at the socket */
	bool resend; /* with pull: it starts with what others have overtaken */
	uint32_t keep_alive_s; /* the namespace probes after so long a silence; 0: it doesn't */
	bool closed; /* both directions are done: close the socket */
};

/* tcp_conn_in_flight() - whether there's something that the namespace has not acknowledged */
static inline bool tcp_conn_in_flight(const struct tcp_conn *c)
{
	return c->snd_una != c->snd_max;
}

#endif
