/* SPDX-License-Identifier: Apache-2.0
 *
 * One listening socket of a forwarded port: made, bound and listening (TCP), or bound (UDP). The
 * descriptor belongs to the caller; who takes what arrives on it is none of this module's business.
 */
#ifndef COMMON_FWD_LISTEN_H
#define COMMON_FWD_LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sockets.h"

struct fwd_listen_request {
	enum socket_side side;
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	int family; /* AF_UNSPEC: IPv6 and IPv4 in one socket, @addr is unspecified then */
	struct in6_addr addr;
	const char *ifname; /* "": any */
	uint16_t port;
	bool freebind; /* the address need not be there (yet) */
	bool share; /* with sockets of ours that have SO_REUSEPORT too */
};

/* fwd_listen_open() - Return: descriptor; -EAFNOSUPPORT or -EADDRNOTAVAIL if the family is not
 * there; or what socket(), bind() or listen() said
 */
int fwd_listen_open(const struct socket_source *sockets, const struct fwd_listen_request *request);

#endif
