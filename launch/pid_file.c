/* SPDX-License-Identifier: Apache-2.0
 *
 * The number and a newline. A file that goes has it until then, and for whoever has it open even
 * after: the number of a process that has ended is what Podman can do with, nothing is not.
 */
#include "launch/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/log.h"
#include "netns/base/remedy.h"

void pid_file_init(struct pid_file *file)
{
	*file = (struct pid_file){ .fd = -1 };
}

int pid_file_open(struct pid_file *file, const char *path, struct made_files *made, struct err *err)
{
	const unsigned int before = made->count;
	int fd;

	if (!path)
		return 0;
	fd = made_files_open(made, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644, false);
	if (fd < 0) {
		err_set(err, fd, "--pid '%s': %s", path, strerror(-fd));
		return err_remedy(err, fd, remedy_file(fd));
	}
	file->path = path;
	file->stays = made->count == before;
	file->fd = fd;
	return 0;
}

int pid_file_write(struct pid_file *file, struct err *err)
{
	char text[24];
	size_t len;

	if (file->fd < 0)
		return 0;
	file->written = true;
	len = (size_t)snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	/* A pipe can't be truncated */
	if (ftruncate(file->fd, 0) && errno != EINVAL)
		return err_set(err, -errno, "--pid '%s': %s", file->path, strerror(errno));
	if (write(file->fd, text, len) != (ssize_t)len)
		return err_set(err, -errno, "--pid '%s': %s", file->path, strerror(errno));
	return 0;
}

void pid_file_finish(struct pid_file *file)
{
	if (file->fd < 0)
		return;
	if (file->written && file->stays && ftruncate(file->fd, 0) && errno != EINVAL)
		log_debug("--pid '%s': cannot empty it: %s", file->path, strerror(errno));
	fds_close(&file->fd);
}
