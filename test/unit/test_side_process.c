/* SPDX-License-Identifier: Apache-2.0
 *
 * When a side process begins its job, and what it can do before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "netns/beside/side_process.h"
#include "netns/lockin/seccomp_list.h"

/* Answers one message, having noted that it runs */
static void answer(int channel_fd, const void *arg)
{
	bool *const *ran = arg;
	char byte;

	**ran = true;
	if (recv(channel_fd, &byte, 1, 0) == 1)
		send(channel_fd, &byte, 1, MSG_NOSIGNAL);
	recv(channel_fd, &byte, 1, 0);
}

static void start(int idle_ms, bool **ran, struct side_process *ret_process)
{
	const struct side_process_job job = {
		.name = "test-beside",
		.main = answer,
		.calls = seccomp_list_mirror,
		.call_count = seccomp_list_mirror_count,
		.idle_ms = idle_ms,
	};
	struct err err;

	*ran = mmap(NULL, sizeof(**ran), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(*ran, MAP_FAILED);
	assert_int_equal(side_process_start(&job, ran, ret_process, &err), 0);
}

/* What /proc says of a process. Where the tests run may have filters of its own: these are counted
 */
static unsigned long long status_of(pid_t pid, const char *name)
{
	char path[32], status[4096];
	const char *at;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(status, 1, sizeof(status) - 1, file);
	fclose(file);
	status[n] = '\0';
	at = strstr(status, name);
	assert_non_null(at);
	return strtoull(at + strlen(name), NULL, 16);
}

static unsigned long long filters_of(pid_t pid)
{
	return status_of(pid, "\nSeccomp_filters:") - status_of(getpid(), "\nSeccomp_filters:");
}

static void await_status(pid_t pid, const char *name, unsigned long long value)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < 60000 && status_of(pid, name) != value; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(status_of(pid, name), value);
}

static void test_side_process_sleeps_without_rights_until_it_is_told(void **state)
{
	struct side_process process;
	bool *ran;
	char byte;

	(void)state;
	start(-1, &ran, &process);
	await_status(process.pid, "\nNoNewPrivs:", 1);
	await_status(process.pid, "\nCapPrm:", 0);
	await_status(process.pid, "\nCapEff:", 0);
	assert_int_equal(filters_of(process.pid), 0); /* making one costs time */
	assert_false(*ran);
	assert_int_equal(send(process.fd, "x", 1, 0), 1);
	assert_int_equal(recv(process.fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(filters_of(process.pid), 1);
	side_process_finish(&process);
	munmap(ran, sizeof(*ran));
}

static void test_side_process_ends_without_its_job_when_nobody_waits_for_it(void **state)
{
	struct side_process process;
	bool *ran;

	(void)state;
	start(-1, &ran, &process);
	side_process_finish(&process);
	assert_false(*ran);
	munmap(ran, sizeof(*ran));
}

static void test_side_process_begins_when_the_time_is_over(void **state)
{
	struct side_process process;
	bool *ran;

	(void)state;
	start(1, &ran, &process);
	await_status(process.pid,
		     "\nSeccomp_filters:", status_of(getpid(), "\nSeccomp_filters:") + 1);
	side_process_finish(&process);
	munmap(ran, sizeof(*ran));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_side_process_sleeps_without_rights_until_it_is_told),
		cmocka_unit_test(test_side_process_ends_without_its_job_when_nobody_waits_for_it),
		cmocka_unit_test(test_side_process_begins_when_the_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
