/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the rights over the namespace, then locked in; setns(2), socket(2), sendmsg(2).
 *
 * The socket thread: a thread that lives in the target network namespace and makes sockets there.
 * A small stock of each kind that was asked for is kept, larger the faster they go, so that a
 * connection takes one without waiting. Who starts the thread owns the struct; the thread ends with
 * the process.
 */
#ifndef NETNS_BESIDE_SOCKETS_H
#define NETNS_BESIDE_SOCKETS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/fd_message.h"
#include "netns/lockin/lockin.h"

#define NS_SOCKETS_STOCK_MAX FD_MESSAGE_MAX
#define NS_SOCKETS_KINDS 4 /* two families, two types */

struct ns_sockets_stock {
	int fd[NS_SOCKETS_STOCK_MAX];
	uint32_t count;
	uint32_t target; /* to be refilled up to, 0: never asked for */
	bool asked; /* the thread's answer is still to come */
	int error; /* -errno if the last answer had no sockets, or 0 */
};

struct ns_sockets {
	struct ns_sockets_stock stock[NS_SOCKETS_KINDS];
	int channel; /* to the thread */
	pthread_mutex_t lock; /* several threads may ask for sockets */
};

/* ns_sockets_start() - start the thread, and have it enter @net_fd and lock itself in
 *
 * Before: capabilities over the namespace, signals blocked that others are to get. After: the
 * thread has no other capability than @lockin asks for; only the filter of system calls is missing,
 * which the caller puts on all threads at once. It has a table of descriptors of its own, with
 * nothing in it.
 *
 * Return: 0, or -errno with @err set
 */
int ns_sockets_start(struct ns_sockets *sockets, int net_fd, const struct lockin_request *lockin,
		     struct err *err);

/* ns_sockets_get() - the get_ns of a struct socket_source, a struct ns_sockets being its arg; for
 * any thread
 */
int ns_sockets_get(void *arg, int family, int type);

#endif
