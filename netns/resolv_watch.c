/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever changes near the file, the watches are made anew and the file is read again: links may
 * lead elsewhere now. A pause in between bounds what a busy directory costs, and lets whoever
 * writes the file in several steps finish.
 */
#include "netns/resolv_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns/memory.h"
#include "netns/resolv_file.h"
#include "netns/seccomp_list.h"

#define PROCESS_NAME "pasta-resolv"
#define CHANNEL_FD 3 /* in the process: the only one that it keeps */
#define PAUSE_MS 50
/* Where inotify is refused, or has no watch left */
#define POLL_MS 5000

/* Nothing of pasta's stays open, above all no pipe whose end somebody waits for */
static int keep_only(int channel_fd)
{
	if (dup2(channel_fd, CHANNEL_FD) < 0)
		return -errno;
	for (int fd = 0; fd < CHANNEL_FD; fd++)
		close(fd);
	return syscall(SYS_close_range, CHANNEL_FD + 1, ~0U, 0) ? -errno : 0;
}

/* Before: pasta's user and whatever capabilities it has. After: none, and the calls of the list;
 * files can be opened for reading only
 */
static int lock_in(void)
{
	const struct scmp_arg_cmp read_only =
		SCMP_A2_32(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	cap_t none = cap_init();
	scmp_filter_ctx ctx;
	int rc = 0;

	if (!none || cap_set_proc(none))
		return -errno;
	cap_free(none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!ctx)
		return -ENOMEM;
	for (size_t i = 0; i < seccomp_list_resolv_count && !rc; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, seccomp_list_resolv[i], 0, NULL);
	if (!rc)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, &read_only);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

/* Waits for an event, or, without watches, for a while. Return: false if pasta is gone */
static bool wait_for_change(int inotify_fd, bool watched)
{
	struct pollfd fds[] = {
		{ .fd = CHANNEL_FD }, /* POLLHUP when nobody reads any more */
		{ .fd = inotify_fd, .events = POLLIN },
	};

	if (poll(fds, 2, watched ? -1 : POLL_MS) < 0 && errno != EINTR)
		return false;
	return !fds[0].revents && !poll(fds, 1, PAUSE_MS);
}

/* Return: false if pasta is gone */
static bool send_if_changed(struct resolv *known)
{
	struct resolv now;

	/* No file: it's just being replaced, or what it said is still the best there is */
	if (resolv_file_read(&now) || !memcmp(&now, known, sizeof(now)))
		return true;
	*known = now;
	return send(CHANNEL_FD, known, sizeof(*known), MSG_NOSIGNAL) == (ssize_t)sizeof(*known);
}

static int watch_main(int channel_fd, const struct resolv *initial)
{
	struct resolv known = *initial;
	bool alive = true;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, PROCESS_NAME, 0, 0, 0);
	if (keep_only(channel_fd) || chdir("/") || lock_in())
		return EXIT_FAILURE;
	memory_give_back();
	while (alive) {
		int inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		bool watched = inotify_fd >= 0 && resolv_file_watch(inotify_fd);

		alive = send_if_changed(&known) && wait_for_change(inotify_fd, watched);
		if (inotify_fd >= 0)
			close(inotify_fd);
	}
	return EXIT_SUCCESS;
}

int resolv_watch_start(const struct resolv *known, struct resolv_watch *ret_watch, struct err *err)
{
	int fds[2], rc = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	pid = fork();
	if (!pid)
		_exit(watch_main(fds[1], known));
	if (pid < 0)
		rc = err_set(err, -errno, "cannot make the process that watches '%s': %s",
			     RESOLV_FILE_PATH, strerror(errno));
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return rc;
	}
	*ret_watch = (struct resolv_watch){ .fd = fds[0], .pid = pid };
	return 0;
}

/* What another process says is looked at before it is used, be it our own */
static bool is_sound(const struct resolv *resolv)
{
	if (resolv->server_count > RESOLV_SERVERS_MAX ||
	    !memchr(resolv->search, '\0', sizeof(resolv->search)))
		return false;
	for (uint32_t i = 0; i < resolv->server_count; i++)
		if (!memchr(resolv->servers[i].ifname, '\0', IFNAMSIZ))
			return false;
	return true;
}

int resolv_watch_read(const struct resolv_watch *watch, struct resolv *ret_resolv)
{
	struct resolv resolv;
	ssize_t n = recv(watch->fd, &resolv, sizeof(resolv), MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (n != (ssize_t)sizeof(resolv) || !is_sound(&resolv))
		return -EPIPE;
	*ret_resolv = resolv;
	return 0;
}

void resolv_watch_stop(struct resolv_watch *watch)
{
	/* Copies in other processes don't keep it from hearing of that */
	if (watch->fd >= 0) {
		shutdown(watch->fd, SHUT_RDWR);
		close(watch->fd);
	}
	watch->fd = -1;
}

void resolv_watch_finish(struct resolv_watch *watch)
{
	resolv_watch_stop(watch);
	if (watch->pid)
		while (waitpid(watch->pid, NULL, 0) < 0 && errno == EINTR)
			;
	watch->pid = 0;
}
