/* SPDX-License-Identifier: Apache-2.0
 *
 * The number and a newline.
 */
#include "pasta/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "netns/pid_file_end.h"

void pid_file_init(struct pid_file *file)
{
	*file = (struct pid_file){ .fd = -1 };
	side_process_init(&file->end);
}

int pid_file_open(struct pid_file *file, const char *path, struct err *err)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if (!path)
		return 0;
	file->path = path;
	file->fd = open(path, flags | O_EXCL, 0644);
	file->created = file->fd >= 0;
	if (file->fd < 0 && errno == EEXIST)
		file->fd = open(path, flags, 0644);
	if (file->fd < 0)
		return err_set(err, -errno, "--pid '%s': %s", path, strerror(errno));
	return 0;
}

void pid_file_start(struct pid_file *file)
{
	struct err err;

	if (file->created && pid_file_end_start(file->path, file->fd, &file->end, &err))
		log_debug("--pid '%s' will only be emptied at the end: %s", file->path, err.text);
}

int pid_file_write(struct pid_file *file, struct err *err)
{
	char text[24];
	size_t len;

	if (file->fd < 0)
		return 0;
	len = (size_t)snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	/* A pipe can't be truncated */
	if (ftruncate(file->fd, 0) && errno != EINVAL)
		return err_set(err, -errno, "--pid '%s': %s", file->path, strerror(errno));
	if (write(file->fd, text, len) != (ssize_t)len)
		return err_set(err, -errno, "--pid '%s': %s", file->path, strerror(errno));
	return 0;
}

void pid_file_finish(struct pid_file *file, bool locked_in)
{
	if (file->fd < 0)
		return;
	if (!locked_in && file->created)
		unlink(file->path);
	/* Removed before it is emptied: Podman may be reading it, and takes no file, but no empty one */
	side_process_finish(&file->end);
	if (locked_in && ftruncate(file->fd, 0) && errno != EINVAL)
		log_debug("--pid '%s': cannot empty it: %s", file->path, strerror(errno));
	close(file->fd);
	file->fd = -1;
}
