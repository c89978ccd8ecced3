/* SPDX-License-Identifier: Apache-2.0
 *
 * The socket thread: a thread that lives in the target network namespace and makes sockets there.
 * It keeps a small stock of each kind that was asked for, larger the faster they go, so that a
 * connection takes one without waiting. Who starts it owns the struct, which must stay where it is;
 * the thread ends with the process.
 */
#ifndef NETNS_SOCKETS_H
#define NETNS_SOCKETS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "netns/lockin.h"

#define NS_SOCKETS_STOCK_MAX 64
#define NS_SOCKETS_KINDS 4 /* two families, two types */

struct ns_sockets_stock {
	int fd[NS_SOCKETS_STOCK_MAX];
	uint32_t count;
	uint32_t target; /* to be refilled up to, 0: never asked for */
	bool wanted; /* the thread is to refill it now */
	int error; /* -errno of the last attempt to make one, or 0 */
};

struct ns_sockets {
	pthread_mutex_t lock;
	pthread_cond_t asked; /* for the thread */
	pthread_cond_t filled; /* for whoever waits for it */
	struct ns_sockets_stock stock[NS_SOCKETS_KINDS];
	int net_fd;
	struct lockin_request lockin; /* of the thread */
	int started; /* 1: not yet, else what the thread's start came to */
	struct err *err; /* of the start */
};

/* ns_sockets_start() - start the thread, and have it enter @net_fd and lock itself in
 *
 * Before: capabilities over the namespace, signals blocked that others are to get. After: the
 * thread has no other capability than @lockin asks for; only the filter of system calls is missing,
 * which the caller puts on all threads at once.
 *
 * Return: 0, or -errno with @err set
 */
int ns_sockets_start(struct ns_sockets *sockets, int net_fd, const struct lockin_request *lockin,
		     struct err *err);

/* ns_sockets_get() - the get_ns of a struct socket_source, a struct ns_sockets being its arg */
int ns_sockets_get(void *arg, int family, int type);

#endif
