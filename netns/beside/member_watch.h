/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights and no capability, in a side process; poll(2), stat(2) below /proc,
 * pidfd_open(2).
 *
 * When nobody is in a joined network namespace any more, where nothing else tells of its end: it
 * was given by a descriptor. A side process waits for the end of one process that is in there, and
 * then looks for another. It goes by processes that the caller may look at, and says nothing before
 * it has seen one: who gave the descriptor may be about to put the first into it.
 */
#ifndef NETNS_BESIDE_MEMBER_WATCH_H
#define NETNS_BESIDE_MEMBER_WATCH_H

#include "common/base/err.h"
#include "netns/beside/side_process.h"

/* member_watch_start() - make the process; when its fd is readable, call member_watch_is_empty()
 * @net_fd:	the namespace
 *
 * Return: as side_process_start(); -ENOENT if /proc isn't that of our PID namespace
 */
int member_watch_start(int net_fd, struct side_process *ret_watch, struct err *err);

/* member_watch_is_empty() - Return: 1 if nobody is in there; 0: not so; -EPIPE if the process is
 * gone without a word. Works under the lock-in
 */
int member_watch_is_empty(const struct side_process *watch);

#endif
