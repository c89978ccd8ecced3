/* SPDX-License-Identifier: Apache-2.0
 *
 * /proc/PID/stat can be read by everybody, also of processes that hide all else.
 */
#include "hooks/process.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TERM_TIMEOUT_MS 3000
#define KILL_TIMEOUT_MS 2000

/* The name in parentheses may have any byte in it, so fields are counted from its end */
static int parse_start(const char *stat_line, uint64_t *ret)
{
	const char *end = strrchr(stat_line, ')');

	/* state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime
	 * cstime priority nice threads itrealvalue, then what we want
	 */
	if (end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
			  "%*d %*d %*d %*d %" SCNu64, ret) == 1)
		return 0;
	return -EINVAL;
}

static int read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int rc = 0;

	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!fgets(line, size, file))
		rc = -ESRCH;
	fclose(file);
	return rc;
}

int process_identify(pid_t pid, struct process *ret)
{
	struct process process = { .pid = pid };
	char path[40], line[1024];
	int rc;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	rc = read_line(path, line, sizeof(line));
	if (!rc)
		rc = parse_start(line, &process.start_ticks);
	if (!rc)
		rc = read_line("/proc/sys/kernel/random/boot_id", process.boot,
			       sizeof(process.boot));
	if (rc)
		return rc;
	process.boot[strcspn(process.boot, "\n")] = '\0';
	*ret = process;
	return 0;
}

int process_open(const struct process *process)
{
	int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	struct process now;
	int rc;

	if (fd < 0)
		return -errno;
	/* The descriptor holds whoever it is now; if that is the one we mean, it stays so */
	rc = process_identify(process->pid, &now);
	if (!rc && (now.start_ticks != process->start_ticks || strcmp(now.boot, process->boot)))
		rc = -ESRCH;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

/* Return: 0 if it's gone; -ETIMEDOUT or another -errno */
static int signal_and_wait(int pid_fd, int signal, int timeout_ms)
{
	struct pollfd ended = { .fd = pid_fd, .events = POLLIN };
	int n;

	if (syscall(SYS_pidfd_send_signal, pid_fd, signal, NULL, 0) && errno != ESRCH)
		return -errno;
	do
		n = poll(&ended, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

int process_end(int pid_fd)
{
	int rc = signal_and_wait(pid_fd, SIGTERM, TERM_TIMEOUT_MS);

	return rc == -ETIMEDOUT ? signal_and_wait(pid_fd, SIGKILL, KILL_TIMEOUT_MS) : rc;
}
