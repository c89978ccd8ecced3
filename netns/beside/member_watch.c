/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a process is tells the inode of its /proc/PID/ns/net, which takes the right to look at it:
 * whoever owns the user namespace that it is in has that, without a capability of its own.
 */
#include "netns/beside/member_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netns/lockin/seccomp_list.h"

/* Between looks while nobody is there yet, or where no pidfd can be had */
#define LOOK_MS 1000
#define READ_BYTES 4096

struct namespace
{
	dev_t dev;
	ino_t ino;
};

static bool is_in(const struct namespace *net, int pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return !stat(path, &st) && st.st_dev == net->dev && st.st_ino == net->ino;
}

/* Return: whether process @pid is in there
 * @ret_fd:	a pidfd of it; -1: there is none to be had
 */
static bool take_member(const struct namespace *net, int pid, int *ret_fd)
{
	*ret_fd = -1;
	if (pid <= 0 || !is_in(net, pid))
		return false;
	*ret_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (is_in(net, pid))
		return true;
	if (*ret_fd >= 0) /* it has ended, and the number may be another's */
		close(*ret_fd);
	*ret_fd = -1;
	return false;
}

/* As getdents64(2) writes it. readdir(3) takes memory, for which C libraries make various calls */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t bytes; /* of all of it */
	uint8_t type;
	char name[];
};

/* Whether any process is in there; @ret_fd as above */
static bool find_member(int proc_fd, const struct namespace *net, int *ret_fd)
{
	__attribute__((aligned(__alignof__(struct entry)))) char entries[READ_BYTES];
	long n;

	*ret_fd = -1;
	if (lseek(proc_fd, 0, SEEK_SET))
		return false;
	while ((n = syscall(SYS_getdents64, proc_fd, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *entry = (const void *)(entries + at);

			/* 0 for what is no process */
			if (take_member(net, atoi(entry->name), ret_fd))
				return true;
			at += entry->bytes;
		}
	}
	return false;
}

/* Return: false if pasta is gone */
static bool wait_for(int channel_fd, int member_fd)
{
	struct pollfd fds[] = {
		{ .fd = channel_fd }, /* POLLHUP when nobody reads any more */
		{ .fd = member_fd, .events = POLLIN },
	};

	if (poll(fds, 2, member_fd < 0 ? LOOK_MS : -1) < 0 && errno != EINTR)
		return false;
	return !fds[0].revents;
}

static void watch_main(int channel_fd, const void *arg)
{
	const struct namespace *net = arg;
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool seen = false, alive = proc_fd >= 0;

	while (alive) {
		int fd;
		bool found = find_member(proc_fd, net, &fd);

		if (!found && seen) {
			send(channel_fd, "", 1, MSG_NOSIGNAL);
			break;
		}
		seen |= found;
		alive = wait_for(channel_fd, fd);
		if (fd >= 0)
			close(fd);
	}
}

/* Numbers there may be those of another PID namespace */
static bool proc_is_ours(void)
{
	char number[16] = "";

	return readlink("/proc/self", number, sizeof(number) - 1) > 0 && atoi(number) == getpid();
}

int member_watch_start(int net_fd, struct side_process *ret_watch, struct err *err)
{
	const struct side_process_job job = {
		.name = "pasta-members",
		.main = watch_main,
		.calls = seccomp_list_members,
		.call_count = seccomp_list_members_count,
		.reads_files = true,
	};
	struct namespace net;
	struct stat st;

	if (fstat(net_fd, &st))
		return err_set(err, -errno, "cannot look at the namespace: %s", strerror(errno));
	if (!proc_is_ours())
		return err_set(err, -ENOENT, "/proc is not that of our PID namespace");
	net = (struct namespace){ st.st_dev, st.st_ino };
	return side_process_start(&job, &net, ret_watch, err);
}

int member_watch_is_empty(const struct side_process *watch)
{
	char nobody;
	ssize_t n = side_process_read(watch, &nobody, 1);

	if (n < 0)
		return n == -EAGAIN ? 0 : -EPIPE;
	return n ? 1 : -EPIPE;
}
