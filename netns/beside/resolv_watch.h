/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights and no capability, in a side process; poll(2), and resolv_file.h's.
 *
 * News of the host's resolv.conf for a process that can't open files any more. Once locked in, the
 * engine has an empty root and may open nothing, and that stays so: a side process waits for
 * changes, and sends the parsed file.
 */
#ifndef NETNS_BESIDE_RESOLV_WATCH_H
#define NETNS_BESIDE_RESOLV_WATCH_H

#include "common/base/err.h"
#include "common/base/resolv.h"
#include "netns/beside/side_process.h"

/* resolv_watch_start() - make the process; when its fd is readable, call resolv_watch_read()
 * @known:	what the file said when it was read; only what differs is sent
 *
 * Return: as side_process_start()
 */
int resolv_watch_start(const struct resolv *known, struct side_process *ret_watch, struct err *err);

/* resolv_watch_ask() - have it look now, as what changes where inotify sees nothing is not noticed.
 * Works under the lock-in
 *
 * Return: 0 or -errno
 */
int resolv_watch_ask(const struct side_process *watch);

/* resolv_watch_read() - take the news. Works under the lock-in
 *
 * Return: 0; -EAGAIN if there is none; another -errno if the process is gone
 */
int resolv_watch_read(const struct side_process *watch, struct resolv *ret_resolv);

#endif
