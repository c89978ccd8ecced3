/* SPDX-License-Identifier: Apache-2.0
 *
 * An address that an interface has not yet, which comes a moment later, is no failure: there will
 * be another change.
 */
#include "common/fwd/listeners_rebind.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fwd/direction.h"
#include "common/fwd/listen.h"

/* Whether it's bound to an interface that has another name now, or is gone */
static bool is_deaf(const struct fwd_listener *listener, const char *ifname)
{
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);

	if (getsockopt(listener->watch.fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len))
		return errno == ENODEV;
	return strncmp(name, ifname, IFNAMSIZ) != 0;
}

/* Return: 0; 1: it can't be, for the time being; or -errno */
static int rebind(struct fwd_listener *listener, const char *ifname)
{
	struct fwd_listeners *set = listener->set;
	const enum fwd_direction direction = (enum fwd_direction)listener->direction;
	const struct fwd_listen_request request = {
		.side = SOCKET_HOST,
		.type = fwd_direction_is_udp(direction) ? SOCK_DGRAM : SOCK_STREAM,
		.family = listener->family,
		.addr = listener->addr,
		.ifname = ifname,
		.port = listener->port,
		.freebind = fwd_listeners_freebind(set, SOCKET_HOST, listener->family),
	};
	int fd = fwd_listen_open(set->sockets, &request);

	if (fd == -ENODEV || fd == -EADDRNOTAVAIL)
		return 1;
	return fd < 0 ? fd : fwd_listener_replace(listener, fd);
}

uint32_t fwd_listeners_rebind(struct fwd_listeners *set)
{
	uint32_t failed = 0;

	for (uint32_t i = 0; i < set->touched; i++) {
		struct fwd_listener *listener = &set->records[i];
		const char *ifname = set->more[i].ifname;

		if (listener->watch.fd < 0 || !listener->not_lo ||
		    fwd_direction_source((enum fwd_direction)listener->direction) != SOCKET_HOST ||
		    !is_deaf(listener, ifname))
			continue;
		failed += rebind(listener, ifname) < 0;
	}
	return failed;
}
