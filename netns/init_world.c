/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounts in a mount namespace that a less privileged user namespace owns are made slaves of the
 * caller's by the kernel; with the caller's own user namespace that is left to us. So nothing done
 * here is seen outside.
 */
#include "netns/init_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/base/log.h"
#include "netns/procfile.h"

#define HOST_NAME_BYTES (64 + 1) /* __NEW_UTS_LEN and a terminator */
#define HOST_NAME_SUFFIX "-pasta"

static void mount_proc(void)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		log_warning("cannot mount '/proc': %s (something is mounted over parts of the "
			    "caller's /proc); the command sees the caller's processes there",
			    strerror(errno));
}

/* A new sysfs shows this namespace's interfaces, but has no control groups mounted in it: the
 * caller's are parked on /proc meanwhile, which is to be covered anyway
 */
static void mount_sys(void)
{
	bool parked = !mount("/sys/fs/cgroup", "/proc", "", MS_BIND | MS_REC, NULL);
	bool done = !mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);

	if (parked && (!done || mount("/proc", "/sys/fs/cgroup", "", MS_MOVE, NULL)))
		umount2("/proc", MNT_DETACH);
}

static void set_control(const char *path, const char *text)
{
	int rc = procfile_write(path, text);

	if (rc)
		log_debug("cannot write '%s' to '%s': %s", text, path, strerror(-rc));
}

static void set_host_name(bool prompt)
{
	char old[HOST_NAME_BYTES], name[HOST_NAME_BYTES], text[HOST_NAME_BYTES + 2];

	if (gethostname(old, sizeof(old)))
		return;
	snprintf(name, sizeof(name), "%.*s" HOST_NAME_SUFFIX,
		 (int)(sizeof(name) - sizeof(HOST_NAME_SUFFIX)), old);
	if (sethostname(name, strlen(name)))
		log_debug("cannot set the host name '%s': %s", name, strerror(errno));
	if (prompt) {
		snprintf(text, sizeof(text), "%s# ", name);
		setenv("PS1", text, 1);
	}
}

void init_world_prepare(bool prompt, bool own_pids)
{
	if (mount("", "/", "", MS_SLAVE | MS_REC, NULL)) {
		log_warning("cannot mount '/proc' and '/sys': %s; the command sees the caller's",
			    strerror(errno));
	} else {
		mount_sys();
		if (own_pids)
			mount_proc();
	}
	/* Group 0 of this user namespace, the only one there is */
	set_control("/proc/sys/net/ipv4/ping_group_range", "0 0");
	/* For IPv6 too. Ports below 1024 are nobody's privilege in here */
	set_control("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	set_host_name(prompt);
}
