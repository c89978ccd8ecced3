/* SPDX-License-Identifier: Apache-2.0
 *
 * mute PID: stop a process, then end both directions of every socket that it has, as a debugger
 * could make it do. The other ends find it gone, and it lives on.
 */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/tools/tool.h"

int main(int argc, char **argv)
{
	const pid_t pid = argc == 2 ? (pid_t)tool_number(argv[1]) : 0;
	const struct dirent *entry;
	char path[64];
	int pidfd;
	DIR *dir;

	if (!pid || kill(pid, SIGSTOP))
		tool_fail("mute PID");
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (pidfd < 0 || !dir)
		tool_fail(path);
	while ((entry = readdir(dir))) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);

		if (entry->d_name[0] != '.' && fd >= 0)
			shutdown(fd, SHUT_RDWR);
	}
	return 0;
}
