/* SPDX-License-Identifier: Apache-2.0
 *
 * The process itself, before it does anything: its signals, its standard streams, what it was
 * given beside them, and limits. Each function is called once, from main(), in a process with one
 * thread.
 */
#ifndef LAUNCH_PROCESS_H
#define LAUNCH_PROCESS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"
#include "common/base/loop.h"

/* Descriptors that are no flow's: the tap, pipes, what COMMAND's init needs */
#define PROCESS_FDS_RESERVED 64

/* With fewer allowed a start could succeed, but nothing would connect */
#define PROCESS_FDS_MIN 32

/* process_take_signals() - the dispositions that we need, whatever the caller's are
 * @ret_ignored:	what the caller ignores
 *
 * A caller that ignores SIGCHLD, as Perl's and many daemons' do, makes the kernel reap our
 * processes before we can ask for their ends; SIGTERM is how we are told to end. A message that
 * nobody reads, or a file that may not grow, must not end COMMAND.
 */
void process_take_signals(sigset_t *ret_ignored);

/* process_end_signals() - with nothing to pass them on to, only those that end a process count, and
 * of them those that the caller doesn't ignore (nohup, "&" in a script): what is ignored, but
 * blocked, would be read
 */
void process_end_signals(const sigset_t *ignored, sigset_t *ret_signals);

/* process_watch_signals() - block signals, and have the loop call @watch->fn for them
 * @watch:	its descriptor, to read struct signalfd_siginfo from, is set here
 *
 * Return: 0, or -errno with @err set
 */
int process_watch_signals(const sigset_t *signals, struct watch *watch, struct loop *loop,
			  struct err *err);

/* The signal that the caller has asked for in case it dies, as by prctl(2) before our execve(2) */
struct process_parent {
	pid_t pid;
	int signo; /* 0: none */
};

/* process_parent_look() - what it is now */
void process_parent_look(struct process_parent *ret_parent);

/* process_parent_keep() - ask for it anew: another user, or other capabilities, have taken it away
 */
void process_parent_keep(const struct process_parent *parent);

/* process_open_stdio() - /dev/null in place of closed standard streams, so that no descriptor of
 * ours takes the number of one. Return: 0 or -errno
 */
int process_open_stdio(void);

/* process_close_inherited() - close what the caller had open, but for the standard streams: a lock
 * or the end of a pipe that we would hold for the caller, for as long as we run
 *
 * Those are told by FD_CLOEXEC, which no descriptor has that came through execve(2), and all of
 * ours have from birth. To be called when all files named on the command line are open.
 */
void process_close_inherited(void);

/* process_check_fd_limit() - whether it can work at all, before it fails at whatever comes first
 *
 * Return: 0, or -EMFILE with @err set
 */
int process_check_fd_limit(struct err *err);

/* process_raise_fd_limit() - allow as many descriptors as the hard limit does
 *
 * Return: that number, at most UINT32_MAX
 */
uint32_t process_raise_fd_limit(void);

/* process_fd_limit() - how many descriptors are allowed now */
uint32_t process_fd_limit(void);

/* process_fd_limit_most() - how many can be allowed */
uint32_t process_fd_limit_most(void);

/* process_set_fd_limit() - allow no more than @soft, the hard limit stays */
void process_set_fd_limit(uint32_t soft);

#endif
