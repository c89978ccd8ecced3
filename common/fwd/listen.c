/* SPDX-License-Identifier: Apache-2.0
 *
 * SO_REUSEADDR makes a port free for the next instance while connections of the last one are still
 * in TIME_WAIT; two listening TCP sockets exclude each other all the same. Not so with UDP, where
 * it would let a second socket take the first one's datagrams, and where no port lingers.
 */
#include "common/fwd/listen.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "common/base/addr.h"

#define LISTEN_BACKLOG 4096 /* net.core.somaxconn cuts it */

/* Of one socket for many flows; net.core.rmem_max and wmem_max cut them */
#define DGRAM_BUFFER_BYTES (8 << 20)

/* What every datagram has to come with: where it was sent to, and its header's fields. IPv4 by an
 * IPv6 socket needs options of both families. With @errors, what becomes of answers is told too.
 */
static int prepare_dgram(int fd, bool ipv6, bool errors)
{
	socket_set(fd, SOL_SOCKET, SO_RCVBUF, DGRAM_BUFFER_BYTES);
	socket_set(fd, SOL_SOCKET, SO_SNDBUF, DGRAM_BUFFER_BYTES);
	socket_set(fd, IPPROTO_UDP, UDP_GRO, 1);
	socket_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	socket_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
	if (errors)
		socket_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	if (errors && ipv6)
		socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	if (!ipv6)
		return socket_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	socket_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	socket_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	return socket_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static int prepare(int fd, const struct fwd_listen_request *request, bool ipv6)
{
	int rc = 0;

	if (ipv6)
		rc = socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, request->family != AF_UNSPEC);
	if (!rc && request->type == SOCK_STREAM)
		rc = socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!rc && request->share)
		rc = socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!rc && request->freebind)
		rc = socket_set_ip(fd, !ipv6, IP_FREEBIND, IPV6_FREEBIND, 1);
	if (!rc && request->ifname[0])
		rc = socket_set_device(fd, request->ifname);
	if (!rc && request->type == SOCK_DGRAM)
		rc = prepare_dgram(fd, ipv6, request->side == SOCKET_HOST);
	return rc;
}

int fwd_listen_open(const struct socket_source *sockets, const struct fwd_listen_request *request)
{
	bool ipv6 = request->family != AF_INET;
	/* A link-local address takes its scope from the interface that the socket is bound to */
	struct in6_addr any = ipv6 ? in6addr_any : addr_from_be32(INADDR_ANY);
	bool anywhere = addr_is_unspecified(&request->addr);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(anywhere ? &any : &request->addr, request->port, 0, &sa);
	int rc, fd = socket_get(sockets, request->side, ipv6 ? AF_INET6 : AF_INET, request->type);

	if (fd < 0)
		return fd;
	rc = prepare(fd, request, ipv6);
	if (!rc && bind(fd, &sa.sa, len))
		rc = -errno;
	if (!rc && request->type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG))
		rc = -errno;
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}
