/* SPDX-License-Identifier: Apache-2.0
 *
 * One epoll instance with embedded watches: a module embeds a struct watch in its own record and
 * gets its callback. The loop owns the epoll descriptor, never the watched ones. How long to wait
 * and what to do between batches is the worker's business (engine/), not the loop's.
 *
 * A record that holds a watch must not be reused before the end of the batch in which it was
 * removed: an event of the same batch may still point to it. loop_remove() makes such an event
 * harmless, flow tables defer the reuse.
 */
#ifndef COMMON_BASE_LOOP_H
#define COMMON_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_BATCH 64

struct watch;

/* @events: EPOLL* bits; @now_ns: monotonic, the batch's */
typedef void (*watch_fn)(struct watch *watch, uint32_t events, uint64_t now_ns);

struct watch {
	watch_fn fn; /* NULL: removed */
	int fd;
};

struct loop {
	int epoll_fd; /* -1 when absent */
};

/* loop_init() - Return: 0 or -errno */
int loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

/* loop_add() - watch a descriptor; @watch->fd and @watch->fn are set by the caller
 * @events:	EPOLL* bits, EPOLLET for edges
 *
 * Return: 0 or -errno
 */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events);

/* loop_modify() - other events for a watched descriptor. Return: 0 or -errno */
int loop_modify(struct loop *loop, struct watch *watch, uint32_t events);

/* loop_remove() - stop watching, and drop this batch's pending event; the caller closes the fd */
void loop_remove(struct loop *loop, struct watch *watch);

/* loop_wait() - wait for events, at most @timeout_ms (-1: for ever), into @events[LOOP_BATCH]
 *
 * Return: number of events, 0 on timeout or signal
 */
int loop_wait(struct loop *loop, struct epoll_event *events, int timeout_ms);

/* loop_dispatch() - call the callbacks of @count events */
void loop_dispatch(const struct epoll_event *events, int count, uint64_t now_ns);

#endif
