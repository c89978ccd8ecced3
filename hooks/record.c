/* SPDX-License-Identifier: Apache-2.0
 *
 * A container's id is unique for one runtime only, so the bundle is part of a record's name too.
 */
#include "hooks/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooks/trusted.h"

#define FOLDER "pasta-oci-hook"

/* FNV-1a, against accidents: whoever could make two names meet could as well use one name twice */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_FACTOR UINT64_C(0x100000001b3)

static uint64_t hash(uint64_t value, const char *text)
{
	do
		value = (value ^ (unsigned char)*text) * HASH_FACTOR;
	while (*text++);
	return value;
}

/* What our uid is outside of the user namespace that we're in: /run/user is named after that */
static uid_t outer_uid(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inside, outside, count;
	uid_t uid = geteuid(), outer = uid;

	while (file && fscanf(file, "%u %u %u", &inside, &outside, &count) == 3) {
		if (uid >= inside && uid - inside < count)
			outer = outside + (uid - inside);
	}
	if (file)
		fclose(file);
	return outer;
}

/* Root of a nested user namespace may be a user of the host, or root in a container that has no
 * /run/user
 */
static void default_folder(char *ret, size_t size)
{
	char parent[40];
	struct stat st;

	snprintf(parent, sizeof(parent), "/run/user/%u", outer_uid());
	if (!geteuid() && (trusted_in_initial_userns() || stat(parent, &st)))
		snprintf(parent, sizeof(parent), "/run");
	snprintf(ret, size, "%s/" FOLDER, parent);
}

static int check_folder(const char *folder, struct hook_err *err)
{
	struct stat st;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return hook_err_set(err, -errno, "cannot make the folder '%s': %s "
				    "(--runtime-dir names another)", folder, strerror(errno));
	if (lstat(folder, &st))
		return hook_err_set(err, -errno, "folder '%s': %s", folder, strerror(errno));
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	return hook_err_set(err, -EPERM, "'%s' is not a folder that is ours alone to write",
			    folder);
}

int record_locate(const char *folder, const struct state *state, struct record *ret,
		  struct hook_err *err)
{
	char standard[80];
	int rc, len;

	if (!folder) {
		default_folder(standard, sizeof(standard));
		folder = standard;
	}
	rc = check_folder(folder, err);
	if (rc)
		return rc;
	len = snprintf(ret->path, sizeof(ret->path), "%s/%.100s-%016" PRIx64, folder, state->id,
		       hash(hash(HASH_START, state->id), state->bundle));
	if (len + (int)sizeof(".pid") > (int)sizeof(ret->pid_path))
		return hook_err_set(err, -ENAMETOOLONG, "folder '%s': %s", folder,
				    strerror(ENAMETOOLONG));
	memcpy(ret->pid_path, ret->path, (size_t)len);
	memcpy(ret->pid_path + len, ".pid", sizeof(".pid"));
	return 0;
}

int record_write(const struct record *record, const struct process *process, struct hook_err *err)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "%ld %" PRIu64 " %s\n", (long)process->pid,
			   process->start_ticks, process->boot);
	const char *path = record->pid_path;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0 || write(fd, text, (size_t)len) != len || rename(path, record->path))
		rc = hook_err_set(err, errno ? -errno : -EIO, "cannot write '%s': %s", record->path,
				  strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Takes over @file, NULL if it could not be opened. Return: 0, -EINVAL, or what errno says */
static int parse(FILE *file, struct process *ret)
{
	struct process process;
	long pid = 0;
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "%10ld %" SCNu64 " %39s", &pid, &process.start_ticks, process.boot);
	fclose(file);
	if (n != 3 || pid <= 0 || pid > INT_MAX)
		return -EINVAL;
	process.pid = (pid_t)pid;
	*ret = process;
	return 0;
}

int record_read(const struct record *record, struct process *ret, struct hook_err *err)
{
	int rc = parse(fopen(record->path, "re"), ret);

	if (rc == -EINVAL)
		return hook_err_set(err, rc, "'%s' is not a record of ours", record->path);
	if (rc)
		return hook_err_set(err, rc, "cannot read '%s': %s", record->path, strerror(-rc));
	return 0;
}

static bool is_over(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct process process;
	int pid_fd;

	if (fd < 0 || parse(fdopen(fd, "r"), &process))
		return false;
	pid_fd = process_open(&process);
	if (pid_fd >= 0)
		close(pid_fd);
	return pid_fd == -ESRCH;
}

void record_sweep(const struct record *record)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.*s",
		 (int)(strrchr(record->path, '/') - record->path), record->path);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && is_over(dirfd(dir), entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

void record_remove(const struct record *record)
{
	unlink(record->path);
	unlink(record->pid_path);
}
