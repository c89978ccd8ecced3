/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here trusts the length of what came back with an error: routers return anything from
 * eight bytes to the whole datagram.
 */
#include "common/dgram/dgram_error.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/wire/icmp.h"
#include "common/wire/udp.h"

/* Room for the control messages of one entry */
#define CONTROL_BYTES 256

/* Where an echo message has its identifier */
#define ICMP_ID_OFFSET 4

bool dgram_error_decode(const struct sock_extended_err *ee, struct icmp_error *ret_error)
{
	const struct sockaddr *from = SO_EE_OFFENDER(ee);
	struct icmp_error error = {
		.kind = ICMP_ERROR_AS_IS,
		.type = ee->ee_type,
		.code = ee->ee_code,
	};
	union sockaddr_inany sa;
	uint16_t port;

	if (ee->ee_origin == SO_EE_ORIGIN_ICMP) {
		if (ee->ee_type == ICMP_DEST_UNREACH && ee->ee_code == ICMP_FRAG_NEEDED) {
			error.kind = ICMP_ERROR_FRAG_NEEDED;
			error.info = ee->ee_info;
		} else if (ee->ee_type == ICMP_PARAMETERPROB) {
			error.info = ee->ee_info << 24; /* the pointer comes first: RFC 792 */
		}
	} else if (ee->ee_origin == SO_EE_ORIGIN_ICMP6) {
		if (ee->ee_type == ICMPV6_PKT_TOOBIG)
			error.kind = ICMP_ERROR_FRAG_NEEDED;
		if (ee->ee_type == ICMPV6_PKT_TOOBIG || ee->ee_type == ICMPV6_PARAMPROB)
			error.info = ee->ee_info;
	} else {
		return false;
	}
	memset(&sa, 0, sizeof(sa));
	if (from->sa_family == AF_INET)
		memcpy(&sa.in4, from, sizeof(sa.in4));
	else if (from->sa_family == AF_INET6)
		memcpy(&sa.in6, from, sizeof(sa.in6));
	addr_from_sockaddr(&sa, &error.offender, &port);
	*ret_error = error;
	return true;
}

struct in6_addr dgram_error_visible(const struct in6_addr *offender, const struct in6_addr *peer,
				    const struct in6_addr *ns)
{
	if (addr_equal(offender, peer) || addr_equal(offender, ns) || addr_is_loopback(offender) ||
	    addr_is_multicast(offender))
		return in6addr_any;
	return *offender;
}

struct in6_addr dgram_error_offender(const struct dgram_flow *f, const struct in6_addr *offender)
{
	return dgram_error_visible(offender, &f->peer, &f->flow.key.ns);
}

void dgram_error_report(const struct dgram_flow *f, const struct icmp_error *error,
			const void *data, size_t len, uint64_t now_ns)
{
	const struct flow_key *key = &f->flow.key;
	uint8_t quoted[UDP_HEADER_LEN + ICMP_ERROR_MAX6] = { 0 };
	struct writer w = { .data = quoted, .left = sizeof(quoted) };
	struct ip_packet packet = {
		.src = f->ns,
		.dst = key->remote,
		.protocol = key->protocol,
		.ttl = f->ttl,
		.tos = f->tos,
		.dont_fragment = f->whole,
		.payload = quoted,
		.payload_len = len,
	};
	struct icmp_error with_packet = *error;
	uint8_t *body;

	if (key->protocol == IPPROTO_UDP) {
		struct udp_datagram datagram = {
			.src_port = key->ns_port,
			.dst_port = key->remote_port,
			.payload_len = (uint32_t)len,
		};

		if (udp_emit(&w, &datagram, be16_make(0)))
			return;
		packet.payload_len += UDP_HEADER_LEN;
	}
	body = w.data;
	if (len)
		memcpy(body, data, MIN(len, ICMP_ERROR_MAX6));
	if (key->protocol != IPPROTO_UDP && len >= ICMP_HEADER_LEN) {
		struct be16 id = be16_make(key->ns_port);

		memcpy(body + ICMP_ID_OFFSET, &id, sizeof(id));
	}
	with_packet.offender = dgram_error_offender(f, &error->offender);
	with_packet.packet = &packet;
	icmp_error_send(f->env->link, f->env->errors, &with_packet, now_ns);
}

bool dgram_error_take(int fd, struct dgram_error_entry *ret_entry)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CONTROL_BYTES];
	} control;
	union sockaddr_inany sa = { .sa.sa_family = AF_UNSPEC };
	struct iovec iov = { ret_entry->data, sizeof(ret_entry->data) };
	struct msghdr msg = {
		.msg_name = &sa,
		.msg_namelen = sizeof(sa),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n < 0)
		return false;
	ret_entry->len = (size_t)n;
	ret_entry->is_icmp = false;
	ret_entry->peer = in6addr_any;
	ret_entry->peer_port = 0;
	addr_from_sockaddr(&sa, &ret_entry->peer, &ret_entry->peer_port);
	dgram_meta_parse(&msg, &ret_entry->meta);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			ret_entry->is_icmp =
				dgram_error_decode((const void *)CMSG_DATA(c), &ret_entry->error);
	return true;
}

/* Passes one entry of the error queue on, unless @quiet. A resolver's may be of the other family.
 * Return: whether there was one
 */
static bool error_next(struct dgram_flow *f, bool quiet, uint64_t now_ns)
{
	struct dgram_error_entry entry;

	if (!dgram_error_take(f->flow.watch.fd, &entry))
		return false;
	if (quiet || !entry.is_icmp)
		return true;
	if (f->dns)
		entry.error = (struct icmp_error){ .kind = ICMP_ERROR_PORT_UNREACHABLE };
	dgram_error_report(f, &entry.error, entry.data, entry.len, now_ns);
	return true;
}

void dgram_errors(struct dgram_flow *f, uint64_t now_ns)
{
	struct watch *shared = f->origin.mapped ? &f->origin.listener->watch : NULL;
	bool quiet = f->dns && f->env->query_failed && f->env->query_failed(f, now_ns);
	socklen_t size = sizeof(int);
	int i, pending;

	if (shared) {
		if (shared->fd >= 0)
			shared->fn(shared, EPOLLERR, now_ns);
		return;
	}
	for (i = 0; i < DGRAM_ERRORS_MAX && error_next(f, quiet, now_ns); i++)
		;
	/* An error without an entry would be reported by every poll */
	if (!i)
		getsockopt(f->flow.watch.fd, SOL_SOCKET, SO_ERROR, &pending, &size);
}
