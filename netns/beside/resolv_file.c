/* SPDX-License-Identifier: Apache-2.0
 *
 * Only the last component of a path is looked at as a link: one in front of it (/var/run) is as
 * good as never changed.
 */
#include "netns/beside/resolv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* As many as the kernel follows is more than anybody has */
#define LINKS_MAX 16

#define DIR_EVENTS                                                                                 \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
#define FILE_EVENTS (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

int resolv_file_read_text(char *text, size_t size, size_t *ret_len)
{
	int fd = open(RESOLV_FILE_PATH, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < size) {
		n = read(fd, text + len, size - len);
		if (n > 0)
			len += (size_t)n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	*ret_len = len;
	return 0;
}

int resolv_file_read(struct resolv *ret_resolv)
{
	char text[RESOLV_FILE_MAX + 1]; /* one more, to know that there is more */
	size_t len = 0;
	int rc = resolv_file_read_text(text, sizeof(text), &len);

	if (!rc)
		resolv_parse(text, len, ret_resolv);
	return rc;
}

/* Cuts the last component off; "/" stays */
static void to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = '\0';
}

static int watch_directory(int inotify_fd, const char *file)
{
	char dir[PATH_MAX];
	int wd;

	snprintf(dir, sizeof(dir), "%s", file);
	do {
		to_parent(dir);
		wd = inotify_add_watch(inotify_fd, dir, DIR_EVENTS | IN_ONLYDIR);
	} while (wd < 0 && errno == ENOENT && dir[1]);
	return wd < 0 ? -errno : 0;
}

/* @path becomes what the link there says */
static int follow(char path[PATH_MAX], const char *target)
{
	char dir[PATH_MAX] = "";
	int len;

	if (target[0] != '/') {
		memcpy(dir, path, PATH_MAX);
		to_parent(dir);
	}
	len = snprintf(path, PATH_MAX, "%s/%s", dir, target);
	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* What is there is no link. Return: 0 or -errno */
static int watch_file(int inotify_fd, const char *path, int error)
{
	if (error == ENOENT)
		return 0; /* its directory tells when it's made */
	if (error != EINVAL)
		return -error;
	return inotify_add_watch(inotify_fd, path, FILE_EVENTS) < 0 ? -errno : 0;
}

int resolv_file_watch(int inotify_fd)
{
	char path[PATH_MAX] = RESOLV_FILE_PATH, target[PATH_MAX];

	for (int i = 0; i < LINKS_MAX; i++) {
		int rc = watch_directory(inotify_fd, path);
		ssize_t n;

		if (rc)
			return rc;
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return watch_file(inotify_fd, path, errno);
		target[n] = '\0';
		rc = follow(path, target);
		if (rc)
			return rc;
	}
	return -ELOOP;
}
