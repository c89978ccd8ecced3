/* SPDX-License-Identifier: Apache-2.0
 *
 * The path is made absolute first: the process has the root as its directory.
 */
#include "netns/pid_file_end.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns/seccomp_list.h"

struct pid_file_end {
	char path[PATH_MAX];
	struct stat file;
};

/* Nothing is ever sent: what comes is the end */
static void remove_at_end(int channel_fd, const void *arg)
{
	const struct pid_file_end *end = arg;
	struct stat now;
	char byte;

	while (recv(channel_fd, &byte, 1, 0) > 0)
		;
	if (!lstat(end->path, &now) && now.st_ino == end->file.st_ino &&
	    now.st_dev == end->file.st_dev)
		unlink(end->path);
}

int pid_file_end_start(const char *path, int fd, struct side_process *ret_process, struct err *err)
{
	const struct side_process_job job = {
		.name = "pasta-pid-file",
		.main = remove_at_end,
		.calls = seccomp_list_pid_file,
		.call_count = seccomp_list_pid_file_count,
	};
	struct pid_file_end end;

	if (fstat(fd, &end.file) || !realpath(path, end.path))
		return err_set(err, -errno, "cannot find '%s': %s", path, strerror(errno));
	return side_process_start(&job, &end, ret_process, err);
}
