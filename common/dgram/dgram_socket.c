/* SPDX-License-Identifier: Apache-2.0
 *
 * Options are set once, for a socket's life; those of single datagrams are dgram.c's.
 */
#include "common/dgram/dgram_socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/sockets.h"

/* Asked for; net.core.wmem_max and rmem_max cut it */
#define DGRAM_SOCKET_BUFFER_BYTES (4 << 20)

/* Options that are fixed for a socket's life; each is a refinement that it could live without */
static void socket_prepare(int fd, bool ipv4, uint8_t protocol)
{
	socket_set(fd, SOL_SOCKET, SO_SNDBUF, DGRAM_SOCKET_BUFFER_BYTES);
	socket_set(fd, SOL_SOCKET, SO_RCVBUF, DGRAM_SOCKET_BUFFER_BYTES);
	if (ipv4) {
		socket_set(fd, IPPROTO_IP, IP_RECVERR, 1);
		socket_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
		socket_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
		socket_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	} else {
		socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		socket_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
		socket_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		socket_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	}
	if (protocol == IPPROTO_UDP)
		socket_set(fd, IPPROTO_UDP, UDP_GRO, 1);
}

static int socket_bind(int fd, const struct fwd_target *target, uint16_t port)
{
	struct in6_addr local = target->bind_addr;
	union sockaddr_inany sa;
	socklen_t len;
	int rc = target->bind_ifname ? socket_set_device(fd, target->bind_ifname) : 0;

	if (rc)
		return rc;
	if (!port && addr_is_unspecified(&local))
		return 0;
	if (addr_is_unspecified(&local) && addr_is_ipv4(&target->addr))
		local = addr_from_be32(INADDR_ANY);
	len = addr_to_sockaddr(&local, port, target->scope_id, &sa);
	if (!bind(fd, &sa.sa, len))
		return 0;
	if ((errno != EADDRINUSE && errno != EACCES) || !port)
		return -errno;
	/* Someone else has that port or identifier, or may alone have it: any other does as well */
	len = addr_to_sockaddr(&local, 0, target->scope_id, &sa);
	return bind(fd, &sa.sa, len) ? -errno : 0;
}

int dgram_socket_new(const struct fwd_target *target, uint8_t protocol, uint16_t port)
{
	bool ipv4 = addr_is_ipv4(&target->addr);
	int rc, fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			    protocol);

	if (fd < 0)
		return -errno;
	socket_prepare(fd, ipv4, protocol);
	rc = socket_bind(fd, target, port);
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

int dgram_socket_connect(int fd, const struct fwd_target *target)
{
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&target->addr, target->port, target->scope_id, &sa);

	if (!connect(fd, &sa.sa, len))
		return 0;
	if (errno != EACCES)
		return -errno;
	/* EACCES means a route that prohibits, or a broadcast address: for those we don't forward
	 */
	socket_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	return connect(fd, &sa.sa, len) ? -EACCES : DGRAM_BROADCAST;
}

bool dgram_socket_unavailable(int rc)
{
	return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM || rc == -ENOBUFS || rc == -EACCES ||
	       rc == -EPERM || rc == -EPROTONOSUPPORT || rc == -EAFNOSUPPORT;
}
