/* SPDX-License-Identifier: Apache-2.0
 *
 * Runtimes run createRuntime hooks where they run themselves. As root, and below rootless Podman,
 * that is the user namespace that owns the container's network namespace: there is nothing to join.
 * A runtime that makes the user namespace for the container runs its hooks outside of it, and pasta
 * has to join it to have rights over the network. Who owns a network namespace the kernel tells.
 */
#include "hooks/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void make_path(pid_t pid, const char *type, char *ret)
{
	snprintf(ret, CONTAINER_PATH_MAX, "/proc/%ld/ns/%s", (long)pid, type);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int open_process(pid_t pid, struct container *container, struct hook_err *err)
{
	container->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (container->pid_fd >= 0)
		return 0;
	return hook_err_set(err, -errno, "its process %ld cannot be found: %s", (long)pid,
			    strerror(errno));
}

/* check_other() - a namespace of the process must not be the one that we're in */
static int check_other(const char *type, pid_t pid, struct hook_err *err)
{
	char path[CONTAINER_PATH_MAX], own_path[CONTAINER_PATH_MAX];
	struct stat own, other;

	make_path(pid, type, path);
	snprintf(own_path, sizeof(own_path), "/proc/self/ns/%s", type);
	if (stat(path, &other)) {
		int rc = -errno;

		return hook_err_set(err, rc, "cannot look at '%s': %s%s", path, strerror(-rc),
				    rc == -EACCES || rc == -EPERM ? " (some runtimes hide their "
				    "process; run them in a user namespace, as Podman does)" : "");
	}
	if (stat(own_path, &own))
		return hook_err_set(err, -errno, "cannot look at '%s': %s", own_path,
				    strerror(errno));
	if (same_file(&own, &other))
		return hook_err_set(err, -EINVAL, "'%s' is the host's: process %ld is not the "
				    "container's", path, (long)pid);
	return 0;
}

/* check_first() - the container's process is the first one in its PID namespace */
static int check_first(pid_t pid, struct hook_err *err)
{
	char path[CONTAINER_PATH_MAX], line[256], *last;
	bool is_first = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return hook_err_set(err, -errno, "cannot look at '%s': %s", path, strerror(errno));
	/* Its number in each PID namespace, the innermost last */
	while (!is_first && fgets(line, sizeof(line), file)) {
		last = strrchr(line, '\t');
		is_first = !strncmp(line, "NSpid:", 6) && last && !strcmp(last, "\t1\n");
	}
	fclose(file);
	return is_first ? 0 : hook_err_set(err, -EINVAL, "process %ld is not the container's: it is "
					   "not the first one of its PID namespace", (long)pid);
}

/* check_owner() - @net_fd: of the network namespace */
static int check_owner(int net_fd, pid_t pid, struct container *container, struct hook_err *err)
{
	int owner_fd = ioctl(net_fd, NS_GET_USERNS);
	struct stat owner, own, other;
	int rc;

	if (owner_fd < 0)
		return hook_err_set(err, -errno, "the owner of '%s' cannot be found: %s",
				    container->netns, strerror(errno));
	rc = fstat(owner_fd, &owner);
	close(owner_fd);
	make_path(pid, "user", container->userns);
	if (rc || stat("/proc/self/ns/user", &own) || stat(container->userns, &other))
		return hook_err_set(err, -errno, "cannot look at '%s': %s", container->userns,
				    strerror(errno));
	if (same_file(&owner, &own)) {
		container->userns[0] = '\0';
		return 0;
	}
	if (same_file(&owner, &other))
		return 0;
	return hook_err_set(err, -EPERM, "'%s' belongs to a user namespace that is neither ours "
			    "nor the container's", container->netns);
}

static int find_owner(pid_t pid, struct container *container, struct hook_err *err)
{
	int fd, rc;

	make_path(pid, "net", container->netns);
	fd = open(container->netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hook_err_set(err, -errno, "cannot open '%s': %s", container->netns,
				    strerror(errno));
	rc = check_owner(fd, pid, container, err);
	close(fd);
	return rc;
}

int container_open(pid_t pid, const struct bundle *bundle, struct container *ret,
		   struct hook_err *err)
{
	int rc = open_process(pid, ret, err);

	if (rc)
		return rc;
	rc = check_other("net", pid, err);
	if (!rc && bundle->own_pid_namespace)
		rc = check_other("pid", pid, err);
	if (!rc && bundle->own_pid_namespace)
		rc = check_first(pid, err);
	if (!rc)
		rc = find_owner(pid, ret, err);
	if (!rc)
		rc = container_check_alive(ret, err);
	if (rc)
		container_close(ret);
	return rc;
}

int container_check_alive(const struct container *container, struct hook_err *err)
{
	struct pollfd ended = { .fd = container->pid_fd, .events = POLLIN };

	if (!poll(&ended, 1, 0))
		return 0;
	return hook_err_set(err, -ESRCH, "its process has just ended");
}

void container_close(struct container *container)
{
	close(container->pid_fd);
	container->pid_fd = -1;
}
