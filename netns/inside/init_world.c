/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounts in a mount namespace that a less privileged user namespace owns are made slaves of the
 * caller's by the kernel; with the caller's own user namespace that is left to us. So nothing done
 * here is seen outside.
 */
#include "netns/inside/init_world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "netns/base/procfile.h"

#define HOST_NAME_BYTES (64 + 1) /* __NEW_UTS_LEN and a terminator */
#define HOST_NAME_SUFFIX "-pasta"
#define RESOLV_CONF "/etc/resolv.conf"

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

static int write_file(const char *path, const char *text)
{
	int rc = 0, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		rc = -EIO;
	fchmod(fd, 0644); /* whatever the caller's umask */
	close(fd);
	return rc;
}

/* A file system of its own is made for the file, which stays when its name is gone: that is on
 * /proc, which is there, and uncovered or covered again after that. Where /etc/resolv.conf is a
 * link, what it leads to is covered.
 */
static void mount_resolv_conf(const char *text)
{
	int rc = 0;

	if (mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k"))
		rc = -errno;
	if (!rc) {
		rc = write_file("/proc/resolv.conf", text);
		if (!rc && mount("/proc/resolv.conf", RESOLV_CONF, "", MS_BIND, NULL))
			rc = -errno;
		umount2("/proc", MNT_DETACH);
	}
	if (rc)
		log_warning("cannot mount '%s' for the command: %s (it asks the host's resolvers, "
			    "which it can't reach)",
			    RESOLV_CONF, strerror(-rc));
}

void init_world_prepare(bool prompt, bool own_pids, const char *resolv_conf)
{
	if (mount("", "/", "", MS_SLAVE | MS_REC, NULL)) {
		log_warning("cannot mount '/proc' and '/sys': %s; the command sees the caller's",
			    strerror(errno));
	} else {
		if (resolv_conf)
			mount_resolv_conf(resolv_conf);
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
