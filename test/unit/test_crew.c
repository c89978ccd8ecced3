/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/engine/crew.h"

/* A member that waits for a bell, and counts its turns where nobody else looks outside of pauses */
struct worker {
	int bell;
	uint64_t turns;
	uint64_t turns_max; /* then it has had enough; 0: never */
};

struct fixture {
	struct crew crew;
	struct worker workers[3];
};

static bool turn(void *arg)
{
	struct worker *w = arg;
	struct pollfd p = { .fd = w->bell, .events = POLLIN };
	eventfd_t value;

	poll(&p, 1, w->turns % 2 ? -1 : 0);
	eventfd_read(w->bell, &value);
	w->turns++;
	return w->turns != w->turns_max;
}

static void wake(void *arg)
{
	eventfd_write(((struct worker *)arg)->bell, 1);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	crew_init(&f->crew);
	for (int i = 0; i < 3; i++)
		f->workers[i].bell = eventfd(0, EFD_NONBLOCK);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	crew_end(&f->crew);
	for (int i = 0; i < 3; i++)
		close(f->workers[i].bell);
	free(f);
	return 0;
}

static void add_all(struct fixture *f)
{
	struct err err;

	for (int i = 0; i < 3; i++) {
		const struct crew_job job = { turn, wake, &f->workers[i] };

		assert_int_equal(crew_add(&f->crew, &job, "member", NULL, NULL, &err), 0);
	}
}

static uint64_t turns(const struct fixture *f)
{
	return f->workers[0].turns + f->workers[1].turns + f->workers[2].turns;
}

static void test_crew_begins_in_a_pause(void **state)
{
	struct fixture *f = *state;

	add_all(f);
	assert_int_equal(turns(f), 0);
}

/* Each time they are let go, all of them may be in the middle of a turn */
static void test_crew_rests_in_a_pause(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	add_all(f);
	for (int i = 0; i < 300; i++) {
		crew_resume(&f->crew);
		crew_pause(&f->crew);
		before = turns(f);
		for (int j = 0; j < 3; j++)
			wake(&f->workers[j]);
		assert_int_equal(turns(f), before);
	}
	while (!turns(f)) { /* on a machine that is busy, none may have had its turn yet */
		crew_resume(&f->crew);
		sched_yield();
		crew_pause(&f->crew);
	}
}

static void test_crew_pauses_are_nested(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	add_all(f);
	crew_resume(&f->crew);
	crew_pause(&f->crew);
	crew_pause(&f->crew);
	before = turns(f);
	crew_resume(&f->crew);
	assert_int_equal(turns(f), before);
}

static void test_crew_member_that_has_had_enough_is_not_waited_for(void **state)
{
	struct fixture *f = *state;

	f->workers[1].turns_max = 1;
	add_all(f);
	for (int i = 0; i < 10; i++) {
		crew_resume(&f->crew);
		crew_pause(&f->crew);
	}
	assert_true(f->workers[1].turns <= 1);
}

static int refuse(void *arg, struct err *err)
{
	(void)arg;
	return err_set(err, -EPERM, "no way in");
}

static void test_crew_member_that_cannot_enter_is_none(void **state)
{
	struct fixture *f = *state;
	const struct crew_job job = { turn, wake, &f->workers[0] };
	struct err err;

	assert_int_equal(crew_add(&f->crew, &job, "member", refuse, NULL, &err), -EPERM);
	assert_string_equal(err.text, "no way in");
	assert_int_equal(f->crew.count, 0);
	crew_resume(&f->crew);
	crew_pause(&f->crew);
	assert_int_equal(turns(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_crew_begins_in_a_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crew_rests_in_a_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crew_pauses_are_nested, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_crew_member_that_has_had_enough_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crew_member_that_cannot_enter_is_none, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
