/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening socket is watched by level, so a bounded number is accepted at a time.
 */
#include "common/tcp/splice_listen.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/fwd/local.h"

#define ACCEPT_BUDGET 32

static void accepted(const struct fwd_listener *listener, int fd,
		     const union sockaddr_inany *peer, uint64_t now_ns)
{
	const struct splice_listen *self = listener->set->handlers[listener->direction].arg;
	struct fwd_arrival arrival = {
		.protocol = IPPROTO_TCP,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
	};
	struct fwd_target target;
	union sockaddr_inany local = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(local);
	enum fwd_verdict verdict = FWD_REFUSE_SOURCE;
	uint16_t port;

	getsockname(fd, &local.sa, &len);
	if (!addr_from_sockaddr(peer, &arrival.peer, &arrival.peer_port) &&
	    !addr_from_sockaddr(&local, &arrival.local, &port))
		verdict = fwd_local(self->fwd, &arrival, &target);
	if (verdict != FWD_ALLOW) {
		log_debug("TCP connection to the host refused: %s", fwd_verdict_text(verdict));
		splice_refuse(self->splice, fd);
		return;
	}
	splice_accept(self->splice, fd,
		      &(struct splice_target){ SOCKET_HOST, target.addr, target.port,
					       target.scope_id },
		      now_ns);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

void splice_listen_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);

	(void)events;
	for (int i = 0; i < ACCEPT_BUDGET; i++) {
		union sockaddr_inany peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(watch->fd, &peer.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accepted(listener, fd, &peer, now_ns);
			continue;
		}
		if (is_shortage(errno))
			fwd_listener_pause(listener, now_ns);
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		return;
	}
}
