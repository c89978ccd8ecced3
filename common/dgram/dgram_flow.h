/* SPDX-License-Identifier: Apache-2.0
 *
 * What UDP flows and ping flows have in common: a connected datagram socket on the host for every
 * pair of ends on the link, opened for the first packet and closed after a time without traffic.
 * The flow table owns the records, this module the sockets in them. What goes through the sockets
 * is the business of dgram.h and of the protocols.
 */
#ifndef COMMON_DGRAM_DGRAM_FLOW_H
#define COMMON_DGRAM_DGRAM_FLOW_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/loop.h"
#include "common/dgram/dgram_env.h"
#include "common/flow/count.h"
#include "common/flow/flow.h"
#include "common/flow/share.h"
#include "common/fwd/listeners.h"
#include "common/service/ask.h"
#include "common/wire/ip.h"

/* Of a flow that shares a socket with others: one that came to a listening socket is answered by
 * that, from the address that its peer knows; for others, see dgram_mapping.h
 */
struct dgram_origin {
	struct fwd_listener *listener; /* NULL: the flow has a socket of its own */
	bool mapped; /* it's a mapping's */
	uint32_t serial; /* the listener's */
	uint32_t scope_id; /* of a link-local peer */
	struct in6_addr local; /* what the peer sends to; unspecified: not known */
	uint16_t peer_port;
	uint16_t port; /* that the peer sends to, the listener's */
};

/* Start of a protocol's flow record */
struct dgram_flow {
	struct flow flow;
	struct dgram_env *env;
	struct flow_share *share; /* that it belongs to */
	struct flow_use use; /* traffic either way */
	struct flow_count to_host, to_ns;
	struct in6_addr ns; /* the namespace's end: its key's, or another that it answers from */
	struct in6_addr peer; /* what the socket is connected to, or who came to it */
	struct dgram_origin origin;
	uint32_t sent; /* datagrams (or frames of many) from the namespace, wraps */
	uint32_t arrived; /* reads of datagrams from the host's side, wraps */
	uint32_t sent_before, arrived_before; /* when the flow's age was last looked at */
	uint32_t moves; /* the last one that it has looked after */
	uint64_t renewed_ns; /* when another socket was last tried to get, 0: never */
	/* When the socket last refused a datagram for its size: dgram_mtu.h */
	uint64_t mtu_ns;
	uint32_t mtu; /* the path's, 0: never refused one */
	uint32_t mtu_sent; /* @sent then */
	uint32_t held; /* the name that led here: policy/learnt.h */
	uint32_t mtu_retry_us; /* till the next one may be tried whole */
	bool mtu_told; /* to the namespace's kernel */
	uint8_t ttl, tos; /* what the socket sends with; TTL 0: not set yet */
	bool whole; /* the socket may not fragment */
	bool answered; /* traffic in both directions seen */
	bool dns; /* to a resolver of the host's */
	bool asks; /* and what it asks is judged by its name: see fwd/egress.h */
	bool from_outside; /* opened by what came to a listening socket */
	bool failing; /* the last datagram could not be sent */
};

/* dgram_flow_open() - decide, connect and register a flow that is not in the table
 * @ip:		the packet that opens it: quoted if that fails
 *
 * Return: the flow, or NULL (counted, and reported to the namespace if that makes sense)
 */
struct dgram_flow *dgram_flow_open(struct dgram_env *env, const struct flow_key *key,
				   const struct ip_packet *ip, uint64_t now_ns);

/* dgram_flow_begin() - likewise, unless another worker is to have the flow: it gets the packet
 * @frame:	that it came in
 */
struct dgram_flow *dgram_flow_begin(struct dgram_env *env, const struct flow_key *key,
				    const struct link_frame *frame, const struct ip_packet *ip,
				    uint64_t now_ns);

/* dgram_flow_displace() - if there are more flows of the namespace's than may be, end an old one,
 * here or where there are more of them
 */
void dgram_flow_displace(struct dgram_env *env, uint64_t now_ns);

/* dgram_flow_accept() - register a flow that came to a listening socket
 * @key:	not in the table
 *
 * Return: the flow, or NULL (counted)
 */
struct dgram_flow *dgram_flow_accept(struct dgram_env *env, const struct flow_key *key,
				     const struct in6_addr *peer, const struct dgram_origin *origin,
				     uint64_t now_ns);

/* dgram_flow_answer() - register a flow that its peer has opened by a mapping's socket
 * @key:	not in the table
 *
 * Return: the flow, or NULL (counted); then @origin is left
 */
struct dgram_flow *dgram_flow_answer(struct dgram_env *env, const struct flow_key *key,
				     const struct dgram_origin *origin, uint64_t now_ns);

/* dgram_flow_probe() - what connect() says of where the flow leads. Return: 0 or -errno */
int dgram_flow_probe(const struct dgram_flow *f, uint64_t now_ns);

/* dgram_flow_adopt() - answer by a listening socket from now on; one of the flow's own is closed */
void dgram_flow_adopt(struct dgram_flow *f, const struct in6_addr *peer,
		      const struct dgram_origin *origin);

/* dgram_flow_rejoin() - have a flow from outside go on by the socket that listens there now
 *
 * Return: whether there is one
 */
bool dgram_flow_rejoin(struct dgram_flow *f);

/* dgram_flow_renew() - get another socket for a flow whose own one, or listening one, is of no use
 * any more: the host's addresses or routes have changed, or that port was closed
 *
 * Where the flow goes is decided anew. One from outside goes on by the socket that listens there
 * now; if there is none, by one of its own till then. Header fields of a new socket are not set.
 * Tried at a bounded rate.
 *
 * Return: 0; -EAGAIN if it's too soon to try again; or another -errno
 */
int dgram_flow_renew(struct dgram_flow *f, uint64_t now_ns);

/* dgram_flow_is_left() - whether the host has moved since the flow last looked where it goes */
static inline bool dgram_flow_is_left(const struct dgram_flow *f)
{
	return f->moves != f->env->moves;
}

/* dgram_flow_follow() - then: get another socket if a new flow would have another source address by
 * now. Its header fields are not set, as for dgram_flow_renew()
 */
void dgram_flow_follow(struct dgram_flow *f, uint64_t now_ns);

/* dgram_fd() - the socket that the flow sends by, -1 if the listening socket is gone */
static inline int dgram_fd(const struct dgram_flow *f)
{
	const struct dgram_origin *origin = &f->origin;

	if (!origin->listener)
		return f->flow.watch.fd;
	return fwd_listener_is(origin->listener, origin->serial) ? origin->listener->watch.fd : -1;
}

/* dgram_answered() - note the first answer, or the first since @answered was reset */
void dgram_answered(struct dgram_flow *f, uint64_t now_ns);

/* dgram_flow_close() - close the socket and free the record */
void dgram_flow_close(struct dgram_flow *f);

/* dgram_flow_from_watch() - the flow whose socket is watched */
static inline struct dgram_flow *dgram_flow_from_watch(struct watch *watch)
{
	return (struct dgram_flow *)(void *)((char *)watch - offsetof(struct flow, watch));
}

/* dgram_fini() - close all flows of one IP protocol */
void dgram_fini(struct dgram_env *env, uint8_t protocol);

/* dgram_departs() - note traffic from the namespace: while it fails, that keeps no flow young
 * @len, @size:	as for flow_count_add()
 */
static inline void dgram_departs(struct dgram_flow *f, size_t len, size_t size, uint64_t now_ns)
{
	flow_count_add(&f->to_host, len, size);
	if (!f->failing)
		f->use.last_ns = now_ns;
	f->sent++;
	if (f->from_outside && !f->answered)
		dgram_answered(f, now_ns);
}

/* dgram_arrived() - note traffic from the host's side; what it was is counted by who has read it */
static inline void dgram_arrived(struct dgram_flow *f, uint64_t now_ns)
{
	f->use.last_ns = now_ns;
	f->arrived++;
	if (!f->from_outside && !f->answered)
		dgram_answered(f, now_ns);
	ask_where(f->env->link, &f->ns, now_ns); /* the namespace need not answer */
}

#endif
