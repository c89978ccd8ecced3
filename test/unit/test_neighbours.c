/* SPDX-License-Identifier: Apache-2.0
 *
 * Where addresses of the inner side are: what is learnt, what gives way, and when to ask.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/link/neighbours.h"
#include "test/unit/addr_text.h"

#define NOW_NS (100 * NS_PER_S)

static const uint8_t tap_mac[ETH_ALEN] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t mac_a[ETH_ALEN] = { 2, 0, 0, 0, 0, 0xa };
static const uint8_t mac_b[ETH_ALEN] = { 2, 0, 0, 0, 0, 0xb };

static int set_up(void **state)
{
	struct neighbours *n = test_calloc(1, sizeof(*n));

	neighbours_init(n, tap_mac);
	*state = n;
	return 0;
}

static int tear_down(void **state)
{
	test_free(*state);
	return 0;
}

static void heard(struct neighbours *n, const char *text, const uint8_t *mac, uint64_t now_ns)
{
	const struct in6_addr a = addr(text);

	neighbours_heard(n, &a, mac, now_ns);
}

static void expect_mac(struct neighbours *n, const char *text, const uint8_t *mac)
{
	const struct in6_addr a = addr(text);

	assert_memory_equal(neighbours_mac(n, &a), mac, ETH_ALEN);
}

static bool doubt(struct neighbours *n, const char *text, uint64_t now_ns)
{
	const struct in6_addr a = addr(text);

	return neighbours_doubt(n, &a, now_ns);
}

static void test_neighbours_of_a_guest_are_everybody_until_it_is_met(void **state)
{
	static const uint8_t everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t none[ETH_ALEN];
	struct neighbours *n = *state;

	neighbours_init(n, none);
	expect_mac(n, "192.0.2.1", everybody);
	assert_true(doubt(n, "192.0.2.1", NOW_NS));
	heard(n, "192.0.2.2", mac_a, NOW_NS);
	heard(n, "192.0.2.3", mac_b, NOW_NS);
	neighbours_met(n, everybody);
	neighbours_met(n, none);
	expect_mac(n, "192.0.2.9", everybody);
	neighbours_met(n, mac_a);
	neighbours_met(n, mac_b);
	assert_int_equal(n->elsewhere, 1);
	expect_mac(n, "192.0.2.1", mac_a);
	expect_mac(n, "192.0.2.2", mac_a);
	expect_mac(n, "192.0.2.3", mac_b);
	expect_mac(n, "192.0.2.9", mac_a);
}

static void test_neighbours_of_the_last_guest_are_forgotten(void **state)
{
	static const uint8_t none[ETH_ALEN];
	struct neighbours *n = *state;

	neighbours_init(n, none);
	neighbours_met(n, mac_a);
	heard(n, "192.0.2.1", mac_a, NOW_NS);
	heard(n, "192.0.2.2", tap_mac, NOW_NS);
	neighbours_init(n, none);
	neighbours_met(n, mac_b);
	assert_int_equal(n->elsewhere, 0);
	expect_mac(n, "192.0.2.1", mac_b);
	expect_mac(n, "192.0.2.2", mac_b);
}

static void test_neighbours_unknown_are_where_the_tap_is(void **state)
{
	struct neighbours *n = *state;

	expect_mac(n, "198.51.100.1", tap_mac);
	heard(n, "198.51.100.1", mac_a, NOW_NS);
	expect_mac(n, "198.51.100.1", mac_a);
	expect_mac(n, "198.51.100.2", tap_mac);
	expect_mac(n, "2001:db8::1", tap_mac);
}

static void test_neighbours_last_one_heard_of_counts(void **state)
{
	struct neighbours *n = *state;

	heard(n, "198.51.100.1", tap_mac, NOW_NS);
	assert_int_equal(n->elsewhere, 0);
	heard(n, "198.51.100.1", mac_a, NOW_NS);
	heard(n, "2001:db8::1", mac_b, NOW_NS);
	heard(n, "198.51.100.1", mac_b, NOW_NS);
	expect_mac(n, "198.51.100.1", mac_b);
	expect_mac(n, "2001:db8::1", mac_b);
	assert_int_equal(n->elsewhere, 2);
	assert_int_equal(n->moved, 3);
	heard(n, "198.51.100.1", tap_mac, NOW_NS);
	heard(n, "2001:db8::1", tap_mac, NOW_NS);
	assert_int_equal(n->elsewhere, 0);
	expect_mac(n, "198.51.100.1", tap_mac);
}

static void test_neighbours_nonsense_is_not_learnt(void **state)
{
	static const uint8_t group[ETH_ALEN] = { 1, 0, 0x5e, 0, 0, 1 }, none[ETH_ALEN];
	struct neighbours *n = *state;

	heard(n, "198.51.100.1", group, NOW_NS);
	heard(n, "198.51.100.1", none, NOW_NS);
	heard(n, "0.0.0.0", mac_a, NOW_NS);
	heard(n, "::", mac_a, NOW_NS);
	heard(n, "::", none, NOW_NS);
	heard(n, "224.0.0.1", mac_a, NOW_NS);
	heard(n, "127.0.0.1", mac_a, NOW_NS);
	assert_int_equal(n->elsewhere, 0);
	expect_mac(n, "198.51.100.1", tap_mac);
}

static void test_neighbours_flood_takes_no_more_than_there_is(void **state)
{
	struct neighbours *n = *state;

	for (uint32_t i = 1; i <= 100000; i++) {
		const struct in6_addr a = addr_from_be32(htonl(0x0a000000 + i));

		neighbours_heard(n, &a, i % 2 ? mac_a : mac_b, NOW_NS + i);
	}
	assert_true(n->elsewhere <= NEIGHBOURS_SETS * NEIGHBOURS_WAYS);
	heard(n, "198.51.100.1", mac_a, NOW_NS + 200000);
	expect_mac(n, "198.51.100.1", mac_a);
}

static void test_neighbours_what_is_elsewhere_stays(void **state)
{
	struct neighbours *n = *state;

	heard(n, "198.51.100.1", mac_a, NOW_NS);
	for (uint32_t i = 1; i <= 100000; i++) {
		const struct in6_addr a = addr_from_be32(htonl(0x0a000000 + i));

		neighbours_heard(n, &a, tap_mac, NOW_NS + i);
		neighbours_doubt(n, &a, NOW_NS + i);
	}
	expect_mac(n, "198.51.100.1", mac_a);
	assert_int_equal(n->elsewhere, 1);
}

static void test_neighbours_are_asked_for_once_in_a_while(void **state)
{
	struct neighbours *n = *state;

	assert_true(doubt(n, "198.51.100.1", NOW_NS));
	assert_false(doubt(n, "198.51.100.1", NOW_NS + 1));
	assert_true(doubt(n, "198.51.100.2", NOW_NS + 1));
	assert_true(doubt(n, "198.51.100.1", NOW_NS + NEIGHBOURS_SURE_NS));
	heard(n, "198.51.100.1", tap_mac, NOW_NS + 2 * NEIGHBOURS_SURE_NS);
	assert_false(doubt(n, "198.51.100.1", NOW_NS + 3 * NEIGHBOURS_SURE_NS - 1));
	assert_true(doubt(n, "198.51.100.1", NOW_NS + 3 * NEIGHBOURS_SURE_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_neighbours_unknown_are_where_the_tap_is,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_neighbours_of_a_guest_are_everybody_until_it_is_met, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_neighbours_of_the_last_guest_are_forgotten,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_neighbours_last_one_heard_of_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_neighbours_nonsense_is_not_learnt, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_neighbours_flood_takes_no_more_than_there_is,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_neighbours_what_is_elsewhere_stays, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_neighbours_are_asked_for_once_in_a_while,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
