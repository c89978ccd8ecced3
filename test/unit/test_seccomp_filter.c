/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of system calls make a filter for every processor, where calls that it lacks are left
 * out. Not for emulated processors: libseccomp makes none where seccomp(2) itself is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/util.h"
#include "netns/lockin/seccomp_list.h"

static const uint32_t processors[] = {
	SCMP_ARCH_X86_64, SCMP_ARCH_X86,     SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,
	SCMP_ARCH_S390X,  SCMP_ARCH_PPC64LE, SCMP_ARCH_RISCV64,
};

static off_t size_of_filter(uint32_t processor, const int *list, size_t count)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	uint32_t native = seccomp_arch_native();
	struct stat st;
	int fd;

	assert_non_null(ctx);
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

static void test_seccomp_filter_of_every_processor(void **state)
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
		cmocka_unit_test(test_seccomp_filter_of_every_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
