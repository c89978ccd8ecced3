/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes into one train of datagrams: the kernel's rules for UDP_SEGMENT and UDP_L4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/util.h"
#include "common/udp/train.h"

#define NONE UINT32_MAX

static const uint8_t data[200000];

/* A datagram, or several of @size bytes, that train_take() is to take whole */
static bool takes_all(struct train *train, uint32_t len, uint32_t size)
{
	struct datagrams datagrams = { data, len, size };
	bool all = train_take(train, &datagrams);

	assert_int_equal(datagrams.len, all ? 0 : len);
	assert_ptr_equal(datagrams.data, all ? data + len : data);
	return all;
}

static bool takes(struct train *train, uint32_t len)
{
	return takes_all(train, len, len);
}

/* The next datagrams that are all for one train, which is sent. Return: their bytes */
static uint32_t takes_some(struct train *train, struct datagrams *datagrams)
{
	train_take(train, datagrams);
	train->count = 0;
	return train->bytes;
}

static void test_train_equal_datagrams_go_together(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	for (int i = 0; i < 10; i++)
		assert_true(takes(&train, 900));
	assert_int_equal(train.count, 10);
	assert_int_equal(train.pieces, 10);
	assert_int_equal(train.size, 900);
	assert_int_equal(train.bytes, 9000);
	assert_false(train.complete);
}

static void test_train_shorter_datagram_is_the_last(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes(&train, 900));
	assert_true(takes(&train, 899));
	assert_true(train.complete);
	assert_false(takes(&train, 899));
	assert_false(takes(&train, 1));
	assert_int_equal(train.count, 2);
	assert_int_equal(train.bytes, 1799);
}

static void test_train_longer_datagram_starts_another(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes(&train, 900));
	assert_false(takes(&train, 901));
	assert_int_equal(train.bytes, 900);
	assert_false(train.complete);
	train.count = 0; /* as if sent */
	assert_true(takes(&train, 901));
	assert_int_equal(train.size, 901);
	assert_int_equal(train.bytes, 901);
	assert_int_equal(train.pieces, 1);
}

static void test_train_empty_datagram_goes_alone(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes(&train, 0));
	assert_int_equal(train.count, 1);
	assert_true(train.complete);
	assert_false(takes(&train, 0));
	assert_false(takes(&train, 1));
	train.count = 0;
	assert_true(takes(&train, 1));
	assert_false(takes(&train, 0));
}

static void test_train_is_bounded_in_number(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	for (int i = 0; i < TRAIN_SEGMENTS_MAX; i++) {
		assert_false(train.count && train.complete);
		assert_true(takes(&train, 1));
	}
	assert_true(train.complete);
	assert_false(takes(&train, 1));
}

static void test_train_is_complete_when_no_equal_datagram_fits(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	for (int i = 0; i < 44; i++) {
		assert_false(train.count && train.complete);
		assert_true(takes(&train, 1472));
	}
	assert_true(train.complete);
	train.count = 0;
	assert_true(takes(&train, TRAIN_BYTES_MAX / 2));
	assert_false(train.complete);
	assert_true(takes(&train, TRAIN_BYTES_MAX / 2));
	assert_true(train.complete);
	train.count = 0;
	assert_true(takes(&train, TRAIN_BYTES_MAX / 2 + 1));
	assert_true(train.complete);
}

static void test_train_datagrams_of_the_limit_go_alone(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, 900);
	assert_true(takes(&train, 900));
	assert_true(train.complete);
	assert_false(takes(&train, 900));
	train.count = 0;
	assert_true(takes(&train, 899));
	assert_true(takes(&train, 899));
	train_init(&train, 0);
	assert_true(takes(&train, 1));
	assert_true(train.complete);
}

static void test_train_message_of_many_is_one_piece(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes_all(&train, 3000, 1000));
	assert_int_equal(train.count, 3);
	assert_int_equal(train.pieces, 1);
	assert_false(train.complete);
	assert_true(takes(&train, 1000));
	assert_true(takes_all(&train, 2001, 1000));
	assert_int_equal(train.count, 7);
	assert_int_equal(train.pieces, 3);
	assert_true(train.complete);
}

static void test_train_message_of_many_of_another_size_starts_another(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes_all(&train, 3000, 1000));
	assert_false(takes_all(&train, 1800, 900));
	assert_false(takes_all(&train, 2200, 1100));
	assert_int_equal(train.count, 3);
}

static void test_train_message_that_does_not_fit_whole_waits(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes_all(&train, 40 * 100, 100));
	assert_false(takes_all(&train, 40 * 100, 100));
	assert_int_equal(train.count, 40);
	assert_true(takes_all(&train, 24 * 100, 100));
	assert_true(train.complete);
	train.count = 0;
	assert_true(takes_all(&train, 40 * 1500, 1500));
	assert_false(takes_all(&train, 4 * 1500, 1500));
	assert_true(takes_all(&train, 3 * 1500 + 1, 1500));
}

static void test_train_message_of_a_train_s_bytes_is_not_cut(void **state)
{
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes_all(&train, TRAIN_BYTES_MAX, 1472));
	assert_int_equal(train.count, 45);
	assert_true(train.complete);
}

static void test_train_message_of_more_is_cut_between_datagrams(void **state)
{
	struct datagrams large = { data, 2 * 64 * 1000 + 1, 1000 };
	struct datagrams small = { data, 130, 1 };
	struct train train;

	(void)state;
	train_init(&train, NONE);
	assert_int_equal(takes_some(&train, &large), 64 * 1000);
	assert_int_equal(takes_some(&train, &large), 64 * 1000);
	assert_ptr_equal(train_pieces(&train)->iov_base, data + 64 * 1000);
	assert_int_equal(takes_some(&train, &large), 1);
	assert_int_equal(large.len, 0);
	assert_int_equal(takes_some(&train, &small), 64);
	assert_int_equal(takes_some(&train, &small), 64);
	assert_int_equal(takes_some(&train, &small), 2);
	assert_int_equal(small.len, 0);
}

static void test_train_message_of_the_limit_is_cut_into_datagrams(void **state)
{
	struct datagrams datagrams = { data, 2500, 1000 };
	struct train train;

	(void)state;
	train_init(&train, 1000);
	for (uint32_t left = 2500; left; left -= MIN(left, 1000U)) {
		assert_int_equal(takes_some(&train, &datagrams), MIN(left, 1000U));
		assert_true(train.complete);
	}
	assert_int_equal(datagrams.len, 0);
}

static void expect_next(const struct train *train, struct train_place *place, size_t at, size_t len)
{
	struct iovec one;

	assert_true(train_next(train, place, &one));
	assert_ptr_equal(one.iov_base, data + at);
	assert_int_equal(one.iov_len, len);
}

static void test_train_next_keeps_boundaries(void **state)
{
	struct train_place place = { 0 };
	struct train train;
	struct iovec one;

	(void)state;
	train_init(&train, NONE);
	assert_true(takes_all(&train, 2000, 1000));
	assert_true(takes(&train, 1000));
	assert_true(takes_all(&train, 1001, 1000));
	expect_next(&train, &place, 0, 1000);
	expect_next(&train, &place, 1000, 1000);
	expect_next(&train, &place, 0, 1000);
	expect_next(&train, &place, 0, 1000);
	expect_next(&train, &place, 1000, 1);
	assert_false(train_next(&train, &place, &one));
	train.count = 0;
	place = (struct train_place){ 0 };
	assert_true(takes(&train, 0));
	expect_next(&train, &place, 0, 0);
	assert_false(train_next(&train, &place, &one));
}

/* What the kernel asks of a train, and that it is the next datagrams in their order.
 * Return: bytes of it
 */
static uint32_t check_rules(const struct train *train, const uint8_t *from)
{
	struct train_place place = { 0 };
	uint32_t bytes = 0, count = 0;
	struct iovec one;

	while (train_next(train, &place, &one)) {
		assert_ptr_equal(one.iov_base, from + bytes);
		bytes += (uint32_t)one.iov_len;
		count++;
		assert_true(one.iov_len == train->size || count == train->count);
		assert_true(one.iov_len <= train->size && (one.iov_len || train->count == 1));
	}
	assert_int_equal(count, train->count);
	assert_int_equal(bytes, train->bytes);
	assert_true(count == 1 || (bytes <= TRAIN_BYTES_MAX && train->size < train->limit));
	assert_true(count <= TRAIN_SEGMENTS_MAX);
	return bytes;
}

/* Datagrams as they come: many of one size, some of any, empty ones, some messages of many */
static struct datagrams some_datagrams(const uint8_t *at, uint32_t random)
{
	uint32_t size = random & 1 << 24 ? 500 : random % 1500;
	uint32_t len = random >> 28 ? size : random % 60000;

	return (struct datagrams){ at, size ? len : 0, MIN(size, len) };
}

static void test_train_rules_hold_for_whatever_comes(void **state)
{
	static const uint32_t limits[] = { NONE, 1000, 0 };
	uint32_t random = 1;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		uint32_t sent = 0, end = 0;
		struct train train;

		train_init(&train, limits[round % ARRAY_SIZE(limits)]);
		while (end + 60000 <= sizeof(data)) {
			struct datagrams some;

			random = random * 1664525 + 1013904223;
			some = some_datagrams(data + end, random >> 8 | random << 24);
			end += some.len;
			while (!train_take(&train, &some)) {
				sent += check_rules(&train, data + sent);
				train.count = 0;
			}
		}
		sent += check_rules(&train, data + sent);
		assert_int_equal(sent, end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_train_equal_datagrams_go_together),
		cmocka_unit_test(test_train_shorter_datagram_is_the_last),
		cmocka_unit_test(test_train_longer_datagram_starts_another),
		cmocka_unit_test(test_train_empty_datagram_goes_alone),
		cmocka_unit_test(test_train_is_bounded_in_number),
		cmocka_unit_test(test_train_is_complete_when_no_equal_datagram_fits),
		cmocka_unit_test(test_train_datagrams_of_the_limit_go_alone),
		cmocka_unit_test(test_train_message_of_many_is_one_piece),
		cmocka_unit_test(test_train_message_of_many_of_another_size_starts_another),
		cmocka_unit_test(test_train_message_that_does_not_fit_whole_waits),
		cmocka_unit_test(test_train_message_of_a_train_s_bytes_is_not_cut),
		cmocka_unit_test(test_train_message_of_more_is_cut_between_datagrams),
		cmocka_unit_test(test_train_message_of_the_limit_is_cut_into_datagrams),
		cmocka_unit_test(test_train_next_keeps_boundaries),
		cmocka_unit_test(test_train_rules_hold_for_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
