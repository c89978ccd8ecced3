/* SPDX-License-Identifier: Apache-2.0
 *
 * Made with the rights over the namespace, used under the lock-in; netlink (sock_diag).
 *
 * Questions about the sockets of a network namespace, by sock_diag. The socket is opened there
 * once, so call diag_open() through space_run(); asking works from anywhere and under the
 * lock-in, and allocates nothing.
 */
#ifndef NETNS_BESIDE_DIAG_H
#define NETNS_BESIDE_DIAG_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/sockets.h"

struct diag {
	int fd; /* -1 when absent */
	int counts_fd, counts6_fd; /* of /proc/net; -1 when absent */
};

/* diag_open() - for the life of the process. Return: 0, or -errno with @err set */
int diag_open(struct diag *ret_diag, struct err *err);

/* diag_unsent() - whether any TCP socket there, open or orphaned, has data or a FIN that its
 * peer has not acknowledged
 *
 * Return: that; false also if it cannot be known
 */
bool diag_unsent(const struct diag *diag);

/* diag_listeners() - call @fn for each socket that waits: TCP sockets that listen, UDP sockets
 * that are bound but not connected
 * @type:	SOCK_STREAM or SOCK_DGRAM
 *
 * Return: 0, or -errno; some may have been told of then
 */
int diag_listeners(const struct diag *diag, int type, socket_listener_fn fn, void *arg);

#endif
