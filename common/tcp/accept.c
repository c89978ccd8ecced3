/* SPDX-License-Identifier: Apache-2.0
 *
 * What can't be served for want of descriptors or records stays in the kernel's queue, and the
 * listener is left alone for a moment: being told of it again and again would help nobody. What
 * may not be served, or has no free ends on the tap, is reset at once.
 */
#include "common/tcp/accept.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/fwd/listeners.h"
#include "common/tcp/sock_side.h"
#include "common/tcp/splice.h"
#include "common/tcp/tcp.h"

/* Connections of one event at most; what is left waits for the next one, after other sockets'. As
 * long as they come one by one, the call that finds none is spared.
 */
#define ACCEPT_BURST_MAX 32

static void accept_starved(struct tcp *tcp, struct fwd_listener *listener, const char *why,
			   uint64_t now_ns)
{
	uint64_t more;

	if (log_limit_pass(&tcp->starved_limit, now_ns, &more))
		log_warning("connections to port %u have to wait: %s (%llu more like this)",
			    listener->port, why, (unsigned long long)more);
	fwd_listener_pause(listener, now_ns);
}

static void accept_refused(struct tcp *tcp, const struct fwd_arrival *arrival, const char *why,
			   uint64_t now_ns)
{
	char peer[ADDR_TEXT_MAX];
	uint64_t more;

	tcp->stats.refused++;
	if (log_enabled(LOG_LEVEL_DEBUG) && log_limit_pass(&tcp->refused_limit, now_ns, &more))
		log_debug("refused a connection from %s port %u: %s (%llu more like this)",
			  addr_format(&arrival->peer, peer), arrival->peer_port, why,
			  (unsigned long long)more);
}

/* Ends on the tap that no other connection has. Return: whether there are any */
static bool accept_key(struct tcp *tcp, const struct fwd_inbound *inbound,
		       const struct fwd_arrival *arrival, struct flow_key *ret_key)
{
	struct flow_key key = {
		.ns = inbound->ns,
		.remote = inbound->remote,
		.ns_port = inbound->ns_port,
		.protocol = IPPROTO_TCP,
	};

	for (unsigned int i = 0; i < FWD_INBOUND_PORTS; i++) {
		struct tcp_flow *f;

		key.remote_port = fwd_inbound_port(inbound, arrival, i);
		f = (struct tcp_flow *)flow_lookup(tcp->flows, &key);
		if (f && f->conn.tap_state != TCP_TAP_TIME_WAIT)
			continue;
		if (f)
			tcp_flow_close(f);
		*ret_key = key;
		return true;
	}
	return false;
}

/* A decision for one connection, carried out; @fd is taken */
static void accept_open(struct tcp *tcp, int fd, const struct fwd_arrival *arrival,
			uint64_t now_ns)
{
	struct fwd_inbound inbound;
	enum fwd_verdict verdict = fwd_inbound(tcp->fwd, arrival, &inbound);
	struct flow_key key;

	tcp->stats.accepted++;
	if (verdict != FWD_ALLOW) {
		accept_refused(tcp, arrival, fwd_verdict_text(verdict), now_ns);
		tcp_sock_reset(fd);
	} else if (inbound.splice) {
		const struct splice_target target = {
			.side = SOCKET_NS, .addr = inbound.ns, .port = inbound.ns_port,
		};

		splice_accept(tcp->splice, fd, &target, now_ns);
	} else if (!accept_key(tcp, &inbound, arrival, &key)) {
		accept_refused(tcp, arrival, "its port is taken on the tap", now_ns);
		tcp_sock_reset(fd);
	} else if (tcp_open_to_ns(tcp, &key, fd, now_ns)) {
		accept_refused(tcp, arrival, "no room for it", now_ns);
	}
}

static struct in6_addr socket_addr(int fd)
{
	struct in6_addr addr = in6addr_any;
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	uint16_t port;

	if (!getsockname(fd, &sa.sa, &len))
		addr_from_sockaddr(&sa, &addr, &port);
	return addr;
}

/* Return: whether there may be another one */
static bool accept_one(struct tcp *tcp, struct fwd_listener *listener, uint64_t now_ns)
{
	struct fwd_arrival arrival = {
		.protocol = IPPROTO_TCP,
		.local = listener->addr,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
	};
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	int fd;

	if (tcp->flows->used == tcp->flows->capacity) {
		accept_starved(tcp, listener, "the flow table is full", now_ns);
		return false;
	}
	fd = accept4(listener->watch.fd, &sa.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		int code = errno;

		if (code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS)
			accept_starved(tcp, listener, strerror(code), now_ns);
		/* others are about a connection that is gone already */
		return code != EAGAIN && !listener->paused;
	}
	if (addr_from_sockaddr(&sa, &arrival.peer, &arrival.peer_port)) {
		tcp_sock_reset(fd);
		return true;
	}
	if (addr_is_unspecified(&arrival.local))
		arrival.local = socket_addr(fd);
	accept_open(tcp, fd, &arrival, now_ns);
	return true;
}

void tcp_accept_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);
	struct tcp *tcp = listener->set->handlers[listener->direction].arg;

	(void)events;
	for (int i = 0; i <= listener->burst; i++) {
		if (!accept_one(tcp, listener, now_ns)) {
			listener->burst = 0;
			return;
		}
	}
	listener->burst = (uint8_t)MIN(2 * listener->burst + 1, ACCEPT_BURST_MAX - 1);
}
