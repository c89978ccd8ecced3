/* SPDX-License-Identifier: Apache-2.0
 *
 * What one direction of a spliced connection does next, fact by fact.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "common/base/util.h"
#include "common/tcp/splice_dir.h"

#define WANTED 65536

static struct splice_dir fresh(void)
{
	struct splice_dir dir;

	splice_dir_init(&dir);
	return dir;
}

static void test_splice_dir_waits_until_the_source_is_readable(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_source(&dir, EPOLLOUT);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_source(&dir, EPOLLIN);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
}

static void test_splice_dir_short_exact_read_means_empty(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN);
	splice_dir_was_read(&dir, 10, 0, WANTED, true);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_source(&dir, EPOLLIN);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
}

static void test_splice_dir_short_read_by_pipe_means_nothing(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN);
	splice_dir_was_read(&dir, 10, 10, WANTED, false);
	splice_dir_written(&dir, 10);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
}

static void test_splice_dir_short_read_before_the_end_is_not_the_last(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN | EPOLLRDHUP);
	splice_dir_was_read(&dir, 10, 0, WANTED, true);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
	splice_dir_was_read(&dir, 0, 0, WANTED, true);
	assert_int_equal(splice_dir_next(&dir), SPLICE_FINISH);
}

static void test_splice_dir_urgent_data_keeps_it_reading_by_copy(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN | EPOLLPRI);
	splice_dir_was_read(&dir, SPLICE_BULK_BYTES, 0, SPLICE_BULK_BYTES, true);
	assert_false(dir.bulk);
	splice_dir_was_read(&dir, 10, 0, WANTED, true);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
}

static void test_splice_dir_end_waits_for_what_is_held(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN | EPOLLRDHUP);
	splice_dir_was_read(&dir, 100, 100, WANTED, true);
	dir.writable = false;
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_source(&dir, EPOLLRDHUP);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_sink(&dir, EPOLLOUT);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WRITE);
	splice_dir_written(&dir, 60);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WRITE);
	splice_dir_written(&dir, 40);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
	splice_dir_was_read(&dir, 0, 0, WANTED, true);
	assert_int_equal(splice_dir_next(&dir), SPLICE_FINISH);
	dir.finished = true;
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
}

static void test_splice_dir_end_waits_until_the_sink_is_connected(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	dir.connecting = true;
	splice_dir_source(&dir, EPOLLIN | EPOLLRDHUP);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
	splice_dir_was_read(&dir, 0, 0, WANTED, true);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_sink(&dir, EPOLLIN);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_sink(&dir, EPOLLOUT);
	assert_int_equal(splice_dir_next(&dir), SPLICE_FINISH);
}

static void test_splice_dir_full_sink_stops_reading(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN);
	dir.writable = false;
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_sink(&dir, EPOLLIN);
	assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	splice_dir_sink(&dir, EPOLLOUT);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
}

static void test_splice_dir_ended_source_is_left_alone(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN | EPOLLRDHUP);
	splice_dir_was_read(&dir, 0, 0, WANTED, true);
	dir.finished = true;
	for (int i = 0; i < 3; i++) {
		splice_dir_source(&dir, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
		splice_dir_sink(&dir, EPOLLOUT);
		assert_int_equal(splice_dir_next(&dir), SPLICE_WAIT);
	}
}

static void test_splice_dir_goes_by_pipe_while_reads_are_large(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN);
	splice_dir_was_read(&dir, SPLICE_BULK_BYTES, 0, SPLICE_BULK_BYTES, true);
	assert_true(dir.bulk);
	splice_dir_was_read(&dir, 100, 100, WANTED, false);
	splice_dir_is_empty(&dir);
	assert_false(dir.bulk);
}

/* It stops there, where a read by copy would run through */
static void test_splice_dir_goes_by_pipe_after_what_urgent_data_may_have_cut(void **state)
{
	struct splice_dir dir = fresh();

	(void)state;
	splice_dir_source(&dir, EPOLLIN);
	splice_dir_was_read(&dir, SPLICE_BULK_BYTES, 0, SPLICE_BULK_BYTES, true);
	splice_dir_was_read(&dir, 100, 100, WANTED, false);
	splice_dir_written(&dir, 100);
	assert_int_equal(splice_dir_next(&dir), SPLICE_READ);
	assert_true(dir.bulk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splice_dir_waits_until_the_source_is_readable),
		cmocka_unit_test(test_splice_dir_short_exact_read_means_empty),
		cmocka_unit_test(test_splice_dir_short_read_by_pipe_means_nothing),
		cmocka_unit_test(test_splice_dir_short_read_before_the_end_is_not_the_last),
		cmocka_unit_test(test_splice_dir_urgent_data_keeps_it_reading_by_copy),
		cmocka_unit_test(test_splice_dir_end_waits_for_what_is_held),
		cmocka_unit_test(test_splice_dir_end_waits_until_the_sink_is_connected),
		cmocka_unit_test(test_splice_dir_full_sink_stops_reading),
		cmocka_unit_test(test_splice_dir_ended_source_is_left_alone),
		cmocka_unit_test(test_splice_dir_goes_by_pipe_while_reads_are_large),
		cmocka_unit_test(test_splice_dir_goes_by_pipe_after_what_urgent_data_may_have_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
