/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules by argument are few, since each costs instructions in every call that they don't decide:
 * the kernel caches only verdicts that no argument can change.
 */
#include "netns/lockin/syscall_filter.h"

#include <errno.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/util.h"
#include "netns/lockin/seccomp_list.h"

struct argument_rule {
	int syscall;
	struct scmp_arg_cmp arg;
};

static struct scmp_arg_cmp argument_is(unsigned int number, uint32_t value)
{
	return SCMP_CMP32(number, SCMP_CMP_EQ, value, 0);
}

static struct scmp_arg_cmp argument_lacks(unsigned int number, uint32_t bits)
{
	return SCMP_CMP32(number, SCMP_CMP_MASKED_EQ, bits, 0);
}

static int add_list(scmp_filter_ctx ctx, const int *list, size_t count)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, list[i], 0, NULL);
	return rc;
}

static int add_rules(scmp_filter_ctx ctx, const struct argument_rule *rules, size_t count)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rules[i].syscall, 1,
					    &rules[i].arg);
	return rc;
}

/* Memory never executable; signals only to ourselves: abort(), dying like COMMAND */
static int add_common_rules(scmp_filter_ctx ctx)
{
	const struct argument_rule rules[] = {
		{ SCMP_SYS(mmap), argument_lacks(2, PROT_EXEC) },
		{ SCMP_SYS(mmap2), argument_lacks(2, PROT_EXEC) },
		{ SCMP_SYS(mprotect), argument_lacks(2, PROT_EXEC) },
		{ SCMP_SYS(ioctl), argument_is(1, TCGETS) },
		{ SCMP_SYS(kill), argument_is(0, (uint32_t)getpid()) },
		{ SCMP_SYS(tgkill), argument_is(0, (uint32_t)getpid()) },
		{ SCMP_SYS(tkill), argument_is(0, (uint32_t)getpid()) }, /* of musl's raise() */
	};

	return add_rules(ctx, rules, ARRAY_SIZE(rules));
}

/* Internet sockets only (but any on i386 and s390x by socketcall(2), whose arguments are in memory,
 * where no filter sees them). Signal 0 is none: it tells whether a process group is gone.
 */
static int add_engine_rules(scmp_filter_ctx ctx)
{
	const struct argument_rule rules[] = {
		{ SCMP_SYS(socket), argument_is(0, AF_INET) },
		{ SCMP_SYS(socket), argument_is(0, AF_INET6) },
		{ SCMP_SYS(ioctl), argument_is(1, FIONREAD) },
		{ SCMP_SYS(ioctl), argument_is(1, SIOCATMARK) },
		{ SCMP_SYS(ioctl), argument_is(1, SIOCOUTQ) },
		{ SCMP_SYS(ioctl), argument_is(1, SIOCOUTQNSD) },
		{ SCMP_SYS(ioctl), argument_is(1, TIOCGPGRP) },
		{ SCMP_SYS(ioctl), argument_is(1, TIOCSPGRP) },
		{ SCMP_SYS(kill), argument_is(1, 0) },
	};

	return add_rules(ctx, rules, ARRAY_SIZE(rules));
}

/* What libc may look for (time zone, locale, terminal) is not there: it copes with that */
static int add_refusals(scmp_filter_ctx ctx)
{
	static const int calls[] = {
		SCMP_SYS(access),   SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(lstat),
		SCMP_SYS(lstat64),  SCMP_SYS(open),	  SCMP_SYS(openat),	SCMP_SYS(openat2),
		SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),	SCMP_SYS(stat64),
	};
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(calls) && !rc; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(ENOENT), calls[i], 0, NULL);
	return rc;
}

/* What every filter has, around @calls and the rules that were added to @ctx. Frees @ctx */
static int load(scmp_filter_ctx ctx, int rc, const int *calls, size_t count, struct err *err)
{
	if (!rc)
		rc = add_list(ctx, calls, count);
	if (!rc)
		rc = add_common_rules(ctx);
	if (!rc)
		rc = add_refusals(ctx);
	/* All threads get it, or none */
	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!rc)
		rc = seccomp_load(ctx);
	if (ctx)
		seccomp_release(ctx);
	if (rc)
		return err_set(
			err, rc,
			"cannot filter system calls: seccomp(2) fails (does the kernel lack "
			"CONFIG_SECCOMP_FILTER, or does a filter around us refuse the call?)");
	return 0;
}

int syscall_filter_apply(bool maps_guest, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx ? 0 : -ENOMEM;

	if (!rc && maps_guest)
		rc = add_list(ctx, seccomp_list_guest, seccomp_list_guest_count);
	if (!rc)
		rc = add_engine_rules(ctx);
	return load(ctx, rc, seccomp_list, seccomp_list_count, err);
}

int syscall_filter_apply_calls(const int *calls, size_t count, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	return load(ctx, ctx ? 0 : -ENOMEM, calls, count, err);
}
