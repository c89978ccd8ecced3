/* SPDX-License-Identifier: Apache-2.0
 *
 * In a nested user namespace, as rootless Podman's, uid 0 is the user who made it, administrator of
 * these containers. The machine's root has no number there: the kernel shows the overflow uid in
 * its place, as for everybody else who is not mapped. None of those can be told from the others,
 * and none of them is a container's user, so that uid counts as root too; but only there. Where
 * somebody has that number, who is the container's nobody, the kernel is asked which of the two owns
 * a file: with CAP_FOWNER one may do what its owner may if the owner has a number here, no other.
 */
#include "hooks/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES (1 << 20)

/* Inode of the initial user namespace: fixed, PROC_USER_INIT_INO in the kernel */
#define USER_NAMESPACE_INITIAL 0xeffffffdU

#define OVERFLOW_UID_DEFAULT 65534

bool trusted_in_initial_userns(void)
{
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino == USER_NAMESPACE_INITIAL;
}

static uid_t overflow_uid(void)
{
	FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");
	unsigned int uid;

	if (!file || fscanf(file, "%u", &uid) != 1)
		uid = OVERFLOW_UID_DEFAULT;
	if (file)
		fclose(file);
	return uid;
}

/* Whether somebody in this user namespace has that number */
static bool is_mapped(uid_t uid)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int first, count;
	bool mapped = !file;

	while (file && !mapped && fscanf(file, "%u %*u %u", &first, &count) == 2)
		mapped = uid >= first && uid - first < count;
	if (file)
		fclose(file);
	return mapped;
}

/* Whether we have CAP_FOWNER, in our user namespace */
static bool is_capable(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long capabilities = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &capabilities) == 1)
			break;
	if (file)
		fclose(file);
	return capabilities & 1ULL << CAP_FOWNER;
}

/* Whether the owner of an open file has no number in this user namespace. O_NOATIME is the owner's
 * privilege, and does nothing else
 */
static bool is_foreign(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return is_capable() && flags >= 0 && fcntl(fd, F_SETFL, flags | O_NOATIME) &&
	       errno == EPERM;
}

static bool is_root(int fd, uid_t uid)
{
	if (!uid)
		return true;
	if (trusted_in_initial_userns() || uid != overflow_uid())
		return false;
	return !is_mapped(uid) || is_foreign(fd);
}

static int check(int fd, const char *what, const char *path, struct hook_err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return hook_err_set(err, -errno, "%s '%s': %s", what, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hook_err_set(err, -EINVAL, "%s '%s' is not a file", what, path);
	if (!is_root(fd, st.st_uid))
		return hook_err_set(err, -EPERM, "%s '%s' does not belong to root", what, path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return hook_err_set(err, -EPERM, "%s '%s' can be written by others than root "
				    "(chmod go-w)", what, path);
	return 0;
}

int trusted_read(const char *path, const char *what, json_t **ret, struct hook_err *err)
{
	char name[PATH_MAX + 32];
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		rc = -errno;
		return hook_err_set(err, rc, "cannot read %s '%s': %s", what, path, strerror(-rc));
	}
	rc = check(fd, what, path, err);
	if (!rc) {
		snprintf(name, sizeof(name), "%s '%s'", what, path);
		rc = document_read(fd, MAX_BYTES, name, ret, err);
	}
	close(fd);
	return rc;
}
