/* SPDX-License-Identifier: Apache-2.0
 *
 * The init is a fork of pasta that touches as little as it can: a page touched is a page that every
 * running namespace pays for. All signals are blocked, so nothing but SIGKILL and the descriptors
 * it polls can move it; COMMAND gets them unblocked and at their defaults.
 */
#include "netns/init.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/init_world.h"
#include "netns/memory.h"

/* As shells do */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_EXECUTABLE 126

struct init {
	const struct init_config *config;
	int signal_fd;
	pid_t command_pid; /* 0: not started yet */
};

static void report(const struct init *init, enum init_message_kind kind, int value)
{
	struct init_message message = { .kind = kind, .value = value };

	/* If pasta is gone, so are we in a moment */
	send(init->config->channel_fd, &message, sizeof(message), MSG_NOSIGNAL);
}

/* Every disposition back to its default, but an ignored SIGHUP is nohup(1)'s wish */
static void reset_signals(void)
{
	struct sigaction old, dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int signo;

	for (signo = 1; signo < NSIG; signo++) {
		if (signo == SIGHUP && !sigaction(signo, NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signo, &dfl, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* execvp() says EACCES also when nothing was found, but some directory of PATH was closed to us;
 * people and shells call that "not found"
 */
static bool in_path(const char *name)
{
	const char *dir = getenv("PATH");
	char file[PATH_MAX];
	size_t len;

	while (dir) {
		len = strcspn(dir, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)len, dir, name);
		if (!access(file, F_OK))
			return true;
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	return false;
}

/* In the child: become COMMAND. The group is set on both sides, whoever comes first */
static int become_command(const struct init *init, bool take_terminal)
{
	const struct init_config *config = init->config;
	int failure;

	setpgid(0, 0);
	/* With a PID namespace, the kernel does this for all that is in there */
	if (!config->own_pids)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (take_terminal && config->terminal_fd >= 0)
		tcsetpgrp(config->terminal_fd, getpid());
	reset_signals();
	execvp(config->argv[0], config->argv);
	failure = errno;
	if (failure == EACCES && !strchr(config->argv[0], '/') && !in_path(config->argv[0]))
		failure = ENOENT;
	report(init, INIT_NOT_RUN, failure);
	return failure == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static void start_command(struct init *init, bool take_terminal)
{
	pid_t pid;

	if (init->command_pid)
		return;
	pid = fork();
	if (!pid)
		_exit(become_command(init, take_terminal));
	if (pid < 0) {
		report(init, INIT_NOT_RUN, errno);
		report(init, INIT_ENDED, STATUS_NOT_EXECUTABLE << 8);
		return;
	}
	setpgid(pid, pid);
	init->command_pid = pid;
}

/* Signals that a terminal would send to its whole foreground group go to COMMAND's */
static void signal_command(const struct init *init, int signo)
{
	bool group = signo == SIGINT || signo == SIGQUIT || signo == SIGHUP || signo == SIGTSTP ||
		     signo == SIGCONT || signo == SIGWINCH;

	if (init->command_pid)
		kill(group ? -init->command_pid : init->command_pid, signo);
}

static void continue_command(const struct init *init, bool take_terminal)
{
	if (!init->command_pid)
		return;
	if (take_terminal && init->config->terminal_fd >= 0)
		tcsetpgrp(init->config->terminal_fd, init->command_pid);
	kill(-init->command_pid, SIGCONT);
}

/* Return: whether the channel is still open */
static bool obey(struct init *init)
{
	struct init_message message;
	ssize_t n;

	n = recv(init->config->channel_fd, &message, sizeof(message), MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if ((size_t)n != sizeof(message))
		return false;

	switch (message.kind) {
	case INIT_GO:
		start_command(init, message.value);
		break;
	case INIT_CONTINUE:
		continue_command(init, message.value);
		break;
	case INIT_SIGNAL:
		signal_command(init, message.value);
		break;
	case INIT_NOT_RUN:
	case INIT_STOPPED:
	case INIT_ENDED:
		break;
	}
	return true;
}

/* Return: whether COMMAND has not ended */
static bool reap(const struct init *init)
{
	struct signalfd_siginfo ignored;
	int status;
	pid_t pid;

	while (read(init->signal_fd, &ignored, sizeof(ignored)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != init->command_pid)
			continue;
		if (WIFSTOPPED(status)) {
			if (init->config->terminal_fd >= 0)
				report(init, INIT_STOPPED, WSTOPSIG(status));
			continue;
		}
		report(init, INIT_ENDED, status);
		return false;
	}
	return true;
}

static int serve(struct init *init)
{
	struct pollfd fds[] = {
		{ .fd = init->config->channel_fd, .events = POLLIN },
		{ .fd = init->signal_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (fds[0].revents && !obey(init))
			return EXIT_FAILURE;
		if (fds[1].revents && !reap(init))
			return EXIT_SUCCESS;
	}
}

/* What pasta has open is not for here: a port that it listens on would stay taken until the init is
 * gone as well
 */
static void close_others(const struct init_config *config)
{
	unsigned int first = STDERR_FILENO + 1;
	unsigned int low = (unsigned int)MIN(config->channel_fd, config->terminal_fd);
	unsigned int high = (unsigned int)MAX(config->channel_fd, config->terminal_fd);

	if (config->terminal_fd < 0)
		low = high;
	if (low > first)
		close_range(first, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, UINT_MAX, 0);
}

int init_main(const struct init_config *config)
{
	struct init init = { .config = config, .signal_fd = -1 };
	sigset_t all, child;

	/* Covers pasta's death from here on; a death before now is seen as the channel's end */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close(config->other_fd);
	close_others(config);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	init.signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (init.signal_fd < 0) {
		log_error("cannot watch for the command's end: %s", strerror(errno));
		return EXIT_FAILURE;
	}

	/* Out of pasta's process group: what its terminal and its caller's shell send is its own */
	setpgid(0, 0);
	if (!config->own_pids)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	init_world_prepare(config->interactive, config->own_pids);
	memory_give_back();
	return serve(&init);
}
