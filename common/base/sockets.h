/* SPDX-License-Identifier: Apache-2.0
 *
 * A way to get sockets in either network namespace. The host's are made by the calling thread; the
 * namespace's by whoever fills in struct socket_source, on a thread that lives there. Once made, a
 * socket stays in its namespace whoever uses it. What is returned belongs to the caller.
 */
#ifndef COMMON_BASE_SOCKETS_H
#define COMMON_BASE_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum socket_side {
	SOCKET_HOST,
	SOCKET_NS,
};

/* A socket of anybody's that waits for connections or datagrams */
struct socket_listener {
	struct in6_addr addr; /* 0.0.0.0 and :: for any */
	uint16_t port;
	bool ip6_only; /* with ::, not IPv4 as well */
};

typedef void (*socket_listener_fn)(void *arg, const struct socket_listener *listener);

struct socket_source {
	/* As socket_get() for SOCKET_NS, from a stock that is refilled; NULL: there is no way */
	int (*get_ns)(void *arg, int family, int type);
	void *arg;

	/* Call @fn for all TCP sockets (SOCK_STREAM) that listen on @side, or all UDP sockets
	 * (SOCK_DGRAM) there that are bound but not connected; NULL: there is no way.
	 * Return: 0 or -errno, @fn may have been called for some then
	 */
	int (*list)(void *list_arg, enum socket_side side, int type, socket_listener_fn fn,
		    void *fn_arg);
	void *list_arg;
};

/* socket_error_passes() - whether an error of accept() or recv() is about one connection or packet,
 * which is out of the way once it was told; others may be told again and again
 */
bool socket_error_passes(int error);

/* socket_get() - a new socket, non-blocking and close-on-exec; TCP with TCP_NODELAY
 * @family:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM or SOCK_DGRAM
 *
 * Never waits longer than another thread takes to make a few sockets, and that only when more are
 * asked for at once than are in stock.
 *
 * Return: descriptor or -errno
 */
int socket_get(const struct socket_source *source, enum socket_side side, int family, int type);

/* socket_set() - an option that is an int. Return: 0 or -errno */
int socket_set(int fd, int level, int name, int value);

/* socket_set_ip() - one that both families have, by the name that it has with the peer's: an IPv6
 * socket with an IPv4 peer takes those of IPv4. Return: 0 or -errno
 */
int socket_set_ip(int fd, bool ipv4, int name4, int name6, int value);

/* socket_set_device() - bind it to an interface. Return: 0 or -errno */
int socket_set_device(int fd, const char *ifname);

#endif
