/* SPDX-License-Identifier: Apache-2.0
 *
 * The init is made by clone(2) with all namespaces at once: pasta itself stays where it is, which
 * unshare(2) can't do, and owns them through its user namespace. The child runs on a copy of our
 * memory, so early is cheap: before the engine reserves its tables.
 */
#include "netns/start/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd_message.h"
#include "common/base/fds.h"
#include "common/base/util.h"
#include "netns/inside/init.h"
#include "netns/base/memory.h"
#include "netns/base/remedy.h"

#define INIT_STACK_BYTES ((size_t)128 * 1024)
#define COMMAND_NAMESPACES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
#define FALLBACK_SHELL "/bin/sh"
#define STATUS_SIGNAL 128
#define FOREGROUND_TRIES 16 /* as in bash */

/* Until all in a namespace have ended: many take seconds on a slow machine */
#define INIT_END_NS (10 * NS_PER_S)

void command_signals(sigset_t *ret_signals)
{
	static const int signals[] = { SIGHUP,	SIGINT,	 SIGQUIT,  SIGTERM, SIGUSR1,
				       SIGUSR2, SIGALRM, SIGWINCH, SIGTSTP, SIGCONT };
	size_t i;

	sigemptyset(ret_signals);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(ret_signals, signals[i]);
}

static int run_init(void *config)
{
	return init_main(config);
}

/* On a stack of its own, since the C library's clone() demands one; memory is not shared */
static pid_t clone_init(struct init_config *config)
{
	int failure, flags = COMMAND_NAMESPACES | (config->own_pids ? CLONE_NEWPID : 0) | SIGCHLD;
	uint8_t *stack;
	pid_t pid;

	stack = mmap(NULL, INIT_STACK_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -1;
	/* The init gets a copy of ours */
	memory_trim_stack();
	pid = clone(run_init, stack + INIT_STACK_BYTES, flags, config);
	failure = errno;
	munmap(stack, INIT_STACK_BYTES);
	errno = failure;
	return pid;
}

/* The init is in the hands of the user whom it runs as, from here on */
static bool is_network(const struct init_message *message, const struct fd_list *fds)
{
	return message->kind == INIT_NETWORK && !message->value && fds->count == 1 &&
	       ioctl(fds->fd[0], NS_GET_NSTYPE) == CLONE_NEWNET;
}

/* The init tells it first; a process that has become another user may not look for it in /proc */
static int receive_net(struct command *command, struct err *err)
{
	struct init_message message = { 0 };
	struct fd_list fds;
	ssize_t n;

	do
		n = fd_message_receive(command->channel_fd, 0, &message, sizeof(message), &fds);
	while (n == -EINTR);
	if (n == sizeof(message) && is_network(&message, &fds)) {
		command->net_fd = fds.fd[0];
		return 0;
	}
	fd_list_close(&fds);
	if (n == sizeof(message) && message.kind == INIT_NETWORK && message.value > 0)
		return err_set(err, -message.value, "cannot open '" INIT_NETWORK_PATH "': %s%s",
			       strerror(message.value),
			       message.value == ENOENT
				       ? " (is /proc mounted, for this PID namespace?)"
				       : "");
	return err_set(err, -ECHILD, "the init of the new namespaces has ended at once");
}

static int make_channel(struct command *command, struct init_config *config, struct err *err)
{
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		rc = -errno;
		return err_set(err, rc, "cannot make a socket pair: %s", strerror(-rc));
	}
	command->channel_fd = fds[0];
	config->channel_fd = fds[1];
	return 0;
}

/* Made here, where a failure can still be told in one line */
static int make_signal_fd(struct init_config *config, struct err *err)
{
	sigset_t all;
	int rc;

	sigfillset(&all);
	config->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (config->signal_fd >= 0)
		return 0;
	rc = -errno;
	return err_set(err, rc, "cannot watch for signals: signalfd4(2): %s", strerror(-rc));
}

static bool in_foreground(const struct command *command)
{
	return command->terminal_fd >= 0 && tcgetpgrp(command->terminal_fd) == getpgrp();
}

/* Writing a message in the background, and taking the terminal back, must not stop us. What
 * COMMAND is stopped for, reading or writing there, the whole group gets: it stops us in
 * stop_with_command() only
 */
static void find_terminal(struct command *command)
{
	sigset_t background;

	sigemptyset(&background);
	sigaddset(&background, SIGTTIN);
	sigaddset(&background, SIGTTOU);
	sigprocmask(SIG_BLOCK, &background, NULL);

	command->terminal_fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	command->caller_on_terminal = command->terminal_fd >= 0 && getsid(0) != getpid();
}

int command_start(const struct command_request *request, struct command *ret_command,
		  struct err *err)
{
	struct command command = { .channel_fd = -1, .net_fd = -1, .terminal_fd = -1 };
	char *shell_argv[] = { getenv("SHELL"), NULL };
	struct init_config config = {
		.argv = request->argv,
		.own_pids = request->own_pids,
		.ignored = *request->ignored,
		.resolv_conf = request->resolv_conf,
	};
	int rc;

	if (!request->argv[0]) {
		if (!shell_argv[0] || !*shell_argv[0])
			shell_argv[0] = (char *)FALLBACK_SHELL;
		config.argv = shell_argv;
		/* One that reads from a pipeline is no more than any other command of that */
		config.interactive = command.interactive = isatty(STDIN_FILENO);
	}
	command.name = config.argv[0];

	rc = make_signal_fd(&config, err);
	if (rc)
		return rc;
	rc = make_channel(&command, &config, err);
	if (rc) {
		close(config.signal_fd);
		return rc;
	}
	find_terminal(&command);

	command.init_pid = clone_init(&config);
	if (command.init_pid < 0) {
		rc = -errno;
		err_set(err, rc, "cannot create namespaces: %s", strerror(-rc));
		err_remedy(err, rc, remedy_other_namespaces(rc));
		command.init_pid = 0;
	}
	close(config.channel_fd);
	close(config.signal_fd);
	if (!rc)
		rc = receive_net(&command, err);
	if (rc) {
		command_finish(&command);
		return rc;
	}
	*ret_command = command;
	return 0;
}

static int tell(const struct command *command, enum init_message_kind kind, int value)
{
	struct init_message message = { .kind = kind, .value = value };

	if (send(command->channel_fd, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/* Unblocks a signal of job control that may be pending, and returns when continued */
static void let_stop(int signo)
{
	sigset_t stop, old_mask;

	sigemptyset(&stop);
	sigaddset(&stop, signo);
	sigprocmask(SIG_UNBLOCK, &stop, &old_mask);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
}

/* As interactive shells do. One that is in a PID namespace takes any group from outside for its
 * own, and would take the terminal from the caller's shell
 */
static void await_foreground(const struct command *command)
{
	int tries;

	for (tries = 0; tries < FOREGROUND_TRIES && !in_foreground(command); tries++) {
		kill(getpid(), SIGTTIN);
		let_stop(SIGTTIN);
	}
}

int command_go(struct command *command, struct err *err)
{
	int rc;

	if (command->interactive && command->terminal_fd >= 0)
		await_foreground(command);
	command->foreground = in_foreground(command);
	rc = tell(command, INIT_GO, command->interactive && command->foreground);
	if (rc)
		return err_set(err, rc, "cannot start '%s': its init is gone: %s", command->name,
			       strerror(-rc));
	return 0;
}

void command_signal(struct command *command, int signo)
{
	/* A lost init is noticed by command_poll() */
	tell(command, INIT_SIGNAL, signo);
}

/* An interactive shell may have left it to its own group, or was killed. What is alive, the
 * caller's shell or another of its jobs, keeps it.
 */
static void take_terminal_back(const struct command *command)
{
	pid_t group;

	if (!command->foreground || command->terminal_fd < 0)
		return;
	group = tcgetpgrp(command->terminal_fd);
	if (group > 0 && kill(-group, 0) && errno == ESRCH)
		tcsetpgrp(command->terminal_fd, getpgrp());
}

/* An init that ends without having read all that we have told it is reported as ECONNRESET, once
 * and ahead of its last messages
 */
static ssize_t receive(const struct command *command, struct init_message *ret_message, int flags)
{
	ssize_t n;

	do {
		n = recv(command->channel_fd, ret_message, sizeof(*ret_message), flags);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return n;
}

/* Leaves the end in the channel, for command_poll() */
static bool is_still_stopped(const struct command *command)
{
	struct init_message message;

	if (tell(command, INIT_ASK, 0))
		return false;
	for (;;) {
		if (receive(command, &message, MSG_PEEK) != sizeof(message) ||
		    message.kind == INIT_ENDED)
			return false;
		receive(command, &message, 0);
		if (message.kind == INIT_ANSWER)
			return message.value;
	}
}

void command_await(const struct command *command)
{
	is_still_stopped(command); /* it answers nobody before that */
}

static bool is_pending(int signo)
{
	sigset_t pending;

	return !sigpending(&pending) && sigismember(&pending, signo) == 1;
}

/* A stopped shell that has a group of its own may rely on finding that in the foreground */
static void stop_as_job(struct command *command, int signo)
{
	pid_t group = command->foreground ? tcgetpgrp(command->terminal_fd) : 0;

	let_stop(signo);
	command->foreground = in_foreground(command);
	if (command->foreground && group > 0)
		tcsetpgrp(command->terminal_fd, group);
}

/* Stop as COMMAND was, but only where somebody can continue us: that is the kernel's own rule for
 * SIGTSTP, not for SIGSTOP. Returns when continued; the SIGCONT is then read like any other signal.
 *
 * Both may have been continued before we hear that COMMAND stopped, and must not stop then. SIGCONT
 * takes a stop signal away that waits to be unblocked: so first that, then ask, then unblock it.
 */
static void stop_with_command(struct command *command, int signo)
{
	struct sigaction old_action, action = { .sa_handler = SIG_DFL };
	struct timespec now = { 0 };
	pid_t self = getpid();
	sigset_t stop;

	if (command->terminal_fd < 0)
		return;
	if (signo == SIGSTOP)
		signo = SIGTSTP;
	sigemptyset(&stop);
	sigaddset(&stop, signo);
	sigaction(signo, &action, &old_action);
	/* In turn, a stop signal takes away a SIGCONT that is yet to be read: nothing between */
	if (!is_pending(SIGCONT))
		kill(self, signo);
	if (is_pending(signo) && is_still_stopped(command)) {
		stop_as_job(command, signo);
	} else {
		sigtimedwait(&stop, NULL, &now);
	}
	sigaction(signo, &old_action, NULL);
}

/* The init is in the hands of whoever is root in there: no other signal is taken from it */
static bool is_stop_signal(int signo)
{
	return signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

static int shell_status(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return STATUS_SIGNAL + WTERMSIG(status);
}

static void end(struct command *command, int status)
{
	int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (command->caller_on_terminal && (signo == SIGINT || signo == SIGQUIT))
		command->died_of = signo;
	take_terminal_back(command);
}

/* The init ends with the channel, after all others in there. Whoever is root in there may have
 * stopped it, or have made it close the channel and live on: then our own end kills it. What has
 * ended already keeps its status. Return: that, as of waitpid(2)
 */
static int reap_init(struct command *command)
{
	const uint64_t until_ns = clock_now_ns() + INIT_END_NS;
	sigset_t child, old_mask;
	uint64_t now_ns;
	int status = 0;
	pid_t rc;

	if (!command->init_pid)
		return 0;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &old_mask);
	while (!(rc = waitpid(command->init_pid, &status, WNOHANG)) &&
	       (now_ns = clock_now_ns()) < until_ns) {
		const struct timespec left = { .tv_sec = (time_t)((until_ns - now_ns) / NS_PER_S),
					       .tv_nsec = (long)((until_ns - now_ns) % NS_PER_S) };

		sigtimedwait(&child, NULL, &left);
	}
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	command->init_pid = 0;
	return rc > 0 ? status : SIGKILL;
}

enum command_state command_poll(struct command *command, int *ret_status, struct err *err)
{
	struct init_message message;
	ssize_t n;

	for (;;) {
		n = receive(command, &message, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return COMMAND_RUNNING;
		if (n != sizeof(message)) {
			/* It was killed, or failed before COMMAND ran and has said why */
			*ret_status = shell_status(reap_init(command));
			return COMMAND_ENDED;
		}

		switch (message.kind) {
		case INIT_NOT_RUN:
			err_set(err, -message.value, "cannot run '%s': %s", command->name,
				strerror(message.value));
			err_remedy(err, -message.value,
				   remedy_command(-message.value, command->name));
			break;
		case INIT_STOPPED:
			if (is_stop_signal(message.value))
				stop_with_command(command, message.value);
			break;
		case INIT_ENDED:
			end(command, message.value);
			*ret_status = shell_status(message.value);
			return COMMAND_ENDED;
		case INIT_GO:
		case INIT_SIGNAL:
		case INIT_ASK:
		case INIT_NETWORK:
		case INIT_ANSWER:
			break;
		}
	}
}

void command_finish(struct command *command)
{
	/* The init ends at the channel's end, and the kernel kills all others in there */
	fds_close(&command->channel_fd);
	reap_init(command);
	take_terminal_back(command);
	fds_close(&command->terminal_fd);
	fds_close(&command->net_fd);
}

void command_end_alike(const struct command *command)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t signals;

	if (!command->died_of)
		return;
	sigemptyset(&signals);
	sigaddset(&signals, command->died_of);
	sigaction(command->died_of, &action, NULL);
	raise(command->died_of);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
