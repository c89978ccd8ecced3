/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes and remedies, most telling first. A setting that cannot be read is not the cause.
 */
#include "netns/base/remedy.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/util.h"
#include "netns/base/procfile.h"

static bool setting_is(const char *path, long value)
{
	long number = 0;

	return !procfile_read_number(path, &number) && number == value;
}

/* In a chroot that is no mount point, no mount is seen at "/"; unshare(2) refuses there */
static bool in_chroot(void)
{
	char line[512], root[8];
	bool seen_root = false;
	FILE *f;

	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return false;
	while (!seen_root && fgets(line, sizeof(line), f))
		seen_root = sscanf(line, "%*s %*s %*s %*s %7s", root) == 1 && !strcmp(root, "/");
	fclose(f);
	return !seen_root;
}

static const char *forbidden_user_namespace(void)
{
	if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", 0))
		return "kernel.unprivileged_userns_clone is 0: set it to 1";
	if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1))
		return "kernel.apparmor_restrict_unprivileged_userns is 1: set it to 0, or give "
		       "this program an AppArmor profile that allows userns";
	if (in_chroot())
		return "the kernel allows none inside a chroot: use pivot_root instead";
	return "does a container's seccomp filter, SELinux, or a chroot forbid it?";
}

const char *remedy_user_namespace(int code)
{
	switch (-code) {
	case EPERM:
	case EACCES:
		return forbidden_user_namespace();
	case ENOSPC:
	case EUSERS:
		if (setting_is("/proc/sys/user/max_user_namespaces", 0))
			return "user.max_user_namespaces is 0: raise it";
		return "too many of them: raise user.max_user_namespaces; at most 32 can be nested";
	case EINVAL:
		return "does the kernel have CONFIG_USER_NS?";
	default:
		return NULL;
	}
}

const char *remedy_id_map(int code)
{
	switch (-code) {
	case EPERM:
	case EACCES:
		if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1))
			return forbidden_user_namespace();
		return "is the caller's id mapped in the surrounding user namespace, and is /proc "
		       "writable?";
	case EINVAL:
		return "the caller's id is not mapped in the surrounding user namespace";
	case ENOENT:
		return "is /proc mounted?";
	case EROFS:
		return "/proc is mounted read-only";
	default:
		return NULL;
	}
}

/* The limits that count are those of the surrounding user namespaces, which can't be read from
 * inside: a child tries which kind is refused
 */
static const char *limit_reached(void)
{
	static const struct {
		int flag;
		const char *text;
	} kinds[] = {
		{ CLONE_NEWNET, "raise user.max_net_namespaces outside" },
		{ CLONE_NEWPID, "raise user.max_pid_namespaces outside" },
		{ CLONE_NEWNS, "raise user.max_mnt_namespaces outside" },
		{ CLONE_NEWUTS, "raise user.max_uts_namespaces outside" },
		{ CLONE_NEWIPC, "raise user.max_ipc_namespaces outside" },
	};
	size_t i = 0, found;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		while (i < ARRAY_SIZE(kinds) && (!unshare(kinds[i].flag) || errno != ENOSPC))
			i++;
		_exit((int)i);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)) {
		found = (size_t)WEXITSTATUS(status);
		if (found < ARRAY_SIZE(kinds))
			return kinds[found].text;
	}
	return "too many namespaces: raise user.max_net_namespaces and its like outside";
}

const char *remedy_other_namespaces(int code)
{
	switch (-code) {
	case EPERM:
	case EACCES:
		return forbidden_user_namespace();
	case ENOSPC:
		return limit_reached();
	case EINVAL:
		return "does the kernel have CONFIG_NET_NS, PID_NS, UTS_NS and IPC_NS?";
	case EAGAIN:
		return "too many processes: see ulimit -u";
	case ENOMEM:
		return "not enough memory";
	default:
		return NULL;
	}
}

const char *remedy_thread(int code)
{
	switch (-code) {
	case EPERM:
		return "a filter of system calls around us refuses clone3(2); the C library uses "
		       "another way where that fails with ENOSYS";
	case EAGAIN:
		return "too many processes: see ulimit -u";
	default:
		return NULL;
	}
}

const char *remedy_inotify(int code)
{
	switch (-code) {
	case EMFILE:
		return "raise fs.inotify.max_user_instances";
	case ENOSPC:
		return "raise fs.inotify.max_user_watches";
	default:
		return NULL;
	}
}

const char *remedy_join(int code)
{
	switch (-code) {
	case EPERM:
		return "it belongs to another user namespace: see --userns";
	case EINVAL:
		return "it is no network namespace";
	default:
		return NULL;
	}
}

const char *remedy_command(int code, const char *name)
{
	if (code == -ENOENT && !name[strspn(name, "0123456789")])
		return "to join a process, give its number last, behind all options";
	return NULL;
}

const char *remedy_file(int code)
{
	return code == -ELOOP && !geteuid()
		       ? "root follows no symbolic link there: name the file itself"
		       : NULL;
}
