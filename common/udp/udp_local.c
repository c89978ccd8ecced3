/* SPDX-License-Identifier: Apache-2.0
 *
 * A listener may be gone while its flows are not: each answer asks whether it's still the one.
 */
#include "common/udp/udp_local.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/fwd/egress.h"
#include "common/fwd/fwd_local.h"
#include "common/fwd/round.h"

/* Of one event; what is left waits for the next one, after other sockets' */
#define RX_ROUNDS 4

#define SOCKET_BUFFER_BYTES (1 << 20)

struct udp_local_flow {
	struct flow flow; /* first: key.ns is the address sent to, key.remote the peer */
	struct udp_local *local;
	struct fwd_listener *listener;
	uint32_t serial; /* the listener's */
	enum fwd_direction direction; /* likewise, should it be replaced */
	uint32_t scope_id; /* of a link-local peer */
	struct flow_use use;
	struct flow_count asked, answered; /* from the peer, and to it */
};

static_assert(sizeof(struct udp_local_flow) <= FLOW_RECORD_BYTES, "a flow is one record");

int udp_local_init(struct udp_local *local)
{
	local_train_init(&local->train);
	local->rx_buf = map_lazily(LOCAL_RX_BYTES);
	return local->rx_buf ? 0 : -ENOMEM;
}

static void local_flow_answered(struct udp_local_flow *f, uint64_t now_ns)
{
	f->use.last_ns = now_ns;
	if (!f->use.answered_ns)
		flow_share_answered(&f->local->share, &f->use, now_ns);
}

static void local_flow_close(struct udp_local_flow *f)
{
	struct udp_local *local = f->local;

	if (local->flow == f) {
		local->train.train.count = 0;
		local->flow = NULL;
	}
	timer_cancel(local->timers, &f->flow.timer);
	if (f->flow.watch.fd >= 0) {
		loop_remove(local->loop, &f->flow.watch);
		close(f->flow.watch.fd);
	}
	f->flow.watch.fd = -1;
	flow_share_remove(&local->share, &f->use);
	flow_free(local->flows, &f->flow);
}

const struct flow_use *udp_local_use(const struct flow *flow)
{
	return &((const struct udp_local_flow *)flow)->use;
}

void udp_local_counts(const struct flow *flow, struct flow_count *ret_asked,
		      struct flow_count *ret_answered)
{
	const struct udp_local_flow *f = (const struct udp_local_flow *)flow;

	*ret_asked = f->asked;
	*ret_answered = f->answered;
}

struct fwd_listener *udp_local_listener(const struct flow *flow)
{
	const struct udp_local_flow *f = (const struct udp_local_flow *)flow;

	return fwd_listener_is(f->listener, f->serial) ? f->listener : NULL;
}

static void close_if_local(struct flow *flow, void *arg)
{
	(void)arg;
	if (flow->key.protocol >= UDP_LOCAL_PROTOCOL)
		local_flow_close((struct udp_local_flow *)flow);
}

void udp_local_close(struct flow *flow)
{
	local_flow_close((struct udp_local_flow *)flow);
}

void udp_local_fini(struct udp_local *local)
{
	if (!local->rx_buf)
		return;
	flow_table_each(local->flows, close_if_local, NULL);
	map_drop(local->rx_buf, LOCAL_RX_BYTES);
	local->rx_buf = NULL;
}

static void local_flow_timeout(struct timer *timer, uint64_t now_ns)
{
	struct udp_local_flow *f = container_of(timer, struct udp_local_flow, flow.timer);
	uint64_t left_ms = flow_use_left_ms(&f->use, FLOW_IDLE_STREAM_MS, now_ns);

	if (left_ms)
		timer_set(f->local->timers, timer, now_ns, left_ms);
	else
		local_flow_close(f);
}

/* Whether the socket that the peer knows is still there, or one that listens there again */
static bool local_flow_has_listener(struct udp_local_flow *f)
{
	const struct flow_key *key = &f->flow.key;
	struct fwd_listener *again = NULL;

	if (fwd_listener_is(f->listener, f->serial))
		return true;
	if (f->listener->set)
		again = fwd_listeners_find(f->listener->set, f->direction,
					   addr_family(&key->remote), &key->ns, key->ns_port);
	if (!again)
		return false;
	f->listener = again;
	f->serial = again->serial;
	return true;
}

/* Answers, by the listening socket that the peer knows */
static void local_flow_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct udp_local_flow *f = container_of(watch, struct udp_local_flow, flow.watch);
	struct udp_local *local = f->local;
	struct local_message messages[LOCAL_RX_MESSAGES];
	struct local_train train;

	(void)events;
	if (!local_flow_has_listener(f)) {
		local_flow_close(f);
		return;
	}
	local_train_init(&train);
	train.route = (struct local_route){
		.fd = f->listener->watch.fd,
		.addressed = true,
		.ip6_socket = f->listener->family != AF_INET,
		.peer = f->flow.key.remote,
		.from = f->flow.key.ns,
		.peer_port = f->flow.key.remote_port,
		.scope_id = f->scope_id,
	};
	for (int round = 0; round < RX_ROUNDS; round++) {
		int n = local_receive(watch->fd, local->rx_buf, messages);

		if (n < 0 && !socket_error_passes(-n)) {
			local_flow_close(f);
			return;
		}
		if (n > 0)
			local_flow_answered(f, now_ns);
		for (int i = 0; i < n; i++) {
			local->stats.bytes += messages[i].data.iov_len;
			flow_count_add(&f->answered, messages[i].data.iov_len, messages[i].size);
			local->stats.lost += local_train_add(&train, &messages[i]);
		}
		local->stats.lost += local_train_send(&train);
		if (n < LOCAL_RX_MESSAGES)
			return;
	}
}

/* Return: connected socket, or -errno */
static int target_socket(const struct udp_local *local, const struct udp_local_target *target)
{
	int fd = socket_get(local->sockets, target->side, addr_family(&target->addr), SOCK_DGRAM);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&target->addr, target->port, target->scope_id, &sa);
	int rc = 0;

	if (fd < 0)
		return fd;
	socket_set(fd, IPPROTO_UDP, UDP_GRO, 1);
	socket_set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
	socket_set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
	if (connect(fd, &sa.sa, len))
		rc = -errno;
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

static void no_room(struct udp_local *local, const char *why, uint64_t now_ns)
{
	uint64_t more;

	local->stats.no_room++;
	if (log_limit_pass(&local->no_room_limit, now_ns, &more))
		log_warning("cannot open a local UDP flow: %s%s", why, log_limit_more(more).text);
}

/* An old flow ends for a new one */
static void displace(struct udp_local *local, uint64_t now_ns)
{
	struct flow_use *use = flow_share_displace(&local->share, dgram_shares_max(local->shares),
						   "local UDP flows", now_ns);

	if (use)
		local_flow_close(container_of(use, struct udp_local_flow, use));
}

/* TCP and the tap need room too */
static void keep_to_share(struct udp_local *local, uint64_t now_ns)
{
	uint32_t max = dgram_shares_max(local->shares);

	/* Two at a time, where listening sockets have made the share smaller */
	for (int i = 0; i < 2 && flow_share_count(&local->share) >= max; i++)
		displace(local, now_ns);
}

static struct udp_local_flow *local_flow_add(struct udp_local *local, const struct flow_key *key,
					     uint64_t now_ns)
{
	struct udp_local_flow *f;

	keep_to_share(local, now_ns);
	f = (struct udp_local_flow *)flow_alloc(local->flows, key);
	if (!f)
		return NULL;
	f->local = local;
	f->flow.timer.fn = local_flow_timeout;
	flow_share_add(&local->share, &f->use, now_ns);
	return f;
}

/* Return: the flow, or NULL (counted) */
static struct udp_local_flow *local_flow_open(struct udp_local *local, const struct flow_key *key,
					      const struct udp_local_target *target,
					      uint64_t now_ns)
{
	struct udp_local_flow *f = local_flow_add(local, key, now_ns);
	int fd, rc;

	if (!f) {
		no_room(local, "the flow table is full", now_ns);
		return NULL;
	}
	fd = target_socket(local, target);
	if ((fd == -EMFILE || fd == -ENFILE) && flow_share_count(&local->share) > 1) {
		displace(local, now_ns);
		fd = target_socket(local, target);
	}
	rc = fd < 0 ? fd : 0;
	if (!rc) {
		f->flow.watch = (struct watch){ local_flow_ready, fd };
		rc = loop_add(local->loop, &f->flow.watch, EPOLLIN);
	}
	if (rc) {
		f->flow.watch.fn = NULL;
		no_room(local, strerror(-rc), now_ns);
		local_flow_close(f);
		return NULL;
	}
	timer_set(local->timers, &f->flow.timer, now_ns, FLOW_IDLE_MS);
	local->stats.opened++;
	return f;
}

void udp_local_flush(struct udp_local *local)
{
	local->stats.lost += local_train_send(&local->train);
	local->flow = NULL;
}

static struct fwd_arrival arrival_of(const struct fwd_listener *listener,
				     const struct local_message *message)
{
	return (struct fwd_arrival){
		.protocol = IPPROTO_UDP,
		.peer = message->peer,
		.local = message->local,
		.peer_port = message->peer_port,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
		.any_addr = addr_is_unspecified(&listener->addr),
	};
}

static void refuse(struct udp_local *local, const struct fwd_listener *listener,
		   enum fwd_verdict verdict, uint64_t now_ns)
{
	uint64_t more;

	local->stats.refused++;
	fwd_refusals_count(local->refusals, verdict);
	if (log_enabled(LOG_LEVEL_DEBUG) && log_limit_pass(&local->refused_limit, now_ns, &more))
		log_debug("%s: refused a datagram to port %u: %s%s",
			  fwd_direction_text(listener->direction), listener->port,
			  fwd_verdict_text(verdict), log_limit_more(more).text);
}

/* Return: a new flow, or NULL (counted) */
static struct udp_local_flow *flow_for(struct udp_local *local, struct fwd_listener *listener,
				       const struct local_message *message,
				       const struct flow_key *key,
				       const struct udp_local_target *target, uint64_t now_ns)
{
	const struct fwd_arrival arrival = arrival_of(listener, message);
	enum fwd_verdict verdict = FWD_ALLOW;

	if (!fwd_listener_is_open(listener)) {
		refuse(local, listener, FWD_REFUSE_RETIRED, now_ns);
		return NULL;
	}
	if (fwd_round_find(local->fwd, listener, &arrival, NULL))
		verdict = FWD_REFUSE_ROUND;
	else if (target->side == SOCKET_HOST)
		verdict = fwd_egress_local(local->fwd, &arrival, &target->addr, target->port);
	if (verdict == FWD_ALLOW)
		return local_flow_open(local, key, target, now_ns);
	refuse(local, listener, verdict, now_ns);
	return NULL;
}

void udp_local_input(struct udp_local *local, struct fwd_listener *listener,
		     const struct local_message *message, const struct udp_local_target *target,
		     uint64_t now_ns)
{
	const struct flow_key key = {
		.ns = message->local,
		.remote = message->peer,
		.ns_port = listener->port,
		.remote_port = message->peer_port,
		.protocol = (uint8_t)(UDP_LOCAL_PROTOCOL + target->side),
	};
	struct udp_local_flow *f = local->flow;

	if (!f || memcmp(&f->flow.key, &key, sizeof(key)) != 0) {
		udp_local_flush(local);
		f = (struct udp_local_flow *)flow_lookup(local->flows, &key);
		if (!f)
			f = flow_for(local, listener, message, &key, target, now_ns);
		if (!f)
			return;
		local->flow = f;
		local->train.route = (struct local_route){ .fd = f->flow.watch.fd };
		f->listener = listener;
		f->serial = listener->serial;
		f->direction = (enum fwd_direction)listener->direction;
		f->scope_id = message->scope_id;
	}
	f->use.last_ns = now_ns;
	flow_count_add(&f->asked, message->data.iov_len, message->size);
	local->stats.bytes += message->data.iov_len;
	local->stats.lost += local_train_add(&local->train, message);
}

static void arrived(struct udp_local *local, struct fwd_listener *listener,
		    const struct local_message *message, uint64_t now_ns)
{
	const struct fwd_arrival arrival = arrival_of(listener, message);
	struct fwd_target target;
	enum fwd_verdict verdict = fwd_local(local->fwd, &arrival, &target);

	if (verdict != FWD_ALLOW) {
		refuse(local, listener, verdict, now_ns);
		return;
	}
	udp_local_input(local, listener, message,
			&(struct udp_local_target){ SOCKET_HOST, target.addr, target.port,
						    target.scope_id },
			now_ns);
}

void udp_local_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);
	struct udp_local *local = listener->set->handlers[listener->direction].arg;
	struct local_message messages[LOCAL_RX_MESSAGES];

	(void)events;
	for (int round = 0; round < RX_ROUNDS; round++) {
		int n = local_receive(watch->fd, local->rx_buf, messages);

		if (n < 0 && !socket_error_passes(-n))
			fwd_listener_pause(listener, now_ns);
		for (int i = 0; i < n; i++)
			arrived(local, listener, &messages[i], now_ns);
		udp_local_flush(local);
		if (n < LOCAL_RX_MESSAGES)
			return;
	}
}
