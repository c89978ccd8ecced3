/* SPDX-License-Identifier: Apache-2.0
 *
 * What a C library makes of one function differs from one processor, library and version to the
 * next: a list that has one of its system calls has to have all of them that there are anywhere.
 * And the lists have to make a filter for every processor, where calls that it lacks are left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <unistd.h>

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

static const uint32_t processors[] = {
	SCMP_ARCH_X86_64, SCMP_ARCH_X86,     SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,
	SCMP_ARCH_S390X,  SCMP_ARCH_PPC64LE, SCMP_ARCH_RISCV64,
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
	check_families(seccomp_list_resolv, seccomp_list_resolv_count);
	check_families(seccomp_list_made_files, seccomp_list_made_files_count);
}

static off_t size_of_filter(uint32_t processor, const int *list, size_t count)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	uint32_t native = seccomp_arch_native();
	struct stat st;
	int fd;

	if (processor != native) {
		assert_int_equal(seccomp_arch_remove(ctx, native), 0);
		assert_int_equal(seccomp_arch_add(ctx, processor), 0);
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, list[i], 0, NULL), 0);
	fd = memfd_create("filter", MFD_CLOEXEC);
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	seccomp_release(ctx);
	return st.st_size;
}

static void test_seccomp_list_makes_a_filter_for_every_processor(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(processors); i++) {
		assert_true(size_of_filter(processors[i], seccomp_list, seccomp_list_count) > 400);
		assert_true(size_of_filter(processors[i], seccomp_list_resolv,
					   seccomp_list_resolv_count) > 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seccomp_list_has_whole_families),
		cmocka_unit_test(test_seccomp_list_makes_a_filter_for_every_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
