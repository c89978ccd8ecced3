/* SPDX-License-Identifier: Apache-2.0
 *
 * The process is a fork that never returns from here. All signals stay blocked in it, and it leaves
 * pasta's session: what a terminal or a caller sends to the whole group is for pasta to deal with,
 * and whoever kills that group need not keep this one from finishing its job.
 */
#include "netns/beside/side_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/base/memory.h"
#include "netns/lockin/lockin.h"

/* Nothing of pasta's stays open, above all no pipe whose end somebody waits for */
static void keep_only(int channel_fd, int kept_fd)
{
	int fds[] = { MIN(channel_fd, kept_fd), MAX(channel_fd, kept_fd) };

	if (kept_fd < 0)
		fds_keep_only(0, &channel_fd, 1);
	else
		fds_keep_only(0, fds, 2);
}

/* musl's open() is open(2) where there is one */
static int allow_reading(scmp_filter_ctx ctx)
{
	const struct {
		int call;
		struct scmp_arg_cmp arg;
	} rules[] = {
		{ SCMP_SYS(openat),
		  SCMP_A2_32(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY) },
		{ SCMP_SYS(open),
		  SCMP_A1_32(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY) },
		/* musl says O_CLOEXEC once more, for kernels that don't know it */
		{ SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ, F_SETFD, 0) },
		{ SCMP_SYS(fcntl64), SCMP_A1_32(SCMP_CMP_EQ, F_SETFD, 0) },
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && !rc; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rules[i].call, 1, &rules[i].arg);
	return rc;
}

static int allow_netlink(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
				SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK, 0),
				SCMP_A2_32(SCMP_CMP_EQ, NETLINK_ROUTE, 0));
}

static int filter_calls(const struct side_process_job *job)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < job->call_count && !rc; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, job->calls[i], 0, NULL);
	if (!rc && job->reads_files)
		rc = allow_reading(ctx);
	if (!rc && job->reads_netlink)
		rc = allow_netlink(ctx);
	if (!rc)
		rc = seccomp_load(ctx);
	if (ctx)
		seccomp_release(ctx);
	return rc;
}

/* The filter, and the pages that it takes to make it, are the larger part of what a side process
 * costs, and a start whose COMMAND is short need not pay for it. Before it is there, nothing is
 * read from anybody, the channel included, and nothing is done but to sleep in poll(2); with
 * signals blocked, and nobody who may trace us, nothing can make us do anything else.
 *
 * Return: whether pasta is still there
 */
static bool idle(const struct side_process_job *job, int channel_fd)
{
	struct pollfd channel = { .fd = channel_fd, .events = POLLIN };

	return !job->idle_ms || poll(&channel, 1, job->idle_ms) <= 0 ||
	       !(channel.revents & POLLHUP);
}

/* Before: any user and capabilities. After: the same user, no capability but what the job is for,
 * and no way to get one, not dumpable
 */
static int drop_rights(const struct side_process_job *job)
{
	return job->configures_net ? lockin_keep_net_admin() : lockin_drop_all();
}

static int run(const struct side_process_job *job, const void *arg, int channel_fd)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, job->name, 0, 0, 0);
	setsid();
	keep_only(channel_fd, job->configures_net ? job->kept_fd : -1);
	if (chdir("/") || drop_rights(job))
		return EXIT_FAILURE;
	if (!idle(job, channel_fd))
		return EXIT_SUCCESS;
	if (filter_calls(job))
		return EXIT_FAILURE;
	memory_give_back();
	job->main(channel_fd, arg);
	return EXIT_SUCCESS;
}

void side_process_init(struct side_process *process)
{
	*process = (struct side_process){ .fd = -1 };
}

int side_process_start(const struct side_process_job *job, const void *arg,
		       struct side_process *ret_process, struct err *err)
{
	int fds[2], rc = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	pid = fork();
	if (!pid)
		_exit(run(job, arg, fds[1]));
	if (pid < 0)
		rc = err_set(err, -errno, "cannot make the process '%s': %s", job->name,
			     strerror(errno));
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return rc;
	}
	*ret_process = (struct side_process){ .fd = fds[0], .pid = pid };
	return 0;
}

ssize_t side_process_read(const struct side_process *process, void *message, size_t size)
{
	ssize_t n = recv(process->fd, message, size, MSG_DONTWAIT);

	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

void side_process_stop(struct side_process *process)
{
	/* Copies in other processes don't keep it from hearing of that */
	if (process->fd >= 0) {
		shutdown(process->fd, SHUT_RDWR);
		close(process->fd);
	}
	process->fd = -1;
}

void side_process_finish(struct side_process *process)
{
	int status = 0;

	side_process_stop(process);
	if (process->pid)
		while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
			;
	process->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error("a process of ours was killed by SIGSYS: its filter lacks a call");
}
