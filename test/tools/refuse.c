/* SPDX-License-Identifier: Apache-2.0
 *
 * refuse CALL ERROR COMMAND [ARG]...: run COMMAND where the system call CALL fails with ERROR, a name
 * as tool_errno_name() knows them. For what a test can't arrange otherwise, as an initramfs.
 */
#include <linux/seccomp.h>
#include <seccomp.h>
#include <unistd.h>

#include "test/tools/tool.h"

static int errno_of_name(const char *name)
{
	char buf[16];

	for (int code = 1; code < 200; code++)
		if (!strcmp(tool_errno_name(code, buf), name))
			return code;
	fprintf(stderr, "unknown error: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int call, rc;

	if (argc < 4) {
		fputs("usage: refuse CALL ERROR COMMAND [ARG]...\n", stderr);
		return 2;
	}
	call = seccomp_syscall_resolve_name(argv[1]);
	if (!filter || call == __NR_SCMP_ERROR) {
		fprintf(stderr, "unknown system call: %s\n", argv[1]);
		return 2;
	}
	rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)errno_of_name(argv[2])), call, 0);
	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	if (rc)
		tool_fail("seccomp");
	execvp(argv[3], argv + 3);
	tool_fail(argv[3]);
}
