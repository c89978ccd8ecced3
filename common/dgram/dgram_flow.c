/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow that can't be opened leaves nothing behind but a count, an ICMP error where the network
 * is the reason, and a line in the log where this machine is.
 */
#include "common/dgram/dgram_flow.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/dgram/dgram_socket.h"
#include "common/fwd/outbound.h"
#include "common/service/icmp_error.h"

/* There is none; not an errno of connect(), as DGRAM_BROADCAST */
#define DGRAM_NO_SOCKET (-EBADFD)

/* Between attempts to get another socket for one flow */
#define DGRAM_RENEW_NS (NS_PER_S / 5)
/* How often a flow that sends and gets no answer is looked at: whether it still may get one */
#define DGRAM_CHECK_MS 3000

/* Resolvers that are tried for one flow: each that can't be reached is told of */
#define DGRAM_RESOLVERS_TRIED 4

static void flow_end(struct timer *timer, uint64_t now_ns)
{
	(void)now_ns;
	dgram_flow_close((void *)container_of(timer, struct flow, timer));
}

/* Not at once, because somebody up the stack may be at it, but as soon as timers run */
static void flow_end_soon(struct dgram_flow *f, uint64_t now_ns)
{
	f->flow.timer.fn = flow_end;
	timer_set(f->env->timers, &f->flow.timer, now_ns, 0);
}

/* Has one of these here end for a new one. Of several workers, each has that part of the share that
 * its flows are of all
 */
static void flow_displace(struct dgram_env *env, struct flow_share *share, uint64_t now_ns)
{
	const bool to_host = share == &env->shares->to_host;
	const uint32_t max = to_host && env->shares->sharing ? flow_share_count(share)
							     : dgram_shares_max(env->shares);
	struct flow_use *use = flow_share_displace(
		share, max, to_host ? "flows of UDP and ping" : "UDP flows from outside", now_ns);

	if (use)
		flow_end_soon(container_of(use, struct dgram_flow, use), now_ns);
}

/* Has one of all end for a new one. Return: whether it's one of these here */
static bool flow_displace_any(struct dgram_env *env, struct flow_share *share, uint64_t now_ns)
{
	const struct dgram_shares *shares = env->shares;

	if (share == &shares->to_host && shares->sharing && shares->sharing->displace(shares))
		return false;
	flow_displace(env, share, now_ns);
	return true;
}

void dgram_flow_displace(struct dgram_env *env, uint64_t now_ns)
{
	struct flow_share *share = &env->shares->to_host;

	if (dgram_shares_count(env->shares, share) > dgram_shares_max(env->shares))
		flow_displace_any(env, share, now_ns);
}

/* socket() failed: by the limits of this process, or because a user may not ping */
static void socket_failed(struct dgram_env *env, uint8_t protocol, const struct ip_packet *ip,
			  int code, uint64_t now_ns)
{
	bool ping = protocol != IPPROTO_UDP;
	uint64_t suppressed;

	dgram_drop(env, DGRAM_DROP_NO_SOCKET, 1);
	if (code == -EMFILE || code == -ENFILE)
		flow_displace(env, &env->shares->to_host, now_ns); /* for the next one */
	if (ping && (code == -EACCES || code == -EPERM)) {
		struct icmp_error error = { .kind = ICMP_ERROR_PROHIBITED, .packet = ip };

		if (!atomic_exchange(env->ping_refused, true))
			log_warning("cannot send echo requests: %s (net.ipv4.ping_group_range on "
				    "the host must include a group of the user)",
				    strerror(-code));
		if (ip)
			icmp_error_send(env->link, env->errors, &error, now_ns);
	} else if (log_limit_pass(&env->socket_limit, now_ns, &suppressed)) {
		log_warning("cannot open a socket for %s: %s%s",
			    ping ? "echo requests" : "a UDP flow", strerror(-code),
			    log_limit_more(suppressed).text);
	}
}

/* What a socket is opened for */
struct opening {
	struct dgram_env *env;
	const struct flow_key *key;
	const struct ip_packet *ip; /* that opens the flow; NULL: it's open */
	uint16_t remote_port; /* as the namespace sees it, if it saw the real one */
	uint16_t port; /* to bind to, if it's free; 0: any */
	bool own; /* no socket that others use too */
	uint64_t now_ns;
};

/* What came of it */
struct opened {
	int fd; /* -1: @origin has one that it shares */
	struct fwd_target target;
	struct dgram_origin origin;
};

/* Return: the descriptor; DGRAM_NO_SOCKET, which has been reported; or what connect() said */
static int socket_open(const struct opening *o, const struct fwd_target *target)
{
	int rc, fd = dgram_socket_new(target, o->key->protocol, o->port);

	if (fd < 0 && dgram_socket_unavailable(fd)) {
		socket_failed(o->env, o->key->protocol, o->ip, fd, o->now_ns);
		return DGRAM_NO_SOCKET;
	}
	if (fd < 0)
		return fd;
	rc = dgram_socket_connect(fd, target);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

void dgram_answered(struct dgram_flow *f, uint64_t now_ns)
{
	f->answered = true;
	flow_share_answered(f->share, &f->use, now_ns);
	if (f->dns && f->env->resolver_result)
		f->env->resolver_result(f->env, &f->peer, f->flow.key.remote_port, 0, now_ns);
}

static void flow_age(struct timer *timer, uint64_t now_ns);

/* Two at a time, where listening sockets have made the share smaller */
static void make_room(struct dgram_env *env, struct flow_share *share, uint32_t max,
		      uint64_t now_ns)
{
	for (int i = 0; i < 2 && dgram_shares_count(env->shares, share) > max; i++)
		if (!flow_displace_any(env, share, now_ns))
			return;
}

/* Return: NULL if there's no room (counted), or another worker has it (env->raced) */
static struct dgram_flow *flow_add(struct dgram_env *env, const struct flow_key *key,
				   struct flow_share *share, uint64_t now_ns)
{
	struct dgram_flow *f = (void *)flow_alloc(env->flows, key);
	const uint32_t max = dgram_shares_max(env->shares);
	uint64_t suppressed;

	if (!f && flow_is_elsewhere(env->flows, key)) {
		env->raced = true;
		return NULL;
	}
	if (!env->shares->sharing)
		make_room(env, share, max - 1, now_ns);
	if (!f) {
		flow_displace(env, share, now_ns);
		dgram_drop(env, DGRAM_DROP_TABLE_FULL, 1);
		if (log_limit_pass(&env->table_limit, now_ns, &suppressed))
			log_warning("flow table is full, dropping a new flow%s",
				    log_limit_more(suppressed).text);
		return NULL;
	}
	f->env = env;
	f->share = share;
	f->ns = key->ns;
	f->moves = env->moves;
	flow_share_add(share, &f->use, now_ns);
	f->flow.timer.fn = flow_age;
	timer_set(env->timers, &f->flow.timer, now_ns,
		  share == &env->shares->to_ns ? FLOW_IDLE_MS : DGRAM_CHECK_MS);
	if (env->shares->sharing) /* once it counts, so that who adds one just now sees it */
		make_room(env, share, max, now_ns);
	env->opened++;
	return f;
}

/* The same for what nobody hands over */
static struct dgram_flow *flow_add_to_ns(struct dgram_env *env, const struct flow_key *key,
					 uint64_t now_ns)
{
	struct dgram_flow *f;

	env->raced = false;
	f = flow_add(env, key, &env->shares->to_ns, now_ns);
	if (!f && env->raced)
		dgram_drop(env, DGRAM_DROP_TABLE_FULL, 1);
	return f;
}

static void has_socket(struct dgram_flow *f)
{
	if (f->env->has_socket)
		f->env->has_socket(f);
}

/* @fd: as socket_open() made it; the flow's, unless this fails. Return: 0 or -errno */
static int socket_take(struct dgram_flow *f, int fd)
{
	int rc;

	f->flow.watch = (struct watch){ f->env->ready, fd };
	rc = loop_add(f->env->loop, &f->flow.watch, EPOLLIN);
	if (rc) {
		f->flow.watch.fd = -1;
		return rc;
	}
	f->ttl = f->tos = 0;
	f->whole = true; /* as dgram_socket_new() leaves it */
	has_socket(f);
	return 0;
}

/* Or leave the one that it shares */
static void socket_close(struct dgram_flow *f)
{
	if (f->origin.mapped)
		f->env->leave(f->env, &f->origin);
	f->origin.mapped = false;
	if (f->flow.watch.fd >= 0) {
		loop_remove(f->env->loop, &f->flow.watch);
		close(f->flow.watch.fd);
	}
	f->flow.watch.fd = -1;
}

void dgram_flow_adopt(struct dgram_flow *f, const struct in6_addr *peer,
		      const struct dgram_origin *origin)
{
	socket_close(f);
	f->peer = *peer;
	f->origin = *origin;
	f->whole = origin->mapped;
	has_socket(f);
}

struct dgram_flow *dgram_flow_accept(struct dgram_env *env, const struct flow_key *key,
				     const struct in6_addr *peer, const struct dgram_origin *origin,
				     uint64_t now_ns)
{
	struct dgram_flow *f;

	/* Anybody can open these: the rest is for what the namespace asks for */
	if (env->flows->used >= env->flows->capacity - env->flows->capacity / 4) {
		flow_displace(env, &env->shares->to_ns, now_ns);
		dgram_drop(env, DGRAM_DROP_TABLE_FULL, 1);
		return NULL;
	}
	f = flow_add_to_ns(env, key, now_ns);
	if (!f)
		return NULL;
	f->from_outside = true;
	dgram_flow_adopt(f, peer, origin);
	return f;
}

/* What others have to do with it. Return: DGRAM_SHARES_NONE: it gets a socket of its own */
static enum dgram_sharing_outcome flow_share_socket(const struct opening *o, struct opened *got)
{
	struct dgram_env *env = o->env;
	enum dgram_sharing_outcome outcome =
		o->own || !env->share ? DGRAM_SHARES_NONE
				      : env->share(env, o->key, &got->target, &got->origin);

	if (outcome == DGRAM_SHARES)
		got->fd = -1;
	else if (outcome == DGRAM_SHARES_ELSEWHERE)
		env->raced = true;
	return outcome;
}

/* Decides where the flow goes, again if that is a resolver that can't be reached. Return: 0; or as
 * socket_open(), DGRAM_NO_SOCKET also if it may not go anywhere, or another worker is to have it
 */
static int flow_connect(const struct opening *o, struct opened *ret)
{
	const struct flow_key *key = o->key;
	const struct fwd_query query = {
		.protocol = key->protocol,
		.ns = key->ns,
		.remote = key->remote,
		.ns_port = key->ns_port,
		.remote_port = o->remote_port,
	};
	struct dgram_env *env = o->env;

	*ret = (struct opened){ .fd = DGRAM_NO_SOCKET };
	for (int i = 0; i < DGRAM_RESOLVERS_TRIED; i++) {
		struct fwd_target *target = &ret->target;
		enum fwd_verdict verdict = fwd_outbound(env->fwd, &query, target);

		if (verdict != FWD_ALLOW) {
			dgram_refused(env, key, o->ip, verdict, o->now_ns);
			return DGRAM_NO_SOCKET;
		}
		if (env->redirect)
			env->redirect(env, key, target);
		if (flow_share_socket(o, ret) != DGRAM_SHARES_NONE)
			return ret->fd == -1 ? 0 : DGRAM_NO_SOCKET;
		ret->fd = socket_open(o, target);
		if (ret->fd >= 0 || ret->fd == DGRAM_NO_SOCKET || !target->dns ||
		    !env->resolver_result)
			break;
		env->resolver_result(env, &target->addr, key->remote_port, o->now_ns, o->now_ns);
	}
	return ret->fd < 0 ? ret->fd : 0;
}

/* Undo flow_connect() */
static void opened_drop(struct dgram_env *env, const struct opened *got)
{
	if (got->fd >= 0)
		close(got->fd);
	else if (got->origin.mapped)
		env->leave(env, &got->origin);
}

/* What flow_connect() got is the flow's, unless this fails. Return: 0 or -errno */
static int flow_take(struct dgram_flow *f, const struct opened *got)
{
	int rc = 0;

	if (got->fd < 0)
		dgram_flow_adopt(f, &got->target.addr, &got->origin);
	else
		rc = socket_take(f, got->fd);
	if (rc)
		return rc;
	f->peer = got->target.addr;
	f->dns = got->target.dns;
	f->asks = got->target.asks;
	policy_learnt_release(f->env->fwd->learnt, f->held);
	f->held = policy_learnt_hold(f->env->fwd->learnt, got->target.name);
	return 0;
}

struct dgram_flow *dgram_flow_open(struct dgram_env *env, const struct flow_key *key,
				   const struct ip_packet *ip, uint64_t now_ns)
{
	const struct opening o = {
		.env = env,
		.key = key,
		.ip = ip,
		.remote_port = key->remote_port,
		/* An echo's identifier is the socket's port: keep the namespace's */
		.port = key->protocol == IPPROTO_UDP ? 0 : key->ns_port,
		.now_ns = now_ns,
	};
	struct dgram_flow *f;
	struct opened got;
	int rc;

	env->raced = false;
	rc = flow_connect(&o, &got);
	if (rc) {
		if (rc != DGRAM_NO_SOCKET)
			dgram_unreachable(env, ip, rc, now_ns);
		return NULL;
	}
	f = flow_add(env, key, &env->shares->to_host, now_ns);
	if (f && flow_take(f, &got)) {
		dgram_drop(env, DGRAM_DROP_NO_SOCKET, 1);
		dgram_flow_close(f);
		f = NULL;
	}
	if (!f)
		opened_drop(env, &got);
	return f;
}

struct dgram_flow *dgram_flow_begin(struct dgram_env *env, const struct flow_key *key,
				    const struct link_frame *frame, const struct ip_packet *ip,
				    uint64_t now_ns)
{
	struct dgram_flow *f;

	if (env->pass && env->pass(env, key, frame, ip))
		return NULL;
	f = dgram_flow_open(env, key, ip, now_ns);
	if (!f && env->raced && !(env->pass && env->pass(env, key, frame, ip)))
		dgram_drop(env, DGRAM_DROP_TABLE_FULL, 1);
	return f;
}

struct dgram_flow *dgram_flow_answer(struct dgram_env *env, const struct flow_key *key,
				     const struct dgram_origin *origin, uint64_t now_ns)
{
	struct dgram_flow *f = flow_add_to_ns(env, key, now_ns);

	if (f)
		dgram_flow_adopt(f, &key->remote, origin);
	else
		env->leave(env, origin);
	return f;
}

/* The flow's port of the host, which a new socket had better keep; 0: there is none */
static uint16_t host_end(const struct dgram_flow *f, struct in6_addr *ret_addr)
{
	union sockaddr_inany sa = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	uint16_t port = 0;

	*ret_addr = in6addr_any;
	if (!getsockname(f->flow.watch.fd, &sa.sa, &len))
		addr_from_sockaddr(&sa, ret_addr, &port);
	return port;
}

static struct opening reopening(const struct dgram_flow *f, uint16_t port, uint64_t now_ns)
{
	return (struct opening){
		.env = f->env,
		.key = &f->flow.key,
		.remote_port = f->from_outside ? f->origin.peer_port : f->flow.key.remote_port,
		.port = port,
		.now_ns = now_ns,
	};
}

bool dgram_flow_rejoin(struct dgram_flow *f)
{
	const struct fwd_listeners *set = f->env->shares->listeners;
	struct dgram_origin origin = f->origin;

	if (!f->from_outside || !set)
		return false;
	origin.listener = fwd_listeners_find(set, FWD_UDP_TO_NS, addr_family(&f->peer),
					     &origin.local, origin.port);
	if (!origin.listener || origin.listener->to_port != f->flow.key.ns_port)
		return false;
	origin.serial = origin.listener->serial;
	dgram_flow_adopt(f, &f->peer, &origin);
	return true;
}

int dgram_flow_renew(struct dgram_flow *f, uint64_t now_ns)
{
	bool ping = f->flow.key.protocol != IPPROTO_UDP;
	struct in6_addr local;
	struct opening o;
	struct opened got;
	int rc;

	if (f->renewed_ns && now_ns - f->renewed_ns < DGRAM_RENEW_NS)
		return -EAGAIN;
	if (f->origin.listener && dgram_fd(f) >= 0)
		return -EAGAIN; /* which is bound to no address */
	f->renewed_ns = now_ns;
	if (dgram_flow_rejoin(f))
		return 0;
	o = reopening(f, ping ? f->flow.key.ns_port : host_end(f, &local), now_ns);
	socket_close(f);
	f->env->raced = false;
	rc = flow_connect(&o, &got);
	if (rc && f->env->raced)
		flow_end_soon(f, now_ns); /* and it begins anew there */
	if (rc)
		return rc;
	f->origin.listener = NULL;
	rc = flow_take(f, &got);
	if (rc)
		opened_drop(f->env, &got);
	return rc;
}

int dgram_flow_probe(const struct dgram_flow *f, uint64_t now_ns)
{
	struct opening o = reopening(f, 0, now_ns);
	struct opened got;
	int rc;

	o.own = true;
	rc = flow_connect(&o, &got);
	if (!rc)
		close(got.fd);
	return rc;
}

/* Where the kernel would take another source address for a new flow, by another route or because it
 * has lost the old one (IPv6 sends from that as if nothing had happened), nothing comes back.
 * Return: -EAGAIN if it's too soon for another socket, else 0
 */
static int source_check(struct dgram_flow *f, uint64_t now_ns)
{
	struct opening o = reopening(f, 0, now_ns);
	struct dgram_flow fresh = { .env = f->env };
	struct in6_addr was, is;
	struct opened got;

	o.own = true;
	if (flow_connect(&o, &got))
		return 0;
	fresh.flow.watch.fd = got.fd;
	host_end(f, &was);
	host_end(&fresh, &is);
	close(got.fd);
	if (addr_equal(&was, &is))
		return 0;
	return dgram_flow_renew(f, now_ns) == -EAGAIN ? -EAGAIN : 0;
}

void dgram_flow_follow(struct dgram_flow *f, uint64_t now_ns)
{
	/* What is sent by others' sockets gets its source with each datagram */
	if (f->origin.listener || !source_check(f, now_ns))
		f->moves = f->env->moves;
}

/* One timer a flow, never touched by traffic: it looks whether there was any, and sleeps on */
static void flow_age(struct timer *timer, uint64_t now_ns)
{
	struct dgram_flow *f = (void *)container_of(timer, struct flow, timer);
	uint64_t left_ms = flow_use_left_ms(&f->use, f->env->idle_stream_ms, now_ns);

	if (!left_ms) {
		dgram_flow_close(f);
		return;
	}
	if (f->sent != f->sent_before && !f->origin.listener) {
		if (f->arrived == f->arrived_before)
			source_check(f, now_ns);
		left_ms = MIN(left_ms, DGRAM_CHECK_MS);
	}
	f->sent_before = f->sent;
	f->arrived_before = f->arrived;
	timer_set(f->env->timers, timer, now_ns, left_ms);
}

void dgram_flow_close(struct dgram_flow *f)
{
	struct dgram_env *env = f->env;

	timer_cancel(env->timers, &f->flow.timer);
	flow_share_remove(f->share, &f->use);
	socket_close(f);
	env->closed++;
	policy_learnt_release(env->fwd->learnt, f->held);
	flow_free(env->flows, &f->flow);
}

struct fini_scope {
	uint8_t protocol;
};

static void flow_fini(struct flow *flow, void *arg)
{
	const struct fini_scope *scope = arg;

	if (flow->key.protocol == scope->protocol)
		dgram_flow_close((void *)flow);
}

void dgram_fini(struct dgram_env *env, uint8_t protocol)
{
	struct fini_scope scope = { protocol };

	if (env->flows)
		flow_table_each(env->flows, flow_fini, &scope);
}
