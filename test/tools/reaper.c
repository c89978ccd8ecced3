/* SPDX-License-Identifier: Apache-2.0
 *
 * reaper FILE COMMAND [ARG]...: process 1 of a test's host. Starts COMMAND, and then reaps whatever is
 * orphaned to it; what a filter of system calls has killed gets a line in FILE. Ends when killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/tools/tool.h"

static void note(const char *path, pid_t pid)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		tool_fail(path);
	dprintf(fd, "process %d was killed by SIGSYS\n", (int)pid);
	close(fd);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: reaper FILE COMMAND [ARG]...\n", stderr);
		return 2;
	}
	pid = fork();
	if (pid < 0)
		tool_fail("fork");
	if (!pid) {
		execvp(argv[2], argv + 2);
		tool_fail(argv[2]);
	}
	for (;;) {
		pid = waitpid(-1, &status, 0);
		if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			note(argv[1], pid);
		if (pid < 0 && errno == ECHILD)
			pause(); /* COMMAND is gone: whoever waits for it will notice */
	}
}
