/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs as root of the namespaces made for COMMAND, unfiltered: it is what COMMAND could be itself.
 *
 * PID 1 of COMMAND's namespaces, or a subreaper in the caller's PID namespace. It prepares them,
 * waits to be told to go, runs COMMAND as its child, reaps whatever is orphaned, passes signals on,
 * and reports stops and the end. It ends when COMMAND does, when the channel closes or when pasta
 * dies; the kernel then kills the rest.
 *
 * It and COMMAND are in pasta's process group. What is sent to the whole group so reaches all
 * three, and is not passed on to COMMAND a second time: the init knows by having got it as well.
 */
#ifndef NETNS_INSIDE_INIT_H
#define NETNS_INSIDE_INIT_H

#include <signal.h>
#include <stdbool.h>

/* On the channel, a SOCK_SEQPACKET pair; one struct init_message each */
enum init_message_kind {
	/* towards the init */
	INIT_GO, /* value: whether COMMAND starts in a group of its own, in the foreground */
	INIT_SIGNAL, /* value: signal that pasta has got, for COMMAND */
	INIT_ASK, /* is COMMAND stopped now? INIT_ANSWER follows, or the end */
	/* from it */
	INIT_NETWORK, /* first; value: 0, its network namespace's descriptor is with it; or errno */
	INIT_NOT_RUN, /* value: errno of COMMAND's execvp() or fork(); INIT_ENDED follows */
	INIT_STOPPED, /* value: the signal that stopped COMMAND */
	INIT_ANSWER, /* value: whether it is stopped */
	INIT_ENDED, /* value: status as of waitpid() */
};

#define INIT_NETWORK_PATH "/proc/self/ns/net"

struct init_message {
	enum init_message_kind kind;
	int value;
};

struct init_config {
	int channel_fd; /* the init's end */
	int signal_fd; /* a signalfd of all signals: what it reads are those of the reader */
	char *const *argv; /* NULL-terminated, not empty */
	bool own_pids; /* in a new PID namespace */
	bool interactive; /* argv is a shell for a person: say where it is */
	sigset_t ignored; /* COMMAND starts with these ignored, SIGCHLD aside */
	const char *resolv_conf; /* COMMAND's, as init_world_prepare() takes it */
};

/* init_main() - to be called in the new namespaces, in a process of its own
 *
 * Return: exit status of that process
 */
int init_main(const struct init_config *config);

#endif
