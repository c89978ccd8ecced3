/* SPDX-License-Identifier: Apache-2.0
 *
 * Local UDP, from socket to socket, without a frame: what arrives at a listening socket in one
 * network namespace from a peer there is sent on by a socket of the other, one for each pair of
 * peer and address that it sent to; answers go back by the listening socket, from that address.
 * Flows are records of the worker's flow table and age out as those of the tap do. Each takes a
 * descriptor, and anybody on the host can open them: beyond their share of what all have, a new one
 * takes the place of the one that was used least recently. Half of the share is for those that were
 * answered, which a flood of others can't end, half for those that are not yet. The worker owns a
 * struct udp_local.
 */
#ifndef COMMON_UDP_UDP_LOCAL_H
#define COMMON_UDP_UDP_LOCAL_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/base/sockets.h"
#include "common/flow/flow.h"
#include "common/flow/timer.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/udp/local_train.h"

/* In a struct flow_key, where packets have a protocol: those of RFC 3692, which none has. Added to
 * it is the side that the flow goes to.
 */
#define UDP_LOCAL_PROTOCOL 253

struct udp_local_flow;

struct udp_local_stats {
	uint64_t opened, no_room, refused;
	uint64_t displaced; /* by new ones */
	uint64_t bytes; /* both ways */
	uint64_t lost; /* datagrams that no socket took */
};

/* Flows in the order of their last use */
struct udp_local_queue {
	struct udp_local_flow *oldest, *newest;
	uint32_t count;
};

struct udp_local {
	struct flow_table *flows; /* borrowed, as all of these */
	struct loop *loop;
	struct timer_wheel *timers;
	const struct socket_source *sockets;
	const struct fwd_table *fwd; /* the one in force */
	uint32_t flows_max; /* set, as those above; not 0 */
	struct udp_local_queue queues[2]; /* of one-way flows, and of those that were answered */
	uint8_t *rx_buf;
	struct udp_local_flow *flow; /* that the train belongs to */
	struct local_train train;
	struct udp_local_stats stats;
	struct log_limit no_room_limit, displaced_limit;
};

/* udp_local_init() - what is borrowed was set. Return: 0 or -errno */
int udp_local_init(struct udp_local *local);
/* udp_local_fini() - closes all flows */
void udp_local_fini(struct udp_local *local);

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

/* udp_local_ready() - the handler for FWD_UDP_TO_HOST, with a struct udp_local as argument */
void udp_local_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

#endif
