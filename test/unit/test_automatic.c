/* SPDX-License-Identifier: Apache-2.0
 *
 * Automatic ports: how often sockets are listed. What becomes of a list is tested elsewhere
 * (test_fwd_scan.c), as is that ports open in time (65-auto.bats).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/base/addr.h"
#include "common/engine/automatic.h"

/* The interval of 88 ms, in ticks of the timers */
#define ROUND_MS 88

struct world {
	struct automatic automatic;
	struct timer_wheel timers;
	struct fwd_rules rules;
	struct fwd_listeners listeners;
	struct fwd_table fwd;
	struct socket_source sockets;
	uint64_t now_ns;
	uint32_t listed[2]; /* by side */
	uint32_t services; /* in the namespace, from port 1 on */
};

static int fake_list(void *arg, enum socket_side side, int type, socket_listener_fn fn,
		     void *fn_arg)
{
	struct world *w = arg;

	w->listed[side] += type == SOCK_STREAM;
	for (uint32_t i = 1; i <= w->services && side == SOCKET_NS && type == SOCK_STREAM; i++)
		fn(fn_arg, &(struct socket_listener){ .port = (uint16_t)i });
	return 0;
}

static void pass_seconds(struct world *w, uint32_t seconds)
{
	const uint64_t end_ns = w->now_ns + seconds * NS_PER_S;

	memset(w->listed, 0, sizeof(w->listed));
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
		.list_arg = w,
	};
	timer_wheel_init(&w->timers, w->now_ns);
	w->automatic = (struct automatic){
		.sockets = &w->sockets,
		.listeners = &w->listeners,
		.rules = &w->rules,
		.fwd = &w->fwd,
		.timers = &w->timers,
	};
	if (fwd_listeners_init(&w->listeners, &w->sockets) ||
	    automatic_init(&w->automatic, false, w->now_ns))
		return -1;
	pass_seconds(w, 1); /* a first look, which is taken twice */
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	automatic_fini(&w->automatic);
	fwd_listeners_fini(&w->listeners);
	free(w);
	return 0;
}

static void test_unchanged(void **state)
{
	struct world *w = *state;

	pass_seconds(w, 10);
	assert_in_range(w->listed[SOCKET_NS], 105, 125);
	assert_in_range(w->listed[SOCKET_HOST], 25, 31);
}

/* What was there before may be reached now */
static void test_address_learnt(void **state)
{
	struct world *w = *state;

	w->listed[SOCKET_NS] = 0;
	w->fwd.ip6.ns_addr.s6_addr[0] = 0xfe;
	for (int ms = 0; ms < ROUND_MS; ms++, w->now_ns += NS_PER_MS)
		timer_run(&w->timers, w->now_ns);
	assert_int_equal(w->listed[SOCKET_NS], 2);
	w->listed[SOCKET_NS] = 0;
	w->fwd.ip4.ns_addr = addr_from_be32(htonl(0xc6336401));
	for (int ms = 0; ms < ROUND_MS; ms++, w->now_ns += NS_PER_MS)
		timer_run(&w->timers, w->now_ns);
	assert_int_equal(w->listed[SOCKET_NS], 2);
	pass_seconds(w, 10);
	assert_in_range(w->listed[SOCKET_NS], 105, 125);
}

/* Each is a failure here, which counts as well: no descriptor may be taken */
static void test_many_ports_are_opened_a_few_at_a_time(void **state)
{
	const uint32_t both = 2 * 15000; /* families */
	struct world *w = *state;
	uint32_t most = 0, before = 0;

	w->services = 15000;
	w->fwd.ip4.enabled = w->fwd.ip6.enabled = true;
	for (int ms = 0; ms < 10000; ms++, w->now_ns += NS_PER_MS) {
		timer_run(&w->timers, w->now_ns);
		most = MAX(most, w->automatic.failures - before);
		before = w->automatic.failures;
	}
	assert_in_range(most, 1, 100);
	assert_int_equal(w->automatic.failures, both);
	assert_false(w->automatic.more);
	pass_seconds(w, 5); /* nor are they all tried again in no time */
	assert_int_equal(w->automatic.failures, both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_address_learnt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_ports_are_opened_a_few_at_a_time, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
