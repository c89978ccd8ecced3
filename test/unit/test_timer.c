/* SPDX-License-Identifier: Apache-2.0
 *
 * The timer wheel against a naive model: a list of due ticks. Also what the wheel promises about
 * sleeping: never past a due time, and not for ever in steps of nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/flow/timer.h"

#define TICK_NS (TIMER_TICK_MS * NS_PER_MS)
#define TIMERS 300
#define HOUR_MS (3600 * 1000ULL)

struct model;

struct item {
	struct timer timer;
	struct model *model;
	uint64_t due; /* tick, 0: not set */
	unsigned int fired;
};

struct model {
	struct timer_wheel wheel;
	struct item items[TIMERS];
	uint64_t run_tick; /* of the last timer_run() */
	uint64_t now_ns;
	uint32_t seed;
	bool meddle; /* callbacks set and cancel timers */
	unsigned int fired;
};

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static uint64_t random_delay_ms(uint32_t *seed)
{
	switch (random_next(seed) % 5) {
	case 0:
		return random_next(seed) % 20;
	case 1:
		return random_next(seed) % 1000;
	case 2:
		return random_next(seed) % 60000;
	case 3:
		return random_next(seed) % (8 * HOUR_MS);
	default:
		return random_next(seed) % 4 * 64 * TIMER_TICK_MS; /* whole slots */
	}
}

static void model_set(struct model *m, struct item *item, uint64_t delay_ms, bool by)
{
	uint64_t due = (m->now_ns + delay_ms * NS_PER_MS + TICK_NS - 1) / TICK_NS;

	if (by) {
		timer_set_by(&m->wheel, &item->timer, m->now_ns, delay_ms);
		if (item->due && item->due <= due)
			return;
	} else {
		timer_set(&m->wheel, &item->timer, m->now_ns, delay_ms);
	}
	item->due = MAX(due, m->run_tick + 1);
}

static void model_cancel(struct model *m, struct item *item)
{
	timer_cancel(&m->wheel, &item->timer);
	item->due = 0;
}

static void item_fired(struct timer *timer, uint64_t now_ns)
{
	struct item *item = container_of(timer, struct item, timer);
	struct model *m = item->model;

	assert_false(timer_is_set(timer));
	assert_true(now_ns == m->now_ns);
	assert_true(item->due && now_ns >= item->due * TICK_NS); /* not early, not cancelled */
	m->run_tick = MAX(m->run_tick, item->due);
	item->due = 0;
	item->fired++;
	m->fired++;
	if (!m->meddle)
		return;
	if (random_next(&m->seed) % 2)
		model_set(m, item, 1 + random_delay_ms(&m->seed), false);
	if (random_next(&m->seed) % 2)
		model_cancel(m, &m->items[random_next(&m->seed) % TIMERS]);
	if (random_next(&m->seed) % 4 == 0)
		model_set(m, &m->items[random_next(&m->seed) % TIMERS], 1,
			  random_next(&m->seed) % 2);
}

static void model_init(struct model *m, uint64_t start_ns)
{
	memset(m, 0, sizeof(*m));
	m->now_ns = start_ns;
	m->run_tick = start_ns / TICK_NS;
	m->seed = 7;
	timer_wheel_init(&m->wheel, start_ns);
	for (int i = 0; i < TIMERS; i++) {
		m->items[i].timer.fn = item_fired;
		m->items[i].model = m;
	}
}

static uint64_t model_earliest(const struct model *m)
{
	uint64_t earliest = UINT64_MAX;

	for (int i = 0; i < TIMERS; i++)
		if (m->items[i].due)
			earliest = MIN(earliest, m->items[i].due);
	return earliest;
}

static void model_run(struct model *m)
{
	timer_run(&m->wheel, m->now_ns);
	m->run_tick = m->now_ns / TICK_NS;
	for (int i = 0; i < TIMERS; i++) {
		assert_true(timer_is_set(&m->items[i].timer) == !!m->items[i].due);
		assert_true(!m->items[i].due || m->items[i].due > m->run_tick);
	}
}

static void model_check_sleep(const struct model *m)
{
	uint64_t earliest = model_earliest(m);
	int ms = timer_next_ms(&m->wheel, m->now_ns);

	if (earliest == UINT64_MAX) {
		assert_int_equal(ms, -1);
		return;
	}
	assert_true(ms >= 0);
	assert_true(m->now_ns + (unsigned int)ms * NS_PER_MS < earliest * TICK_NS + NS_PER_MS);
}

static void model_random_steps(struct model *m, int steps)
{
	for (int i = 0; i < steps; i++) {
		struct item *item = &m->items[random_next(&m->seed) % TIMERS];
		uint32_t what = random_next(&m->seed) % 8;

		if (what < 4)
			model_set(m, item, random_delay_ms(&m->seed), what == 0);
		else if (what < 5)
			model_cancel(m, item);
		else
			m->now_ns += random_delay_ms(&m->seed) * NS_PER_MS * (what == 6) +
				     random_next(&m->seed) % (2 * TICK_NS);
		if (what >= 5)
			model_run(m);
		model_check_sleep(m);
	}
}

static void test_timer_random_against_model(void **state)
{
	static struct model m;

	(void)state;
	model_init(&m, 123456789);
	model_random_steps(&m, 30000);
	assert_true(m.fired > 1000);
}

static void test_timer_random_with_meddling_callbacks(void **state)
{
	static struct model m;

	(void)state;
	model_init(&m, 5 * NS_PER_S);
	m.meddle = true;
	model_random_steps(&m, 30000);
	assert_true(m.fired > 1000);
}

static void test_timer_tick_wraps(void **state)
{
	static struct model m;

	(void)state;
	model_init(&m, ((1ULL << 32) - 20000000) * TICK_NS);
	while (m.now_ns / TICK_NS < (1ULL << 32) + 20000000)
		model_random_steps(&m, 10);
	assert_true(m.fired > 100);
}

static void test_timer_sleeping_as_told_reaches_every_timer(void **state)
{
	static struct model m;
	unsigned int sleeps = 0;

	(void)state;
	model_init(&m, 12345);
	for (unsigned int i = 0; i < TIMERS; i++)
		model_set(&m, &m.items[i], i * i * i, false);
	for (int ms; (ms = timer_next_ms(&m.wheel, m.now_ns)) >= 0; sleeps++) {
		m.now_ns += (unsigned int)ms * NS_PER_MS;
		model_run(&m);
		assert_in_range(sleeps, 0, TIMERS * TIMER_LEVELS);
	}
	assert_int_equal(m.fired, TIMERS);
}

static void test_timer_far_timer_costs_few_wake_ups(void **state)
{
	static struct model m;
	int wake_ups = 0;

	(void)state;
	model_init(&m, 12345);
	model_set(&m, &m.items[0], 2 * HOUR_MS, false);
	for (; !m.items[0].fired; wake_ups++) {
		m.now_ns += (unsigned int)timer_next_ms(&m.wheel, m.now_ns) * NS_PER_MS;
		model_run(&m);
	}
	assert_in_range(wake_ups, 1, TIMER_LEVELS);
}

/* Nothing set for days, nobody ran the wheel: what is set then still doesn't fire early */
static void test_timer_set_after_days_without_any(void **state)
{
	static struct model m;

	(void)state;
	model_init(&m, 12345);
	m.now_ns += 1000 * HOUR_MS * NS_PER_MS;
	model_set(&m, &m.items[0], 400, false);
	model_run(&m);
	assert_int_equal(m.items[0].fired, 0);
	m.now_ns += 408 * NS_PER_MS;
	model_run(&m);
	assert_int_equal(m.items[0].fired, 1);
}

static void test_timer_delay_too_long_is_cut_not_wrapped(void **state)
{
	static const uint64_t delays_ms[] = { 48 * HOUR_MS, 300 * 24 * HOUR_MS, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(delays_ms); i++) {
		static struct model m;

		model_init(&m, 12345);
		timer_set(&m.wheel, &m.items[0].timer, m.now_ns, delays_ms[i]);
		m.now_ns += 36 * HOUR_MS * NS_PER_MS;
		timer_run(&m.wheel, m.now_ns);
		assert_true(timer_is_set(&m.items[0].timer));
		timer_cancel(&m.wheel, &m.items[0].timer);
		assert_int_equal(timer_next_ms(&m.wheel, m.now_ns), -1);
	}
}

static void test_timer_cancel_unset_has_no_effect(void **state)
{
	static struct model m;

	(void)state;
	model_init(&m, 0);
	timer_cancel(&m.wheel, &m.items[0].timer);
	assert_false(timer_is_set(&m.items[0].timer));
	assert_int_equal(timer_next_ms(&m.wheel, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer_random_against_model),
		cmocka_unit_test(test_timer_random_with_meddling_callbacks),
		cmocka_unit_test(test_timer_tick_wraps),
		cmocka_unit_test(test_timer_sleeping_as_told_reaches_every_timer),
		cmocka_unit_test(test_timer_far_timer_costs_few_wake_ups),
		cmocka_unit_test(test_timer_set_after_days_without_any),
		cmocka_unit_test(test_timer_delay_too_long_is_cut_not_wrapped),
		cmocka_unit_test(test_timer_cancel_unset_has_no_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
