/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of mountinfo begin with the mount's number, which is not given to another one as long as
 * somebody holds the mount. Nobody does so here, so a new mount that gets the number in the short
 * time between two looks goes unnoticed; the kernel hands numbers out in turn, not at once again.
 */
#include "netns/beside/end_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define READ_BYTES 4096
#define LOOK_SECONDS 1
#define DIR_EVENTS                                                                                 \
	(IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT |    \
	 IN_ONLYDIR)

void end_watch_init(struct end_watch *watch)
{
	*watch = (struct end_watch){
		.mounts_fd = -1,
		.dir_fd = -1,
		.timer_fd = -1,
		.path_fd = -1,
	};
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

/* Of a process that can't be watched: in another PID namespace's /proc. Its number, not what the
 * link is, tells; procfs makes inodes anew whenever it likes
 */
static bool is_process_path(const char *path)
{
	int pid, end = 0;

	return sscanf(path, "/proc/%9d/ns/%n", &pid, &end) == 1 && end;
}

/* Return: false for paths of /proc, whose directories tell nothing; others there lead elsewhere */
static bool split(const char *path, char dir[PATH_MAX], char name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');

	if (!slash || !slash[1] || !strncmp(path, "/proc/", strlen("/proc/")))
		if (!slash || !strstr(path, "/root/"))
			return false;
	snprintf(dir, PATH_MAX, "%.*s", (int)(slash - path) + 1, path);
	snprintf(name, NAME_MAX + 1, "%s", slash + 1);
	return true;
}

static void watch_directory(const char *dir, struct end_watch *watch)
{
	watch->dir_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->dir_fd < 0 || inotify_add_watch(watch->dir_fd, dir, DIR_EVENTS) >= 0)
		return;
	close(watch->dir_fd);
	watch->dir_fd = -1;
}

static int look_up(const struct end_watch *watch, struct stat *ret_st)
{
	return fstatat(watch->path_fd, watch->name, ret_st, AT_SYMLINK_NOFOLLOW);
}

/* watch_slowly() - @exists: whether it's enough that the path leads anywhere */
static void watch_slowly(const char *dir, bool exists, struct end_watch *watch)
{
	const struct itimerspec interval = {
		.it_interval.tv_sec = LOOK_SECONDS,
		.it_value.tv_sec = LOOK_SECONDS,
	};
	struct stat st;

	watch->path_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (watch->path_fd < 0 || look_up(watch, &st))
		return;
	watch->dev = st.st_dev;
	watch->ino = exists ? 0 : st.st_ino;
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch->timer_fd >= 0)
		timerfd_settime(watch->timer_fd, 0, &interval, NULL);
}

bool end_watch_open(const char *path, bool has_process, struct end_watch *ret_watch)
{
	char dir[PATH_MAX] = "";

	end_watch_init(ret_watch);
	watch_mount(path, ret_watch);
	if (split(path, dir, ret_watch->name)) {
		watch_directory(dir, ret_watch);
		if (ret_watch->mounts_fd < 0 && ret_watch->dir_fd < 0)
			watch_slowly(dir, false, ret_watch);
	} else if (!has_process && is_process_path(path)) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
		snprintf(ret_watch->name, sizeof(ret_watch->name), "%s", strrchr(path, '/') + 1);
		watch_slowly(dir, true, ret_watch);
	}
	return ret_watch->mounts_fd >= 0 || ret_watch->dir_fd >= 0 || ret_watch->timer_fd >= 0;
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

bool end_watch_changed(const struct end_watch *watch)
{
	uint64_t expirations;
	struct stat st;

	if (read(watch->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return false;
	if (look_up(watch, &st))
		return errno == ENOENT || errno == ENOTDIR || errno == ESTALE || errno == ESRCH;
	return watch->ino && (st.st_dev != watch->dev || st.st_ino != watch->ino);
}
