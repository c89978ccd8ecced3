/* SPDX-License-Identifier: Apache-2.0
 *
 * A member looks at @pausing after each turn, and parks under the lock. The owner sets it first and
 * wakes the member then, so that either the turn sees something to do, or the member sees the
 * pause.
 */
#include "common/engine/crew.h"

#include <errno.h>
#include <string.h>

#include "common/base/thread.h"

/* What the new thread is told, and tells; gone when it has started */
struct start {
	struct crew_member *member;
	const char *name;
	crew_enter_fn enter;
	void *enter_arg;
	struct err *err;
	int rc;
	bool started;
};

void crew_init(struct crew *crew)
{
	memset(crew, 0, sizeof(*crew));
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->parked, NULL);
	pthread_cond_init(&crew->resumed, NULL);
	atomic_init(&crew->pausing, true);
	crew->depth = 1;
}

/* @for_good: not only for the pause. Return: whether there is more to do */
static bool park(struct crew *crew, bool for_good)
{
	bool goes_on;

	pthread_mutex_lock(&crew->lock);
	crew->parked_count++;
	pthread_cond_signal(&crew->parked);
	while ((for_good || atomic_load(&crew->pausing)) && !crew->ending)
		pthread_cond_wait(&crew->resumed, &crew->lock);
	crew->parked_count--;
	goes_on = !crew->ending;
	pthread_mutex_unlock(&crew->lock);
	return goes_on;
}

static void *member_main(void *arg)
{
	struct start *start = arg;
	struct crew_member *member = start->member;
	struct crew *crew = member->crew;
	bool goes_on;

	pthread_setname_np(pthread_self(), start->name);
	pthread_mutex_lock(&crew->lock);
	start->rc = start->enter ? start->enter(start->enter_arg, start->err) : 0;
	goes_on = !start->rc;
	start->started = true;
	pthread_cond_signal(&crew->parked);
	pthread_mutex_unlock(&crew->lock);
	while (goes_on) {
		if (atomic_load(&crew->pausing))
			goes_on = park(crew, false);
		else if (!member->job.turn(member->job.arg))
			goes_on = park(crew, true);
	}
	return NULL;
}

int crew_add(struct crew *crew, const struct crew_job *job, const char *name, crew_enter_fn enter,
	     void *enter_arg, struct err *err)
{
	struct crew_member *member = &crew->members[crew->count];
	struct start start = {
		.member = member,
		.name = name,
		.enter = enter,
		.enter_arg = enter_arg,
		.err = err,
	};
	int rc;

	if (crew->count == CREW_MAX)
		return err_set(err, -EAGAIN, "there are %d threads already", CREW_MAX);
	*member = (struct crew_member){ .crew = crew, .job = *job };
	rc = thread_start(&member->thread, CREW_STACK_BYTES, member_main, &start);
	if (rc)
		return err_set(err, rc, "cannot start a thread: %s", strerror(-rc));
	pthread_mutex_lock(&crew->lock);
	while (!start.started)
		pthread_cond_wait(&crew->parked, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	if (start.rc) {
		pthread_join(member->thread, NULL);
		return start.rc;
	}
	crew->count++;
	return 0;
}

void crew_pause(struct crew *crew)
{
	if (crew->depth++)
		return;
	atomic_store(&crew->pausing, true);
	for (uint32_t i = 0; i < crew->count; i++)
		crew->members[i].job.wake(crew->members[i].job.arg);
	pthread_mutex_lock(&crew->lock);
	while (crew->parked_count < crew->count)
		pthread_cond_wait(&crew->parked, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
}

void crew_resume(struct crew *crew)
{
	if (--crew->depth)
		return;
	pthread_mutex_lock(&crew->lock);
	atomic_store(&crew->pausing, false);
	pthread_cond_broadcast(&crew->resumed);
	pthread_mutex_unlock(&crew->lock);
}

void crew_end(struct crew *crew)
{
	crew_pause(crew);
	pthread_mutex_lock(&crew->lock);
	crew->ending = true;
	pthread_cond_broadcast(&crew->resumed);
	pthread_mutex_unlock(&crew->lock);
	for (uint32_t i = 0; i < crew->count; i++)
		pthread_join(crew->members[i].thread, NULL);
	crew->count = 0;
	pthread_mutex_destroy(&crew->lock);
	pthread_cond_destroy(&crew->parked);
	pthread_cond_destroy(&crew->resumed);
}
