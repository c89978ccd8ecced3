/* SPDX-License-Identifier: Apache-2.0
 *
 * A start of pasta or passt, as far as it is the same: what both have, and steps that both take in
 * this order. What comes between them, and after which step there is something else to do, is
 * main()'s, which reads as the story of its start. No step undoes another: launch_finish() does,
 * for every outcome. A struct launch stays where it is.
 */
#ifndef LAUNCH_LAUNCH_H
#define LAUNCH_LAUNCH_H

#include <signal.h>
#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/loop.h"
#include "common/engine/addressing.h"
#include "common/engine/config.h"
#include "common/engine/engine.h"
#include "common/fwd/listeners.h"
#include "launch/background.h"
#include "launch/capture.h"
#include "launch/control_socket.h"
#include "launch/follow.h"
#include "launch/logging.h"
#include "launch/names.h"
#include "launch/pid_file.h"
#include "launch/policy_learn.h"
#include "launch/policy_log.h"
#include "launch/process.h"
#include "launch/settings.h"
#include "netns/beside/made_files.h"
#include "netns/lockin/lockin.h"
#include "netns/host/host.h"

struct launch {
	char name[8]; /* of the program */
	struct settings settings;
	/* What a signal means, or a client's wish for the end, which is one too; NULL: the end */
	void (*told)(struct launch *launch, int signo);
	sigset_t ignored; /* signals, by the caller */
	struct process_parent parent;
	struct host host;
	struct addressing addressing;
	struct config config; /* the engine's */
	struct background background;
	struct fwd_listeners listeners;
	struct engine *engine;
	struct names names;
	struct follow follow;
	struct watch signals;
	struct logging logging;
	struct policy_log policy_log;
	struct policy_learn policy_learn;
	struct pid_file pid_file;
	struct control_socket control;
	struct made_files made_files;
	struct capture capture;
	bool in_background; /* once it is ready */
	bool locked_in;
	bool ready; /* nobody listens to our stderr any more, if we are in the background */
	bool ended; /* a signal has told us to, or what we run for has */
};

void launch_init(struct launch *launch);

/* launch_parse() - read the command line, and do what it asks for in place of a start
 *
 * Return: whether it asks for one; else *ret_status is what to exit with
 */
bool launch_parse(struct launch *launch, enum settings_program program, int argc, char **argv,
		  int *ret_status);

/* launch_fork() - have the caller's process wait until all is ready, if we go to the background
 *
 * Return: whether this is the process that does the work; else *ret_status is what to exit with
 */
bool launch_fork(struct launch *launch, bool to_background, int *ret_status);

/* launch_look() - from the host and the command line to the configuration. This step and all others
 * that can fail: Return: 0, or -errno with @err set
 */
int launch_look(struct launch *launch, struct err *err);

/* launch_open_files() - what the caller may open, before we become anybody else. Others may be
 * added to @launch->made_files until made_files_start()
 */
int launch_open_files(struct launch *launch, struct err *err);

/* launch_listen() - on the host's ports, with the caller's rights */
int launch_listen(struct launch *launch, struct err *err);

/* launch_leave_caller() - nothing of the caller's is held any more, but its wish that we die with
 * it. To be called when all are made that are to have it, and we are who we are going to be
 */
void launch_leave_caller(struct launch *launch);

/* launch_limit() - the sizes of the engine's tables; how the link is made can change them later on
 */
void launch_limit(struct launch *launch);

/* launch_make_engine() - and have it stopped by signals, log and count
 * @link_fd:	see engine_new()
 * @signals:	that we take
 */
int launch_make_engine(struct launch *launch, int link_fd, const sigset_t *signals,
		       struct err *err);

/* launch_start_control() - let clients in
 * @netns, @pid:	what was joined, or COMMAND's; "" and 0: none
 */
int launch_start_control(struct launch *launch, const char *netns, pid_t pid, struct err *err);

/* launch_summary() - say at info level what there is going to be */
void launch_summary(const struct launch *launch);

/* launch_leave_root() - the first half of the lock-in, after which threads can still be made.
 * Nothing of what looking at the host has left is needed from here on
 */
int launch_leave_root(struct launch *launch, struct err *err);

/* launch_lock_in() - the other half; workers' threads are made on the way, and no more after it */
int launch_lock_in(struct launch *launch, const struct lockin_request *request, struct err *err);

/* launch_write_files() - those that say that all works */
int launch_write_files(struct launch *launch, struct err *err);

/* launch_ready() - the caller may know; made_files_ready() when nothing can fail any more */
int launch_ready(struct launch *launch, struct err *err);

/* launch_end() - have the engine stop, for good */
void launch_end(struct launch *launch);

/* launch_finish() - for every outcome, launch_stop() first of all; the kernel closes and unmaps the
 * rest faster than we could
 */
void launch_stop(struct launch *launch);
void launch_finish(struct launch *launch);

/* launch_fail() - say why, where somebody sees it. Return: what to exit with */
int launch_fail(const struct launch *launch, const struct err *err);

#endif
