/* SPDX-License-Identifier: Apache-2.0
 *
 * In an order that each step allows: namespaces and the new root take capabilities, so they come
 * first; capabilities are dropped next; no_new_privs makes Landlock and seccomp available without
 * them; seccomp is last, as it forbids all of the above. The root is one for all threads that are
 * made after it; capabilities and Landlock are each thread's own, and are handed down to those that
 * it makes; the filter is put on all at once.
 *
 * There is no PID namespace: a process can't move into one, only its children can, and this one
 * has none from here on. That no other process can be reached is the filter's doing.
 */
#include "netns/lockin/lockin.h"

#include <errno.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/log.h"
#include "netns/lockin/landlock.h"
#include "netns/base/memory.h"
#include "netns/base/remedy.h"
#include "netns/lockin/syscall_filter.h"

/* Any directory that is always there will do as the place for the empty root */
#define ROOT_PLACE "/proc"
#define SECUREBITS                                                                                 \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                           \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |   \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int move_failed(const char *step, const char *remedy, struct err *err)
{
	int rc = -errno;

	return err_set(err, rc, "cannot move to an empty root file system: %s: %s%s", step,
		       strerror(-rc), remedy);
}

/* An empty file system, read-only, in place of everything. With the old root stacked onto the new
 * one, as pivot_root(2) describes, no directory is needed to put it.
 */
int lockin_root(bool chroot_fallback, struct err *err)
{
	int rc;

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)) {
		rc = -errno;
		err_set(err, rc, "cannot create namespaces: %s", strerror(-rc));
		return err_remedy(err, rc, remedy_other_namespaces(rc));
	}
	/* Where our user namespace owns the mounts too, they'd be seen outside */
	if (mount("", "/", "", MS_SLAVE | MS_REC, NULL) ||
	    mount("empty", ROOT_PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
		  "nr_inodes=2,nr_blocks=1"))
		return move_failed("mount", "", err);
	if (chdir(ROOT_PLACE))
		return move_failed("chdir", "", err);
	if (!syscall(SYS_pivot_root, ".", ".")) {
		if (umount2(".", MNT_DETACH))
			return move_failed("unmount", "", err);
	} else if (!chroot_fallback) {
		return move_failed(
			"pivot_root",
			errno == EINVAL ? " (is this an initramfs? then use --chroot-fallback)"
					: " (where that can't be allowed, use --chroot-fallback)",
			err);
	} else if (chroot(".")) {
		return move_failed("chroot", "", err);
	}
	return chdir("/") ? move_failed("chdir", "", err) : 0;
}

/* Beyond the last capability that the kernel knows it says EINVAL */
static int drop_bounding(cap_value_t kept, struct err *err)
{
	for (int cap = 0; cap == kept || !cap_drop_bound(cap); cap++)
		;
	if (errno != EINVAL)
		return err_set(err, -errno, "cannot drop capabilities: %s", strerror(errno));
	return 0;
}

static int drop_capabilities(bool keep_bind, struct err *err)
{
	cap_value_t bind_service = CAP_NET_BIND_SERVICE;
	cap_t left;
	int rc = drop_bounding(keep_bind ? bind_service : -1, err);

	if (rc)
		return rc;
	if (prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0))
		return err_set(err, -errno, "cannot set secure bits: %s", strerror(errno));
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return err_set(err, -errno, "cannot clear ambient capabilities: %s",
			       strerror(errno));
	left = cap_init();
	if (left && keep_bind) {
		cap_set_flag(left, CAP_PERMITTED, 1, &bind_service, CAP_SET);
		cap_set_flag(left, CAP_EFFECTIVE, 1, &bind_service, CAP_SET);
	}
	if (!left || cap_set_proc(left))
		rc = err_set(err, -errno, "cannot drop capabilities: %s", strerror(errno));
	cap_free(left);
	return rc;
}

static void use_landlock(void)
{
	int version = landlock_apply();

	if (version > 0)
		log_debug("Landlock version %d in force", version);
	else
		log_debug("no Landlock: %s", version ? strerror(-version) : "not in this kernel");
}

int lockin_thread(const struct lockin_request *request, struct err *err)
{
	int rc = drop_capabilities(request->keep_bind_service, err);

	if (rc)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_set(err, -errno, "cannot give up new privileges: %s", strerror(errno));
	if (request->landlock)
		use_landlock();
	return 0;
}

/* @kept: -1: none */
static int drop_all_but(cap_value_t kept)
{
	cap_t left = cap_init();
	int rc = 0;

	if (left && kept >= 0) {
		cap_set_flag(left, CAP_PERMITTED, 1, &kept, CAP_SET);
		cap_set_flag(left, CAP_EFFECTIVE, 1, &kept, CAP_SET);
	}
	if (!left || cap_set_proc(left))
		rc = -errno;
	cap_free(left);
	if (!rc && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)))
		rc = -errno;
	return rc;
}

int lockin_drop_all(void)
{
	return drop_all_but(-1);
}

int lockin_keep_net_admin(void)
{
	return drop_all_but(CAP_NET_ADMIN);
}

int lockin_program(const int *calls, size_t count, struct err *err)
{
	int rc = lockin_drop_all();

	if (rc)
		return err_set(err, rc, "cannot give up privileges: %s", strerror(-rc));
	use_landlock();
	rc = syscall_filter_apply_calls(calls, count, err);
	if (!rc)
		memory_give_back();
	return rc;
}

int lockin_filter(const struct lockin_request *request, struct err *err)
{
	int rc = syscall_filter_apply(request->maps_guest, err);

	if (!rc)
		memory_give_back();
	return rc;
}
