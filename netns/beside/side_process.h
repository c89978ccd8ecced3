/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights and no capability, or with CAP_NET_ADMIN over a namespace that is
 * its job to configure; fork(2), then only the calls of its job.
 *
 * A small process beside the engine, for what a process that is locked in can't do any more. Made
 * before the lock-in, it keeps the view of the host's files. It hears nothing from the network or
 * the namespace, has no capability, can't make a socket or run a program (but one to read the
 * host's network by, if that is its job), sleeps until it has something to do, makes only the
 * system calls that its job takes from then on, and ends when the other end of its socket pair
 * does. One that configures the namespace has a socket of that from before, and the one capability
 * that this takes.
 */
#ifndef NETNS_BESIDE_SIDE_PROCESS_H
#define NETNS_BESIDE_SIDE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/err.h"

/* Those that end soon shall not have to share the processor with more processes than one */
#define SIDE_PROCESS_IDLE_MS 300

struct side_process {
	int fd; /* our end of the socket pair, SOCK_SEQPACKET; -1: none */
	pid_t pid; /* 0: none */
};

struct side_process_job {
	const char *name; /* of the process, 15 characters at most */
	/* @channel_fd: its end of the socket pair; it hangs up when the process is to end */
	void (*main)(int channel_fd, const void *arg);
	const int *calls; /* from seccomp_list.h */
	size_t call_count;
	/* The job begins after so long (-1: no time is long enough), or once something has come by
	 * the channel; not at all if pasta has gone by then
	 */
	int idle_ms;
	bool reads_files; /* may open them, for reading only */
	bool reads_netlink; /* may make sockets for route netlink, by which it can change nothing */
	/* Keeps CAP_NET_ADMIN, over what our user namespace owns: never to be set in the initial
	 * one. @kept_fd stays open
	 */
	bool configures_net;
	int kept_fd;
};

void side_process_init(struct side_process *process);

/* side_process_start() - run job->main(fd, @arg) in a process of its own
 *
 * To be called single-threaded, as the user whose rights and view of the files count.
 *
 * Return: 0, or -errno with @err set
 */
int side_process_start(const struct side_process_job *job, const void *arg,
		       struct side_process *ret_process, struct err *err);

/* side_process_read() - take a message of its job's, of @size bytes at most. Works under the
 * lock-in
 *
 * Return: bytes, 0 if it's gone; -EAGAIN if there is none; or another -errno
 */
ssize_t side_process_read(const struct side_process *process, void *message, size_t size);

/* side_process_stop() - let it end, without waiting for that. Harmless if there is none. This and
 * the next work under the lock-in
 */
void side_process_stop(struct side_process *process);

/* side_process_finish() - stop it and wait until it has ended; harmless if there is none */
void side_process_finish(struct side_process *process);

#endif
