/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights and those over our user namespace; clone(2), pidfd, a socket pair.
 *
 * COMMAND in fresh namespaces, seen from pasta: a child, the init (init.h), is made with its own
 * network, PID, mount, UTS and IPC namespaces, and waits; told to go, it starts COMMAND. A
 * socket pair, the channel, carries "go" and signals to the init, and stops and the end back.
 * Closing the channel, or pasta's death, ends the init and with it everything in there.
 *
 * COMMAND stays in pasta's process group, with all others that the caller has in it: a pipeline, a
 * script. What a terminal or anybody else sends to the group COMMAND gets from the kernel, and
 * once; what was sent to pasta alone, or to a group that COMMAND has left, as interactive shells
 * do, is passed on to COMMAND's process. When COMMAND stops, pasta stops too, for its caller's
 * shell to see. Continued, it tells COMMAND, if that was not continued with the group.
 *
 * pasta hands the terminal to nobody but the shell that it runs without COMMAND, and, continued in
 * the foreground, to the group that had it when COMMAND stopped. It takes it back only from a group
 * that is gone, if pasta's own was in the foreground when COMMAND was started or last continued.
 *
 * struct command owns its descriptors; struct watch users may watch channel_fd (EPOLLIN).
 */
#ifndef NETNS_START_COMMAND_H
#define NETNS_START_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/err.h"

struct command {
	int channel_fd; /* non-blocking; readable: call command_poll() */
	int net_fd; /* the new network namespace */
	int terminal_fd; /* controlling terminal, -1: none */
	pid_t init_pid;
	bool interactive; /* it's a shell for a person */
	bool foreground; /* our group was, when COMMAND was started or last continued */
	bool caller_on_terminal; /* who started us is in the terminal's session */
	int died_of; /* signal by which command_end_alike() ends us, or 0 */
	const char *name; /* what is run, for messages; not owned */
};

enum command_state {
	COMMAND_RUNNING,
	COMMAND_ENDED,
};

/* command_signals() - the signals to block, receive by signalfd, and pass to command_signal() */
void command_signals(sigset_t *ret_signals);

/* What to run, and how. All is borrowed, and must outlive the init's start */
struct command_request {
	char *const *argv; /* NULL-terminated; argv[0] NULL: $SHELL, or /bin/sh */
	/* In a PID namespace of its own, with its own /proc; else COMMAND sees the caller's
	 * processes, and those that it leaves running live on
	 */
	bool own_pids;
	const sigset_t *ignored; /* signals that the caller of pasta ignores */
	const char *resolv_conf; /* text of COMMAND's /etc/resolv.conf, NULL: it's the caller's */
};

/* command_start() - make the namespaces and the init in them; COMMAND does not run yet
 *
 * To be called single-threaded, after space_enter_user() or with CAP_SYS_ADMIN. COMMAND inherits
 * what the caller has now: limits, working directory, environment, standard input, output and
 * error, process group. Its signal mask and dispositions are the defaults, but what is ignored
 * stays so, SIGCHLD aside: SIGHUP for nohup, SIGINT and SIGQUIT for scripts that start us with "&".
 *
 * Return: 0, or -errno with @err set
 */
int command_start(const struct command_request *request, struct command *ret_command,
		  struct err *err);

/* command_await() - wait until the init has prepared the namespaces
 *
 * Works under the lock-in.
 */
void command_await(const struct command *command);

/* command_go() - the network is ready: run COMMAND. Return: 0, or -errno with @err set */
int command_go(struct command *command, struct err *err);

/* command_signal() - we have got this signal: pass it on to COMMAND, unless it has it already */
void command_signal(struct command *command, int signo);

/* command_poll() - take what the init says; never blocks, except while stopped with COMMAND
 * @ret_status:	set once COMMAND_ENDED: 0 to 255, 128 + N if a signal ended it, 126 or 127 if
 *		it could not be run
 * @err:	its text is set to the reason if it could not be run, and left alone otherwise
 *
 * Works under the lock-in.
 */
enum command_state command_poll(struct command *command, int *ret_status, struct err *err);

/* command_finish() - end the init and all that runs there, take the terminal back, reap
 *
 * For every outcome; harmless on a struct command that was never started or has been finished,
 * if its descriptors are -1 and init_pid is 0. Works under the lock-in.
 */
void command_finish(struct command *command);

/* command_end_alike() - if COMMAND died of Ctrl-C or Ctrl-\, die of the same signal
 *
 * Shells end a script or a loop at Ctrl-C only if what they wait for has died of it; $? is 130
 * either way. Who is not on our terminal has not got the key, and goes by the exit status: returns
 * then, as if COMMAND has ended otherwise.
 */
void command_end_alike(const struct command *command);

#endif
