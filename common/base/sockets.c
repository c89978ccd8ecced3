/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's sockets, and the way to the namespace's.
 */
#include "common/base/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

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
	int fd, one = 1;

	if (side == SOCKET_NS)
		return source->get_ns ? source->get_ns(source->arg, family, type) : -EOPNOTSUPP;
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}
