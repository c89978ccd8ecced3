/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's own addresses, and those that it has lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/fwd/host_addrs.h"
#include "test/unit/addr_text.h"

static void put(struct fwd_host_addrs *own, const char *text)
{
	const struct in6_addr a = addr(text);

	fwd_host_addrs_add(own, &a);
}

static bool has(const struct fwd_host_addrs *own, const char *text)
{
	const struct in6_addr a = addr(text);

	return fwd_host_addrs_has(own, &a);
}

static void test_host_addrs_has_what_was_added_in_any_order_once(void **state)
{
	static const char *const texts[] = { "2001:db8::1", "192.0.2.7", "10.0.0.1", "192.0.2.7",
					     "fe80::1" };
	struct fwd_host_addrs own = { .count = 0 };

	(void)state;
	assert_false(has(&own, "192.0.2.7"));
	for (size_t i = 0; i < 5; i++)
		put(&own, texts[i]);
	assert_int_equal(own.count, 4);
	for (size_t i = 0; i < 5; i++)
		assert_true(has(&own, texts[i]));
	assert_false(has(&own, "192.0.2.8"));
	assert_false(has(&own, "ffff::"));
	for (uint32_t i = 1; i < own.count; i++)
		assert_true(memcmp(&own.addrs[i - 1], &own.addrs[i], 16) < 0);
}

static void test_host_addrs_beyond_its_room_is_cut(void **state)
{
	struct fwd_host_addrs own = { .count = 0 };
	char text[32];

	(void)state;
	for (int i = 0; i < FWD_HOST_ADDRS_MAX; i++) {
		snprintf(text, sizeof(text), "10.1.%d.%d", (i * 7 % 256), i);
		put(&own, text);
	}
	assert_false(own.cut);
	put(&own, text); /* is there */
	assert_false(own.cut);
	put(&own, "10.2.0.1");
	assert_true(own.cut);
	assert_int_equal(own.count, FWD_HOST_ADDRS_MAX);
}

static void test_host_addrs_are_equal_whatever_their_order(void **state)
{
	struct fwd_host_addrs a = { .count = 0 }, b = { .count = 0 };

	(void)state;
	put(&a, "192.0.2.7");
	put(&a, "10.0.0.1");
	put(&b, "10.0.0.1");
	assert_false(fwd_host_addrs_equal(&a, &b));
	put(&b, "192.0.2.7");
	assert_true(fwd_host_addrs_equal(&a, &b));
	b.cut = true;
	assert_false(fwd_host_addrs_equal(&a, &b));
	b.cut = false;
	b.addrs[1] = addr("192.0.2.8");
	assert_false(fwd_host_addrs_equal(&a, &b));
}

static void test_host_lost_for_good_is_what_does_not_come_back(void **state)
{
	struct fwd_host_addrs before = { .count = 0 }, none = { .count = 0 }, back = { .count = 0 },
			      gone;
	struct fwd_host_lost lost = { .count = 0 };

	(void)state;
	put(&before, "192.0.2.7");
	put(&before, "192.0.2.8");
	put(&back, "192.0.2.8");
	fwd_host_lost_update(&lost, &before, &none, 500);
	assert_int_equal(fwd_host_lost_next_ns(&lost), 500);
	fwd_host_lost_update(&lost, &none, &back, 600);
	fwd_host_lost_take(&lost, 499, &gone);
	assert_int_equal(gone.count, 0);
	fwd_host_lost_take(&lost, 500, &gone);
	assert_int_equal(gone.count, 1);
	assert_true(has(&gone, "192.0.2.7"));
	assert_int_equal(fwd_host_lost_next_ns(&lost), 0);
	fwd_host_lost_take(&lost, 900, &gone);
	assert_int_equal(gone.count, 0);
}

static void test_host_lost_each_has_its_time(void **state)
{
	struct fwd_host_addrs two = { .count = 0 }, one = { .count = 0 }, none = { .count = 0 },
			      gone;
	struct fwd_host_lost lost = { .count = 0 };

	(void)state;
	put(&two, "192.0.2.7");
	put(&two, "192.0.2.8");
	put(&one, "192.0.2.8");
	fwd_host_lost_update(&lost, &two, &one, 500);
	fwd_host_lost_update(&lost, &one, &none, 700);
	fwd_host_lost_take(&lost, 600, &gone);
	assert_int_equal(gone.count, 1);
	assert_true(has(&gone, "192.0.2.7"));
	assert_int_equal(fwd_host_lost_next_ns(&lost), 700);
	fwd_host_lost_take(&lost, 700, &gone);
	assert_true(has(&gone, "192.0.2.8"));
}

static void test_host_lost_is_nothing_if_not_all_are_known(void **state)
{
	struct fwd_host_addrs before = { .count = 0 }, cut = { .cut = true };
	struct fwd_host_lost lost = { .count = 0 };

	(void)state;
	put(&before, "192.0.2.7");
	fwd_host_lost_update(&lost, &before, &cut, 500);
	assert_int_equal(fwd_host_lost_next_ns(&lost), 0);
}

static void test_host_lost_forgets_the_first_of_too_many(void **state)
{
	struct fwd_host_lost lost = { .count = 0 };
	struct fwd_host_addrs many = { .count = 0 }, first = { .count = 0 }, none = { .count = 0 },
			      gone;
	char text[32];

	(void)state;
	put(&first, "192.0.2.7");
	fwd_host_lost_update(&lost, &first, &none, 400);
	for (int i = 0; i < FWD_HOST_LOST_MAX; i++) {
		snprintf(text, sizeof(text), "10.1.0.%d", i);
		put(&many, text);
	}
	fwd_host_lost_update(&lost, &many, &none, 500);
	fwd_host_lost_take(&lost, 500, &gone);
	assert_int_equal(gone.count, FWD_HOST_LOST_MAX);
	assert_false(has(&gone, "192.0.2.7"));
	assert_true(has(&gone, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_addrs_has_what_was_added_in_any_order_once),
		cmocka_unit_test(test_host_addrs_beyond_its_room_is_cut),
		cmocka_unit_test(test_host_addrs_are_equal_whatever_their_order),
		cmocka_unit_test(test_host_lost_for_good_is_what_does_not_come_back),
		cmocka_unit_test(test_host_lost_each_has_its_time),
		cmocka_unit_test(test_host_lost_is_nothing_if_not_all_are_known),
		cmocka_unit_test(test_host_lost_forgets_the_first_of_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
