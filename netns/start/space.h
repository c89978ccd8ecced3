/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights, then root's of our own user namespace; unshare(2), setns(2).
 *
 * Being in a user namespace of our own, and doing things in another network namespace without
 * moving there. Everything after "we are in a user namespace that owns the network namespace
 * behind this descriptor" is the same however we got there.
 */
#ifndef NETNS_START_SPACE_H
#define NETNS_START_SPACE_H

#include <stdbool.h>

#include "common/base/err.h"

/* space_enter_user() - move the calling, single-threaded process into a new user namespace
 *
 * Before: any user, no privilege needed. After: uid and gid 0 there, mapped to the effective uid
 * and gid of now; every capability over what this namespace will own, none over anything else;
 * setgroups(2) denied, which the kernel demands before an unprivileged gid map. A process that
 * others of its user may not look at, after a change of user, stays so all the time.
 *
 * Return: 0, or -errno with @err set, remedy included
 */
int space_enter_user(struct err *err);

/* space_run() - call @fn(@arg, @err) on a thread that is in network namespace @net_fd, and wait
 * @path:	where @net_fd is from, for the message; "": we have made it
 *
 * The calling thread stays where it is. Descriptors are shared, and what the thread opens stays
 * bound to that namespace: sockets, netlink sockets, /dev/net/tun.
 *
 * Return: what @fn returned, or -errno with @err set
 */
int space_run(int net_fd, const char *path, int (*fn)(void *arg, struct err *err), void *arg,
	      struct err *err);

#endif
