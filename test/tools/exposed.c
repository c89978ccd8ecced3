/* SPDX-License-Identifier: Apache-2.0
 *
 * exposed FILE|userns USER COMMAND [ARG]...: run COMMAND, and stop it and all that it starts at
 * each system call, to look whether others who run as USER could look into them just then: the
 * kernel says so by the owner of /proc/PID/fd. Those who have FILE open, or who are in another user
 * namespace than this program, must not be that user's there at any stage.
 *
 * The first stage at which one is is printed. Ends with COMMAND; exit status 0 if there was no such
 * stage, and some process had FILE or was in such a namespace; 1 otherwise.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test/tools/trace.h"

struct watched {
	const char *file; /* NULL: user namespaces count */
	struct stat own_namespace;
	uid_t user; /* as whom nobody may own it */
	bool seen, exposed;
};

static bool has_open(pid_t pid, const char *file)
{
	char path[300], target[PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		found = n == (ssize_t)strlen(file) && !memcmp(target, file, (size_t)n);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool is_elsewhere(pid_t pid, const struct stat *own)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return !stat(path, &st) && st.st_ino != own->st_ino;
}

static long call_of(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -1; /* at its exit */
	return (long)info.entry.nr;
}

static void look_at(pid_t pid, struct watched *watched)
{
	char path[40];
	struct stat st;

	if (!(watched->file ? has_open(pid, watched->file)
			    : is_elsewhere(pid, &watched->own_namespace)))
		return;
	watched->seen = true;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if (stat(path, &st) || st.st_uid != watched->user)
		return;
	if (!watched->exposed)
		printf("%s is user %u's, at system call %ld\n", path, st.st_uid, call_of(pid));
	watched->exposed = true;
}

int main(int argc, char **argv)
{
	struct watched watched = { 0 };
	pid_t command, pid;
	int status;

	if (argc < 4) {
		fputs("usage: exposed FILE|userns USER COMMAND [ARG]...\n", stderr);
		return 2;
	}
	if (strcmp(argv[1], "userns"))
		watched.file = argv[1];
	watched.user = (uid_t)tool_number(argv[2]);
	if (stat("/proc/self/ns/user", &watched.own_namespace))
		tool_fail("/proc/self/ns/user");
	command = trace_start(argv + 3);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status) && pid == command)
			break;
		if (!WIFSTOPPED(status))
			continue;
		if (WSTOPSIG(status) == TRACE_SYSCALL_STOP)
			look_at(pid, &watched);
		trace_go_on(pid, WSTOPSIG(status));
	}
	return watched.seen && !watched.exposed ? 0 : 1;
}
