/* SPDX-License-Identifier: Apache-2.0
 *
 * What was answered of late of addresses, and for how long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/fwd/own.h"
#include "test/unit/addr_text.h"

static const struct siphash_key secret = { { 5, 6 } };
#define NOW (1000 * NS_PER_S)
#define LIFE (FWD_OWN_MS * NS_PER_MS)

static enum fwd_own_answer find(const struct fwd_own *own, const char *text, uint64_t now_ns)
{
	const struct in6_addr a = addr(text);

	return fwd_own_find(own, &a, 0, now_ns);
}

static void note(struct fwd_own *own, const char *text, enum fwd_own_answer answer, uint64_t now_ns)
{
	const struct in6_addr a = addr(text);

	fwd_own_note(own, &a, 0, answer, now_ns);
}

static int setup(void **state)
{
	static struct fwd_own own;

	*state = &own;
	return fwd_own_init(&own, &secret);
}

static int teardown(void **state)
{
	fwd_own_fini(*state);
	return 0;
}

static void test_own_answers_hold_for_a_second(void **state)
{
	struct fwd_own *own = *state;

	assert_int_equal(find(own, "192.0.2.1", NOW), FWD_OWN_UNKNOWN);
	note(own, "192.0.2.1", FWD_OWN_YES, NOW);
	note(own, "2001:db8::1", FWD_OWN_NO, NOW);
	assert_int_equal(find(own, "192.0.2.1", NOW), FWD_OWN_YES);
	assert_int_equal(find(own, "2001:db8::1", NOW + LIFE - 1), FWD_OWN_NO);
	assert_int_equal(find(own, "192.0.2.2", NOW), FWD_OWN_UNKNOWN);
	assert_int_equal(find(own, "2001:db8::1", NOW + LIFE), FWD_OWN_UNKNOWN);
	assert_int_equal(FWD_OWN_MS, 1000);
}

static void test_own_using_an_answer_does_not_prolong_it(void **state)
{
	struct fwd_own *own = *state;

	note(own, "192.0.2.1", FWD_OWN_NO, NOW);
	for (uint64_t t = 0; t < LIFE; t += LIFE / 10)
		assert_int_equal(find(own, "192.0.2.1", NOW + t), FWD_OWN_NO);
	assert_int_equal(find(own, "192.0.2.1", NOW + LIFE), FWD_OWN_UNKNOWN);
}

static void test_own_the_last_answer_counts(void **state)
{
	struct fwd_own *own = *state;

	note(own, "192.0.2.1", FWD_OWN_NO, NOW);
	note(own, "192.0.2.1", FWD_OWN_YES, NOW + 1);
	assert_int_equal(find(own, "192.0.2.1", NOW + 2), FWD_OWN_YES);
	note(own, "192.0.2.1", FWD_OWN_UNKNOWN, NOW + 3);
	assert_int_equal(find(own, "192.0.2.1", NOW + 4), FWD_OWN_YES);
	assert_int_equal(find(own, "192.0.2.1", NOW + 1 + LIFE), FWD_OWN_UNKNOWN);
}

static void test_own_an_address_is_another_on_another_interface(void **state)
{
	struct fwd_own *own = *state;
	const struct in6_addr a = addr("fe80::1");

	fwd_own_note(own, &a, 2, FWD_OWN_YES, NOW);
	assert_int_equal(fwd_own_find(own, &a, 3, NOW), FWD_OWN_UNKNOWN);
	fwd_own_note(own, &a, 3, FWD_OWN_NO, NOW);
	assert_int_equal(fwd_own_find(own, &a, 2, NOW), FWD_OWN_YES);
	assert_int_equal(fwd_own_find(own, &a, 3, NOW), FWD_OWN_NO);
}

static void test_own_all_is_forgotten_when_addresses_change(void **state)
{
	struct fwd_own *own = *state;

	note(own, "192.0.2.1", FWD_OWN_NO, NOW);
	note(own, "192.0.2.2", FWD_OWN_YES, NOW);
	fwd_own_forget(own);
	assert_int_equal(find(own, "192.0.2.1", NOW), FWD_OWN_UNKNOWN);
	assert_int_equal(find(own, "192.0.2.2", NOW), FWD_OWN_UNKNOWN);
}

static struct in6_addr nth(uint32_t n)
{
	struct in6_addr a = addr("10.0.0.0");

	a.s6_addr32[3] |= htonl(n);
	return a;
}

/* However many there are, what is answered is right, and the last one is there */
static void test_own_more_addresses_than_places(void **state)
{
	const uint32_t places = FWD_OWN_SETS * FWD_OWN_WAYS, count = 20 * places;
	struct fwd_own *own = *state;
	uint32_t known = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct in6_addr a = nth(i);

		fwd_own_note(own, &a, 0, i % 3 ? FWD_OWN_NO : FWD_OWN_YES, NOW + i);
		assert_int_equal(fwd_own_find(own, &a, 0, NOW + i),
				 i % 3 ? FWD_OWN_NO : FWD_OWN_YES);
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct in6_addr a = nth(i);
		enum fwd_own_answer answer = fwd_own_find(own, &a, 0, NOW + count);

		if (answer == FWD_OWN_UNKNOWN)
			continue;
		known++;
		assert_int_equal(answer, i % 3 ? FWD_OWN_NO : FWD_OWN_YES);
	}
	assert_int_equal(known, places);
}

/* In a set the oldest goes, so that of as many as it has ways the others stay */
static void test_own_the_oldest_answer_makes_room(void **state)
{
	struct fwd_own *own = *state;
	const struct in6_addr first = nth(0);
	uint32_t i = 1;

	fwd_own_note(own, &first, 0, FWD_OWN_YES, NOW);
	for (; fwd_own_find(own, &first, 0, NOW + i); i++) {
		const struct in6_addr a = nth(i);

		assert_true(i < LIFE);
		fwd_own_note(own, &a, 0, FWD_OWN_NO, NOW + i);
	}
	/* What it had to give way to has come after three others of its set at least */
	assert_true(i > FWD_OWN_WAYS);
}

#define own_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		own_test(test_own_answers_hold_for_a_second),
		own_test(test_own_using_an_answer_does_not_prolong_it),
		own_test(test_own_the_last_answer_counts),
		own_test(test_own_an_address_is_another_on_another_interface),
		own_test(test_own_all_is_forgotten_when_addresses_change),
		own_test(test_own_more_addresses_than_places),
		own_test(test_own_the_oldest_answer_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
