/* SPDX-License-Identifier: Apache-2.0
 *
 * The init is made by clone(2) with all namespaces at once: pasta itself stays where it is, which
 * unshare(2) can't do, and owns them through its user namespace. The child runs on a copy of our
 * memory, so early is cheap: before the engine reserves its tables.
 */
#include "netns/command.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/util.h"
#include "netns/init.h"
#include "netns/remedy.h"

#define INIT_STACK_BYTES ((size_t)128 * 1024)
#define COMMAND_NAMESPACES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
#define FALLBACK_SHELL "/bin/sh"
#define STATUS_SIGNAL 128

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
	pid = clone(run_init, stack + INIT_STACK_BYTES, flags, config);
	failure = errno;
	munmap(stack, INIT_STACK_BYTES);
	errno = failure;
	return pid;
}

static int open_net(struct command *command, struct err *err)
{
	char path[40];
	int rc;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)command->init_pid);
	command->net_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (command->net_fd >= 0)
		return 0;
	rc = -errno;
	return err_set(err, rc, "cannot open network namespace '%s': %s (%s)", path, strerror(-rc),
		       rc == -ENOENT ? "is /proc mounted, for this PID namespace?" :
				       "is /proc mounted with hidepid?");
}

static int make_channel(struct command *command, struct init_config *config, struct err *err)
{
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		rc = -errno;
		return err_set(err, rc, "cannot make a socket pair: %s", strerror(-rc));
	}
	command->channel_fd = fds[0];
	config->other_fd = fds[0];
	config->channel_fd = fds[1];
	return 0;
}

/* Writing a message while COMMAND has the terminal, and taking it back, must not stop us */
static void find_terminal(struct command *command)
{
	sigset_t ttou;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, NULL);

	command->terminal_fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	command->terminal_given = command->terminal_fd >= 0 &&
				  tcgetpgrp(command->terminal_fd) == getpgrp();
}

int command_start(char *const argv[], bool own_pids, struct command *ret_command, struct err *err)
{
	struct command command = { .channel_fd = -1, .net_fd = -1, .terminal_fd = -1 };
	char *shell_argv[] = { getenv("SHELL"), NULL };
	struct init_config config = { .argv = argv, .own_pids = own_pids };
	int rc;

	if (!argv[0]) {
		if (!shell_argv[0] || !*shell_argv[0])
			shell_argv[0] = (char *)FALLBACK_SHELL;
		config.argv = shell_argv;
		config.interactive = true;
	}
	command.name = config.argv[0];

	rc = make_channel(&command, &config, err);
	if (rc)
		return rc;
	find_terminal(&command);
	config.terminal_fd = command.terminal_fd;

	command.init_pid = clone_init(&config);
	if (command.init_pid < 0) {
		rc = -errno;
		err_set(err, rc, "cannot create namespaces: %s", strerror(-rc));
		err_remedy(err, rc, remedy_other_namespaces(rc));
		command.init_pid = 0;
	}
	close(config.channel_fd);
	if (!rc)
		rc = open_net(&command, err);
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

int command_go(struct command *command, struct err *err)
{
	int rc = tell(command, INIT_GO, command->terminal_given);

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

static void take_terminal_back(struct command *command)
{
	if (command->terminal_given)
		tcsetpgrp(command->terminal_fd, getpgrp());
	command->terminal_given = false;
}

/* Stop as a job does: with the whole group, and only where somebody can continue us, which is the
 * kernel's own rule for SIGTSTP. Returns when continued.
 */
static void stop_with_command(struct command *command)
{
	struct sigaction old_action, action = { .sa_handler = SIG_DFL };
	sigset_t stop, old_mask;

	take_terminal_back(command);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigaction(SIGTSTP, &action, &old_action);
	kill(0, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &old_mask);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGTSTP, &old_action, NULL);

	command->terminal_given = command->terminal_fd >= 0 &&
				  tcgetpgrp(command->terminal_fd) == getpgrp();
	tell(command, INIT_CONTINUE, command->terminal_given);
}

static int shell_status(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return STATUS_SIGNAL + WTERMSIG(status);
}

/* The init was killed, or failed before COMMAND ran and has said why */
static int status_of_lost_init(struct command *command)
{
	int status = 0;

	if (command->init_pid && waitpid(command->init_pid, &status, 0) == command->init_pid)
		command->init_pid = 0;
	return shell_status(status);
}

enum command_state command_poll(struct command *command, int *ret_status, struct err *err)
{
	struct init_message message;
	ssize_t n;

	for (;;) {
		n = recv(command->channel_fd, &message, sizeof(message), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return COMMAND_RUNNING;
		if (n != sizeof(message)) {
			*ret_status = status_of_lost_init(command);
			return COMMAND_ENDED;
		}

		switch (message.kind) {
		case INIT_NOT_RUN:
			err_set(err, -message.value, "cannot run '%s': %s", command->name,
				strerror(message.value));
			break;
		case INIT_STOPPED:
			stop_with_command(command);
			break;
		case INIT_ENDED:
			*ret_status = shell_status(message.value);
			return COMMAND_ENDED;
		case INIT_GO:
		case INIT_CONTINUE:
		case INIT_SIGNAL:
			break;
		}
	}
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void command_finish(struct command *command)
{
	/* The init ends at the channel's end, and the kernel kills all others in there */
	close_fd(&command->channel_fd);
	if (command->init_pid)
		while (waitpid(command->init_pid, NULL, 0) < 0 && errno == EINTR)
			;
	command->init_pid = 0;
	if (command->terminal_fd >= 0)
		take_terminal_back(command);
	close_fd(&command->terminal_fd);
	close_fd(&command->net_fd);
}
