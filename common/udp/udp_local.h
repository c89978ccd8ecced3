/* SPDX-License-Identifier: Apache-2.0
 *
 * Local UDP, from socket to socket, without a frame: what arrives at a listening socket in one
 * network namespace from a peer there is sent on by a socket of the other, one for each pair of
 * peer and address that it sent to; answers go back by the listening socket, from that address.
 * Flows are records of the worker's flow table and age out as those of the link do. Each takes a
 * descriptor, and anybody on the host can open them: beyond their share of what all have, a new one
 * takes the place of an old one, see flow/share.h and dgram/dgram_shares.h. The worker owns a
 * struct udp_local.
 */
#ifndef COMMON_UDP_UDP_LOCAL_H
#define COMMON_UDP_UDP_LOCAL_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/base/sockets.h"
#include "common/dgram/dgram_shares.h"
#include "common/flow/count.h"
#include "common/flow/flow.h"
#include "common/flow/share.h"
#include "common/flow/timer.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/fwd/refusals.h"
#include "common/udp/local_train.h"

/* In a struct flow_key, where packets have a protocol: those of RFC 3692, which none has. Added to
 * it is the side that the flow goes to.
 */
#define UDP_LOCAL_PROTOCOL 253

struct udp_local_flow;

struct udp_local_stats {
	uint64_t opened, no_room, refused;
	uint64_t bytes; /* both ways */
	uint64_t lost; /* datagrams that no socket took */
};

struct udp_local {
	struct flow_table *flows; /* borrowed, as all of these */
	struct loop *loop;
	struct timer_wheel *timers;
	const struct socket_source *sockets;
	const struct fwd_table *fwd; /* the one in force */
	struct fwd_refusals *refusals; /* the worker's */
	const struct dgram_shares *shares; /* that say how large @share is */
	struct flow_share share;
	uint8_t *rx_buf;
	struct udp_local_flow *flow; /* that the train belongs to */
	struct local_train train;
	struct udp_local_stats stats;
	struct log_limit no_room_limit, refused_limit;
};

/* udp_local_init() - what is borrowed was set. Return: 0 or -errno */
int udp_local_init(struct udp_local *local);
/* udp_local_fini() - closes all flows */
void udp_local_fini(struct udp_local *local);

/* udp_local_close() - end a flow of its own: key.protocol says whose */
void udp_local_close(struct flow *flow);

/* Where a message goes */
struct udp_local_target {
	enum socket_side side;
	struct in6_addr addr;
	uint16_t port;
	uint32_t scope_id;
};

/* udp_local_input() - a message that came to @listener
 *
 * Its bytes must stay until udp_local_flush(). @target is looked at if it opens a flow.
 */
void udp_local_input(struct udp_local *local, struct fwd_listener *listener,
		     const struct local_message *message, const struct udp_local_target *target,
		     uint64_t now_ns);

/* udp_local_flush() - send what udp_local_input() has gathered */
void udp_local_flush(struct udp_local *local);

/* udp_local_use() - when a flow of these, which are in the flow table, was in use */
const struct flow_use *udp_local_use(const struct flow *flow);

/* udp_local_counts() - what it has carried, from who has opened it and to there */
void udp_local_counts(const struct flow *flow, struct flow_count *ret_asked,
		      struct flow_count *ret_answered);

/* udp_local_listener() - by which such a flow is answered; NULL: it is gone */
struct fwd_listener *udp_local_listener(const struct flow *flow);

/* udp_local_ready() - the handler for FWD_UDP_TO_HOST, with a struct udp_local as argument */
void udp_local_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

#endif
