/* SPDX-License-Identifier: Apache-2.0
 *
 * The records of the TCP translation: struct tcp_flow, one a connection, in the flow table; and
 * struct tcp, one a worker, which borrows the worker's tap, flow table, loop and timers, and owns
 * the buffers.
 */
#ifndef COMMON_TCP_RECORD_H
#define COMMON_TCP_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/chunk.h"
#include "common/base/log.h"
#include "common/flow/flow.h"
#include "common/fwd/fwd.h"
#include "common/fwd/refusals.h"
#include "common/fwd/questions.h"
#include "common/link/link.h"
#include "common/service/icmp_error.h"
#include "common/tcp/core.h"
#include "common/tcp/splice.h"

enum tcp_sock_state {
	TCP_SOCK_CONNECTING,
	TCP_SOCK_DRAINED, /* nothing to read until the next edge */
	TCP_SOCK_READABLE, /* there may be more than was sent on */
	TCP_SOCK_URGENT, /* the same, and an urgent byte may cut reads short */
	TCP_SOCK_ENDING, /* the same, and an end or an error, too */
};

/* Lists of flows that owe an acknowledgement */
enum tcp_owed {
	TCP_OWED_DUE,
	TCP_OWED_FRESH, /* delayed */
	TCP_OWED_AGED, /* delayed for longer */
	TCP_OWED_CARRIED, /* expected to be carried by data */
	TCP_OWED_CARRIED_AGED, /* for longer */
	TCP_OWED_ROOM, /* data comes first, and for that the link is full */
	TCP_OWED_LISTS,
};

/* Whether what the namespace sends waits in the backlog until somebody has looked at it: gate.h */
enum tcp_gate {
	TCP_GATE_OPEN,
	TCP_GATE_NAME, /* for the name that the first bytes have */
	TCP_GATE_DNS, /* each question to a resolver */
};

/* How often something was sent to the socket */
enum tcp_sends {
	TCP_SENDS_NONE,
	TCP_SENDS_ONE,
	TCP_SENDS_NO_DELAY, /* or may have been: TCP_NODELAY is set */
};

/* What a flow has to keep if its socket takes nothing more: no more is announced beyond what the
 * socket has room for. In chunks one more, since it may start anywhere in the first one.
 */
#define TCP_BACKLOG_MAX 65536
#define TCP_BACKLOG_CHUNKS (TCP_BACKLOG_MAX / CHUNK_BYTES + 1)

/* Of tcp_flow.peek_off: not set yet, so peeks start at the front, and don't move it */
#define TCP_PEEK_OFF_NONE UINT32_MAX

/* Of tcp_flow.peeks: pieces of large buffers may be among what is not discarded yet */
#define TCP_PEEKS_LARGE UINT8_MAX

struct tcp;

struct tcp_flow {
	struct flow flow; /* first: the table's record starts here */
	struct tcp_conn conn;
	struct tcp *tcp;
	uint64_t opened_ns;
	struct tcp_flow *owed_next; /* on one of tcp->owed while an ACK is owed */
	struct tcp_flow **owed_link; /* what points to us; NULL: none is */
	struct chunk_chain backlog; /* from the namespace, for the socket */
	struct chunk_chain copied; /* from the socket, from snd_una on; without SO_PEEK_OFF */
	uint32_t gaps; /* chunk with what is out of order, see gaps.h; 0: nothing is */
	uint32_t undiscarded; /* acknowledged bytes still at the front of the socket's queue */
	uint32_t peek_off; /* the socket's SO_PEEK_OFF, or TCP_PEEK_OFF_NONE */
	uint32_t window; /* last estimate of what can be taken in, bytes from rcv_nxt */
	uint32_t window_seq; /* rcv_nxt when it was made */
	uint32_t held; /* the name that led here: policy/learnt.h */
	uint32_t dns_stream; /* chunk of TCP_GATE_DNS, see dns_stream.h; 0: none */
	uint8_t sock_state; /* enum tcp_sock_state */
	uint8_t gate; /* enum tcp_gate */
	bool from_ns; /* the namespace has opened it */
	bool to_ns_addr : 1; /* to what was the namespace's address when it was opened */
	uint8_t peeks; /* since the last discard, or TCP_PEEKS_LARGE */
	uint8_t sends; /* enum tcp_sends */
	uint8_t ttl, dscp; /* of the namespace's last packet; see ip_fields.h */
	uint8_t ns_dscp; /* of ours to it */
	uint16_t keep_alive_s; /* as the socket has it; 0: none */
	bool filled; /* the last read got all that it asked for */
	bool traced : 1; /* the socket has an error queue while it's connecting */
	bool waits_for_room : 1; /* the link is full: tcp_room() goes on */
	bool no_memory : 1; /* the last send found none, which no edge will tell the end of */
	struct in6_addr
		resolver; /* that is being connected to; unspecified: none, see dns_retry.h */
};

struct tcp_stats {
	uint64_t opened, refused_by_host, reset;
	uint64_t backlog_used; /* times a socket did not take everything */
	uint64_t backlog_lost; /* segments that found no chunk */
	uint64_t early; /* segments from the namespace that were kept out of order */
	uint64_t early_lost; /* and that were not, for want of room */
	uint64_t retransmitted; /* timeouts towards the namespace */
	uint64_t resent; /* times the namespace was sent what others had overtaken */
	uint64_t resent_in_vain; /* segments that it told of having had before */
	uint64_t invalid; /* malformed segments, wrong checksums */
	uint64_t unopened; /* SYNs dropped: no record or descriptor */
	uint64_t refused_to_host; /* SYNs that were decided against, and reset */
	uint64_t accepted, refused; /* by listening sockets: all, and those reset at once */
	uint64_t misnamed; /* reset by gate.h */
	uint64_t rejected; /* by the namespace, with an ICMP error */
};

struct tcp_accepted;

struct tcp {
	struct link *link;
	struct flow_table *flows;
	struct loop *loop;
	struct timer_wheel *timers;
	const struct fwd_table *fwd;
	struct fwd_questions *questions; /* the worker's */
	struct icmp_error_limit *icmp_limit;
	struct fwd_refusals *refusals; /* the worker's */
	struct splice *splice; /* for accepted connections that don't go by the tap */
	/* Whether a resolver took a connection: @asked_ns is when it was asked to, if not, else 0.
	 * May change @fwd. NULL: nobody asks
	 */
	void (*resolver_result)(struct tcp *tcp, const struct in6_addr *resolver, uint16_t port,
				uint64_t asked_ns, uint64_t now_ns);
	/* Another worker takes it, as tcp_accepted_open() would. NULL: there is none. Return:
	 * whether one does
	 */
	bool (*pass)(struct tcp *tcp, const struct tcp_accepted *accepted);
	/* Whether there's room for another one, here or by @pass. NULL: only here */
	bool (*has_room)(const struct tcp *tcp);
	struct siphash_key isn_secret;
	bool peek_off_works;
	uint8_t *tx_buf; /* one super-frame's payload */
	struct chunk_pool chunks;
	struct tcp_flow *owed[TCP_OWED_LISTS]; /* see owed.h */
	uint32_t early_chunks; /* that hold what is out of order, of all flows */
	uint32_t backlogged; /* flows with a backlog */
	uint32_t lingering; /* flows whose socket is gone */
	struct tcp_stats stats;
	struct log_limit unopened_limit, refused_limit, starved_limit;
};

#endif
