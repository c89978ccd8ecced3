/* SPDX-License-Identifier: Apache-2.0
 *
 * The init is a fork of pasta that touches as little as it can: a page touched is a page that every
 * running namespace pays for. All signals are blocked, so nothing but SIGKILL, SIGSTOP and the
 * descriptors it polls can move it; COMMAND gets them unblocked, and ignored where the caller does.
 */
#include "netns/inside/init.h"

#include <errno.h>
#include <fcntl.h>
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

#include "common/base/fd_message.h"
#include "common/base/fds.h"
#include "common/base/util.h"
#include "netns/inside/init_world.h"
#include "netns/base/memory.h"
#include "netns/base/parent.h"

/* As shells do */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_EXECUTABLE 126

struct init {
	const struct init_config *config;
	int signal_fd;
	pid_t command_pid; /* 0: not started yet */
	sigset_t group_signals; /* got like pasta, which has not told of them yet */
	bool stopped; /* COMMAND is */
	bool stop_passed; /* it has got a SIGTSTP by us, and no SIGCONT since */
};

static void report(const struct init *init, enum init_message_kind kind, int value)
{
	struct init_message message = { .kind = kind, .value = value };

	/* If pasta is gone, so are we in a moment */
	send(init->config->channel_fd, &message, sizeof(message), MSG_NOSIGNAL);
}

/* As the caller has them: ignored, or at their defaults. Ignored are the terminal's keys in what
 * shells without job control start in the background, and SIGHUP for nohup(1)
 */
static void reset_signals(const struct init_config *config)
{
	sigset_t none;
	int signo;

	for (signo = 1; signo < NSIG; signo++) {
		bool ignored = signo != SIGCHLD && sigismember(&config->ignored, signo) == 1;

		signal(signo, ignored ? SIG_IGN : SIG_DFL);
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

/* An interactive shell does this itself, but dash wants to give the terminal back in the end, and
 * fails: a group from outside the PID namespace has no number in it
 */
static void take_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!setpgid(0, 0))
		tcsetpgrp(fd, getpid());
	close(fd);
}

/* In the child of @parent: become COMMAND */
static int become_command(const struct init *init, pid_t parent, bool takes_terminal)
{
	const struct init_config *config = init->config;
	int failure;

	/* With a PID namespace, the kernel does this for all that is in there */
	if (!config->own_pids)
		parent_die_with(parent, SIGKILL);
	if (takes_terminal)
		take_terminal();
	reset_signals(config);
	execvp(config->argv[0], config->argv);
	failure = errno;
	if (failure == EACCES && !strchr(config->argv[0], '/') && !in_path(config->argv[0]))
		failure = ENOENT;
	report(init, INIT_NOT_RUN, failure);
	return failure == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static void start_command(struct init *init, bool takes_terminal)
{
	const pid_t own = getpid();
	pid_t pid;

	if (init->command_pid)
		return;
	/* What came before COMMAND was there is yet to reach it */
	sigemptyset(&init->group_signals);
	pid = fork();
	if (!pid)
		_exit(become_command(init, own, takes_terminal));
	if (pid < 0) {
		report(init, INIT_NOT_RUN, errno);
		report(init, INIT_ENDED, STATUS_NOT_EXECUTABLE << 8);
		return;
	}
	init->command_pid = pid;
}

/* Not if the whole group has got it, COMMAND too. The kernel gives it to the youngest member first,
 * so we can't have missed what pasta tells of. SIGCONT may be told of late, when a SIGTSTP that it
 * has overtaken has just been passed on: one too many does no harm.
 */
static void signal_command(struct init *init, int signo)
{
	bool group = sigismember(&init->group_signals, signo) == 1;

	sigdelset(&init->group_signals, signo);
	if (!init->command_pid)
		return;
	if (group && getpgid(init->command_pid) == getpgrp() &&
	    !(signo == SIGCONT && (init->stopped || init->stop_passed)))
		return;
	if (signo == SIGTSTP || signo == SIGCONT)
		init->stop_passed = signo == SIGTSTP;
	kill(init->command_pid, signo);
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
	case INIT_SIGNAL:
		signal_command(init, message.value);
		break;
	case INIT_ASK:
		report(init, INIT_ANSWER, init->stopped);
		break;
	case INIT_NETWORK:
	case INIT_NOT_RUN:
	case INIT_STOPPED:
	case INIT_ANSWER:
	case INIT_ENDED:
		break;
	}
	return true;
}

/* SIGCONT takes a SIGTSTP away that pasta has not read yet, which will then never tell of it */
static void take_signals(struct init *init)
{
	struct signalfd_siginfo info;

	while (read(init->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		sigaddset(&init->group_signals, (int)info.ssi_signo);
		if (info.ssi_signo == SIGCONT)
			sigdelset(&init->group_signals, SIGTSTP);
	}
}

/* Return: whether COMMAND has not ended */
static bool reap(struct init *init)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (pid != init->command_pid)
			continue;
		if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
			init->stopped = WIFSTOPPED(status);
			if (init->stopped)
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
		/* First: what pasta tells is about what has happened before */
		take_signals(init);
		if (!reap(init))
			return EXIT_SUCCESS;
		if (fds[0].revents && !obey(init))
			return EXIT_FAILURE;
	}
}

/* What pasta has open is not for here: a port that it listens on would stay taken until the init is
 * gone as well
 */
static void close_others(const struct init_config *config)
{
	const int kept[] = { MIN(config->channel_fd, config->signal_fd),
			     MAX(config->channel_fd, config->signal_fd) };

	fds_keep_only(STDERR_FILENO + 1, kept, ARRAY_SIZE(kept));
}

/* Where pasta has become another user, that user may not look at it, and so neither at this copy
 * of it. With its descriptors closed, and before pasta may want to know, it's a process as COMMAND
 * will be: in /proc it belongs to that user.
 */
static void become_own_process(const struct init_config *config)
{
	close_others(config);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* Of a process that can't be looked at only that itself can open it */
static void send_network(const struct init_config *config)
{
	struct init_message message = { .kind = INIT_NETWORK };
	int fd = open(INIT_NETWORK_PATH, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		message.value = errno;
	fd_message_send(config->channel_fd, &message, sizeof(message), &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
}

int init_main(const struct init_config *config)
{
	struct init init = { .config = config, .signal_fd = config->signal_fd };
	sigset_t all;

	/* Covers pasta's death from here on; a death before now is seen as the channel's end */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	become_own_process(config);
	send_network(config);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (!config->own_pids)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	init_world_prepare(config->interactive, config->own_pids, config->resolv_conf);
	memory_give_back();
	return serve(&init);
}
