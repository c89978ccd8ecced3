/* SPDX-License-Identifier: Apache-2.0
 *
 * User namespaces: unshare(2), then the maps, which only the kernel's own order allows: setgroups
 * must be denied before an unprivileged process may write a gid map. One line of map each, our own
 * id, is all that the kernel grants without a helper.
 */
#include "netns/start/space.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fd_message.h"
#include "common/base/fds.h"
#include "netns/base/memory.h"
#include "netns/base/procfile.h"
#include "netns/base/remedy.h"

/* Enough for libnl and a format buffer; untouched pages cost nothing */
#define SPACE_STACK_BYTES ((size_t)256 * 1024)

#define USER_NAMESPACE_PATH "/proc/self/ns/user"

/* Of PR_GET_DUMPABLE: who runs as the same user may look at our memory and descriptors */
#define DUMPABLE_BY_USER 1

static int write_map(const char *path, const char *text, struct err *err)
{
	int rc = procfile_write(path, text);

	if (rc)
		err_set(err, rc, "cannot write '%s' to '%s': %s", text, path, strerror(-rc));
	return rc ? err_remedy(err, rc, remedy_id_map(rc)) : 0;
}

static int make_user(struct err *err)
{
	char uid_map[32], gid_map[32];
	int rc;

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned int)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned int)getegid());

	if (unshare(CLONE_NEWUSER)) {
		rc = -errno;
		err_set(err, rc, "cannot create user namespace: %s", strerror(-rc));
		return err_remedy(err, rc, remedy_user_namespace(rc));
	}

	rc = write_map("/proc/self/setgroups", "deny", err);
	if (!rc)
		rc = write_map("/proc/self/uid_map", uid_map, err);
	if (!rc)
		rc = write_map("/proc/self/gid_map", gid_map, err);
	return rc;
}

/* What the process that makes a user namespace has to say */
struct made {
	int rc;
	struct err err;
};

/* It has nothing open but its channel when others may look at it; what it knows is no secret */
static void make_for_parent(int channel)
{
	struct made made = { .rc = 0 };
	int fd = -1;

	fds_keep_only(0, &channel, 1);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	made.rc = make_user(&made.err);
	if (!made.rc) {
		fd = open(USER_NAMESPACE_PATH, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			made.rc = err_set(&made.err, -errno, "cannot open '%s': %s",
					  USER_NAMESPACE_PATH, strerror(errno));
	}
	fd_message_send(channel, &made, sizeof(made), &fd, fd >= 0);
}

static int enter_made(int channel, struct err *err)
{
	struct made made;
	struct fd_list fds;
	ssize_t n;
	int rc;

	do
		n = fd_message_receive(channel, 0, &made, sizeof(made), &fds);
	while (n == -EINTR);
	if (n == sizeof(made) && made.rc < 0) {
		made.err.text[sizeof(made.err.text) - 1] = '\0';
		rc = err_set(err, made.rc, "%s", made.err.text);
	} else if (n != sizeof(made) || fds.count != 1) {
		rc = err_set(err, -ECHILD,
			     "cannot create user namespace: the process that does it "
			     "has ended");
	} else {
		rc = setns(fds.fd[0], CLONE_NEWUSER) ? -errno : 0;
		if (rc)
			err_set(err, rc, "cannot join the user namespace that we have made: %s",
				strerror(-rc));
	}
	fd_list_close(&fds);
	return rc;
}

/* The maps of a process belong to root while that may not be looked at, so another one makes the
 * user namespace, by which its user, the owner, may join it
 */
static int enter_by_child(struct err *err)
{
	int ends[2], rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		make_for_parent(ends[1]);
		_exit(EXIT_SUCCESS);
	}
	rc = pid < 0 ? err_set(err, -errno, "cannot make a process: %s", strerror(errno)) : 0;
	close(ends[1]);
	if (!rc)
		rc = enter_made(ends[0], err);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return rc;
}

int space_enter_user(struct err *err)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == DUMPABLE_BY_USER ? make_user(err)
								      : enter_by_child(err);
}

struct visit {
	int net_fd;
	const char *path;
	int (*fn)(void *arg, struct err *err);
	void *arg;
	struct err *err;
	int rc;
};

static void *visit_namespace(void *arg)
{
	struct visit *visit = arg;

	if (setns(visit->net_fd, CLONE_NEWNET)) {
		visit->rc = -errno;
		err_set(visit->err, visit->rc,
			visit->path[0] ? "cannot enter network namespace '%.200s': %s"
				       : "cannot enter network namespace%s: %s",
			visit->path, strerror(-visit->rc));
		err_remedy(visit->err, visit->rc, remedy_join(visit->rc));
		return NULL;
	}
	visit->rc = visit->fn(visit->arg, visit->err);
	return NULL;
}

int space_run(int net_fd, const char *path, int (*fn)(void *arg, struct err *err), void *arg,
	      struct err *err)
{
	struct visit visit = { net_fd, path, fn, arg, err, 0 };
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	memory_one_heap();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SPACE_STACK_BYTES);
	rc = -pthread_create(&thread, &attr, visit_namespace, &visit);
	pthread_attr_destroy(&attr);
	if (rc) {
		err_set(err, rc, "cannot start a thread: %s", strerror(-rc));
		return err_remedy(err, rc, remedy_thread(rc));
	}
	pthread_join(thread, NULL);
	return visit.rc;
}
