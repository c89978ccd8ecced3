/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that take turns at a job each, for ever, until their owner has them pause or end. A pause
 * begins between two turns of each, so that in it the owner may look at and change all that they
 * have; its cost is a wait for the longest turn. They begin in a pause.
 *
 * Threads have no business with signals, which are all blocked in them.
 */
#ifndef COMMON_ENGINE_CREW_H
#define COMMON_ENGINE_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"

#define CREW_MAX 8
#define CREW_STACK_BYTES (1024 * 1024)

struct crew_job {
	/* One turn, which waits for something to do for as long as there's nothing. Return: whether
	 * another one is wanted, ever
	 */
	bool (*turn)(void *arg);
	/* Have a turn that waits come to its end; from the owner's thread */
	void (*wake)(void *arg);
	void *arg;
};

/* What a thread does first of all, to be locked in. Return: 0, or -errno with @err set */
typedef int (*crew_enter_fn)(void *arg, struct err *err);

struct crew_member {
	struct crew *crew;
	struct crew_job job;
	pthread_t thread;
};

struct crew {
	pthread_mutex_t lock; /* for what follows, but the owner's */
	pthread_cond_t parked, resumed;
	_Atomic bool pausing;
	bool ending;
	uint32_t parked_count;
	uint32_t depth; /* of pauses, the owner's */
	uint32_t count; /* likewise */
	struct crew_member members[CREW_MAX];
};

/* crew_init() - in a pause, without any thread */
void crew_init(struct crew *crew);

/* crew_end() - no thread is left; from within a pause or not */
void crew_end(struct crew *crew);

/* crew_add() - another thread, which has entered when this returns
 * @name:	15 bytes at most
 *
 * Return: 0, or -errno with @err set
 */
int crew_add(struct crew *crew, const struct crew_job *job, const char *name, crew_enter_fn enter,
	     void *enter_arg, struct err *err);

/* crew_pause() and crew_resume() - the owner's; they can be nested */
void crew_pause(struct crew *crew);
void crew_resume(struct crew *crew);

#endif
