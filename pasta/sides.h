/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine needs of the two network namespaces, beyond the sockets that it makes itself: new
 * sockets in the target namespace, and lists of what waits for connections on either side. Opened
 * before the lock-in, used under it.
 */
#ifndef PASTA_SIDES_H
#define PASTA_SIDES_H

#include "common/base/err.h"
#include "common/base/sockets.h"
#include "netns/beside/diag.h"
#include "netns/beside/sockets.h"

/* Not to be moved once sides_source() was asked for */
struct sides {
	struct diag host, ns; /* fd -1: not opened, nothing is listed there */
	struct ns_sockets sockets;
};

void sides_init(struct sides *sides);

/* sides_source() - what the engine's configuration takes */
struct socket_source sides_source(struct sides *sides);

#endif
