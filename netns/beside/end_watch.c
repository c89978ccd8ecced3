/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of mountinfo begin with the mount's number, which is nobody's when the mount is gone: the
 * kernel gives the next mount the lowest number that is free. So what is mounted, and where, has to
 * be the same as well: a namespace has a number of its own for as long as we are in it.
 */
#include "netns/beside/end_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/base/err.h"
#include "common/base/fds.h"
#include "common/base/log.h"
#include "netns/base/remedy.h"

#define READ_BYTES 4096
#define FIELDS 5 /* number, parent, device, what is mounted, where */
/* FNV-1a */
#define HASH_START 0xcbf29ce484222325ULL
#define HASH_FACTOR 0x100000001b3ULL
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

/* Of a line, the start: its fields up to the mount point */
struct scan {
	uint64_t number;
	uint64_t hash;
	unsigned int fields; /* whole ones */
};

static void scan_begin(struct scan *scan)
{
	*scan = (struct scan){ .hash = HASH_START };
}

/* Return: whether all of interest in this line has just been read */
static bool scan_char(struct scan *scan, char c)
{
	if (c == '\n')
		scan_begin(scan);
	if (c == '\n' || scan->fields == FIELDS)
		return false;
	scan->hash = (scan->hash ^ (uint8_t)c) * HASH_FACTOR;
	if (c == ' ')
		return ++scan->fields == FIELDS;
	if (!scan->fields)
		scan->number = scan->number * 10 + (uint64_t)(c - '0');
	return false;
}

/* find_mount() - the line of @mount_id
 *
 * Return: 0 with the hash of its start, or 0 as a hash if there is none; -errno if it can't be
 * known
 */
static int find_mount(int mounts_fd, uint64_t mount_id, uint64_t *ret_hash)
{
	char text[READ_BYTES];
	struct scan scan;
	ssize_t n = 0;

	if (lseek(mounts_fd, 0, SEEK_SET))
		return -errno;
	scan_begin(&scan);
	while ((n = read(mounts_fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (!scan_char(&scan, text[i]) || scan.number != mount_id)
				continue;
			*ret_hash = scan.hash;
			return 0;
		}
	}
	*ret_hash = 0;
	return n < 0 ? -errno : 0;
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

	/* Not every C library has statx(2) */
	if (syscall(SYS_statx, AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &stx) ||
	    !(stx.stx_mask & STATX_MNT_ID))
		return;
	fd = open_mounts(path);
	if (fd < 0)
		return;
	/* A path below /proc/PID/ns is on no mount of the table */
	if (find_mount(fd, stx.stx_mnt_id, &watch->mount_hash) || !watch->mount_hash) {
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

static int watch_directory(const char *dir, struct end_watch *watch)
{
	int rc = 0;

	watch->dir_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->dir_fd < 0)
		return -errno;
	if (inotify_add_watch(watch->dir_fd, dir, DIR_EVENTS) < 0) {
		rc = -errno;
		fds_close(&watch->dir_fd);
	}
	return rc;
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

static void log_refusal(const char *path, int code)
{
	struct err err;

	err_set(&err, code, "the end of '%.200s' is looked for once a second: inotify: %s", path,
		strerror(-code));
	err_remedy(&err, code, remedy_inotify(code));
	log_info("%s", err.text);
}

bool end_watch_open(const char *path, bool has_process, struct end_watch *ret_watch)
{
	char dir[PATH_MAX] = "";
	int rc;

	end_watch_init(ret_watch);
	watch_mount(path, ret_watch);
	if (ret_watch->mounts_fd >= 0)
		return true;
	if (split(path, dir, ret_watch->name)) {
		rc = watch_directory(dir, ret_watch);
		if (rc)
			watch_slowly(dir, false, ret_watch);
		if (ret_watch->timer_fd >= 0)
			log_refusal(path, rc);
	} else if (!has_process && is_process_path(path)) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
		snprintf(ret_watch->name, sizeof(ret_watch->name), "%s", strrchr(path, '/') + 1);
		watch_slowly(dir, true, ret_watch);
	}
	return ret_watch->dir_fd >= 0 || ret_watch->timer_fd >= 0;
}

bool end_watch_unmounted(const struct end_watch *watch)
{
	uint64_t hash = 0;

	return !find_mount(watch->mounts_fd, watch->mount_id, &hash) && hash != watch->mount_hash;
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
