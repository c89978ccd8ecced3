/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in a side process; netlink (route).
 *
 * What the namespace gets, and loses, while the engine, which is locked in, runs: a side process
 * sets addresses and routes of the tap, as the start did, and removes those that were given once,
 * and are still there as they were given. It speaks to the namespace's kernel alone, by a socket
 * from before its lock-in, and does what it is told by pasta, once it has checked that it makes
 * sense. What somebody in the namespace has deleted isn't set again, and a default route isn't
 * where somebody has set or deleted one.
 */
#ifndef NETNS_BESIDE_MIRROR_H
#define NETNS_BESIDE_MIRROR_H

#include "common/base/err.h"
#include "netns/beside/mirror_order.h"
#include "netns/beside/side_process.h"

struct nl_sock;
struct mirror_work;

struct mirror {
	struct nl_sock *sk; /* between mirror_open() and mirror_start() */
	struct mirror_work *work; /* likewise */
	struct side_process process;
};

void mirror_init(struct mirror *mirror);

/* mirror_open() - the socket: on a thread in the namespace
 * @ifindex:	of the tap
 *
 * Return: 0, or -errno with @err set
 */
int mirror_open(struct mirror *mirror, unsigned int ifindex, struct err *err);

/* mirror_begin() - what a family was given at start: on that thread, too */
void mirror_begin(struct mirror *mirror, const struct mirror_order *start);

/* mirror_start() - make the process; when its fd is readable, call mirror_read()
 *
 * To be called in a user namespace of our own that owns the network namespace. Return: as
 * side_process_start()
 */
int mirror_start(struct mirror *mirror, struct err *err);

/* mirror_order() - have it done; the next one when this was answered. Works under the lock-in
 *
 * Return: 0, or -errno if the process is gone
 */
int mirror_order(const struct mirror *mirror, const struct mirror_order *order);

/* mirror_read() - what became of it. Return: as host_watch_read() */
int mirror_read(const struct mirror *mirror, struct mirror_answer *ret_answer);

#endif
