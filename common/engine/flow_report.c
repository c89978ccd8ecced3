/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers are those of records: first the flow table's, then those of spliced connections.
 */
#include "common/engine/flow_report.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/dgram/dgram_flow.h"
#include "common/dgram/dgram_mapping.h"
#include "common/engine/worker.h"
#include "common/fwd/direction.h"
#include "common/fwd/listeners.h"
#include "common/tcp/sock_info.h"

const char *flow_kind_name(enum flow_kind kind)
{
	switch (kind) {
	case FLOW_TCP:
		return "tcp";
	case FLOW_UDP:
		return "udp";
	case FLOW_PING:
		break;
	}
	return "ping";
}

static struct flow_end end_of(const struct in6_addr *addr, uint16_t port)
{
	return (struct flow_end){ *addr, port };
}

/* Where a socket is, or whom it's connected to
 * @get:	getsockname() or getpeername()
 */
static struct flow_end socket_end(int fd, int (*get)(int fd, struct sockaddr *sa, socklen_t *len))
{
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	struct flow_end end = { in6addr_any, 0 };

	if (fd >= 0 && !get(fd, &sa.sa, &len))
		addr_from_sockaddr(&sa, &end.addr, &end.port);
	return end;
}

static int get_own(int fd, struct sockaddr *sa, socklen_t *len)
{
	return getsockname(fd, sa, len);
}

static int get_peer(int fd, struct sockaddr *sa, socklen_t *len)
{
	return getpeername(fd, sa, len);
}

static uint64_t socket_inode(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) ? st.st_ino : 0;
}

/* The rule whose listening socket a flow came by, told by where it came to */
static uint32_t rule_at(const struct worker *w, enum fwd_direction direction,
			const struct flow_end *at)
{
	const struct fwd_listener *listener;

	if (!w->config->listeners || !at->port)
		return 0;
	listener = fwd_listeners_at(w->config->listeners, direction, &at->addr, at->port);
	return listener ? listener->rule_id : 0;
}

static const char *tcp_state(const struct tcp_conn *conn)
{
	bool to_host = conn->to_host_state == TCP_TO_HOST_OPEN;
	bool to_ns = conn->to_ns_state == TCP_TO_NS_OPEN;

	switch ((enum tcp_tap_state)conn->tap_state) {
	case TCP_TAP_CONNECTING:
	case TCP_TAP_SYN_RECEIVED:
	case TCP_TAP_SYN_SENT:
		return "opening";
	case TCP_TAP_ESTABLISHED:
		return to_host && to_ns ? "established"
		       : to_host	? "ended-by-host"
		       : to_ns		? "ended-by-namespace"
					: "closing";
	case TCP_TAP_TIME_WAIT:
		break;
	}
	return "closed";
}

/* Behind the age: the kernel counts ticks, which may come to more than that */
static void report_counts(int fd, struct flow_report *report)
{
	struct tcp_sock_info info = { 0 };

	if (fd < 0 || tcp_sock_info(fd, &info))
		return;
	report->has_counts = report->has_idle = true;
	report->to_host_bytes = info.sent_bytes;
	report->to_ns_bytes = info.received_bytes;
	report->to_host_packets = info.sent_packets;
	report->to_ns_packets = info.received_packets;
	report->idle_ms = MIN(info.idle_ms, report->age_ms);
}

static uint64_t age_ms(uint64_t opened_ns, uint64_t now_ns)
{
	return now_ns > opened_ns ? (now_ns - opened_ns) / NS_PER_MS : 0;
}

static void report_tap_ends(const struct flow *flow, int fd, struct flow_report *report)
{
	report->ns = end_of(&flow->key.ns, flow->key.ns_port);
	report->remote = end_of(&flow->key.remote, flow->key.remote_port);
	report->own = socket_end(fd, get_own);
	report->peer = socket_end(fd, get_peer);
	report->inode = socket_inode(fd);
}

static void report_tcp(const struct worker *w, const struct flow *flow, uint64_t now_ns,
		       struct flow_report *report)
{
	const struct tcp_flow *f = (const struct tcp_flow *)flow;
	int fd = flow->watch.fd;

	report->kind = FLOW_TCP;
	report->state = tcp_state(&f->conn);
	report->age_ms = age_ms(f->opened_ns, now_ns);
	report_tap_ends(flow, fd, report);
	report->rule_id = rule_at(w, FWD_TCP_TO_NS, &report->own);
	report_counts(fd, report);
}

static const char *age_name(const struct flow_use *use)
{
	switch (flow_use_age(use)) {
	case FLOW_ONE_WAY:
		return "unanswered";
	case FLOW_ANSWERED:
		return "answered";
	case FLOW_STREAM:
		break;
	}
	return "stream";
}

static void report_use(const struct flow_use *use, uint64_t now_ns, struct flow_report *report)
{
	report->state = age_name(use);
	report->age_ms = age_ms(use->opened_ns, now_ns);
	report->has_idle = true;
	report->idle_ms = age_ms(use->last_ns, now_ns);
}

static void report_datagrams(const struct flow_count *to_host, const struct flow_count *to_ns,
			     struct flow_report *report)
{
	report->has_counts = true;
	report->to_host_bytes = to_host->bytes;
	report->to_host_packets = to_host->packets;
	report->to_ns_bytes = to_ns->bytes;
	report->to_ns_packets = to_ns->packets;
}

/* A listening socket, or one that serves many flows, is connected to nobody */
static void report_dgram(const struct flow *flow, uint64_t now_ns, struct flow_report *report)
{
	const struct dgram_flow *f = (const struct dgram_flow *)flow;
	const struct dgram_origin *origin = &f->origin;

	report->kind = flow->key.protocol == IPPROTO_UDP ? FLOW_UDP : FLOW_PING;
	report_tap_ends(flow, dgram_fd(f), report);
	report_use(&f->use, now_ns, report);
	report_datagrams(&f->to_host, &f->to_ns, report);
	if (!origin->listener)
		return;
	report->peer = end_of(&f->peer, origin->peer_port);
	if (!addr_is_unspecified(&origin->local))
		report->own = end_of(&origin->local, origin->port);
	if (!origin->mapped && dgram_fd(f) >= 0)
		report->rule_id = origin->listener->rule_id;
}

/* Its key has the ends on the side that it comes from, its socket is on the other */
static void report_udp_local(const struct worker *w, const struct flow *flow, uint64_t now_ns,
			     struct flow_report *report)
{
	struct flow_end to = end_of(&flow->key.ns, flow->key.ns_port);
	struct flow_end from = end_of(&flow->key.remote, flow->key.remote_port);
	bool to_ns = flow->key.protocol - UDP_LOCAL_PROTOCOL == SOCKET_NS;
	struct flow_end own = socket_end(flow->watch.fd, get_own);
	struct flow_end peer = socket_end(flow->watch.fd, get_peer);
	struct flow_count asked, answered;

	report->kind = FLOW_UDP;
	report->local = true;
	report->ns = to_ns ? peer : from;
	report->remote = to_ns ? own : to;
	report->own = to_ns ? to : own;
	report->peer = to_ns ? from : peer;
	report->inode = to_ns ? 0 : socket_inode(flow->watch.fd);
	report->rule_id = rule_at(w, to_ns ? FWD_UDP_TO_NS : FWD_UDP_TO_HOST, &to);
	report_use(udp_local_use(flow), now_ns, report);
	udp_local_counts(flow, &asked, &answered);
	report_datagrams(to_ns ? &answered : &asked, to_ns ? &asked : &answered, report);
}

static void report_splice(const struct worker *w, const struct splice_sockets *sockets,
			  uint64_t now_ns, struct flow_report *report)
{
	bool to_ns = sockets->to == SOCKET_NS;
	int ns_fd = to_ns ? sockets->connected_fd : sockets->accepted_fd;
	int host_fd = to_ns ? sockets->accepted_fd : sockets->connected_fd;

	*report = (struct flow_report){
		.kind = FLOW_TCP,
		.local = true,
		.ns = socket_end(ns_fd, get_peer),
		.remote = socket_end(ns_fd, get_own),
		.own = socket_end(host_fd, get_own),
		.peer = socket_end(host_fd, get_peer),
		.state = sockets->connecting ? "opening" : "established",
		.inode = socket_inode(host_fd),
		.age_ms = age_ms(sockets->opened_ns, now_ns),
	};
	report->rule_id = rule_at(w, to_ns ? FWD_TCP_TO_NS : FWD_TCP_TO_HOST,
				  to_ns ? &report->own : &report->remote);
	report_counts(host_fd, report);
}

uint32_t flow_report_end(const struct worker *w)
{
	return w->flows.touched + w->splice.touched;
}

bool flow_report_at(const struct worker *w, uint32_t number, uint64_t now_ns,
		    struct flow_report *ret_report)
{
	struct splice_sockets sockets;
	const struct flow *flow;

	if (number >= w->flows.touched) {
		if (!splice_at(&w->splice, number - w->flows.touched, &sockets))
			return false;
		report_splice(w, &sockets, now_ns, ret_report);
		return true;
	}
	flow = flow_table_at(&w->flows, number);
	if (!flow || flow->key.protocol == DGRAM_MAPPING_PROTOCOL)
		return false;
	*ret_report = (struct flow_report){ .state = "" };
	if (flow->key.protocol == IPPROTO_TCP)
		report_tcp(w, flow, now_ns, ret_report);
	else if (flow->key.protocol >= UDP_LOCAL_PROTOCOL)
		report_udp_local(w, flow, now_ns, ret_report);
	else
		report_dgram(flow, now_ns, ret_report);
	return true;
}
