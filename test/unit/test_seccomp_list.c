/* SPDX-License-Identifier: Apache-2.0
 *
 * What a C library makes of one function differs from one processor, library and version to the
 * next: a list that has one of its system calls has to have all of them that there are anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <seccomp.h>
#include <stdbool.h>

#include "common/base/util.h"
#include "netns/lockin/seccomp_list.h"

#define FAMILY_MAX 5

/* By what a function was called first, as glibc and musl do it: 64-bit time on 32 bits, large
 * files, calls of which newer processors have the later one only
 */
static const char *const families[][FAMILY_MAX] = {
	{ "accept", "accept4" },
	{ "clock_getres", "clock_getres_time64" },
	{ "clock_gettime", "clock_gettime64" },
	{ "clock_nanosleep", "clock_nanosleep_time64", "nanosleep" },
	{ "dup2", "dup3" },
	{ "epoll_wait", "epoll_pwait", "epoll_pwait2" },
	{ "exit", "exit_group" },
	{ "fcntl", "fcntl64" },
	{ "fstat", "fstat64", "fstatat64", "newfstatat", "statx" },
	{ "ftruncate", "ftruncate64" },
	{ "futex", "futex_time64" },
	{ "lseek", "_llseek" },
	{ "lstat", "lstat64", "fstatat64", "newfstatat", "statx" },
	{ "poll", "ppoll", "ppoll_time64" },
	{ "readlink", "readlinkat" },
	{ "recv", "recvfrom" },
	{ "recvmmsg", "recvmmsg_time64" },
	{ "rt_sigreturn", "sigreturn" },
	{ "rt_sigtimedwait", "rt_sigtimedwait_time64" },
	{ "send", "sendto" },
	{ "timerfd_settime", "timerfd_settime64" },
	{ "unlink", "unlinkat" },
	{ "wait4", "waitid", "waitpid" },
};

static bool has(const int *list, size_t count, const char *name)
{
	int call = seccomp_syscall_resolve_name(name);

	assert_int_not_equal(call, __NR_SCMP_ERROR);
	for (size_t i = 0; i < count; i++)
		if (list[i] == call)
			return true;
	return false;
}

static void check_families(const int *list, size_t count)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		bool wanted = has(list, count, families[f][0]);

		for (size_t i = 1; wanted && i < FAMILY_MAX && families[f][i]; i++)
			if (!has(list, count, families[f][i]))
				fail_msg("'%s' is missing", families[f][i]);
	}
}

static void test_seccomp_list_has_whole_families(void **state)
{
	(void)state;
	check_families(seccomp_list, seccomp_list_count);
	check_families(seccomp_list_guest, seccomp_list_guest_count);
	check_families(seccomp_list_resolv, seccomp_list_resolv_count);
	check_families(seccomp_list_host, seccomp_list_host_count);
	check_families(seccomp_list_mirror, seccomp_list_mirror_count);
	check_families(seccomp_list_members, seccomp_list_members_count);
	check_families(seccomp_list_made_files, seccomp_list_made_files_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seccomp_list_has_whole_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
