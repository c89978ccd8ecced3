/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule set that handles every right of the kernel's version and allows none of them. TCP rights
 * are left unhandled: connecting is our trade.
 */
#include "netns/lockin/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/linux_compat.h"

/* Grown by the kernel field by field; our headers may know the first one only */
struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* version 4, Linux 6.7 */
	uint64_t scoped; /* version 6, Linux 6.12 */
};

static struct ruleset ruleset_for(long version, size_t *ret_size)
{
	/* Rights of version 1: execute up to making symbolic links */
	struct ruleset rules = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };

	if (version >= 2)
		rules.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		rules.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= 5)
		rules.handled_access_fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	/* Signals are left to seccomp, which lets none out */
	if (version >= 6)
		rules.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	*ret_size = version >= 6 ? sizeof(rules) : sizeof(rules.handled_access_fs);
	return rules;
}

int landlock_apply(void)
{
	struct ruleset rules;
	long version, fd;
	size_t size;
	int rc = 0;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	rules = ruleset_for(version, &size);
	fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_restrict_self, fd, 0))
		rc = -errno;
	close((int)fd);
	return rc ? rc : (int)version;
}
