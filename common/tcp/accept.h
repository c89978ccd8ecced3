/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections that come to listening sockets: each is decided by fwd/ and opened to its other end,
 * by the tap or from socket to socket.
 */
#ifndef COMMON_TCP_ACCEPT_H
#define COMMON_TCP_ACCEPT_H

#include <stdint.h>

#include "common/base/loop.h"
#include "common/fwd/fwd.h"
#include "common/tcp/record.h"

/* A connection that may come to the namespace by the tap */
struct tcp_accepted {
	int fd;
	struct fwd_arrival arrival;
	struct fwd_to_ns way;
};

/* tcp_accepted_key() - the ends on the tap that it is going to have at the @attempt-th attempt */
struct flow_key tcp_accepted_key(const struct tcp_accepted *accepted, unsigned int attempt);

/* tcp_accepted_open() - open its way to the namespace
 * @accepted:	its descriptor is @tcp's from here on, for every outcome
 */
void tcp_accepted_open(struct tcp *tcp, const struct tcp_accepted *accepted, uint64_t now_ns);

/* tcp_accept_ready() - the handler of listeners on the host's side; its arg is the struct tcp */
void tcp_accept_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

#endif
