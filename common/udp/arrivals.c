/* SPDX-License-Identifier: Apache-2.0
 *
 * The tap knows a flow by four numbers, the listening sockets by more: what is different there may
 * be the same here (a client that sends to two addresses of the host from one port). Then the later
 * flow gets another source port on the tap, so that each answer leaves from the right address. That
 * is so for two addresses of the namespace as well: a server may answer from either.
 */
#include "common/udp/arrivals.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/fwd/listeners.h"
#include "common/fwd/round.h"
#include "common/dgram/dgram.h"
#include "common/dgram/dgram_error.h"
#include "common/dgram/dgram_mapping.h"
#include "common/udp/tap_train.h"
#include "common/udp/udp_batch.h"
#include "common/udp/udp_local.h"
#include "common/udp/udp.h"
#include "common/udp/udp_receive.h"
#include "common/udp/udp_twin.h"

/* Rounds of one event; what is left waits for the next one, after other sockets' */
#define ARRIVALS_ROUNDS 4

/* Messages read at once, and what they have in common with the last one of them */
struct arrivals {
	struct udp *udp;
	struct fwd_listener *listener;
	uint64_t now_ns;
	struct udp_flow *flow; /* that the train belongs to; NULL: none */
	struct tap_train train;
	bool local; /* there are some for udp_local.h */
	struct udp_batch batch;
};

static bool same_origin(const struct udp_flow *f, const struct fwd_arrival *arrival,
			const struct fwd_listener *listener)
{
	const struct dgram_origin *origin = &f->dgram.origin;

	return origin->listener == listener && origin->serial == listener->serial &&
	       origin->peer_port == arrival->peer_port &&
	       addr_equal(&f->dgram.peer, &arrival->peer) &&
	       (addr_equal(&origin->local, &arrival->local) ||
		addr_is_unspecified(&origin->local)); /* the namespace has opened it */
}

/* Whether what is in the table may become this flow: its listener is gone, maybe replaced by a
 * socket of its own for the time being. One that the namespace has opened by a socket of its own
 * stays there: anybody can send in its peer's name.
 */
static bool may_adopt(const struct udp_flow *f, const struct fwd_arrival *arrival)
{
	const struct dgram_origin *origin = &f->dgram.origin;

	if (origin->listener)
		return !fwd_listener_is(origin->listener, origin->serial);
	return f->dgram.from_outside && origin->peer_port == arrival->peer_port &&
	       addr_equal(&f->dgram.peer, &arrival->peer);
}

/* The interface that a peer must be answered by, if its address doesn't tell; 0: any */
static uint32_t scope_of(const struct fwd_arrival *arrival, uint32_t ifindex)
{
	return addr_is_scoped(&arrival->peer) ? ifindex : 0;
}

static struct dgram_origin origin_of(const struct arrivals *a, const struct fwd_arrival *arrival,
				     uint32_t ifindex)
{
	return (struct dgram_origin){
		.listener = a->listener,
		.serial = a->listener->serial,
		.scope_id = scope_of(arrival, ifindex),
		.local = arrival->local,
		.peer_port = arrival->peer_port,
		.port = a->listener->port,
	};
}

static void refuse(struct dgram_env *env, enum fwd_verdict verdict)
{
	dgram_drop(env, DGRAM_DROP_REFUSED, 1);
	fwd_refusals_count(env->refusals, verdict);
}

/* The flow on the tap, opened if need be. Return: NULL if there can't be one (counted) */
static struct udp_flow *tap_flow(struct arrivals *a, const struct fwd_arrival *arrival,
				 const struct fwd_to_ns *way, uint32_t ifindex)
{
	const struct dgram_origin origin = origin_of(a, arrival, ifindex);
	struct dgram_env *env = &a->udp->env;
	struct flow_key key = {
		.ns = way->ns,
		.remote = way->remote,
		.ns_port = way->ns_port,
		.protocol = IPPROTO_UDP,
	};
	struct udp_flow *f;

	for (unsigned int i = 0; i < FWD_TO_NS_PORTS; i++) {
		key.remote_port = fwd_to_ns_port(way, arrival, i);
		f = (void *)flow_lookup(env->flows, &key);
		if (!f && (udp_twin_find(env, &key) || flow_is_elsewhere(env->flows, &key)))
			continue;
		if (f && same_origin(f, arrival, a->listener))
			return f;
		if (!fwd_listener_is_open(a->listener)) {
			refuse(env, FWD_REFUSE_RETIRED);
			return NULL;
		}
		if (!f && fwd_round_find(env->fwd, a->listener, arrival, NULL)) {
			refuse(env, FWD_REFUSE_ROUND);
			return NULL;
		}
		if (!f)
			return (void *)dgram_flow_accept(env, &key, &arrival->peer, &origin,
							 a->now_ns);
		if (may_adopt(f, arrival)) {
			dgram_flow_adopt(&f->dgram, &arrival->peer, &origin);
			return f;
		}
	}
	dgram_drop(env, DGRAM_DROP_TABLE_FULL, 1);
	return NULL;
}

static void flush(struct arrivals *a)
{
	if (a->flow)
		tap_train_flush(&a->train, a->flow);
	a->flow = NULL;
	if (a->local)
		udp_local_flush(a->udp->local);
	a->local = false;
}

static void deliver_local(struct arrivals *a, const struct fwd_arrival *arrival,
			  const struct fwd_to_ns *way, const struct dgram_meta *meta,
			  const struct iovec *data)
{
	const struct local_message message = {
		.data = *data,
		.size = dgram_meta_size(meta, (uint32_t)data->iov_len),
		.peer = arrival->peer,
		.local = arrival->local,
		.peer_port = arrival->peer_port,
		.scope_id = scope_of(arrival, meta->ifindex),
	};
	const struct udp_local_target target = {
		.side = SOCKET_NS,
		.addr = way->ns,
		.port = way->ns_port,
	};

	udp_local_input(a->udp->local, a->listener, &message, &target, a->now_ns);
	a->local = true;
}

/* Finds or opens the flow on the tap, unless it doesn't go there. Return: NULL then, or if there's
 * none (counted)
 */
static struct udp_flow *flow_of(struct arrivals *a, const struct fwd_arrival *arrival,
				const struct dgram_meta *meta, const struct iovec *data)
{
	enum fwd_verdict verdict;
	struct fwd_to_ns way;

	if (!a->listener->set) {
		flush(a);
		return (void *)dgram_mapping_flow(dgram_mapping_of(a->listener), &arrival->peer,
						  arrival->peer_port, a->now_ns);
	}
	verdict = fwd_to_ns(a->udp->env.fwd, arrival, &way);
	if (verdict == FWD_ALLOW && addr_is_multicast(&arrival->local))
		verdict = FWD_REFUSE_DESTINATION;
	if (verdict != FWD_ALLOW) {
		refuse(&a->udp->env, verdict);
		return NULL;
	}
	if (way.splice) {
		deliver_local(a, arrival, &way, meta, data);
		return NULL;
	}
	flush(a);
	return tap_flow(a, arrival, &way, meta->ifindex);
}

/* @data: as received, iov_len being the message's */
static void message_deliver(struct arrivals *a, const struct fwd_arrival *arrival,
			    const struct dgram_meta *meta, const struct iovec *data)
{
	if (!a->flow || !same_origin(a->flow, arrival, a->listener)) {
		struct udp_flow *f = flow_of(a, arrival, meta, data);

		if (!f)
			return;
		a->flow = f;
	}
	dgram_arrived(&a->flow->dgram, a->now_ns);
	flow_count_add(&a->flow->dgram.to_ns, data->iov_len,
		       dgram_meta_size(meta, (uint32_t)data->iov_len));
	tap_train_add(&a->train, a->flow, meta, data->iov_base, (uint32_t)data->iov_len);
}

/* One recvmmsg(2). Return: messages read, or -errno */
static int round_deliver(struct arrivals *a)
{
	struct udp_batch *b = &a->batch;
	int n = udp_batch_receive(b, a->listener->watch.fd, a->udp->rx_buf, UDP_RX_MESSAGES, true);

	for (int i = 0; i < n; i++) {
		const struct iovec data = { b->iov[i].iov_base, b->msgs[i].msg_len };
		const struct dgram_meta meta = udp_batch_meta(b, i);
		struct fwd_arrival arrival = {
			.protocol = IPPROTO_UDP,
			.to_addr = a->listener->to_addr,
			.to_port = a->listener->to_port,
		};

		if (addr_from_sockaddr(&b->peers[i], &arrival.peer, &arrival.peer_port))
			continue;
		arrival.local = meta.local;
		message_deliver(a, &arrival, &meta, &data);
	}
	flush(a);
	return n;
}

/* The flow on the tap that an answer went to. Return: NULL if there is none, or none any more */
static struct udp_flow *flow_of_answer(const struct udp *udp, struct fwd_listener *listener,
				       const struct dgram_error_entry *entry)
{
	const struct fwd_arrival arrival = {
		.protocol = IPPROTO_UDP,
		.peer = entry->peer,
		.peer_port = entry->peer_port,
		.local = entry->meta.local,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
	};
	struct flow_key key = { .protocol = IPPROTO_UDP };
	struct fwd_to_ns way;

	if (!listener->set)
		return (void *)dgram_mapping_find_flow(dgram_mapping_of(listener), &entry->peer,
						       entry->peer_port);
	if (fwd_to_ns(udp->env.fwd, &arrival, &way) != FWD_ALLOW || way.splice)
		return NULL;
	key.ns = way.ns;
	key.ns_port = way.ns_port;
	key.remote = way.remote;
	for (unsigned int i = 0; i < FWD_TO_NS_PORTS; i++) {
		struct udp_flow *f;

		key.remote_port = fwd_to_ns_port(&way, &arrival, i);
		f = (void *)flow_lookup(udp->env.flows, &key);
		if (f && same_origin(f, &arrival, listener))
			return f;
	}
	return NULL;
}

/* Answers that did not arrive: the namespace learns why. What they are too large for is the host's
 * kernel's business, which fragments them.
 */
static void errors_deliver(struct udp *udp, struct fwd_listener *listener, uint64_t now_ns)
{
	struct dgram_error_entry entry;
	int fd = listener->watch.fd, error, i;
	socklen_t len = sizeof(error);

	for (i = 0; i < DGRAM_ERRORS_MAX && dgram_error_take(fd, &entry); i++) {
		bool fragments = listener->set && entry.error.kind == ICMP_ERROR_FRAG_NEEDED;
		struct udp_flow *f = NULL;

		if (entry.is_icmp && !fragments)
			f = flow_of_answer(udp, listener, &entry);
		if (f)
			dgram_error_report(&f->dgram, &entry.error, entry.data, entry.len, now_ns);
	}
	if (!i) /* an error without an entry would be reported by every poll */
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static void ready(struct udp *udp, struct fwd_listener *listener, uint32_t events, uint64_t now_ns)
{
	struct arrivals a;

	if (events & EPOLLERR)
		errors_deliver(udp, listener, now_ns);
	if (!(events & EPOLLIN))
		return;
	a.udp = udp;
	a.listener = listener;
	a.now_ns = now_ns;
	a.flow = NULL;
	a.local = false;
	tap_train_init(&a.train, udp->env.link);
	for (int round = 0; round < ARRIVALS_ROUNDS; round++) {
		int n = round_deliver(&a);

		if (n < 0 && !socket_error_passes(-n) && listener->set)
			fwd_listener_pause(listener, now_ns);
		else if (n < 0 && !socket_error_passes(-n))
			dgram_mapping_drop(dgram_mapping_of(listener));
		if (n < UDP_RX_MESSAGES)
			return;
	}
}

void udp_arrivals_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);

	ready(listener->set->handlers[listener->direction].arg, listener, events, now_ns);
}

void udp_mapped_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);
	struct dgram_env *env = dgram_mapping_of(listener)->env;

	ready(container_of(env, struct udp, env), listener, events, now_ns);
}
