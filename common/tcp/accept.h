/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections that come to listening sockets: each is decided by fwd/ and opened to its other end,
 * by the tap or from socket to socket.
 */
#ifndef COMMON_TCP_ACCEPT_H
#define COMMON_TCP_ACCEPT_H

#include <stdint.h>

#include "common/base/loop.h"

/* tcp_accept_ready() - the handler of listeners on the host's side; its arg is the struct tcp */
void tcp_accept_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

#endif
