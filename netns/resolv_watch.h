/* SPDX-License-Identifier: Apache-2.0
 *
 * News of the host's resolv.conf for a process that can't open files any more. Once locked in, the
 * engine has an empty root and may open nothing, and that stays so: a small process of its own,
 * made before, keeps the view of the host's files, waits for changes, and sends the parsed file
 * through a socket pair. It hears nothing from the network or the namespace, has no capability, can't
 * write to any file, make a socket or run a program (seccomp), and ends when the other end does.
 */
#ifndef NETNS_RESOLV_WATCH_H
#define NETNS_RESOLV_WATCH_H

#include <sys/types.h>

#include "common/base/err.h"
#include "common/base/resolv.h"

struct resolv_watch {
	int fd; /* readable: call resolv_watch_read(). -1: none */
	pid_t pid; /* 0: none */
};

/* resolv_watch_start() - make the process
 * @known:	what the file said when it was read; only what differs is sent
 *
 * To be called single-threaded, as the user whose view of the files counts.
 *
 * Return: 0, or -errno with @err set
 */
int resolv_watch_start(const struct resolv *known, struct resolv_watch *ret_watch, struct err *err);

/* resolv_watch_read() - take the news. Works under the lock-in
 *
 * Return: 0; -EAGAIN if there is none; another -errno if the process is gone
 */
int resolv_watch_read(const struct resolv_watch *watch, struct resolv *ret_resolv);

/* resolv_watch_stop() - let the process end, without waiting for that: closing its inotify descriptor
 * takes the kernel longer than all else at the end. Harmless if there is none, with fd -1
 */
void resolv_watch_stop(struct resolv_watch *watch);

/* resolv_watch_finish() - wait until it has ended; harmless if there is none, with pid 0 */
void resolv_watch_finish(struct resolv_watch *watch);

#endif
