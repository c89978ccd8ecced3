/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot loop. What a batch leaves owed (acknowledgements, gathered datagrams, records to reuse)
 * is settled at its end, so that the cost is shared by all that happened in it.
 */
#include "common/engine/worker_batch.h"

#include <errno.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/engine/duty.h"
#include "common/engine/hand_over.h"
#include "common/engine/worker_input.h"
#include "common/engine/worker_mail.h"
#include "common/tcp/owed.h"

/* Frames read in one go before sockets get their turn */
#define WORKER_LINK_BUDGET 64

/* A frame shorter than this, alone, is more likely a request than the start of a train */
#define WORKER_SMALL_FRAME 2048

/* Acknowledgements that wait for data to carry them age so often, so that they go out after 40 ms
 * at most, as Linux's own do. With many connections, answers take their time to come round: sent
 * earlier, acknowledgements would mostly be frames for nothing.
 */
#define WORKER_ACK_AGE_MS 20

/* Return: false: it's another worker's who has no room for it, and the link isn't to be read */
static bool worker_take_frame(struct worker *w, const struct link_frame *frame, uint64_t now_ns)
{
	if (w->number && worker_has_mail(w)) /* a name that this connects to, for one */
		worker_take_mail(w, now_ns);
	worker_frame(w, frame, now_ns);
	if (w->holds)
		duty_watch(w, false);
	return !w->holds;
}

/* Frames of the link, as many as one batch may have. Return: whether it has said that there are no
 * more, so that an event is going to tell of the next
 */
static bool worker_read_link(struct worker *w, uint64_t now_ns)
{
	bool train = w->batch - w->link_batch <= 1; /* it had frames in the last batch too */

	/* Each frame of those that are read as one counts, or answers would wait for many of them
	 */
	const uint64_t enough = w->link.stats.rx_frames + WORKER_LINK_BUDGET;

	w->link_batch = w->batch;
	for (int i = 0;; i++) {
		bool within = i < WORKER_LINK_BUDGET && w->link.stats.rx_frames < enough;
		struct link_frame frame;
		int rc;

		if (!within && !link_has_frame(&w->link))
			break;
		w->link.reads_ahead = within && (train || i);
		rc = link_read(&w->link, &frame);
		if (rc == -EAGAIN)
			return true;
		if (rc < 0) {
			w->failure = rc;
			return true;
		}
		if (!rc)
			continue;
		if (!worker_take_frame(w, &frame, now_ns))
			return true;
		/* Spare the read that finds nothing; the loop comes back */
		if (!train && frame.len < WORKER_SMALL_FRAME && !link_has_frame(&w->link) &&
		    w->config->link.kind != LINK_VHOST)
			return true;
	}
	return w->config->link.kind != LINK_VHOST;
}

void worker_link_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *w = container_of(watch, struct worker, link_watch);

	if (events & EPOLLOUT) {
		link_flush(&w->link);
		tcp_room(&w->tcp, now_ns);
	}
	if (events & (EPOLLERR | EPOLLHUP) && !link_is_guest(&w->config->link))
		w->failure = -ENODEV;
	if (!w->holds && !worker_read_link(w, now_ns))
		w->link_due |= EPOLLIN;
	udp_flush(&w->udp, now_ns);
	link_release(&w->link);
}

void worker_bell_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *w = container_of(watch, struct worker, bell);

	(void)events;
	worker_take_mail(w, now_ns);
	if (w->holds && hand_over_held(w))
		duty_watch(w, true); /* which tells of what is there */
	if (!w->holds && link_has_frame(&w->link))
		w->link_due |= EPOLLIN; /* but not of that */
}

/* The guest kicks when it has put something into a ring: frames, or room for some */
static void worker_kicked_from_guest(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *w =
		container_of(watch, struct worker, link.vhost.device.queues[VHOST_FROM_GUEST].kick);

	(void)events;
	worker_link_event(&w->link_watch, EPOLLIN, now_ns);
}

static void worker_kicked_to_guest(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *w =
		container_of(watch, struct worker, link.vhost.device.queues[VHOST_TO_GUEST].kick);

	(void)events;
	(void)now_ns;
	w->link_due |= EPOLLOUT;
}

const watch_fn worker_on_kick[VHOST_QUEUES] = {
	[VHOST_TO_GUEST] = worker_kicked_to_guest,
	[VHOST_FROM_GUEST] = worker_kicked_from_guest,
};

/* The rings may be other ones from here on, and have something in them */
void worker_control_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *w = container_of(watch, struct worker, link_watch);
	int rc = link_control(&w->link);

	(void)events;
	(void)now_ns;
	if (rc)
		w->failure = rc;
	w->link_due |= EPOLLIN | EPOLLOUT;
}

/* What waits for a full link goes on when that tells. At the end of each batch */
static void worker_flush_link(struct worker *w)
{
	bool waits;
	int rc;

	if (!link_is_guest(&w->config->link) || w->link.fd < 0)
		return;
	rc = link_flush(&w->link);
	waits = rc || tcp_waits_for_room(&w->tcp);
	if (w->config->link.kind == LINK_VHOST) {
		if (rc && rc != -EAGAIN)
			w->failure = rc;
		if (!rc && waits)
			w->link_due |= EPOLLOUT;
		return;
	}
	if (waits == w->link_waits)
		return;
	w->link_waits = waits;
	loop_modify(&w->loop, &w->link_watch, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Poll for an event for a short time, if that is promising. Return: events */
static int worker_poll(struct worker *w, struct epoll_event *events, uint64_t bytes)
{
	uint64_t start_ns = clock_now_ns(), spent_ns;
	int n;

	if (!poll_policy_wanted(&w->poll, bytes, start_ns))
		return 0;
	do {
		n = loop_wait(&w->loop, events, 0);
		spent_ns = clock_now_ns() - start_ns;
	} while (!n && spent_ns < w->poll.limit_ns);
	poll_policy_result(&w->poll, n, spent_ns);
	return n;
}

static int worker_sleep(struct worker *w, struct epoll_event *events, int timeout_ms)
{
	int timer_ms;

	w->quiet = true;
	tcp_owed_flush(&w->tcp, TCP_OWED_FLUSH_IDLE);
	worker_flush_link(w);
	timer_ms = timer_next_ms(&w->timers, clock_now_ns());
	if (timer_ms >= 0 && (timeout_ms < 0 || timer_ms < timeout_ms))
		timeout_ms = timer_ms;
	if (tcp_owed_ages(&w->tcp) && (timeout_ms < 0 || timeout_ms > WORKER_ACK_AGE_MS))
		timeout_ms = WORKER_ACK_AGE_MS;
	if (w->link_due || w->failure)
		timeout_ms = 0;
	return loop_wait(&w->loop, events, timeout_ms);
}

/* What no event tells of. Return: that there was something */
static int worker_link_due(struct worker *w, uint64_t now_ns)
{
	uint32_t events = w->link_due;

	w->link_due = 0;
	worker_link_event(&w->link_watch, events, now_ns);
	return 1;
}

static uint64_t worker_bytes(const struct worker *w)
{
	return w->link.stats.rx_bytes + w->link.stats.tx_bytes + w->splice.stats.bytes +
	       w->udp_local.stats.bytes;
}

int worker_batch(struct worker *w, int timeout_ms)
{
	struct epoll_event events[LOOP_BATCH];
	uint64_t before = worker_bytes(w), frames = w->link.stats.rx_frames, now_ns;
	bool ageing;
	int n = loop_wait(&w->loop, events, 0);

	if (!n && !w->link_due)
		n = worker_poll(w, events, w->last_bytes);
	if (!n && !w->link_due)
		n = worker_sleep(w, events, timeout_ms);
	if (w->link_due || n > 1 || (n && events[0].data.ptr != &w->bell))
		w->quiet = false;
	now_ns = clock_now_ns();
	w->batch++;
	loop_dispatch(events, n, now_ns);
	if (w->link_due)
		n += worker_link_due(w, now_ns);
	timer_run(&w->timers, now_ns);
	ageing = now_ns - w->aged_ns >= WORKER_ACK_AGE_MS * NS_PER_MS;
	if (ageing)
		w->aged_ns = now_ns;
	tcp_owed_flush(&w->tcp, ageing ? TCP_OWED_FLUSH_AGED : TCP_OWED_FLUSH_DUE);
	flow_table_reap(&w->flows);
	splice_reap(&w->splice);
	if (w->config->listeners && !w->number)
		fwd_listeners_reap(w->config->listeners);
	worker_flush_link(w);
	frames = w->link.stats.rx_frames - frames;
	poll_policy_batch(&w->poll, MAX(frames, (uint64_t)n));
	w->last_bytes = n ? worker_bytes(w) - before : 0;
	if (w->team)
		duty_tell(w);
	return w->failure ? w->failure : n;
}

bool worker_is_empty(const struct worker *w)
{
	return !w->tcp.backlogged && splice_is_empty(&w->splice);
}
