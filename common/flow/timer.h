/* SPDX-License-Identifier: Apache-2.0
 *
 * A hierarchical timer wheel (Varghese and Lauck, 1987): set, cancel and expire are O(1), and a
 * timer that is hours away is touched once a level on its way down. Resolution is TIMER_TICK_MS,
 * timers never fire early. Timers are embedded in records that the wheel doesn't own.
 */
#ifndef COMMON_FLOW_TIMER_H
#define COMMON_FLOW_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_TICK_MS 8
#define TIMER_LEVELS 4
#define TIMER_SLOTS 64

struct timer;

typedef void (*timer_fn)(struct timer *timer, uint64_t now_ns);

struct timer {
	struct timer *next;
	struct timer **link; /* what points to us; NULL: not set */
	timer_fn fn;
	uint32_t due_tick;
	uint8_t level;
	uint8_t slot;
};

struct timer_wheel {
	uint32_t tick; /* all timers due at or before it have fired */
	bool running; /* inside timer_run() */
	uint64_t occupied[TIMER_LEVELS]; /* a bit a slot */
	struct timer *slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns);

/* timer_set() - call @timer->fn once, @delay_ms from now at the earliest; replaces a set time */
void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t now_ns, uint64_t delay_ms);

/* timer_set_by() - the same, unless it is set to fire even earlier */
void timer_set_by(struct timer_wheel *wheel, struct timer *timer, uint64_t now_ns,
		  uint64_t delay_ms);

/* timer_cancel() - no effect if not set */
void timer_cancel(struct timer_wheel *wheel, struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->link;
}

/* timer_run() - fire what is due; callbacks may set and cancel any timer */
void timer_run(struct timer_wheel *wheel, uint64_t now_ns);

/* timer_next_ms() - milliseconds until the wheel must run again, -1 if no timer is set */
int timer_next_ms(const struct timer_wheel *wheel, uint64_t now_ns);

#endif
