/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening socket is watched by level, so what is left comes again.
 */
#include "common/tcp/accepting.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/util.h"

/* Connections of one event at most; what is left waits for the next one, after other sockets'. As
 * long as they come one by one, the call that finds none is spared.
 */
#define ACCEPT_BURST_MAX 32

bool accepting_is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
	       error == EADDRINUSE;
}

static struct in6_addr socket_addr(int fd)
{
	struct in6_addr addr = in6addr_any;
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	uint16_t port;

	if (!getsockname(fd, &sa.sa, &len))
		addr_from_sockaddr(&sa, &addr, &port);
	return addr;
}

/* Return: 0, -EAGAIN if no more is to be taken now, or another -errno if none can be taken */
static int accept_one(struct fwd_listener *listener, accepted_fn fn, uint64_t now_ns)
{
	struct fwd_arrival arrival = {
		.protocol = IPPROTO_TCP,
		.local = listener->addr,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
		.any_addr = addr_is_unspecified(&listener->addr),
	};
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	int fd = accept4(listener->watch.fd, &sa.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return errno != EAGAIN && socket_error_passes(errno) ? 0 : -errno;
	if (addr_from_sockaddr(&sa, &arrival.peer, &arrival.peer_port)) {
		close(fd); /* what isn't IP can't be */
		return 0;
	}
	if (arrival.any_addr)
		arrival.local = socket_addr(fd);
	return fn(listener, fd, &arrival, now_ns) ? 0 : -EAGAIN;
}

int accepting_ready(struct fwd_listener *listener, accepted_fn fn, uint64_t now_ns)
{
	for (int i = 0; i <= listener->burst; i++) {
		int rc = accept_one(listener, fn, now_ns);

		if (!rc)
			continue;
		listener->burst = 0;
		if (rc == -EAGAIN)
			return 0;
		fwd_listener_pause(listener, now_ns);
		return rc;
	}
	listener->burst = (uint8_t)MIN(2 * listener->burst + 1, ACCEPT_BURST_MAX - 1);
	return 0;
}

void accepting_starved(struct log_limit *limit, const struct fwd_listener *listener,
		       const char *why, uint64_t now_ns)
{
	uint64_t more;

	if (log_limit_pass(limit, now_ns, &more))
		log_warning("connections to port %u have to wait: %s%s", listener->port, why,
			    log_limit_more(more).text);
}
