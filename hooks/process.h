/* SPDX-License-Identifier: Apache-2.0
 *
 * A process that outlives us, named so that nobody else can be meant: by number, the time it was
 * started at, and which start of the machine that was. The number alone is used again some day.
 */
#ifndef HOOKS_PROCESS_H
#define HOOKS_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "hooks/error.h"

#define PROCESS_BOOT_MAX 40

struct process {
	pid_t pid;
	uint64_t start_ticks; /* since the machine's start */
	char boot[PROCESS_BOOT_MAX];
};

/* process_identify() - Return: 0; -ESRCH if there is no such process; or another -errno */
int process_identify(pid_t pid, struct process *ret);

/* process_open() - Return: a pidfd of that very process; -ESRCH if it is gone; or another -errno */
int process_open(const struct process *process);

/* process_end() - ask a process to end, and make it if it doesn't. Return: 0, and it's gone; or
 * -errno
 */
int process_end(int pid_fd);

#endif
