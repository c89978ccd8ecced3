/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs share that stop others at each of their system calls, by ptrace(2). All that
 * COMMAND starts is traced too. Static inline, as in tool.h.
 */
#ifndef TEST_TOOLS_TRACE_H
#define TEST_TOOLS_TRACE_H

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/tools/tool.h"

/* With PTRACE_O_TRACESYSGOOD: at the entry of a system call, and at its exit */
#define TRACE_SYSCALL_STOP (SIGTRAP | 0x80)

/* trace_start() - run @argv. Return: its process */
static inline pid_t trace_start(char **argv)
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

/* trace_go_on() - until the next stop of @pid, which has stopped for @signo of waitpid() */
static inline void trace_go_on(pid_t pid, int signo)
{
	if (signo == TRACE_SYSCALL_STOP || signo == SIGTRAP || signo == SIGSTOP)
		signo = 0;
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signo);
}

#endif
