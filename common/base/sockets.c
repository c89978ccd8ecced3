/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's sockets, and the way to the namespace's.
 */
#include "common/base/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

bool socket_error_passes(int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EMSGSIZE:
	/* What networks say: accept(2), ip(7) */
	case EACCES:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
		return true;
	default:
		return false;
	}
}

int socket_get(const struct socket_source *source, enum socket_side side, int family, int type)
{
	int fd;

	if (side == SOCKET_NS)
		return source->get_ns ? source->get_ns(source->arg, family, type) : -EOPNOTSUPP;
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM)
		socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

int socket_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

int socket_set_ip(int fd, bool ipv4, int name4, int name6, int value)
{
	return socket_set(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? name4 : name6, value);
}

int socket_set_device(int fd, const char *ifname)
{
	socklen_t len = (socklen_t)strlen(ifname);

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, len) ? -errno : 0;
}
