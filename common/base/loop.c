/* SPDX-License-Identifier: Apache-2.0
 *
 * epoll(7) with embedded watches.
 */
#include "common/base/loop.h"

#include <errno.h>
#include <stddef.h>

#include "common/base/fds.h"

int loop_init(struct loop *loop)
{
	struct epoll_event event;
	int rc;

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	/* Where a filter refuses it, the loop would never rest */
	if (!epoll_wait(loop->epoll_fd, &event, 1, 0))
		return 0;
	rc = -errno;
	fds_close(&loop->epoll_fd);
	return rc;
}

void loop_fini(struct loop *loop)
{
	fds_close(&loop->epoll_fd);
}

static int loop_control(struct loop *loop, int op, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(loop->epoll_fd, op, watch->fd, &event) ? -errno : 0;
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events)
{
	return loop_control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_modify(struct loop *loop, struct watch *watch, uint32_t events)
{
	return loop_control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	if (watch->fn)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fn = NULL;
}

int loop_wait(struct loop *loop, struct epoll_event *events, int timeout_ms)
{
	int n = epoll_wait(loop->epoll_fd, events, LOOP_BATCH, timeout_ms);

	return n < 0 ? 0 : n;
}

void loop_dispatch(const struct epoll_event *events, int count, uint64_t now_ns)
{
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->fn)
			watch->fn(watch, events[i].events, now_ns);
	}
}
