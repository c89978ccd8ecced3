/* SPDX-License-Identifier: Apache-2.0
 *
 * The four directions of port forwarding: a protocol, and the side that its connections go to. What
 * else depends on the direction alone is asked here. Pure.
 */
#ifndef COMMON_FWD_DIRECTION_H
#define COMMON_FWD_DIRECTION_H

#include <stdbool.h>

#include "common/base/sockets.h"

enum fwd_direction {
	FWD_TCP_TO_NS,
	FWD_UDP_TO_NS,
	FWD_TCP_TO_HOST,
	FWD_UDP_TO_HOST,
};
#define FWD_DIRECTIONS 4

static inline bool fwd_direction_is_udp(enum fwd_direction direction)
{
	return direction == FWD_UDP_TO_NS || direction == FWD_UDP_TO_HOST;
}

/* fwd_direction_target() - the side that connections go to: the services are there */
static inline enum socket_side fwd_direction_target(enum fwd_direction direction)
{
	return direction == FWD_TCP_TO_NS || direction == FWD_UDP_TO_NS ? SOCKET_NS : SOCKET_HOST;
}

/* fwd_direction_source() - the side that connections come from: our listening sockets are there */
static inline enum socket_side fwd_direction_source(enum fwd_direction direction)
{
	return fwd_direction_target(direction) == SOCKET_NS ? SOCKET_HOST : SOCKET_NS;
}

/* fwd_direction_opposite() - the same protocol the other way round */
enum fwd_direction fwd_direction_opposite(enum fwd_direction direction);

/* fwd_direction_text() - for logs and errors */
const char *fwd_direction_text(enum fwd_direction direction);

/* fwd_direction_option() - the long option that its rules are given by */
const char *fwd_direction_option(enum fwd_direction direction);

#endif
