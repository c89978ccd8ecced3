/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs in any process, without a right; prctl(2).
 *
 * Processes that are of no use without the one that has made them.
 */
#ifndef NETNS_BASE_PARENT_H
#define NETNS_BASE_PARENT_H

#include <sys/types.h>

/* parent_die_with() - get @signo when the parent dies; at once if that was @parent and it has died
 * already. Lost with other capabilities or another user: then to be called again
 */
void parent_die_with(pid_t parent, int signo);

#endif
