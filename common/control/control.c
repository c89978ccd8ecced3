/* SPDX-License-Identifier: Apache-2.0
 *
 * Watches are level-triggered, and their events are only hints: what is so is found out by calls
 * that never wait. So it does no harm if a record is used again in the batch in which its client
 * has gone.
 */
#include "common/control/control.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd_message.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/base/map.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/control/session.h"
#include "common/flow/timer.h"

/* For a client to end what it has begun, or to read its answers */
#define CONTROL_OWING_MS (10 * 1000)
/* For one that has asked nothing; but when another waits for its place, only the shorter time */
#define CONTROL_IDLE_MS (60 * 1000)
#define CONTROL_IDLE_WANTED_MS 1000

/* How long clients wait that there is no place for, or no descriptor */
#define ACCEPT_PAUSE_MS 100

/* Clients taken in one batch */
#define ACCEPT_BUDGET 8

struct control_client {
	struct control *control; /* NULL: not in use */
	struct watch watch;
	struct timer timer;
	uint32_t events; /* that are watched for */
	uint64_t last_ns; /* when it has last sent or read anything */
	struct control_session session;
};

struct control {
	const struct control_subject *subject;
	struct control_options options;
	struct loop *loop;
	struct timer_wheel *timers;
	struct watch listener;
	struct timer resume; /* set while no client is taken */
	struct log_limit refused_limit;
	struct control_client clients[CONTROL_CLIENTS_MAX]; /* touched as needed */
};

/* The pages that lie in there as a whole. Memory stays what it was before there were clients */
static void give_back(char *at, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = ((uintptr_t)at + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)at + len) & ~(page - 1);

	madvise((void *)first, end - first, MADV_DONTNEED);
}

static void client_close(struct control_client *c)
{
	struct control *control = c->control;

	timer_cancel(control->timers, &c->timer);
	loop_remove(control->loop, &c->watch);
	close(c->watch.fd);
	control_session_fini(&c->session);
	c->control = NULL;
	give_back(c->session.in, sizeof(c->session) - offsetof(struct control_session, in));
}

/* No request takes more than one */
static void client_take_fd(struct control_client *c, struct fd_list *fds, size_t len)
{
	if (fds->count == 1 && !fds->cut)
		control_session_got_fd(&c->session, fds->fd[0], len);
	else
		fd_list_close(fds);
}

static bool client_read(struct control_client *c, uint64_t now_ns)
{
	char *buf;
	size_t room = control_session_room(&c->session, &buf);
	struct fd_list fds;
	ssize_t n;

	if (!room)
		return true;
	n = fd_message_receive(c->watch.fd, MSG_DONTWAIT, buf, room, &fds);
	if (n < 0)
		return n == -EAGAIN || n == -EINTR;
	if (!n)
		control_session_end(&c->session);
	client_take_fd(c, &fds, (size_t)n);
	control_session_got(&c->session, (size_t)n);
	c->last_ns = now_ns;
	return true;
}

static bool client_send(struct control_client *c, uint64_t now_ns)
{
	size_t len;
	const char *out = control_session_output(&c->session, &len);
	ssize_t n;

	if (!len)
		return true;
	n = send(c->watch.fd, out, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	control_session_sent(&c->session, (size_t)n);
	c->last_ns = now_ns;
	return true;
}

/* What can go on only if the client reads waits for that; what waits for its turn has it in the
 * next batch
 */
static void client_watch(struct control_client *c)
{
	uint32_t events = 0;
	size_t unsent;
	char *buf;

	control_session_output(&c->session, &unsent);
	if (unsent || control_session_is_busy(&c->session))
		events |= EPOLLOUT;
	if (control_session_room(&c->session, &buf))
		events |= EPOLLIN;
	if (events != c->events)
		loop_modify(c->control->loop, &c->watch, events);
	c->events = events;
}

static uint64_t client_patience_ms(const struct control_client *c)
{
	return control_session_owes(&c->session) ? CONTROL_OWING_MS : CONTROL_IDLE_MS;
}

static void client_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct control_client *c = container_of(watch, struct control_client, watch);
	bool good = client_read(c, now_ns);

	(void)events;
	control_session_work(&c->session, now_ns);
	if (!good || !client_send(c, now_ns) || control_session_is_over(&c->session)) {
		client_close(c);
		return;
	}
	client_watch(c);
	timer_set_by(c->control->timers, &c->timer, now_ns, client_patience_ms(c));
}

static void client_timeout(struct timer *timer, uint64_t now_ns)
{
	struct control_client *c = container_of(timer, struct control_client, timer);
	uint64_t patience_ms = client_patience_ms(c), silent_ms;

	if (!control_session_owes(&c->session) && control_session_captures(&c->session))
		c->last_ns = now_ns;
	silent_ms = (now_ns - c->last_ns) / NS_PER_MS;
	if (silent_ms < patience_ms) {
		timer_set(c->control->timers, timer, now_ns, patience_ms - silent_ms);
		return;
	}
	log_debug("a client of the control socket is gone: silent for %u s",
		  (unsigned int)(silent_ms / 1000));
	client_close(c);
}

static bool client_gives_way(const struct control_client *c, uint64_t now_ns)
{
	return !control_session_owes(&c->session) && !control_session_captures(&c->session) &&
	       now_ns - c->last_ns >= CONTROL_IDLE_WANTED_MS * NS_PER_MS;
}

/* Return: a record for a new client; NULL if others have them all */
static struct control_client *client_place(struct control *control, uint64_t now_ns)
{
	struct control_client *idle = NULL;

	for (uint32_t i = 0; i < control->options.clients_max; i++) {
		struct control_client *c = &control->clients[i];

		if (!c->control)
			return c;
		if (client_gives_way(c, now_ns) && (!idle || c->last_ns < idle->last_ns))
			idle = c;
	}
	if (idle)
		client_close(idle);
	return idle;
}

static bool is_allowed(struct control *control, int fd, uint64_t now_ns)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	uint64_t more;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	if (peer.uid == control->options.user || peer.uid == control->options.root)
		return true;
	if (log_limit_pass(&control->refused_limit, now_ns, &more))
		log_warning("a program of user %ld was refused by the control socket%s",
			    (long)peer.uid, log_limit_more(more).text);
	return false;
}

/* Return: whether another one may be waiting */
static bool client_accept(struct control *control, struct control_client *c, uint64_t now_ns)
{
	int fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return errno != EAGAIN && socket_error_passes(errno);
	c->watch = (struct watch){ .fn = client_event, .fd = fd };
	if (!is_allowed(control, fd, now_ns) || loop_add(control->loop, &c->watch, EPOLLIN)) {
		close(fd);
		return true;
	}
	c->control = control;
	c->events = EPOLLIN;
	c->last_ns = now_ns;
	c->timer = (struct timer){ .fn = client_timeout };
	control_session_init(&c->session, control->subject);
	timer_set(control->timers, &c->timer, now_ns, CONTROL_IDLE_MS);
	return true;
}

static void listener_pause(struct control *control, uint64_t now_ns)
{
	loop_modify(control->loop, &control->listener, 0);
	timer_set(control->timers, &control->resume, now_ns, ACCEPT_PAUSE_MS);
}

static void listener_resume(struct timer *timer, uint64_t now_ns)
{
	struct control *control = container_of(timer, struct control, resume);

	(void)now_ns;
	loop_modify(control->loop, &control->listener, EPOLLIN);
}

static void listener_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct control *control = container_of(watch, struct control, listener);

	(void)events;
	for (int i = 0; i < ACCEPT_BUDGET; i++) {
		struct control_client *c = client_place(control, now_ns);

		if (!c) {
			listener_pause(control, now_ns);
			return;
		}
		if (client_accept(control, c, now_ns))
			continue;
		if (errno != EAGAIN) /* no descriptor: the client stays in the queue */
			listener_pause(control, now_ns);
		return;
	}
}

int control_new(const struct control_options *options, const struct control_subject *subject,
		struct control **ret_control)
{
	struct control *control = map_lazily(sizeof(*control));
	int rc;

	if (!control)
		return -ENOMEM;
	control->subject = subject;
	control->options = *options;
	control->loop = engine_loop(subject->engine);
	control->timers = engine_timers(subject->engine);
	control->resume.fn = listener_resume;
	control->listener = (struct watch){ .fn = listener_event, .fd = options->fd };
	rc = loop_add(control->loop, &control->listener, EPOLLIN);
	if (rc) {
		map_drop(control, sizeof(*control));
		return rc;
	}
	*ret_control = control;
	return 0;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	for (uint32_t i = 0; i < control->options.clients_max; i++)
		if (control->clients[i].control)
			client_close(&control->clients[i]);
	timer_cancel(control->timers, &control->resume);
	loop_remove(control->loop, &control->listener);
	map_drop(control, sizeof(*control));
}
