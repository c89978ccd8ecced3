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

#include "test/tools/tool.h"

/* With PTRACE_O_TRACESYSGOOD */
#define SYSCALL_STOP (SIGTRAP | 0x80)

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE;
	pid_t pid = fork();

	if (pid < 0)
		tool_fail("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			tool_fail("ptrace");
		raise(SIGSTOP);
		execvp(argv[0], argv);
		tool_fail(argv[0]);
	}
	if (waitpid(pid, NULL, 0) < 0 || ptrace(PTRACE_SETOPTIONS, pid, NULL, options) ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
		tool_fail("ptrace");
	return pid;
}

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
	command = start(argv + 2);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int signo;

		if (!WIFSTOPPED(status))
			continue;
		signo = WSTOPSIG(status);
		if (signo == SYSCALL_STOP && asks_for_signal(pid) && --left == 0) {
			kill_above(command, pid);
			return 0;
		}
		if (signo == SYSCALL_STOP || signo == SIGTRAP || signo == SIGSTOP)
			signo = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signo);
	}
	return 1;
}
