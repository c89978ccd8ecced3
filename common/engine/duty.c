/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue is watched by one loop at a time, and changes hands in a pause.
 */
#include "common/engine/duty.h"

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/engine/team.h"

/* Flows at which several are on duty: a program's connection, one that it leads to and that goes on
 * beside it, and what is left of the last one, are one after the other
 */
#define DUTY_FLOWS 3

/* So long with fewer of them */
#define DUTY_REST_NS NS_PER_S

static void spare_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *first = container_of(watch, struct worker, spare)->team->workers[0];

	first->link.from = watch->fd;
	first->link_watch.fn(&first->link_watch, events, now_ns);
	first->link.from = first->link.fd;
}

/* In a pause. Without memory for it, it's as before */
static void take_up(struct worker *first, struct worker *w)
{
	if (loop_add(&w->loop, &w->link_watch, w->holds ? 0 : EPOLLIN))
		return;
	loop_remove(&first->loop, &w->spare);
	w->on_duty = true;
	w->quiet = false; /* there may be something in it */
}

/* Likewise. Return: 0 or -errno. What is called is kept: loop_remove() takes it away */
static int lay_down(struct worker *first, struct worker *w)
{
	const watch_fn fn = w->link_watch.fn;
	int rc;

	w->spare.fn = spare_event;
	rc = loop_add(&first->loop, &w->spare, first->holds ? 0 : EPOLLIN);
	if (rc)
		return rc;
	if (w->on_duty)
		loop_remove(&w->loop, &w->link_watch);
	w->link_watch.fn = fn;
	w->on_duty = false;
	return 0;
}

int duty_join(struct worker *w)
{
	w->spare.fd = w->link.fd;
	if (w->config->workers_rest && w->link.fd >= 0)
		return lay_down(w->team->workers[0], w);
	w->on_duty = true;
	return w->link.fd >= 0 ? loop_add(&w->loop, &w->link_watch, EPOLLIN) : 0;
}

void duty_leave(struct worker *w)
{
	if (!w->on_duty)
		loop_remove(&w->team->workers[0]->loop, &w->spare);
}

void duty_tell(struct worker *w)
{
	const uint32_t open = w->begun - w->tcp.lingering + w->splice.used;

	if (open != atomic_load_explicit(&w->open, memory_order_relaxed))
		atomic_store_explicit(&w->open, open, memory_order_relaxed);
}

static uint32_t open_at(const struct worker *w)
{
	return atomic_load_explicit(&w->open, memory_order_relaxed);
}

static void all_on_duty(struct worker *first)
{
	struct worker *w;

	team_pause(first);
	for (uint32_t i = 1; (w = worker_of(first, i)); i++)
		if (!w->on_duty)
			take_up(first, w);
	team_resume(first);
}

/* Those that have nothing */
static void some_off_duty(struct worker *first)
{
	struct worker *w;

	team_pause(first);
	for (uint32_t i = 1; (w = worker_of(first, i)); i++)
		if (w->on_duty && !open_at(w) && !w->holds)
			lay_down(first, w);
	team_resume(first);
}

void duty_look(struct worker *first)
{
	struct team *team = first->team;
	bool any_on = false, any_off = false, any_idle = false;
	uint32_t open = open_at(first);
	uint64_t now_ns;

	if (!first->config->workers_rest || first->link.fd < 0)
		return;
	if (first->holds) /* what comes next by the same queue would overtake it */
		return;
	for (uint32_t i = 1; i < team->count; i++) {
		const struct worker *w = team->workers[i];
		const uint32_t here = open_at(w);

		open += here;
		any_on |= w->on_duty;
		any_off |= !w->on_duty;
		any_idle |= w->on_duty && !here;
	}
	if (open >= DUTY_FLOWS) {
		team->fewer_ns = 0;
		if (any_off)
			all_on_duty(first);
		return;
	}
	if (!any_on)
		return;
	now_ns = clock_now_ns();
	if (!team->fewer_ns)
		team->fewer_ns = now_ns;
	else if (any_idle && now_ns - team->fewer_ns >= DUTY_REST_NS)
		some_off_duty(first);
}

void duty_watch(struct worker *w, bool read)
{
	const uint32_t events = read ? EPOLLIN : 0;
	struct worker *other;

	loop_modify(&w->loop, &w->link_watch, events);
	for (uint32_t i = 1; !w->number && (other = worker_of(w, i)); i++)
		if (!other->on_duty)
			loop_modify(&w->loop, &other->spare, events);
}

uint32_t duty_turn(struct worker *first)
{
	struct team *team = first->team;

	do
		team->turn = (team->turn + 1) % team->count;
	while (team->turn && !team->workers[team->turn]->on_duty);
	return team->turn;
}
