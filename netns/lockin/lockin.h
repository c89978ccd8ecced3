/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs as root of our own user namespace, and takes that away; mount(2), capset(2), prctl(2).
 *
 * Giving up, for good, all that the engine does not need. Nothing that is open is affected.
 */
#ifndef NETNS_LOCKIN_LOCKIN_H
#define NETNS_LOCKIN_LOCKIN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

struct lockin_request {
	bool landlock; /* use it where the kernel has it */
	bool maps_guest; /* memory that a virtual machine shares is looked at and mapped later on */
	bool keep_bind_service; /* CAP_NET_BIND_SERVICE stays, for ports below 1024 later on */
};

/* lockin_root() - step one: move the calling, single-threaded process to an empty root
 *
 * Before: uid 0 with every capability of our user namespace, the caller's file system and IPC.
 * After: an empty and read-only root, mount, UTS and IPC namespaces of its own; threads made from
 * here on share them. Capabilities are needed for it, so they are still there.
 *
 * @chroot_fallback:	use chroot(2) where pivot_root(2) is refused, as on an initramfs; the old
 *root stays mounted below, out of reach for a process without capabilities
 *
 * Return: 0, or -errno with @err set: the process may then be partly locked in, so it should end
 */
int lockin_root(bool chroot_fallback, struct err *err);

/* lockin_thread() - step two, for the calling thread: no capability in any set (but what @request
 * keeps) and no way to get one, no file can be read or written that was not opened before
 * (Landlock: O_PATH is left), not dumpable. Threads that it makes from here on are as it is
 *
 * Return: 0, or -errno with @err set
 */
int lockin_thread(const struct lockin_request *request, struct err *err);

/* lockin_filter() - step three, once each thread has taken step two, for all of them at once: only
 * the system calls of seccomp_list.h
 *
 * After: sockets of AF_INET and AF_INET6 can still be made, in the network namespace where the
 * calling thread is; no process but itself can be signalled; no process or thread can be made.
 *
 * Return: 0, or -errno with @err set
 */
int lockin_filter(const struct lockin_request *request, struct err *err);

/* lockin_drop_all() - no capability and no way to get one, not dumpable. For any process, whatever
 * it has: the bounding set stays, as nothing can be got from it any more
 *
 * Return: 0 or -errno
 */
int lockin_drop_all(void);

/* lockin_keep_net_admin() - the same, but CAP_NET_ADMIN stays, permitted and effective
 *
 * Return: 0 or -errno
 */
int lockin_keep_net_admin(void);

/* lockin_program() - all of it for a single-threaded program of any user's that is no engine:
 * lockin_drop_all(), Landlock where the kernel has it, and only these system calls
 * @calls:	from seccomp_list.h
 *
 * Before: the caller's user and file system. After: no file can be opened; sockets can be made or
 * connected only as far as @calls has these.
 *
 * Return: 0, or -errno with @err set
 */
int lockin_program(const int *calls, size_t count, struct err *err);

#endif
