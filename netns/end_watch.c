/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of mountinfo begin with the mount's number, which is not given to another one as long as
 * somebody holds the mount. Nobody does so here, so a new mount that gets the number in the short
 * time between two looks goes unnoticed; the kernel hands numbers out in turn, not at once again.
 */
#include "netns/end_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 4096
#define DIR_EVENTS                                                                                 \
	(IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_ONLYDIR)

void end_watch_init(struct end_watch *watch)
{
	*watch = (struct end_watch){ .mounts_fd = -1, .dir_fd = -1 };
}

/* Only the number at the start of each line is of interest */
struct scan {
	uint64_t number;
	bool in_number;
};

static bool scan_chunk(struct scan *scan, const char *text, size_t len, uint64_t wanted)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\n') {
			*scan = (struct scan){ .in_number = true };
		} else if (scan->in_number && c >= '0' && c <= '9') {
			scan->number = scan->number * 10 + (uint64_t)(c - '0');
		} else if (scan->in_number) {
			if (scan->number == wanted)
				return true;
			scan->in_number = false;
		}
	}
	return false;
}

/* Return: true also if it can't be known */
static bool is_mounted(int mounts_fd, uint64_t mount_id)
{
	struct scan scan = { .in_number = true };
	char text[READ_BYTES];
	ssize_t n = 0;

	if (lseek(mounts_fd, 0, SEEK_SET))
		return true;
	while ((n = read(mounts_fd, text, sizeof(text))) > 0)
		if (scan_chunk(&scan, text, (size_t)n, mount_id))
			return true;
	return n < 0;
}

/* The table of the mount namespace that the path leads through */
static int open_mounts(const char *path)
{
	char mounts[40] = "/proc/self/mountinfo";
	int pid, end = 0;

	if (sscanf(path, "/proc/%9d/root/%n", &pid, &end) == 1 && end)
		snprintf(mounts, sizeof(mounts), "/proc/%d/mountinfo", pid);
	return open(mounts, O_RDONLY | O_CLOEXEC);
}

static void watch_mount(const char *path, struct end_watch *watch)
{
	struct statx stx;
	int fd;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &stx) ||
	    !(stx.stx_mask & STATX_MNT_ID))
		return;
	fd = open_mounts(path);
	if (fd < 0)
		return;
	/* A path below /proc/PID/ns is on no mount of the table */
	if (!is_mounted(fd, stx.stx_mnt_id)) {
		close(fd);
		return;
	}
	watch->mounts_fd = fd;
	watch->mount_id = stx.stx_mnt_id;
}

static void watch_directory(const char *path, struct end_watch *watch)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash || !slash[1] || !strncmp(path, "/proc/", strlen("/proc/")))
		if (!slash || !strstr(path, "/root/"))
			return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	snprintf(watch->name, sizeof(watch->name), "%s", slash + 1);
	watch->dir_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->dir_fd < 0 || inotify_add_watch(watch->dir_fd, dir, DIR_EVENTS) >= 0)
		return;
	close(watch->dir_fd);
	watch->dir_fd = -1;
}

bool end_watch_open(const char *path, struct end_watch *ret_watch)
{
	end_watch_init(ret_watch);
	watch_mount(path, ret_watch);
	watch_directory(path, ret_watch);
	return ret_watch->mounts_fd >= 0 || ret_watch->dir_fd >= 0;
}

void end_watch_close(struct end_watch *watch)
{
	if (watch->mounts_fd >= 0)
		close(watch->mounts_fd);
	if (watch->dir_fd >= 0)
		close(watch->dir_fd);
	end_watch_init(watch);
}

bool end_watch_unmounted(const struct end_watch *watch)
{
	return !is_mounted(watch->mounts_fd, watch->mount_id);
}

static bool is_end(const struct end_watch *watch, const struct inotify_event *event)
{
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
		return true;
	return event->len && !strcmp(event->name, watch->name);
}

bool end_watch_deleted(const struct end_watch *watch)
{
	__attribute__((aligned(__alignof__(struct inotify_event)))) char events[READ_BYTES];
	bool gone = false;
	ssize_t n;

	while ((n = read(watch->dir_fd, events, sizeof(events))) > 0) {
		for (size_t at = 0; at < (size_t)n;) {
			const struct inotify_event *event = (const void *)(events + at);

			gone |= is_end(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
	return gone;
}
