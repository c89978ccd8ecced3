/* SPDX-License-Identifier: Apache-2.0
 *
 * Made with the caller's rights, used under the lock-in; inotify(7), stat(2), read(2).
 *
 * When a joined namespace ends: as the kernel keeps it alive for us, what counts is the process it
 * was taken from, or the path. All descriptors are opened before the lock-in and work under it;
 * which of them there are depends on the path. struct end_watch owns them, but for the pidfd,
 * for as long as pasta runs.
 *
 * A mount that goes away, with its file or without, shows in the table of mounts, which tells of
 * changes (EPOLLPRI). A path that is a link, or a place where that table can't be read, has the
 * directory's events (inotify: a user has 128 instances by default, so it's not for all). Where
 * both are refused, the path is looked up in its directory every now and then; only then does a
 * watch hold on to the directory's mount.
 */
#ifndef NETNS_BESIDE_END_WATCH_H
#define NETNS_BESIDE_END_WATCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct end_watch {
	int mounts_fd; /* EPOLLPRI: call end_watch_unmounted(); -1: none */
	int dir_fd; /* EPOLLIN: call end_watch_deleted(); -1: none */
	int timer_fd; /* EPOLLIN: call end_watch_changed(); -1: none */
	int path_fd; /* the directory, for that */
	dev_t dev; /* what the path led to */
	ino_t ino; /* 0: whatever is there will do */
	uint64_t mount_id;
	uint64_t mount_hash; /* of its line in the table */
	char name[NAME_MAX + 1]; /* of the path's last component */
};

void end_watch_init(struct end_watch *watch);

/* end_watch_open() - watch @path
 * @has_process:	the process that it is of is watched already, if it is of one
 *
 * Return: whether its end will be noticed in any way
 */
bool end_watch_open(const char *path, bool has_process, struct end_watch *ret_watch);

/* end_watch_unmounted() - whether the mount is no longer there */
bool end_watch_unmounted(const struct end_watch *watch);

/* end_watch_deleted() - read all events; whether one of them says that the path is gone */
bool end_watch_deleted(const struct end_watch *watch);

/* end_watch_changed() - a look; whether the path leads to nothing, or elsewhere. Works under the
 * lock-in
 */
bool end_watch_changed(const struct end_watch *watch);

#endif
