/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals, standard streams, other people's descriptors, descriptor limit.
 */
#include "launch/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/util.h"
#include "netns/base/parent.h"

#define FD_LIMIT_UNKNOWN 1024 /* what is always allowed, POSIX or not */
#define FD_SCAN_END 65536 /* where /proc can't tell what is open: a few milliseconds' worth */

void process_take_signals(sigset_t *ret_ignored)
{
	struct sigaction action;

	sigemptyset(ret_ignored);
	for (int signo = 1; signo < NSIG; signo++)
		if (!sigaction(signo, NULL, &action) && action.sa_handler == SIG_IGN)
			sigaddset(ret_ignored, signo);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void process_end_signals(const sigset_t *ignored, sigset_t *ret_signals)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT };

	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigismember(ignored, ends[i]))
			sigaddset(ret_signals, ends[i]);
}

int process_watch_signals(const sigset_t *signals, struct watch *watch, struct loop *loop,
			  struct err *err)
{
	int rc;

	if (sigprocmask(SIG_BLOCK, signals, NULL))
		return err_set(err, -errno, "cannot block signals: %s", strerror(errno));
	watch->fd = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (watch->fd < 0)
		return err_set(err, -errno, "cannot watch for signals: signalfd4(2): %s",
			       strerror(errno));
	rc = loop_add(loop, watch, EPOLLIN);
	return rc ? err_set(err, rc, "cannot watch for signals: %s", strerror(-rc)) : 0;
}

void process_parent_look(struct process_parent *ret_parent)
{
	*ret_parent = (struct process_parent){ .pid = getppid() };
	prctl(PR_GET_PDEATHSIG, &ret_parent->signo, 0, 0, 0);
}

void process_parent_keep(const struct process_parent *parent)
{
	if (parent->signo)
		parent_die_with(parent->pid, parent->signo);
}

int process_open_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* All below are open: open() returns the lowest number that's free, this one */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	}
	return 0;
}

static void close_if_inherited(int fd)
{
	if (fd > STDERR_FILENO && fcntl(fd, F_GETFD) == 0)
		close(fd);
}

void process_close_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir) {
		for (int fd = 0; fd < FD_SCAN_END; fd++)
			close_if_inherited(fd);
		return;
	}
	while ((entry = readdir(dir)))
		close_if_inherited(atoi(entry->d_name));
	closedir(dir);
}

int process_check_fd_limit(struct err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max >= PROCESS_FDS_MIN)
		return 0;
	return err_set(
		err, -EMFILE,
		"RLIMIT_NOFILE allows %u descriptors only, and %d are the least that pasta can "
		"work with (raise its hard limit, see ulimit -Hn)",
		(unsigned int)limit.rlim_max, PROCESS_FDS_MIN);
}

uint32_t process_raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return FD_LIMIT_UNKNOWN;
	if (limit.rlim_cur < limit.rlim_max) {
		rlim_t old = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			limit.rlim_cur = old;
	}
	return (uint32_t)MIN(limit.rlim_cur, (rlim_t)UINT32_MAX);
}

static uint32_t fd_limit(bool hard)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return FD_LIMIT_UNKNOWN;
	return (uint32_t)MIN(hard ? limit.rlim_max : limit.rlim_cur, (rlim_t)UINT32_MAX);
}

uint32_t process_fd_limit(void)
{
	return fd_limit(false);
}

uint32_t process_fd_limit_most(void)
{
	return fd_limit(true);
}

void process_set_fd_limit(uint32_t soft)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = MIN((rlim_t)soft, limit.rlim_max);
	setrlimit(RLIMIT_NOFILE, &limit);
}
