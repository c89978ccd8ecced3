/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths are made absolute: the side process has the root as its directory. One byte tells it that
 * the start has not failed; the end of the socket pair that pasta has ended.
 */
#include "netns/beside/made_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/lockin/seccomp_list.h"
#include "netns/base/user_ns.h"

void made_files_init(struct made_files *files)
{
	memset(files, 0, sizeof(*files));
	side_process_init(&files->end);
}

void made_files_begin(struct made_files *files)
{
	sigset_t all;

	if (files->blocked)
		return;
	sigfillset(&all);
	files->blocked = !sigprocmask(SIG_SETMASK, &all, &files->old_mask);
}

static void unblock_signals(struct made_files *files)
{
	if (files->blocked)
		sigprocmask(SIG_SETMASK, &files->old_mask, NULL);
	files->blocked = false;
}

static void note(struct made_files *files, const char *path, const struct stat *st, bool stays)
{
	struct made_file *file = &files->file[files->count];

	if (files->count == ARRAY_SIZE(files->file))
		return;
	file->path = realpath(path, NULL);
	if (!file->path) /* of a directory that has none; it can be reached from there, for now */
		file->path = strdup(path);
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->stays = stays;
	files->count += file->path != NULL;
}

void made_files_add(struct made_files *files, const char *path)
{
	struct stat st;

	if (!lstat(path, &st))
		note(files, path, &st, false);
}

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

/* In procfs, where links stand for what the caller has open */
static bool is_descriptor(const char *path)
{
	return !strncmp(path, "/proc/", strlen("/proc/")) ||
	       !strncmp(path, "/dev/", strlen("/dev/"));
}

int made_files_open(struct made_files *files, const char *path, int flags, mode_t mode, bool stays)
{
	struct stat st;
	bool made = true;
	int fd, rc;

	/* Who can put a link where root's files are to be shall not choose what root writes to */
	if (!geteuid() && user_ns_is_initial() && !is_descriptor(path))
		flags |= O_NOFOLLOW;
	/* The first try may wait, for a pipe's other end: no signal may be blocked yet */
	fd = open(path, flags);
	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	made_files_begin(files);
	fd = open(path, flags | O_CREAT | O_EXCL, mode);
	rc = -errno;
	if (fd < 0 && rc == -EEXIST) {
		made = is_link(path); /* to nothing; else somebody else was faster */
		fd = open(path, flags | O_CREAT, mode);
		rc = -errno;
	}
	if (fd >= 0 && made && !fstat(fd, &st))
		note(files, path, &st, stays);
	return fd < 0 ? rc : fd;
}

static void remove_files(const struct made_files *files, bool ready)
{
	struct stat now;

	for (unsigned int i = 0; i < files->count; i++) {
		const struct made_file *file = &files->file[i];

		if (!(ready && file->stays) && !lstat(file->path, &now) &&
		    now.st_ino == file->ino && now.st_dev == file->dev)
			unlink(file->path);
	}
}

static bool all_stay(const struct made_files *files)
{
	for (unsigned int i = 0; i < files->count; i++)
		if (!files->file[i].stays)
			return false;
	return true;
}

static void remove_at_end(int channel_fd, const void *arg)
{
	const struct made_files *files = arg;
	bool ready = false;
	char byte;

	while (recv(channel_fd, &byte, 1, 0) > 0) {
		ready = true;
		if (all_stay(files))
			return;
	}
	remove_files(files, ready);
}

void made_files_start(struct made_files *files)
{
	const struct side_process_job job = {
		.name = "pasta-files",
		.main = remove_at_end,
		.calls = seccomp_list_made_files,
		.call_count = seccomp_list_made_files_count,
	};
	struct err err;

	if (files->count && side_process_start(&job, files, &files->end, &err))
		log_debug("files may be left behind: %s", err.text);
	unblock_signals(files);
}

void made_files_ready(struct made_files *files)
{
	files->ready = true;
	if (files->end.fd < 0)
		return;
	send(files->end.fd, "", 1, MSG_NOSIGNAL);
	if (all_stay(files))
		side_process_finish(&files->end);
}

void made_files_finish(struct made_files *files, bool locked_in)
{
	side_process_finish(&files->end);
	/* Where there was no such process, or one without the capabilities that it took to make
	 * them */
	if (!locked_in)
		remove_files(files, files->ready);
	while (files->count)
		free(files->file[--files->count].path);
	unblock_signals(files);
}
