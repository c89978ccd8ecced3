/* SPDX-License-Identifier: Apache-2.0
 *
 * Automatic ports: how often sockets are counted and listed. What becomes of a list is tested
 * elsewhere (test_fwd_scan.c), as is that ports open in time (65-auto.bats).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/engine/automatic.h"

struct world {
	struct automatic automatic;
	struct timer_wheel timers;
	struct fwd_rules rules;
	struct fwd_listeners listeners;
	struct socket_source sockets;
	uint64_t now_ns;
	uint64_t census[SOCKET_SIDES];
	int census_error;
	uint32_t counted[SOCKET_SIDES], listed[SOCKET_SIDES];
};

static int fake_list(void *arg, enum socket_side side, int type, socket_listener_fn fn,
		     void *fn_arg)
{
	struct world *w = arg;

	(void)fn;
	(void)fn_arg;
	w->listed[side] += type == SOCK_STREAM;
	return 0;
}

static int fake_census(void *arg, enum socket_side side, uint64_t *ret_census)
{
	struct world *w = arg;

	*ret_census = w->census[side];
	w->counted[side]++;
	return w->census_error;
}

static void pass_seconds(struct world *w, uint32_t seconds)
{
	const uint64_t end_ns = w->now_ns + seconds * NS_PER_S;

	memset(w->listed, 0, sizeof(w->listed));
	memset(w->counted, 0, sizeof(w->counted));
	for (; w->now_ns < end_ns; w->now_ns += NS_PER_MS)
		timer_run(&w->timers, w->now_ns);
}

static int setup(void **state)
{
	static struct fwd_spec spec;
	struct world *w = calloc(1, sizeof(*w));
	struct err err;

	if (!w || fwd_spec_parse("auto", &spec, &err))
		return -1;
	*state = w;
	w->now_ns = NS_PER_S;
	fwd_rules_init(&w->rules);
	for (int d = 0; d < FWD_DIRECTIONS; d++)
		if (fwd_rules_add(&w->rules, (enum fwd_direction)d, &spec, &err))
			return -1;
	if (fwd_rules_finish(&w->rules, (struct fwd_range){ 32768, 60999 }, &err))
		return -1;
	w->sockets = (struct socket_source){
		.list = fake_list,
		.census = fake_census,
		.list_arg = w,
	};
	timer_wheel_init(&w->timers, w->now_ns);
	w->automatic = (struct automatic){
		.sockets = &w->sockets,
		.listeners = &w->listeners,
		.rules = &w->rules,
		.timers = &w->timers,
	};
	if (automatic_init(&w->automatic, false, w->now_ns))
		return -1;
	pass_seconds(w, 1); /* a first look, which is taken twice */
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	automatic_fini(&w->automatic);
	free(w);
	return 0;
}

static void test_unchanged(void **state)
{
	struct world *w = *state;

	pass_seconds(w, 10);
	assert_in_range(w->counted[SOCKET_NS], 105, 125);
	assert_in_range(w->listed[SOCKET_NS], 25, 31);
	assert_in_range(w->listed[SOCKET_HOST], 6, 8);
}

static void test_changed(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 10; i++) {
		w->census[SOCKET_NS]++;
		w->listed[SOCKET_NS] = 0;
		for (int ms = 0; ms < 96; ms++, w->now_ns += NS_PER_MS)
			timer_run(&w->timers, w->now_ns);
		assert_in_range(w->listed[SOCKET_NS], 1, 2);
	}
}

static void test_changing_host(void **state)
{
	struct world *w = *state;
	const uint64_t end_ns = w->now_ns + 10 * NS_PER_S;

	w->listed[SOCKET_HOST] = 0;
	for (; w->now_ns < end_ns; w->now_ns += NS_PER_MS) {
		w->census[SOCKET_HOST]++;
		timer_run(&w->timers, w->now_ns);
	}
	assert_in_range(w->listed[SOCKET_HOST], 25, 31);
}

static void test_uncountable(void **state)
{
	struct world *w = *state;

	w->census_error = -EBADF;
	pass_seconds(w, 10);
	assert_int_equal(w->listed[SOCKET_NS], w->counted[SOCKET_NS]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changing_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uncountable, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
