/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs after the capabilities went; landlock(7).
 *
 * Landlock (Linux 5.13): no access to any file by path. A second fence behind the empty root, and
 * one that also holds for abstract UNIX sockets (Linux 6.12).
 */
#ifndef NETNS_LOCKIN_LANDLOCK_H
#define NETNS_LOCKIN_LANDLOCK_H

/* landlock_apply() - restrict the calling thread; needs no_new_privs
 *
 * Return: the kernel's Landlock version (1 or more), 0 if it has none, or -errno
 */
int landlock_apply(void);

#endif
