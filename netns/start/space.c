/* SPDX-License-Identifier: Apache-2.0
 *
 * User namespaces: unshare(2), then the maps, which only the kernel's own order allows: setgroups
 * must be denied before an unprivileged process may write a gid map. One line of map each, our own
 * id, is all that the kernel grants without a helper.
 */
#include "netns/start/space.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "netns/base/procfile.h"
#include "netns/base/remedy.h"

/* Enough for libnl and a format buffer; untouched pages cost nothing */
#define SPACE_STACK_BYTES ((size_t)256 * 1024)

static int write_map(const char *path, const char *text, struct err *err)
{
	int rc = procfile_write(path, text);

	if (rc)
		err_set(err, rc, "cannot write '%s' to '%s': %s", text, path, strerror(-rc));
	return rc ? err_remedy(err, rc, remedy_id_map(rc)) : 0;
}

int space_enter_user(struct err *err)
{
	char uid_map[32], gid_map[32];
	int rc;

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned int)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned int)getegid());

	/* A change of user made us undumpable, and then the maps would belong to root */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
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

	/* The thread would get a heap of its own, which stays for good */
	mallopt(M_ARENA_MAX, 1);
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
