/* SPDX-License-Identifier: Apache-2.0
 *
 * Going to the background, only when all is ready. The fork comes first, since what is made later
 * (threads, children) would not survive it; the process that the caller started does nothing but
 * wait, and ends with 0 as soon as the other one is ready, with 1 if that ends before.
 */
#ifndef LAUNCH_BACKGROUND_H
#define LAUNCH_BACKGROUND_H

#include <stdbool.h>

#include "common/base/err.h"

struct background {
	int ready_fd; /* to the waiting process; -1: we are in the foreground */
	int null_fd; /* /dev/null, for the standard streams later */
};

enum background_side {
	BACKGROUND_GO_ON, /* this is the process that does the work */
	BACKGROUND_DONE, /* this is the other one, and its time is over */
};

void background_init(struct background *background);

/* background_fork() - returns in both processes; until background_detach(), the one that does the
 * work doesn't outlive the other
 * @ret_status:	exit status, for BACKGROUND_DONE
 *
 * Return: enum background_side, or -errno with @err set
 */
int background_fork(struct background *background, int *ret_status, struct err *err);

/* background_detach() - a life and a session of our own; to be called before the lock-in */
int background_detach(struct background *background, struct err *err);

/* background_ready() - let go of the caller's standard streams, and tell it. Works under the
 * lock-in
 * @keep_stderr:	for messages, if that is where they are to go
 *
 * Return: 0, or -errno with @err set: nobody is waiting any more
 */
int background_ready(struct background *background, bool keep_stderr, struct err *err);

#endif
