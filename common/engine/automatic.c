/* SPDX-License-Identifier: Apache-2.0
 *
 * One look takes a dump a family and protocol, tens of microseconds altogether, so it can be had
 * often enough for a service in the namespace to be reachable within 100 ms, always. Mostly it
 * finds what the last one has found, by a fingerprint, and that is all; else a second look notes
 * each port.
 */
#include "common/engine/automatic.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/util.h"
#include "common/fwd/listeners_ports.h"

/* With the timer's resolution, and what a scan takes, still within 100 ms */
#define AUTOMATIC_INTERVAL_MS 88
/* What starts in the namespace is to be seen outside at once; what the host has mostly was there
 * before, so it's looked at every so many times only
 */
#define AUTOMATIC_HOST_ROUNDS 4
/* Ports that could not be opened are tried again every so many times; later if they are many */
#define AUTOMATIC_RETRY_ROUNDS 16
#define AUTOMATIC_RETRY_ROUNDS_MANY 256
#define AUTOMATIC_MANY 64
/* Ports opened or closed in a row, a millisecond's work, and when others follow: in between,
 * packets have their turn
 */
#define AUTOMATIC_CHANGES 64
#define AUTOMATIC_MORE_MS 4
/* A look at very many sockets takes its time: that is at most one part in so many */
#define AUTOMATIC_LOOK_PARTS 50

/* One list of sockets, for one direction */
struct looking {
	struct fwd_scan *scan;
	enum fwd_direction direction;
	uint64_t fingerprint;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

/* Whether it's ours, for flows of the namespace's: these come and go with traffic */
static bool is_for_flows(const struct looking *looking, const struct socket_listener *listener)
{
	return looking->direction == FWD_UDP_TO_HOST &&
	       fwd_listeners_flows_have(looking->scan->listeners, addr_family(&listener->addr),
					listener->port);
}

/* The order of sockets in a list says nothing, so it must not count */
static void fingerprint(void *arg, const struct socket_listener *listener)
{
	struct looking *looking = arg;
	uint64_t words[2], what = (uint64_t)looking->direction << 32 | listener->port;

	if (is_for_flows(looking, listener))
		return;
	memcpy(words, &listener->addr, sizeof(words));
	what |= (uint64_t)listener->ip6_only << 24;
	looking->fingerprint += mix(words[0] + mix(words[1] + mix(what + 1)));
}

static void found(void *arg, const struct socket_listener *listener)
{
	const struct looking *looking = arg;

	if (is_for_flows(looking, listener))
		return;
	fingerprint(arg, listener); /* there may be others than at the first look */
	fwd_scan_found(looking->scan, looking->direction, &listener->addr, listener->port,
		       listener->ip6_only);
}

/* Call @fn for all sockets that matter
 * @host:		the host's too, else their fingerprints are the last ones
 * @ret_fingerprints:	one a direction
 *
 * Return: 0 or -errno: then that was not all
 */
static int look(struct automatic *a, socket_listener_fn fn, bool host,
		uint64_t ret_fingerprints[static FWD_DIRECTIONS])
{
	int rc = 0;

	for (int d = 0; d < FWD_DIRECTIONS && !rc; d++) {
		struct looking looking = { .scan = a->scan, .direction = (enum fwd_direction)d };
		enum socket_side side = fwd_direction_target(looking.direction);

		ret_fingerprints[d] = a->fingerprints[d];
		if (!a->scan->direction[d].automatic || (side == SOCKET_HOST && !host))
			continue;
		rc = a->sockets->list(
			a->sockets->list_arg, side,
			(fwd_direction_is_udp(looking.direction) ? SOCK_DGRAM : SOCK_STREAM), fn,
			&looking);
		ret_fingerprints[d] = looking.fingerprint;
	}
	return rc;
}

/* Somebody who offers the same service on the other side means to; what else keeps a port closed is
 * worth telling, once
 */
static void say_failed(struct automatic *a, enum fwd_direction direction, bool retry, int rc,
		       const struct err *err, uint64_t now_ns)
{
	uint64_t more;

	if (rc == -EADDRINUSE || retry)
		log_debug("%s: %s", fwd_direction_text(direction), err->text);
	else if (log_limit_pass(&a->failed_limit, now_ns, &more))
		log_warning("%s: %s%s", fwd_direction_text(direction), err->text,
			    log_limit_more(more).text);
}

static void change(struct automatic *a, const struct fwd_scan_change *c, bool retry,
		   uint64_t now_ns)
{
	struct err err = { 0 };
	bool any = false;
	int rc = 0;

	if (c->open && a->listeners->automatic >= a->fds_max)
		rc = err_set(&err, -EMFILE,
			     "port %u and others are not opened: automatic ports have %u "
			     "descriptors already, their share (raise the hard limit of "
			     "RLIMIT_NOFILE, or name the ports)",
			     c->port, a->fds_max);
	else if (c->open)
		rc = fwd_listeners_open_auto(a->listeners, a->rules, c->direction, &c->place,
					     c->port, &any, &err);
	else
		fwd_listeners_close_auto(a->listeners, c->direction, &c->place, c->port);
	fwd_scan_done(a->scan, c, !rc ? FWD_SCAN_ALL : any ? FWD_SCAN_SOME : FWD_SCAN_NONE);
	if (rc && !a->failures++)
		a->failed_round = a->round;
	if (rc)
		say_failed(a, c->direction, retry, rc, &err, now_ns);
	else
		log_debug("%s: IPv%c port %u %s", fwd_direction_text(c->direction),
			  c->place.family == AF_INET ? '4' : '6', c->port,
			  c->open ? "opened" : "closed");
}

/* Work through what is to be opened and closed, as far as one round goes */
static void change_some(struct automatic *a, uint64_t now_ns)
{
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change c;

	for (int i = 0; i < AUTOMATIC_CHANGES; i++) {
		a->more = fwd_scan_next(a->scan, &cursor, &c);
		if (!a->more)
			return;
		change(a, &c, a->retrying, now_ns);
	}
}

static bool retry_is_due(const struct automatic *a)
{
	bool many = a->failures > AUTOMATIC_MANY;

	return a->failures && a->round - a->failed_round >=
				      (many ? AUTOMATIC_RETRY_ROUNDS_MANY : AUTOMATIC_RETRY_ROUNDS);
}

/* Not of the clock's time: who else has the processor is no reason to look less often */
static uint64_t processor_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void scan_once(struct automatic *a, uint64_t now_ns)
{
	bool first = !a->round++, retry = retry_is_due(a);
	bool learnt = !addr_equal(&a->ip4_addr, &a->fwd->ip4.ns_addr) ||
		      !addr_equal(&a->ip6_addr, &a->fwd->ip6.ns_addr);
	uint64_t seen[FWD_DIRECTIONS];
	int rc = look(a, fingerprint, a->round % AUTOMATIC_HOST_ROUNDS == 1, seen);

	if (!rc && !first && !retry && !learnt && !memcmp(seen, a->fingerprints, sizeof(seen)))
		return;
	fwd_scan_begin(a->scan, a->fwd, retry);
	if (!rc)
		rc = look(a, found, true, seen);
	if (rc) {
		if (!a->failing)
			log_warning("cannot see what listens, so automatic ports stay as they "
				    "are: %s",
				    strerror(-rc));
		a->failing = true;
		return;
	}
	a->failing = false;
	memcpy(a->fingerprints, seen, sizeof(seen));
	a->ip4_addr = a->fwd->ip4.ns_addr;
	a->ip6_addr = a->fwd->ip6.ns_addr;
	if (retry)
		a->failures = 0;
	a->retrying = retry;
	fwd_scan_end(a->scan);
	change_some(a, now_ns);
}

static void automatic_fire(struct timer *timer, uint64_t now_ns)
{
	struct automatic *a = container_of(timer, struct automatic, timer);
	uint64_t next_ms = AUTOMATIC_INTERVAL_MS, start_ns = processor_ns(), took_ms;

	if (a->more)
		change_some(a, now_ns);
	else
		scan_once(a, now_ns);
	took_ms = (processor_ns() - start_ns) / NS_PER_MS;
	next_ms = MAX(next_ms, took_ms * AUTOMATIC_LOOK_PARTS);
	timer_set(a->timers, timer, now_ns, a->more ? AUTOMATIC_MORE_MS : next_ms);
}

static bool any_automatic(const struct fwd_rules *rules)
{
	for (uint32_t i = 0; i < rules->count; i++)
		if (rules->rule[i].automatic && rules->rule[i].ranges_count)
			return true;
	return false;
}

int automatic_init(struct automatic *a, bool host_lo_to_ns_lo, uint64_t now_ns)
{
	void *map;

	if (!a->sockets->list)
		return 0;
	map = map_lazily(sizeof(*a->scan));
	if (!map)
		return -ENOMEM;
	a->scan = map;
	fwd_scan_init(a->scan, a->rules, a->listeners, host_lo_to_ns_lo);
	a->timer.fn = automatic_fire;
	a->on = any_automatic(a->rules);
	if (a->on)
		timer_set(a->timers, &a->timer, now_ns, 0);
	return 0;
}

void automatic_rules(struct automatic *a, const struct fwd_rules *rules, uint64_t now_ns)
{
	bool was_on = a->on;

	a->rules = rules;
	if (!a->scan)
		return;
	fwd_scan_rules(a->scan, rules);
	a->on = any_automatic(rules);
	a->more = a->retrying = false;
	a->failures = 0;
	a->round = 0; /* the next look sees to everything */
	if (a->on)
		timer_set(a->timers, &a->timer, now_ns, 0);
	else if (was_on)
		timer_cancel(a->timers, &a->timer);
}

void automatic_look(struct automatic *a, uint64_t now_ns)
{
	if (!a->on)
		return;
	do
		automatic_fire(&a->timer, now_ns);
	while (a->more); /* nobody waits for packets yet */
}

void automatic_fini(struct automatic *a)
{
	if (!a->scan)
		return;
	timer_cancel(a->timers, &a->timer);
	map_drop(a->scan, sizeof(*a->scan));
	a->scan = NULL;
}
