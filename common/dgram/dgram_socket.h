/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagram sockets of the host's, as flows of UDP and ping need them: made, bound and connected as
 * fwd/ has decided. Whoever asks for one owns it.
 */
#ifndef COMMON_DGRAM_DGRAM_SOCKET_H
#define COMMON_DGRAM_DGRAM_SOCKET_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/fwd/fwd.h"

/* The destination is a broadcast address of the host; not an errno of connect() */
#define DGRAM_BROADCAST (-ENOTSUP)

/* dgram_socket_new() - a socket of the host's for a protocol, bound as @target says
 * @port:	to be bound to, unless somebody has it; 0: not bound to any
 *
 * Return: descriptor or -errno
 */
int dgram_socket_new(const struct fwd_target *target, uint8_t protocol, uint16_t port);

/* dgram_socket_connect() - Return: 0, DGRAM_BROADCAST or -errno */
int dgram_socket_connect(int fd, const struct fwd_target *target);

/* dgram_socket_unavailable() - whether an error of dgram_socket_new() says that there are no
 * sockets to be had, by a limit or for this user, rather than something of @target
 */
bool dgram_socket_unavailable(int rc);

#endif
