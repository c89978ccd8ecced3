/* SPDX-License-Identifier: Apache-2.0
 *
 * refuse CALL[:NUMBER] ERROR COMMAND [ARG]...: run COMMAND where the system call CALL, with NUMBER as
 * its first argument, fails with ERROR, a name as tool_errno_name() knows them. For what a test can't
 * arrange otherwise, as an initramfs, or a kernel without IPv6.
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
	struct scmp_arg_cmp first = SCMP_A0(SCMP_CMP_EQ, 0, 0);
	char *number;
	int call, rc;

	if (argc < 4) {
		fputs("usage: refuse CALL[:NUMBER] ERROR COMMAND [ARG]...\n", stderr);
		return 2;
	}
	number = strchr(argv[1], ':');
	if (number) {
		*number++ = '\0';
		first.datum_a = (scmp_datum_t)tool_number(number);
	}
	call = seccomp_syscall_resolve_name(argv[1]);
	if (!filter || call == __NR_SCMP_ERROR) {
		fprintf(stderr, "unknown system call: %s\n", argv[1]);
		return 2;
	}
	rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint16_t)errno_of_name(argv[2])), call,
				    number ? 1 : 0, &first);
	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	if (rc)
		tool_fail("seccomp");
	execvp(argv[3], argv + 3);
	tool_fail(argv[3]);
}
