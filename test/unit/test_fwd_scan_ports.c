/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of ports of a scan, of which most are empty.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/map.h"
#include "common/base/util.h"
#include "common/fwd/scan_ports.h"

#define A FWD_SCAN_WANTED
#define B FWD_SCAN_OPEN

/* Where words, groups of them, and all of them begin and end */
static const uint16_t edges[] = { 0, 1, 63, 64, 1023, 1024, 2047, 32768, 65471, 65472, 65535 };

static int setup(void **state)
{
	*state = map_lazily(sizeof(struct fwd_scan_ports));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	return munmap(*state, sizeof(struct fwd_scan_ports));
}

static void add_edges(struct fwd_scan_ports *ports, uint32_t set)
{
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		fwd_scan_ports_add(ports, set, edges[i]);
}

static uint32_t count(const struct fwd_scan_ports *ports, uint32_t set)
{
	uint32_t found = 0;

	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		found += fwd_scan_ports_has(ports, set, (uint16_t)port);
	return found;
}

static void test_fwd_scan_ports_has_what_was_added_and_not_removed(void **state)
{
	struct fwd_scan_ports *ports = *state;

	add_edges(ports, A);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		assert_true(fwd_scan_ports_has(ports, A, edges[i]));
	assert_int_equal(count(ports, A), ARRAY_SIZE(edges));
	assert_int_equal(count(ports, B), 0);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		fwd_scan_ports_remove(ports, A, edges[i]);
		fwd_scan_ports_remove(ports, B, edges[i]);
		assert_int_equal(count(ports, A), ARRAY_SIZE(edges) - i - 1);
	}
}

static void test_fwd_scan_ports_are_found_by_words(void **state)
{
	struct fwd_scan_ports *ports = *state;
	uint32_t found = 0, w = 0;

	add_edges(ports, A);
	for (; (w = fwd_scan_ports_next(ports, A, w)) < FWD_SCAN_WORDS; w++)
		found += (uint32_t)__builtin_popcountll(fwd_scan_ports_word(ports, A, w));
	assert_int_equal(found, ARRAY_SIZE(edges));
	assert_int_equal(fwd_scan_ports_next(ports, A, FWD_SCAN_WORDS), FWD_SCAN_WORDS);
	assert_int_equal(fwd_scan_ports_next(ports, B, 0), FWD_SCAN_WORDS);
	fwd_scan_ports_add(ports, B, 1024);
	assert_int_equal(fwd_scan_ports_next(ports, B, 0), 16);
	assert_int_equal(fwd_scan_ports_next(ports, B, 32), FWD_SCAN_WORDS);
}

static void test_fwd_scan_ports_add_all_of_a_range(void **state)
{
	struct fwd_scan_ports *ports = *state;
	const struct fwd_range range = { 63, 1024 }, one = { 65472, 65472 }, none = { 2, 62 };

	add_edges(ports, A);
	fwd_scan_ports_add_all(ports, B, A, none);
	assert_int_equal(count(ports, B), 0);
	fwd_scan_ports_add_all(ports, B, A, range); /* 63, 64, 1023, 1024 */
	assert_int_equal(count(ports, B), 4);
	assert_true(fwd_scan_ports_has(ports, B, 63) && fwd_scan_ports_has(ports, B, 1024));
	fwd_scan_ports_add_all(ports, B, A, one);
	assert_true(fwd_scan_ports_has(ports, B, 65472));
	assert_int_equal(count(ports, B), 5);
}

static void test_fwd_scan_ports_subtract(void **state)
{
	struct fwd_scan_ports *ports = *state;

	add_edges(ports, A);
	fwd_scan_ports_add(ports, B, 64);
	fwd_scan_ports_add(ports, B, 2000);
	fwd_scan_ports_add(ports, B, 50000);
	fwd_scan_ports_subtract(ports, A, B);
	assert_int_equal(count(ports, A), ARRAY_SIZE(edges) - 1);
	assert_false(fwd_scan_ports_has(ports, A, 64));
	assert_int_equal(count(ports, B), 3);
}

static void test_fwd_scan_ports_clear_some_sets(void **state)
{
	struct fwd_scan_ports *ports = *state;

	add_edges(ports, A);
	add_edges(ports, A + 1);
	add_edges(ports, B);
	fwd_scan_ports_clear(ports, A, A + 2);
	assert_int_equal(count(ports, A) + count(ports, A + 1), 0);
	assert_int_equal(count(ports, B), ARRAY_SIZE(edges));
	fwd_scan_ports_add(ports, A, 5); /* none of the others comes back */
	assert_int_equal(count(ports, A), 1);
}

/* A start would take hundreds of pages to see that nothing is there */
static void test_fwd_scan_ports_do_not_touch_empty_sets(void **state)
{
	struct fwd_scan_ports *ports = *state;
	const struct fwd_range all = { 0, UINT16_MAX };
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *start = (uint8_t *)(((uintptr_t)ports->map + page - 1) & ~(page - 1));

	assert_int_equal(
		mprotect(start, (size_t)((uint8_t *)(ports + 1) - start) & ~(page - 1), PROT_NONE),
		0);
	fwd_scan_ports_clear(ports, 0, FWD_SCAN_PORTS_END);
	fwd_scan_ports_add_all(ports, A, B, all);
	fwd_scan_ports_subtract(ports, A, B);
	fwd_scan_ports_remove(ports, B, 40000);
	assert_int_equal(count(ports, B), 0);
	assert_int_equal(fwd_scan_ports_next(ports, A, 0), FWD_SCAN_WORDS);
	assert_int_equal(fwd_scan_ports_word(ports, B, 500), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_fwd_scan_ports_has_what_was_added_and_not_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fwd_scan_ports_are_found_by_words, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fwd_scan_ports_add_all_of_a_range, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fwd_scan_ports_subtract, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fwd_scan_ports_clear_some_sets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fwd_scan_ports_do_not_touch_empty_sets, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
