/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the socket, set only if they differ from what it has. An IPv6 socket with an IPv4 peer
 * takes those of IPv4.
 */
#include "common/tcp/ip_fields.h"

#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/sockets.h"
#include "common/dgram/dgram_error.h"

/* More hops than this get a packet anywhere: one with fewer may be out to find the way. Nobody else
 * pays for asking
 */
#define TCP_TTL_TRACE 40

static void set(const struct tcp_flow *f, int name4, int name6, int value)
{
	socket_set_ip(f->flow.watch.fd, addr_is_ipv4(&f->flow.key.remote), name4, name6, value);
}

/* For a socket that is connecting. An established one would take errors of routers for its end */
static void trace(struct tcp_flow *f)
{
	if (f->traced || f->ttl >= TCP_TTL_TRACE)
		return;
	set(f, IP_RECVERR, IPV6_RECVERR, 1);
	f->traced = true;
}

void tcp_ip_fields_init(struct tcp_flow *f, const struct ip_packet *ip)
{
	f->ttl = ip ? ip->ttl : TCP_TTL_DEFAULT;
	f->dscp = ip ? ip->tos & TCP_DSCP_MASK : 0;
}

void tcp_ip_fields_changed(struct tcp_flow *f, const struct ip_packet *ip)
{
	bool other_ttl = ip->ttl != f->ttl, other_dscp = (ip->tos & TCP_DSCP_MASK) != f->dscp;

	tcp_ip_fields_init(f, ip);
	if (f->flow.watch.fd < 0)
		return;
	if (other_ttl)
		set(f, IP_TTL, IPV6_UNICAST_HOPS, f->ttl);
	if (other_dscp)
		set(f, IP_TOS, IPV6_TCLASS, f->dscp); /* of a stream's, the ECN bits stay */
	if (f->sock_state == TCP_SOCK_CONNECTING)
		trace(f);
}

void tcp_ip_fields_connecting(struct tcp_flow *f)
{
	f->traced = false;
	if (f->ttl != TCP_TTL_DEFAULT)
		set(f, IP_TTL, IPV6_UNICAST_HOPS, f->ttl);
	if (f->dscp)
		set(f, IP_TOS, IPV6_TCLASS, f->dscp);
	trace(f);
}

void tcp_ip_fields_connected(struct tcp_flow *f)
{
	if (f->traced)
		set(f, IP_RECVERR, IPV6_RECVERR, 0);
	f->traced = false;
}

/* The kernel remembers the field of the handshake's last segment. IPv6's option must not stay: each
 * later segment would be copied for it
 */
void tcp_ip_fields_adopted(struct tcp_flow *f)
{
	bool ipv4 = addr_is_ipv4(&f->flow.key.remote);
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	socklen_t len = sizeof(control);
	int tos = 0;

	set(f, IP_RECVTOS, IPV6_RECVTCLASS, 1);
	if (!getsockopt(f->flow.watch.fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
			ipv4 ? IP_PKTOPTIONS : IPV6_2292PKTOPTIONS, &control, &len) &&
	    len >= CMSG_LEN(sizeof(int)) &&
	    control.header.cmsg_type == (ipv4 ? IP_TOS : IPV6_TCLASS))
		memcpy(&tos, CMSG_DATA(&control.header), sizeof(tos));
	set(f, IP_RECVTOS, IPV6_RECVTCLASS, 0);
	f->ns_dscp = (uint8_t)tos & TCP_DSCP_MASK;
}

bool tcp_ip_fields_error(struct tcp_flow *f, struct icmp_error *ret_error)
{
	const struct flow_key *key = &f->flow.key;
	struct dgram_error_entry entry;

	/* A resolver may be of the other family */
	if (!f->traced || !addr_is_unspecified(&f->resolver) ||
	    !dgram_error_take(f->flow.watch.fd, &entry) || !entry.is_icmp)
		return false;
	*ret_error = entry.error;
	ret_error->offender = dgram_error_visible(&entry.error.offender, &entry.peer, &key->ns);
	return true;
}
