/* SPDX-License-Identifier: Apache-2.0
 *
 * Level l has 64 slots of 64^l ticks each. A timer sits on the lowest level on which its due tick
 * and the current one fall into the same revolution; when a slot of a higher level comes up, its
 * timers move down. Delays beyond the top level are cut to it, some 37 hours.
 */
#include "common/flow/timer.h"

#include <stddef.h>

#include "common/base/clock.h"
#include "common/base/util.h"

#define SLOT_BITS 6
#define TICK_NS (TIMER_TICK_MS * NS_PER_MS)
#define SPAN_TICKS (1U << (SLOT_BITS * TIMER_LEVELS))
#define DELAY_MAX_MS ((uint64_t)(SPAN_TICKS - 1) * TIMER_TICK_MS)

static uint32_t tick_at(uint64_t now_ns)
{
	return (uint32_t)(now_ns / TICK_NS);
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns)
{
	*wheel = (struct timer_wheel){ .tick = tick_at(now_ns) };
}

static void wheel_insert(struct timer_wheel *wheel, struct timer *timer)
{
	uint32_t delta = timer->due_tick - wheel->tick;
	unsigned int level = 0;
	struct timer **head;

	while (level < TIMER_LEVELS - 1 && delta >= 1U << (SLOT_BITS * (level + 1)))
		level++;
	if (delta >= SPAN_TICKS)
		timer->due_tick = wheel->tick + SPAN_TICKS - 1;
	timer->level = (uint8_t)level;
	timer->slot = (uint8_t)(timer->due_tick >> (SLOT_BITS * level) & (TIMER_SLOTS - 1));
	head = &wheel->slots[level][timer->slot];
	timer->next = *head;
	if (timer->next)
		timer->next->link = &timer->next;
	timer->link = head;
	*head = timer;
	wheel->occupied[level] |= 1ULL << timer->slot;
}

void timer_cancel(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer->link)
		return;
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->link = NULL;
	if (!wheel->slots[timer->level][timer->slot])
		wheel->occupied[timer->level] &= ~(1ULL << timer->slot);
}

static uint32_t due_after(uint64_t now_ns, uint64_t delay_ms)
{
	uint64_t delay_ns = MIN(delay_ms, DELAY_MAX_MS) * NS_PER_MS;

	return (uint32_t)((now_ns + delay_ns + TICK_NS - 1) / TICK_NS);
}

static bool wheel_is_empty(const struct timer_wheel *wheel)
{
	for (unsigned int level = 0; level < TIMER_LEVELS; level++)
		if (wheel->occupied[level])
			return false;
	return !wheel->running;
}

void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t now_ns, uint64_t delay_ms)
{
	timer_cancel(wheel, timer);
	if (wheel_is_empty(wheel))
		wheel->tick = tick_at(now_ns); /* nobody may have run it for days */
	timer->due_tick = due_after(now_ns, delay_ms);
	if ((int32_t)(timer->due_tick - wheel->tick) <= 0)
		timer->due_tick = wheel->tick + 1;
	wheel_insert(wheel, timer);
}

void timer_set_by(struct timer_wheel *wheel, struct timer *timer, uint64_t now_ns,
		  uint64_t delay_ms)
{
	if (!timer->link || (int32_t)(timer->due_tick - due_after(now_ns, delay_ms)) > 0)
		timer_set(wheel, timer, now_ns, delay_ms);
}

/* Take every timer out of a slot: fire those of level 0, move the others down */
static void wheel_empty_slot(struct timer_wheel *wheel, unsigned int level, unsigned int slot,
			     uint64_t now_ns)
{
	struct timer *pending = wheel->slots[level][slot];

	wheel->slots[level][slot] = NULL;
	wheel->occupied[level] &= ~(1ULL << slot);
	if (pending)
		pending->link = &pending;
	while (pending) {
		struct timer *timer = pending;

		pending = timer->next;
		if (pending)
			pending->link = &pending;
		timer->link = NULL;
		if (timer->due_tick == wheel->tick)
			timer->fn(timer, now_ns);
		else
			wheel_insert(wheel, timer);
	}
}

/* Ticks from wheel->tick to the first one at which a slot must be emptied; 0: nothing is set */
static uint32_t wheel_next(const struct timer_wheel *wheel)
{
	uint32_t best = 0;

	for (unsigned int level = 0; level < TIMER_LEVELS; level++) {
		unsigned int shift = SLOT_BITS * level;
		unsigned int at = wheel->tick >> shift & (TIMER_SLOTS - 1);
		uint64_t map = wheel->occupied[level];
		unsigned int ahead, rotate = (at + 1) & (TIMER_SLOTS - 1);
		uint32_t ticks;

		if (!map)
			continue;
		map = rotate ? map >> rotate | map << (TIMER_SLOTS - rotate) : map;
		ahead = (unsigned int)__builtin_ctzll(map) + 1;
		ticks = (((wheel->tick >> shift) + ahead) << shift) - wheel->tick;
		if (!best || ticks < best)
			best = ticks;
	}
	return best;
}

/* Step to a tick at which a slot must be emptied, and empty it */
static void wheel_step(struct timer_wheel *wheel, uint32_t step, uint64_t now_ns)
{
	wheel->tick += step;
	for (unsigned int level = TIMER_LEVELS - 1; level > 0; level--) {
		unsigned int shift = SLOT_BITS * level;

		if (!(wheel->tick & ((1U << shift) - 1)))
			wheel_empty_slot(wheel, level, wheel->tick >> shift & (TIMER_SLOTS - 1),
					 now_ns);
	}
	wheel_empty_slot(wheel, 0, wheel->tick & (TIMER_SLOTS - 1), now_ns);
}

void timer_run(struct timer_wheel *wheel, uint64_t now_ns)
{
	uint32_t target = tick_at(now_ns), step;

	wheel->running = true;
	while ((int32_t)(target - wheel->tick) > 0) {
		step = wheel_next(wheel);
		if (step && step <= target - wheel->tick)
			wheel_step(wheel, step, now_ns);
		else
			wheel->tick = target;
	}
	wheel->running = false;
}

int timer_next_ms(const struct timer_wheel *wheel, uint64_t now_ns)
{
	uint32_t step = wheel_next(wheel);
	uint64_t due_ns;

	if (!step)
		return -1;
	due_ns = (now_ns / TICK_NS + (uint32_t)(wheel->tick + step - tick_at(now_ns))) * TICK_NS;
	if ((int32_t)(wheel->tick + step - tick_at(now_ns)) <= 0 || due_ns <= now_ns)
		return 0;
	return (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}
