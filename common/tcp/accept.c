/* SPDX-License-Identifier: Apache-2.0
 *
 * What can't be served for want of records stays in the kernel's queue, as without descriptors.
 * What may not be served, or has no free ends on the tap, is reset at once.
 */
#include "common/tcp/accept.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/fwd/listeners.h"
#include "common/fwd/round.h"
#include "common/tcp/accepting.h"
#include "common/tcp/sock_side.h"
#include "common/tcp/splice.h"
#include "common/tcp/tcp.h"

static void accept_refused(struct tcp *tcp, const struct fwd_arrival *arrival, const char *why,
			   uint64_t now_ns)
{
	char peer[ADDR_TEXT_MAX];
	uint64_t more;

	tcp->stats.refused++;
	if (log_enabled(LOG_LEVEL_DEBUG) && log_limit_pass(&tcp->refused_limit, now_ns, &more))
		log_debug("refused a connection from %s port %u: %s%s",
			  addr_format(&arrival->peer, peer), arrival->peer_port, why,
			  log_limit_more(more).text);
}

struct flow_key tcp_accepted_key(const struct tcp_accepted *accepted, unsigned int attempt)
{
	return (struct flow_key){
		.ns = accepted->way.ns,
		.remote = accepted->way.remote,
		.ns_port = accepted->way.ns_port,
		.remote_port = fwd_to_ns_port(&accepted->way, &accepted->arrival, attempt),
		.protocol = IPPROTO_TCP,
	};
}

/* A record with ends on the tap that no other connection has. Another worker may be about to take
 * the same ones for a client that came by another port: who takes them first, has them.
 *
 * Return: NULL: there are none, or no record
 */
static struct tcp_flow *accept_record(struct tcp *tcp, const struct tcp_accepted *accepted,
				      uint64_t now_ns)
{
	for (unsigned int i = 0; i < FWD_TO_NS_PORTS; i++) {
		const struct flow_key key = tcp_accepted_key(accepted, i);
		struct tcp_flow *f = (struct tcp_flow *)flow_lookup(tcp->flows, &key);

		if (f && f->conn.tap_state != TCP_TAP_TIME_WAIT)
			continue;
		if (f)
			tcp_flow_close(f);
		f = tcp_flow_new(tcp, &key, now_ns);
		if (f || !flow_has_room(tcp->flows, 0))
			return f;
	}
	return NULL;
}

void tcp_accepted_open(struct tcp *tcp, const struct tcp_accepted *accepted, uint64_t now_ns)
{
	struct tcp_flow *f = accept_record(tcp, accepted, now_ns);

	if (!f) {
		accept_refused(tcp, &accepted->arrival,
			       flow_has_room(tcp->flows, 0) ? "its port is taken on the tap"
							    : "no record for it",
			       now_ns);
		tcp_sock_reset(accepted->fd);
	} else if (tcp_open_to_ns(f, accepted->fd, now_ns)) {
		accept_refused(tcp, &accepted->arrival, "no room for it", now_ns);
	}
}

/* Whether there's a record for another one, be it at another worker */
static bool accept_has_room(const struct tcp *tcp)
{
	return tcp->has_room ? tcp->has_room(tcp) : flow_has_room(tcp->flows, 0);
}

/* A decision for one connection, carried out. Return: whether there's a record for another one */
static bool accept_open(struct fwd_listener *listener, int fd, const struct fwd_arrival *arrival,
			uint64_t now_ns)
{
	struct tcp *tcp = listener->set->handlers[listener->direction].arg;
	struct tcp_accepted accepted = { .fd = fd, .arrival = *arrival };
	const struct fwd_to_ns *way = &accepted.way;
	enum fwd_verdict verdict = fwd_to_ns(tcp->fwd, arrival, &accepted.way);

	tcp->stats.accepted++;
	if (verdict == FWD_ALLOW && fwd_round_find(tcp->fwd, listener, arrival, NULL))
		verdict = FWD_REFUSE_ROUND;
	if (verdict != FWD_ALLOW) {
		fwd_refusals_count(tcp->refusals, verdict);
		accept_refused(tcp, arrival, fwd_verdict_text(verdict), now_ns);
		tcp_sock_reset(fd);
	} else if (way->splice) {
		const struct splice_target target = {
			.side = SOCKET_NS,
			.addr = way->ns,
			.port = way->ns_port,
			.other = way->other,
		};

		splice_place(tcp->splice, fd, &target, now_ns);
	} else if (!link_has_peer(tcp->link)) {
		accept_refused(tcp, arrival, "nobody is there to take it", now_ns);
		tcp_sock_reset(fd);
	} else if (!tcp->pass || !tcp->pass(tcp, &accepted)) {
		tcp_accepted_open(tcp, &accepted, now_ns);
	}
	return accept_has_room(tcp);
}

void tcp_accept_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);
	struct tcp *tcp = listener->set->handlers[listener->direction].arg;
	int rc;

	(void)events;
	if (!accept_has_room(tcp)) {
		accepting_starved(&tcp->starved_limit, listener, "the flow table is full", now_ns);
		fwd_listener_pause(listener, now_ns);
		return;
	}
	rc = accepting_ready(listener, accept_open, now_ns);
	if (rc)
		accepting_starved(&tcp->starved_limit, listener, strerror(-rc), now_ns);
}
