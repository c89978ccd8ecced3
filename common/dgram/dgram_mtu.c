/* SPDX-License-Identifier: Apache-2.0
 *
 * After the socket has refused a datagram, larger ones than the path MTU go in fragments at once,
 * for a time that doubles as long as they keep coming: that spares a stream the failed calls. The
 * first one after that time is tried whole again; if none came in between, it was a single one.
 */
#include "common/dgram/dgram_mtu.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/dgram/dgram_error.h"
#include "common/wire/icmp.h"
#include "common/wire/udp.h"

/* Between attempts to send whole: at first, and at most */
#define MTU_RETRY_MIN_US 200
#define MTU_RETRY_MAX_US (100 * 1000)
/* A pause after which a flow is looked at afresh */
#define MTU_FORGET_NS (5 * NS_PER_S)
#define NS_PER_US 1000ULL

static bool flow_is_ipv4(const struct dgram_flow *f)
{
	return addr_is_ipv4(&f->flow.key.remote);
}

bool dgram_mtu_keep_whole(const struct dgram_flow *f, const struct ip_packet *ip, size_t len,
			  uint64_t now_ns)
{
	bool ipv4 = flow_is_ipv4(f);

	if (ipv4 && !ip->dont_fragment)
		return false;
	len += ipv4 ? IP4_HEADER_LEN : IP6_HEADER_LEN;
	return !f->mtu || len <= f->mtu || now_ns - f->mtu_ns >= f->mtu_retry_us * NS_PER_US;
}

void dgram_mtu_set_socket(int fd, bool ipv4, bool whole)
{
	if (ipv4)
		socket_set(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			   whole ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
	else
		socket_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			   whole ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT);
}

void dgram_mtu_set_whole(struct dgram_flow *f, bool whole)
{
	f->whole = whole;
	if (!f->origin.listener) /* dgram_route() does it */
		dgram_mtu_set_socket(f->flow.watch.fd, flow_is_ipv4(f), whole);
}

/* A connected socket for a look at the route: a shared one has none. Return: descriptor or -1 */
static int route_socket(const struct dgram_flow *f)
{
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&f->peer, f->origin.peer_port, f->origin.scope_id, &sa);
	int fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, &sa.sa, len))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The path MTU that the socket's route has; 0 if it doesn't say */
static uint32_t path_mtu(const struct dgram_flow *f)
{
	bool ipv4 = flow_is_ipv4(f);
	int fd = f->origin.listener ? route_socket(f) : f->flow.watch.fd;
	socklen_t size = sizeof(int);
	int mtu = 0;

	if (getsockopt(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_MTU : IPV6_MTU, &mtu,
		       &size) ||
	    mtu < 0)
		mtu = 0;
	if (f->origin.listener && fd >= 0)
		close(fd);
	return (uint32_t)mtu;
}

/* Tell the namespace's kernel, but no socket */
static void kernel_tell(const struct dgram_flow *f, uint32_t mtu, uint64_t now_ns)
{
	bool ipv4 = flow_is_ipv4(f);
	uint8_t reply[ICMP_HEADER_LEN] = { ipv4 ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY };
	struct ip_packet packet = {
		.src = f->flow.key.ns,
		.dst = f->flow.key.remote,
		.protocol = ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
		.ttl = f->ttl,
		.dont_fragment = true,
		.payload = reply,
		.payload_len = sizeof(reply),
	};
	struct icmp_error error = {
		.kind = ICMP_ERROR_FRAG_NEEDED,
		.info = mtu,
		.packet = &packet,
	};

	icmp_error_send(f->env->link, f->env->errors, &error, now_ns);
}

/* Tell the sender of a datagram */
static void sender_tell(const struct dgram_flow *f, uint32_t mtu, const void *data, size_t len,
			uint64_t now_ns)
{
	struct icmp_error error = { .kind = ICMP_ERROR_FRAG_NEEDED, .info = mtu };

	dgram_error_report(f, &error, data, len, now_ns);
}

bool dgram_mtu_exceeded(struct dgram_flow *f, const void *data, size_t len, uint64_t now_ns)
{
	size_t header_len = flow_is_ipv4(f) ? IP4_HEADER_LEN : IP6_HEADER_LEN;
	bool udp = f->flow.key.protocol == IPPROTO_UDP;
	bool single = f->sent - f->mtu_sent == 1;
	uint32_t mtu = path_mtu(f);

	if (!f->whole)
		return false;
	if (udp)
		header_len += UDP_HEADER_LEN;
	if (!mtu || header_len + len <= mtu)
		return true; /* the error was about an earlier one */
	if (!f->mtu || now_ns - f->mtu_ns >= MTU_FORGET_NS) {
		f->mtu_told = false;
		f->mtu_retry_us = MTU_RETRY_MIN_US;
		/* Could be the first of many, after a handshake; nobody streams echo requests */
		single = !udp || f->sent == 1;
	}
	if (!single) {
		f->mtu_retry_us = MIN(2 * f->mtu_retry_us, MTU_RETRY_MAX_US);
	} else if (!f->mtu_told) {
		kernel_tell(f, mtu, now_ns);
		f->mtu_told = true;
	} else {
		sender_tell(f, mtu, data, len, now_ns);
	}
	f->mtu = mtu;
	f->mtu_ns = now_ns;
	f->mtu_sent = f->sent;
	dgram_mtu_set_whole(f, false);
	return true;
}
