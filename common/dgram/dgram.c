/* SPDX-License-Identifier: Apache-2.0
 *
 * An error that a router sent in answer to an earlier datagram is returned by the next send(),
 * which then has sent nothing: the error queue is emptied and the datagram sent again.
 */
#include "common/dgram/dgram.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/sockets.h"
#include "common/dgram/dgram_error.h"
#include "common/dgram/dgram_mapping.h"
#include "common/dgram/dgram_mtu.h"
#include "common/service/icmp_error.h"

/* send() again after errors of earlier datagrams, and after EMSGSIZE */
#define DGRAM_SEND_ATTEMPTS 3

bool dgram_header_differs(const struct dgram_flow *f, const struct ip_packet *ip, size_t len,
			  uint64_t now_ns)
{
	return ip->ttl != f->ttl || ip->tos != f->tos ||
	       ((!f->origin.listener || f->origin.mapped) &&
		dgram_mtu_keep_whole(f, ip, len, now_ns) != f->whole);
}

/* On the flow's own socket */
static void header_set(struct dgram_flow *f, uint8_t ttl, uint8_t tos)
{
	bool ipv4 = addr_is_ipv4(&f->flow.key.remote);
	int fd = f->flow.watch.fd;

	if (ttl != f->ttl)
		socket_set_ip(fd, ipv4, IP_TTL, IPV6_UNICAST_HOPS, ttl);
	if (tos != f->tos)
		socket_set_ip(fd, ipv4, IP_TOS, IPV6_TCLASS, tos);
	f->ttl = ttl;
	f->tos = tos;
}

void dgram_header_apply(struct dgram_flow *f, const struct ip_packet *ip, size_t len,
			uint64_t now_ns)
{
	bool whole = dgram_mtu_keep_whole(f, ip, len, now_ns);

	if (f->origin.listener) { /* dgram_route() says it with each message */
		f->ttl = ip->ttl;
		f->tos = ip->tos;
		if (f->origin.mapped)
			f->whole = whole;
		return;
	}
	header_set(f, ip->ttl, ip->tos);
	if (whole != f->whole)
		dgram_mtu_set_whole(f, whole);
}

void dgram_control_add(struct msghdr *msg, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (void *)((uint8_t *)msg->msg_control + msg->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

static void route_source(const struct dgram_flow *f, bool ip6_socket, struct msghdr *msg)
{
	const struct in6_addr *local = &f->origin.local;
	const struct in6_pktinfo info6 = { .ipi6_addr = *local };
	struct in_pktinfo info4 = { 0 };

	if (addr_is_unspecified(local))
		return;
	if (ip6_socket) {
		dgram_control_add(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
	} else {
		info4.ipi_spec_dst.s_addr = addr_be32(local);
		dgram_control_add(msg, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
	}
}

static void route_header(const struct dgram_flow *f, struct msghdr *msg)
{
	bool ipv4 = addr_is_ipv4(&f->peer);
	int ttl = f->ttl, tos = f->tos;

	if (ttl != DGRAM_DEFAULT_TTL)
		dgram_control_add(msg, ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
				  ipv4 ? IP_TTL : IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (tos)
		dgram_control_add(msg, ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
				  ipv4 ? IP_TOS : IPV6_TCLASS, &tos, sizeof(tos));
}

void dgram_route(const struct dgram_flow *f, struct dgram_route *route, struct msghdr *msg)
{
	const struct dgram_origin *origin = &f->origin;
	bool ip6_socket;

	memset(&route->control, 0, sizeof(route->control));
	msg->msg_control = &route->control;
	msg->msg_controllen = 0;
	if (!origin->listener)
		return;
	if (origin->mapped)
		dgram_mapping_apply(f);
	ip6_socket = origin->listener->family != AF_INET;
	msg->msg_name = &route->name;
	if (ip6_socket) {
		route->name.in6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_addr = f->peer, /* an IPv6 socket takes IPv4 as it is mapped */
			.sin6_port = htons(origin->peer_port),
			.sin6_scope_id = origin->scope_id,
		};
		msg->msg_namelen = sizeof(route->name.in6);
	} else {
		msg->msg_namelen = addr_to_sockaddr(&f->peer, origin->peer_port, 0, &route->name);
	}
	route_source(f, ip6_socket, msg);
	route_header(f, msg);
}

static int shared_send_once(const struct dgram_flow *f, const void *data, size_t len)
{
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct dgram_route route;

	dgram_route(f, &route, &msg);
	return sendmsg(dgram_fd(f), &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool is_full(int code)
{
	return code == EAGAIN || code == ENOBUFS || code == ENOMEM;
}

/* By a socket that others use as well: an error of an earlier datagram is in the error queue too,
 * and may be another flow's. The kernel fragments. Return: 0 or an errno
 */
static int shared_send(struct dgram_flow *f, const void *data, size_t len)
{
	int rc = shared_send_once(f, data, len);

	if (rc && rc != -EINVAL && !is_full(-rc))
		rc = shared_send_once(f, data, len);
	if (rc == -EINVAL && !addr_is_unspecified(&f->origin.local)) {
		/* One can't answer from there (a broadcast address, or it was removed) */
		f->origin.local = in6addr_any;
		rc = shared_send_once(f, data, len);
	}
	return -rc;
}

static int own_send_once(const struct dgram_flow *f, const void *data, size_t len)
{
	return send(f->flow.watch.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* By the flow's own, or a mapping's. Return: 0 or an errno */
static int own_send(struct dgram_flow *f, const void *data, size_t len, uint64_t now_ns)
{
	int code = 0;

	for (int attempt = 0; attempt < DGRAM_SEND_ATTEMPTS; attempt++) {
		code = -(f->origin.mapped ? shared_send_once(f, data, len)
					  : own_send_once(f, data, len));
		if (!code)
			return 0;
		if (is_full(code) || code == EBADF)
			break;
		if (code == EMSGSIZE && !dgram_mtu_exceeded(f, data, len, now_ns))
			break;
		dgram_errors(f, now_ns);
	}
	return code;
}

/* Whether a socket is of no use any more: its address, its route or (EBADF) itself is gone. What a
 * router says comes by the error queue, and was taken off it.
 */
static bool is_lost(int code)
{
	return code == EADDRNOTAVAIL || code == EINVAL || code == ENETUNREACH ||
	       code == EHOSTUNREACH || code == ENETDOWN || code == ENODEV || code == EBADF;
}

/* Another socket that sends as the old one did. Return: 0 or -errno */
static int renew(struct dgram_flow *f, uint64_t now_ns)
{
	uint8_t ttl = f->ttl, tos = f->tos;
	bool whole = f->whole;
	int rc = dgram_flow_renew(f, now_ns);

	if (rc || f->origin.listener)
		return rc;
	header_set(f, ttl, tos);
	if (!whole)
		dgram_mtu_set_whole(f, false);
	return 0;
}

/* Return: 0 or an errno */
static int send_by_any(struct dgram_flow *f, const void *data, size_t len, uint64_t now_ns)
{
	return f->origin.listener && !f->origin.mapped ? shared_send(f, data, len)
						       : own_send(f, data, len, now_ns);
}

int dgram_send(struct dgram_flow *f, const void *data, size_t len, uint64_t now_ns)
{
	struct icmp_error error = { .kind = ICMP_ERROR_AS_IS };
	int code = send_by_any(f, data, len, now_ns);

	if (is_lost(code)) {
		int rc = renew(f, now_ns);

		if (!rc)
			code = send_by_any(f, data, len, now_ns);
		else if (rc != -EAGAIN)
			code = -rc;
	}
	if (code == EACCES && f->origin.mapped) /* connect() tells what it means */
		code = -dgram_flow_probe(f, now_ns);
	f->failing = code && !is_full(code);
	if (!code)
		return 0;
	dgram_drop(f->env, is_full(code) ? DGRAM_DROP_SOCKET_FULL : DGRAM_DROP_UNREACHABLE, 1);
	if (code == EBADF)
		code = ENETUNREACH; /* there's no socket since it was so */
	if (code != EMSGSIZE && icmp_error_from_errno(code, &error.kind))
		dgram_error_report(f, &error, data, len, now_ns);
	return -code;
}

struct ip_packet dgram_packet(const struct dgram_flow *f, const struct dgram_meta *meta, size_t len)
{
	return (struct ip_packet){
		.src = f->flow.key.remote,
		.dst = f->ns,
		.protocol = f->flow.key.protocol,
		.ttl = meta->ttl,
		.tos = meta->tos,
		.dont_fragment = true,
		.payload_len = len,
	};
}
