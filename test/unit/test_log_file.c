/* SPDX-License-Identifier: Apache-2.0
 *
 * The log file's bound, and that it's always whole lines from the newest back.
 */
#include "common/base/log_file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT 20000

static int new_file(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void write_number(int fd, unsigned int number)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "line %u\n", number);

	log_file_write(fd, line, (size_t)len, LIMIT);
}

static size_t read_all(int fd, char *text)
{
	ssize_t n = pread(fd, text, LIMIT + 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return (size_t)n;
}

static void test_lines_are_appended_in_order(void **state)
{
	static char text[LIMIT + 2];
	int fd = new_file();

	(void)state;
	write_number(fd, 1);
	write_number(fd, 2);
	read_all(fd, text);
	assert_string_equal(text, "line 1\nline 2\n");
	close(fd);
}

/* A limit on files' sizes fails as a full disk does, and needs none */
static void test_full_disk_loses_oldest_lines_only(void **state)
{
	const struct rlimit full = { 4096, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	static char text[LIMIT + 2];
	int fd = new_file(), expected;
	char *line = text;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (unsigned int i = 1; i <= 1000; i++)
		write_number(fd, i);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_in_range(read_all(fd, text), 3000, 4096);
	for (expected = atoi(text + strlen("line ")); *line; expected++) {
		assert_int_equal(atoi(line + strlen("line ")), expected);
		line = strchr(line, '\n') + 1;
	}
	assert_int_equal(expected, 1001);
	close(fd);
}

static void test_full_file_loses_oldest_lines_only(void **state)
{
	static char text[LIMIT + 2];
	unsigned int first, expected;
	int fd = new_file();
	char *line;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		write_number(fd, i);
		assert_true(lseek(fd, 0, SEEK_END) <= LIMIT);
	}
	assert_true(read_all(fd, text) >= LIMIT / 2);
	assert_int_equal(sscanf(text, "line %u\n", &first), 1);
	expected = first;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_int_equal(strtoul(line + 5, NULL, 10), expected++);
	assert_int_equal(expected, 10000);
	close(fd);
}

static void test_file_larger_than_limit_is_cut(void **state)
{
	static char text[LIMIT + 2];
	int fd = new_file();

	(void)state;
	for (unsigned int i = 0; i < 10000; i++)
		assert_true(dprintf(fd, "older line %u\n", i) > 0);
	write_number(fd, 1);
	assert_true(lseek(fd, 0, SEEK_END) <= LIMIT);
	read_all(fd, text);
	assert_memory_equal(text, "older line ", 11);
	assert_non_null(strstr(text, "\nolder line 9999\nline 1\n"));
	close(fd);
}

static void test_file_of_one_endless_line_is_emptied(void **state)
{
	static char text[LIMIT + 2];
	int fd = new_file();

	(void)state;
	memset(text, 'x', LIMIT);
	assert_int_equal(write(fd, text, LIMIT), LIMIT);
	write_number(fd, 1);
	read_all(fd, text);
	assert_string_equal(text, "line 1\n");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_appended_in_order),
		cmocka_unit_test(test_full_file_loses_oldest_lines_only),
		cmocka_unit_test(test_full_disk_loses_oldest_lines_only),
		cmocka_unit_test(test_file_larger_than_limit_is_cut),
		cmocka_unit_test(test_file_of_one_endless_line_is_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
