/* SPDX-License-Identifier: Apache-2.0
 *
 * A process id may be used anew between two looks at /proc: the process is pinned by a pidfd first,
 * and asked at the end whether it is still there. If so, all that was opened meanwhile is its own.
 *
 * Numbers in /proc are those of the PID namespace that it was mounted for, which need not be ours:
 * a pidfd's own entry in there says under which number that /proc has the process. Where a filter
 * of system calls around us refuses pidfd_open(2), /proc has to be the one for our PID namespace.
 *
 * Messages show 200 bytes of a path at most: the reason behind it must fit.
 */
#include "netns/start/join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/util.h"

#define NAMED_DIR "/run/netns"

bool join_wanted(const struct join_request *request)
{
	return request->pid || request->netns;
}

void join_init(struct join *join)
{
	*join = (struct join){ .net_fd = -1, .user_fd = -1, .pid_fd = -1 };
}

static const char *open_remedy(int code)
{
	switch (-code) {
	case EACCES:
	case EPERM:
		return " (it belongs to another user)";
	case ENOENT:
		return " (has it ended, or been deleted?)";
	default:
		return "";
	}
}

/* open_namespace() - @what: the option that named it, or its kind, for the message
 * @type:	CLONE_NEW* that it has to be
 */
static int open_namespace(const char *what, const char *path, int type, int *ret_fd,
			  struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	if (fd < 0) {
		rc = -errno;
		return err_set(err, rc, "%s '%.200s': cannot open it: %s%s", what, path,
			       strerror(-rc), open_remedy(rc));
	}
	if (ioctl(fd, NS_GET_NSTYPE) != type) {
		close(fd);
		return err_set(err, -EINVAL,
			       "%s '%.200s': not a %s namespace (is anything mounted there?)", what,
			       path, type == CLONE_NEWNET ? "network" : "user");
	}
	*ret_fd = fd;
	return 0;
}

static bool is_same_namespace(int fd, const char *own_path)
{
	struct stat own, other;

	return !stat(own_path, &own) && !fstat(fd, &other) && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

static void drop_own_user(struct join *join)
{
	if (is_same_namespace(join->user_fd, "/proc/self/ns/user"))
		fds_close(&join->user_fd);
}

static int open_user(const char *what, const char *path, struct join *join, struct err *err)
{
	int rc = open_namespace(what, path, CLONE_NEWUSER, &join->user_fd, err);

	if (!rc)
		drop_own_user(join);
	return rc;
}

/* Return: the process's number in /proc; 0: it has none there */
static pid_t number_in_proc(int pid_fd)
{
	char path[40], line[80];
	long number = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pid_fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "Pid: %ld", &number) != 1)
		;
	if (file)
		fclose(file);
	return number > 0 ? (pid_t)number : 0;
}

/* Best the one that has rights over the network namespace: the process may have gone on to another
 * one since, as those of bubblewrap do
 */
static int open_user_of_process(struct join *join, struct err *err)
{
	char path[40];

	join->user_fd = ioctl(join->net_fd, NS_GET_USERNS);
	if (join->user_fd >= 0) {
		drop_own_user(join);
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%ld/ns/user", (long)join->number);
	return open_user("user namespace", path, join, err);
}

/* Whether a process has in /proc the number that it has for us */
static bool is_own_proc(void)
{
	char own[24];
	ssize_t n = readlink("/proc/self", own, sizeof(own) - 1);

	own[MAX(n, 0)] = '\0';
	return atol(own) == getpid();
}

/* The kernel itself says neither of pidfd_open(2), since Linux 5.3 */
static bool is_refused_call(int code)
{
	return code == -ENOSYS || code == -EPERM;
}

/* The process that the user has named; in /proc it may have another number */
static int pin_process(pid_t pid, struct join *join, struct err *err)
{
	int rc;

	join->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	rc = join->pid_fd < 0 ? -errno : 0;
	join->number = rc ? pid : number_in_proc(join->pid_fd);
	if (rc && !(is_refused_call(rc) && is_own_proc()))
		return err_set(err, rc, "cannot join process '%ld': %s%s", (long)pid,
			       is_refused_call(rc) ? "pidfd_open(2): " : "", strerror(-rc));
	if (!join->number)
		return err_set(err, -ESRCH,
			       "cannot join process '%ld': it is not in /proc (is that mounted, "
			       "for this PID namespace?)",
			       (long)pid);
	snprintf(join->path, sizeof(join->path), "/proc/%ld/ns/net", (long)join->number);
	return 0;
}

/* The process that a path is of, if any and if it can be had: when it ends, the path is gone */
static void pin_process_of_path(struct join *join)
{
	int pid = 0;

	if (sscanf(join->path, "/proc/%9d/", &pid) != 1)
		return;
	join->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (join->pid_fd < 0 || number_in_proc(join->pid_fd) == pid)
		return;
	fds_close(&join->pid_fd); /* one of ours that has the number by chance */
}

static int check_alive(const struct join *join, struct err *err)
{
	struct pollfd ended = { .fd = join->pid_fd, .events = POLLIN };

	if (join->pid_fd < 0 || !poll(&ended, 1, 0))
		return 0;
	return err_set(err, -ESRCH, "cannot join '%.200s': its process has just ended", join->path);
}

static int make_path(const struct join_request *request, struct join *join, struct err *err)
{
	const char *dir = "", *slash = "", *name = request->netns;
	int len;

	if (!strchr(name, '/')) {
		dir = NAMED_DIR;
		slash = "/";
	}
	len = snprintf(join->path, PATH_MAX, "%s%s%s", dir, slash, name);
	if (len < PATH_MAX)
		return 0;
	return err_set(err, -ENAMETOOLONG, "--netns '%.200s': %s", name, strerror(ENAMETOOLONG));
}

static int open_all(const struct join_request *request, struct join *join, struct err *err)
{
	const char *what = request->pid ? "network namespace" : "--netns";
	int rc = open_namespace(what, join->path, CLONE_NEWNET, &join->net_fd, err);

	if (rc)
		return rc;
	if (is_same_namespace(join->net_fd, "/proc/self/ns/net"))
		return err_set(err, -EINVAL, "%s '%.200s': that is the namespace that we are in",
			       what, join->path);
	if (request->userns)
		rc = open_user("--userns", request->userns, join, err);
	else if (request->pid && !request->netns_only)
		rc = open_user_of_process(join, err);
	return rc ? rc : check_alive(join, err);
}

int join_open(const struct join_request *request, struct join *ret_join, struct err *err)
{
	int rc;

	join_init(ret_join);
	if (request->pid) {
		rc = pin_process(request->pid, ret_join, err);
	} else {
		rc = make_path(request, ret_join, err);
		if (!rc)
			pin_process_of_path(ret_join);
	}
	return rc ? rc : open_all(request, ret_join, err);
}

void join_close_namespaces(struct join *join)
{
	fds_close(&join->net_fd);
	fds_close(&join->user_fd);
}

int join_enter_user(const struct join *join, struct err *err)
{
	int rc;

	if (join->user_fd < 0)
		return 0;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!setns(join->user_fd, CLONE_NEWUSER)) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* it may depend on fs.suid_dumpable by now */
		return 0;
	}
	rc = -errno;
	return err_set(err, rc, "cannot join the user namespace of '%.200s': %s%s", join->path,
		       strerror(-rc), rc == -EPERM ? " (only its owner may)" : "");
}
