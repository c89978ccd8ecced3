/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever changes near the file, the watches are made anew and the file is read again: links may
 * lead elsewhere now. A pause in between bounds what a busy directory costs, and lets whoever
 * writes the file in several steps finish.
 */
#include "netns/beside/resolv_watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "netns/base/remedy.h"
#include "netns/beside/resolv_file.h"
#include "netns/lockin/seccomp_list.h"

#define PAUSE_MS 50
/* Closing an inotify descriptor takes the kernel longer than a whole start of pasta: those that end
 * soon shall not have to wait for that
 */
#define FIRST_MS 500
/* Where inotify is refused, or has no watch left */
#define POLL_SECONDS 5

/* On the channel, in place of a struct resolv: the file is only looked at now and then */
struct refusal {
	int error; /* -errno of inotify */
};

/* Waits for an event, to be asked, or, without watches, for a while. Return: false if pasta is gone
 */
static bool wait_for_change(int channel_fd, int inotify_fd, bool watched)
{
	struct pollfd fds[] = {
		{ .fd = channel_fd, .events = POLLIN }, /* POLLHUP when nobody reads any more */
		{ .fd = inotify_fd, .events = POLLIN },
	};
	char byte;

	if (poll(fds, 2, watched ? -1 : POLL_SECONDS * 1000) < 0 && errno != EINTR)
		return false;
	if (fds[0].revents && read(channel_fd, &byte, 1) != 1)
		return false;
	fds[0].events = 0;
	return !poll(fds, 1, PAUSE_MS);
}

/* Return: false if pasta is gone */
static bool send_if_changed(int channel_fd, struct resolv *known)
{
	struct resolv now;

	/* No file: it's just being replaced, or what it said is still the best there is */
	if (resolv_file_read(&now) || !memcmp(&now, known, sizeof(now)))
		return true;
	*known = now;
	return send(channel_fd, known, sizeof(*known), MSG_NOSIGNAL) == (ssize_t)sizeof(*known);
}

/* Once is enough */
static void tell_refusal(int channel_fd, int error, bool *told)
{
	const struct refusal refusal = { error };

	if (*told)
		return;
	send(channel_fd, &refusal, sizeof(refusal), MSG_NOSIGNAL);
	*told = true;
}

static void watch_main(int channel_fd, const void *initial)
{
	struct resolv known = *(const struct resolv *)initial;
	bool alive = true, told = false;

	while (alive) {
		int inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		int rc = inotify_fd < 0 ? -errno : resolv_file_watch(inotify_fd);

		if (rc)
			tell_refusal(channel_fd, rc, &told);
		alive = send_if_changed(channel_fd, &known) &&
			wait_for_change(channel_fd, inotify_fd, !rc);
		if (inotify_fd >= 0)
			close(inotify_fd);
	}
}

int resolv_watch_start(const struct resolv *known, struct side_process *ret_watch, struct err *err)
{
	const struct side_process_job job = {
		.name = "pasta-resolv",
		.main = watch_main,
		.calls = seccomp_list_resolv,
		.call_count = seccomp_list_resolv_count,
		.idle_ms = FIRST_MS,
		.reads_files = true,
	};

	return side_process_start(&job, known, ret_watch, err);
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

static void log_refusal(const void *message)
{
	struct refusal refusal;
	struct err err;

	memcpy(&refusal, message, sizeof(refusal));
	err_set(&err, refusal.error, "'%s' is looked at every %d seconds: inotify: %s",
		RESOLV_FILE_PATH, POLL_SECONDS, strerror(-refusal.error));
	err_remedy(&err, refusal.error, remedy_inotify(refusal.error));
	log_info("%s", err.text);
}

int resolv_watch_ask(const struct side_process *watch)
{
	/* If there is no room, it has been asked so often that it looks anyway */
	if (send(watch->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

int resolv_watch_read(const struct side_process *watch, struct resolv *ret_resolv)
{
	struct resolv resolv;
	ssize_t n = side_process_read(watch, &resolv, sizeof(resolv));

	if (n < 0)
		return (int)n;
	if (n == sizeof(struct refusal)) {
		log_refusal(&resolv);
		return -EAGAIN;
	}
	if (n != (ssize_t)sizeof(resolv) || !is_sound(&resolv))
		return -EPIPE;
	*ret_resolv = resolv;
	return 0;
}
