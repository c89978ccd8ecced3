/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights, then root's of what is joined; open(2), pidfd_open(2), setns(2).
 *
 * Namespaces that somebody else has made, by process or by path. Everything is opened first, with
 * the caller's rights; the user namespace is entered later, and the network namespace never: see
 * space_run(). struct join owns its descriptors.
 */
#ifndef NETNS_START_JOIN_H
#define NETNS_START_JOIN_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/err.h"

struct join_request {
	pid_t pid; /* whose namespaces to join; 0: by path */
	const char *netns; /* path, or a name below /run/netns; NULL with @pid */
	const char *userns; /* path; NULL: with @pid, the one its network belongs to, else none */
	bool netns_only; /* no user namespace, whatever @pid has */
};

struct join {
	int net_fd;
	int user_fd; /* -1: we are in the right one already */
	int pid_fd; /* the process that the namespaces were taken from; -1: none, or refused */
	pid_t number; /* that it has in /proc, if it was named */
	char path[PATH_MAX]; /* of the network namespace */
};

/* join_wanted() - whether there is anything to join */
bool join_wanted(const struct join_request *request);

void join_init(struct join *join);

/* join_open() - Return: 0, or -errno with @err set */
int join_open(const struct join_request *request, struct join *ret_join, struct err *err);

/* join_close_namespaces() - only the process stays open, to be watched */
void join_close_namespaces(struct join *join);

/* join_enter_user() - move the calling, single-threaded process into the user namespace, if it is
 * another one
 *
 * Before: owner of that namespace, or CAP_SYS_ADMIN over it. After: every capability in it; the
 * user and group ids stay what they are outside, mapped in there or not; not dumpable, since from
 * here on root of that namespace could look at our memory, and at what we hold.
 *
 * Return: 0, or -errno with @err set
 */
int join_enter_user(const struct join *join, struct err *err);

#endif
