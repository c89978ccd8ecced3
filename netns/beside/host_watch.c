/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages only say that something has changed; what is so now, all of it, is read anew. So none
 * of them can be missed for good: when there were more than the socket holds (ENOBUFS), that is one
 * more change. Between a change and the look there is a pause, in which messages are left where
 * they are; the kernel drops what is too much. So a storm costs a look a second, and less where
 * looking takes long, as with a million routes.
 */
#include "netns/beside/host_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "netns/base/memory.h"
#include "netns/lockin/seccomp_list.h"

/* What belongs together happens within this time, each after the one before */
#define GATHER_MS 100
#define GATHER_MAX_MS 1000
/* The pause is so many times as long as the last look has taken */
#define LOOK_SHARE 20

/* CLOCK_REALTIME, so far ahead that it's never reached: the kernel ends the waiting when that clock
 * is set, which it also is when the machine wakes up
 */
#define NEVER_SECONDS (1LL << 32)

/* Of news in a message: those of a size that is known come first */
#define HEAD_PARTS 3
#define PARTS 5

struct watcher {
	int channel_fd, events_fd, jump_fd; /* -1: none */
	struct host_request request;
	const struct host_record *known; /* at start */
	struct host_news *told, *now; /* last time; room for this time */
	uint32_t routes, jumps;
	uint64_t look_ms; /* how long the last look has taken */
};

/* Return: descriptor or -errno */
static int open_events(void)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
			     1U << (RTNLGRP_IPV6_RULE - 1),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), rc = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

/* Return: descriptor, or -1: then nobody hears of it */
static int open_jumps(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	const struct itimerspec never = { .it_value.tv_sec = NEVER_SECONDS };

	if (fd >= 0 &&
	    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Routes to the host's own addresses come and go with these */
static bool is_about_routes(const struct nlmsghdr *hdr, size_t len)
{
	const struct rtmsg *route = NLMSG_DATA(hdr);

	if (len < NLMSG_LENGTH(sizeof(*route)))
		return false;
	switch (hdr->nlmsg_type) {
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return true;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return route->rtm_table != RT_TABLE_LOCAL;
	default:
		return false;
	}
}

/* Take what has come off the socket. Only the start of a message is of interest */
static void drain(struct watcher *w)
{
	union {
		struct nlmsghdr hdr;
		uint8_t bytes[NLMSG_LENGTH(sizeof(struct rtmsg))];
	} message;
	bool routes = false;

	for (;;) {
		ssize_t n = recv(w->events_fd, &message, sizeof(message), 0);

		if (n >= 0)
			routes |= is_about_routes(&message.hdr, (size_t)n);
		else if (errno == ENOBUFS)
			routes = true;
		else if (errno != EINTR)
			break;
	}
	w->routes += routes;
}

/* Return: whether pasta is still there after that time */
static bool pause_for(const struct watcher *w, uint64_t ms)
{
	struct pollfd channel = { .fd = w->channel_fd }; /* POLLHUP when nobody reads any more */

	return !poll(&channel, 1, (int)ms);
}

static bool has_events(const struct watcher *w)
{
	struct pollfd events = { .fd = w->events_fd, .events = POLLIN };

	return poll(&events, 1, 0) > 0;
}

/* Until nothing has changed for a moment. Return: false if pasta is gone */
static bool gather(struct watcher *w)
{
	const uint64_t end_ns = clock_now_ns() + GATHER_MAX_MS * NS_PER_MS;
	const uint64_t pause_ms = MIN(MAX(GATHER_MS, w->look_ms * LOOK_SHARE), GATHER_MAX_MS);

	do {
		drain(w);
		if (!pause_for(w, pause_ms))
			return false;
	} while (has_events(w) && clock_now_ns() < end_ns);
	drain(w);
	return true;
}

/* Of the host by all its bytes, none of which host_record_make() leaves to chance */
static bool is_same(const struct host_news *a, const struct host_news *b)
{
	const uint8_t *a_bytes = (const void *)&a->host, *b_bytes = (const void *)&b->host;

	return !memcmp(a_bytes, b_bytes, sizeof(a->host)) && a->routes == b->routes &&
	       a->jumps == b->jumps && route_values_equal(&a->routes4, &b->routes4) &&
	       route_values_equal(&a->routes6, &b->routes6);
}

/* Its parts in a message, those first that tell how large the others are. Return: in bytes */
static size_t parts_of(struct host_news *news, struct iovec parts[static PARTS])
{
	size_t size = 0;

	parts[0] = (struct iovec){ news, offsetof(struct host_news, routes4) };
	parts[1] = (struct iovec){ &news->routes4, ROUTE_VALUES_HEAD_BYTES };
	parts[2] = (struct iovec){ &news->routes6, ROUTE_VALUES_HEAD_BYTES };
	parts[3] = (struct iovec){ news->routes4.items,
				   route_values_size(&news->routes4) - ROUTE_VALUES_HEAD_BYTES };
	parts[4] = (struct iovec){ news->routes6.items,
				   route_values_size(&news->routes6) - ROUTE_VALUES_HEAD_BYTES };
	for (int i = 0; i < PARTS; i++)
		size += parts[i].iov_len;
	return size;
}

/* Return: false if pasta is gone */
static bool tell_if_changed(struct watcher *w, const struct host *host)
{
	struct host_news *now = w->now;
	struct iovec parts[PARTS];
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = PARTS };
	size_t size;

	host_record_make(host, &now->host);
	route_values_make(host->ip4.routes, &now->routes4);
	route_values_make(host->ip6.routes, &now->routes6);
	now->routes = w->routes;
	now->jumps = w->jumps;
	if (is_same(now, w->told))
		return true;
	w->now = w->told;
	w->told = now;
	size = parts_of(now, parts);
	return sendmsg(w->channel_fd, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Return: false if pasta is gone */
static bool look(struct watcher *w, bool *ret_again)
{
	const uint64_t start_ns = clock_now_ns();
	struct host host;
	struct err err;
	bool alive = true;

	*ret_again = host_look(&w->request, &host, &err);
	w->look_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
	if (*ret_again) /* no memory: as long as that is so, the last news stands */
		return pause_for(w, GATHER_MAX_MS);
	alive = tell_if_changed(w, &host);
	host_fini(&host);
	return alive;
}

/* Return: false if pasta is gone */
static bool wait_for_change(struct watcher *w)
{
	struct pollfd fds[] = {
		{ .fd = w->channel_fd },
		{ .fd = w->events_fd, .events = POLLIN },
		{ .fd = w->jump_fd, .events = POLLIN },
	};
	uint64_t count;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR;
	if (fds[2].revents && read(w->jump_fd, &count, sizeof(count)) < 0 && errno == ECANCELED) {
		w->jumps++;
		close(w->jump_fd);
		w->jump_fd = open_jumps();
	}
	return !fds[0].revents;
}

static void watch(struct watcher *w)
{
	bool alive = true, again = false;

	memset(w->told, 0, offsetof(struct host_news, routes4));
	memcpy(&w->told->host, w->known, sizeof(*w->known));
	route_values_make(NULL, &w->told->routes4);
	route_values_make(NULL, &w->told->routes6);
	while (alive) {
		alive = look(w, &again);
		memory_give_back();
		if (alive && !again)
			alive = wait_for_change(w);
		if (alive)
			alive = gather(w);
	}
}

static void watch_main(int channel_fd, const void *initial)
{
	struct watcher w = *(const struct watcher *)initial;

	w.channel_fd = channel_fd;
	w.events_fd = open_events();
	w.jump_fd = open_jumps();
	w.now = malloc(sizeof(*w.now));
	w.told = malloc(sizeof(*w.told));
	if (w.events_fd >= 0 && w.now && w.told)
		watch(&w);
	free(w.told);
	free(w.now);
}

int host_watch_start(const struct host_request *request, const struct host_record *known,
		     struct side_process *ret_watch, struct err *err)
{
	const struct side_process_job job = {
		.name = "pasta-host",
		.main = watch_main,
		.calls = seccomp_list_host,
		.call_count = seccomp_list_host_count,
		.idle_ms = SIDE_PROCESS_IDLE_MS, /* the first look sees what happens then */
		.reads_netlink = true,
	};
	struct watcher watcher = { .request = *request, .known = known };

	watcher.request.may_lack = true;
	return side_process_start(&job, &watcher, ret_watch, err);
}

int host_watch_read(const struct side_process *watch, struct host_news *ret_news)
{
	struct iovec parts[PARTS];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = HEAD_PARTS };
	ssize_t n, size;

	ret_news->routes4.count = ret_news->routes6.count = 0;
	size = (ssize_t)parts_of(ret_news, parts);
	n = recvmsg(watch->fd, &message, MSG_DONTWAIT | MSG_PEEK);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	/* What another process says is looked at before it is used, be it our own */
	if (n != size || ret_news->routes4.count > ROUTE_VALUES_MAX ||
	    ret_news->routes6.count > ROUTE_VALUES_MAX)
		return -EPIPE;
	size = (ssize_t)parts_of(ret_news, parts);
	message.msg_iovlen = PARTS;
	n = recvmsg(watch->fd, &message, MSG_DONTWAIT);
	if (n != size || message.msg_flags & MSG_TRUNC || !host_record_is_sound(&ret_news->host) ||
	    !route_values_are_sound(&ret_news->routes4, true) ||
	    !route_values_are_sound(&ret_news->routes6, false))
		return -EPIPE;
	return 0;
}
