/* SPDX-License-Identifier: Apache-2.0
 *
 * late N COMMAND [ARG]...: kill COMMAND at the worst moment, when the Nth process below it is
 * about to ask for a signal at its parent's death (PR_SET_PDEATHSIG). That process goes on once its
 * parent is dead.
 *
 * Exit status 0 if that took place, 1 if COMMAND ended before.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/tools/trace.h"

static bool asks_for_signal(pid_t pid)
{
	struct __ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_prctl &&
	       info.entry.args[0] == PR_SET_PDEATHSIG;
}

static int parent_of(pid_t pid)
{
	char path[64];
	int parent = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
		tool_fail(path);
	fclose(file);
	return parent;
}

/* What is traced goes on when we end */
static void kill_above(pid_t command, pid_t pid)
{
	const int parent = parent_of(pid);

	kill(command, SIGKILL);
	while (parent_of(pid) == parent)
		poll(NULL, 0, 1);
}

int main(int argc, char **argv)
{
	pid_t command, pid;
	long left;
	int status;

	if (argc < 3) {
		fputs("usage: late N COMMAND [ARG]...\n", stderr);
		return 2;
	}
	left = tool_number(argv[1]);
	command = trace_start(argv + 2);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status))
			continue;
		if (WSTOPSIG(status) == TRACE_SYSCALL_STOP && asks_for_signal(pid) && --left == 0) {
			kill_above(command, pid);
			return 0;
		}
		trace_go_on(pid, WSTOPSIG(status));
	}
	return 1;
}
