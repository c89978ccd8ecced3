/* SPDX-License-Identifier: Apache-2.0
 *
 * The listeners of a port are a chain, the newest first; records that nobody has are another.
 */
#include "common/fwd/listeners.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/fwd/listen.h"

#define PORTS 65536
#define PORTS_BYTES (FWD_DIRECTIONS * PORTS * sizeof(uint32_t))
#define RECORDS_BYTES (FWD_LISTENERS_MAX * sizeof(struct fwd_listener))

/* How long a paused listener rests */
#define PAUSE_MS 100

static void resume_fire(struct timer *timer, uint64_t now_ns);

static void *reserve(size_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

int fwd_listeners_init(struct fwd_listeners *set, const struct socket_source *sockets)
{
	*set = (struct fwd_listeners){ .sockets = sockets, .ip4 = true, .ip6 = true };
	set->resume.fn = resume_fire;
	set->records = reserve(RECORDS_BYTES);
	set->ports = reserve(PORTS_BYTES);
	return set->records && set->ports ? 0 : -ENOMEM;
}

void fwd_listeners_fini(struct fwd_listeners *set)
{
	for (uint32_t i = 0; set->records && i < set->touched; i++)
		if (set->records[i].watch.fd >= 0)
			close(set->records[i].watch.fd);
	if (set->timers)
		timer_cancel(set->timers, &set->resume);
	if (set->records)
		munmap(set->records, RECORDS_BYTES);
	if (set->ports)
		munmap(set->ports, PORTS_BYTES);
	set->records = NULL;
	set->ports = NULL;
}

static uint32_t *port_chain(struct fwd_listeners *set, enum fwd_direction direction, uint16_t port)
{
	return &set->ports[(uint32_t)direction * PORTS + port];
}

static struct fwd_listener *record_at(struct fwd_listeners *set, uint32_t number)
{
	return &set->records[number - 1];
}

static uint32_t record_number(const struct fwd_listener *listener)
{
	return (uint32_t)(listener - listener->set->records) + 1;
}

struct fwd_listener *fwd_listeners_first(const struct fwd_listeners *set,
					 enum fwd_direction direction, uint16_t port)
{
	uint32_t number = set->ports[(uint32_t)direction * PORTS + port];

	return number ? &set->records[number - 1] : NULL;
}

struct fwd_listener *fwd_listeners_next(const struct fwd_listeners *set,
					const struct fwd_listener *listener)
{
	return listener->next ? &set->records[listener->next - 1] : NULL;
}

static struct fwd_listener *record_take(struct fwd_listeners *set)
{
	struct fwd_listener *listener;

	if (set->free_first) {
		listener = record_at(set, set->free_first);
		set->free_first = listener->next;
	} else if (set->touched < FWD_LISTENERS_MAX) {
		listener = &set->records[set->touched++];
	} else {
		return NULL;
	}
	*listener = (struct fwd_listener){
		.watch.fd = -1,
		.set = set,
		.serial = ++set->last_serial,
	};
	return listener;
}

void fwd_listeners_reap(struct fwd_listeners *set)
{
	while (set->dying_first) {
		struct fwd_listener *listener = record_at(set, set->dying_first);
		uint32_t next = listener->next;

		listener->next = set->free_first;
		set->free_first = set->dying_first;
		set->dying_first = next;
	}
}

static int listener_watch(struct fwd_listener *listener)
{
	struct fwd_listeners *set = listener->set;

	listener->watch.fn = set->handlers[listener->direction].ready;
	return listener->watch.fn ? loop_add(set->loop, &listener->watch, EPOLLIN) : 0;
}

/* All that the rule and @at say of it */
static void listener_describe(struct fwd_listener *listener, const struct fwd_rule *rule,
			      uint16_t port, const struct fwd_listen *at)
{
	listener->rule_id = rule->id;
	listener->addr = at->addr;
	listener->to_addr = rule->to_addr;
	listener->port = port;
	listener->to_port = fwd_rule_to_port(rule, port);
	listener->family = at->family;
	listener->direction = (uint8_t)rule->direction;
	listener->automatic = rule->automatic;
	listener->not_lo = at->ifname[0] && strcmp(at->ifname, FWD_LO) != 0;
}

int fwd_listeners_add(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
		      const struct fwd_listen *at)
{
	uint32_t *chain = port_chain(set, rule->direction, port);
	const struct fwd_listen_request request = {
		.side = fwd_direction_source(rule->direction),
		.type = fwd_direction_is_udp(rule->direction) ? SOCK_DGRAM : SOCK_STREAM,
		.family = at->family,
		.addr = at->addr,
		.ifname = at->ifname,
		.port = port,
		.freebind = set->freebind,
	};
	int rc = 0, fd = fwd_listen_open(set->sockets, &request);
	struct fwd_listener *listener;

	if (fd == -EADDRINUSE && rule->direction == FWD_UDP_TO_NS && set->give_way &&
	    set->give_way(set->give_way_arg, at->family, port))
		fd = fwd_listen_open(set->sockets, &request);
	if (fd < 0)
		return fd;
	listener = record_take(set);
	if (!listener) {
		close(fd);
		return -ENFILE;
	}
	listener_describe(listener, rule, port, at);
	listener->watch.fd = fd;
	listener->next = *chain;
	*chain = record_number(listener);
	set->used++;
	set->automatic += listener->automatic;
	if (set->loop)
		rc = listener_watch(listener);
	if (rc)
		log_debug("port %u is open, but can't be watched: %s", port, strerror(-rc));
	return 0;
}

static void listener_close(struct fwd_listener *listener)
{
	struct fwd_listeners *set = listener->set;

	if (listener->watch.fn && set->loop)
		loop_remove(set->loop, &listener->watch);
	close(listener->watch.fd);
	listener->watch.fd = -1;
	listener->next = set->dying_first;
	set->dying_first = record_number(listener);
	set->used--;
	set->automatic -= listener->automatic;
}

static void unpause(struct fwd_listener *listener)
{
	struct fwd_listeners *set = listener->set;
	uint32_t *link = &set->paused_first, number = record_number(listener);

	if (!listener->paused)
		return;
	while (*link != number)
		link = &record_at(set, *link)->next_paused;
	*link = listener->next_paused;
	listener->paused = false;
}

void fwd_listeners_close(struct fwd_listeners *set, struct fwd_listener *listener)
{
	uint32_t *link = port_chain(set, listener->direction, listener->port);

	while (record_at(set, *link) != listener)
		link = &record_at(set, *link)->next;
	*link = listener->next;
	unpause(listener);
	listener_close(listener);
}

struct fwd_listener *fwd_listeners_find(const struct fwd_listeners *set,
					enum fwd_direction direction, int family,
					const struct in6_addr *addr, uint16_t port)
{
	struct fwd_listener *listener = fwd_listeners_first(set, direction, port);

	for (; listener; listener = fwd_listeners_next(set, listener))
		if ((listener->family == AF_UNSPEC || listener->family == family) &&
		    (addr_is_unspecified(addr) || addr_is_unspecified(&listener->addr) ||
		     addr_equal(addr, &listener->addr)))
			return listener;
	return NULL;
}

bool fwd_listeners_has(const struct fwd_listeners *set, enum fwd_direction direction, int family,
		       const struct in6_addr *addr, uint16_t port)
{
	return fwd_listeners_find(set, direction, family, addr, port);
}

struct fwd_listener *fwd_listeners_at(const struct fwd_listeners *set, enum fwd_direction direction,
				      const struct in6_addr *addr, uint16_t port)
{
	struct fwd_listener *listener = fwd_listeners_first(set, direction, port);
	struct fwd_listener *any = NULL;

	for (; listener; listener = fwd_listeners_next(set, listener)) {
		bool family =
			listener->family == AF_UNSPEC || listener->family == addr_family(addr);

		if (family && !listener->not_lo && addr_equal(&listener->addr, addr))
			return listener;
		if (family && !listener->not_lo && addr_is_unspecified(&listener->addr))
			any = listener;
	}
	return any;
}

void fwd_listeners_note_flows(struct fwd_listeners *set, int family, uint16_t port, bool they_do)
{
	uint64_t *word = &set->flow_ports[family != AF_INET].word[port / 64];
	uint64_t bit = 1ULL << port % 64;

	*word = they_do ? *word | bit : *word & ~bit;
}

int fwd_listeners_start(struct fwd_listeners *set, struct loop *loop, struct timer_wheel *timers)
{
	int rc = 0;

	set->loop = loop;
	set->timers = timers;
	for (uint32_t i = 0; i < set->touched && !rc; i++)
		if (set->records[i].watch.fd >= 0)
			rc = listener_watch(&set->records[i]);
	return rc;
}

static void resume_fire(struct timer *timer, uint64_t now_ns)
{
	struct fwd_listeners *set = container_of(timer, struct fwd_listeners, resume);

	(void)now_ns;
	while (set->paused_first) {
		struct fwd_listener *listener = record_at(set, set->paused_first);

		set->paused_first = listener->next_paused;
		listener->paused = false;
		loop_modify(set->loop, &listener->watch, EPOLLIN);
	}
}

void fwd_listener_pause(struct fwd_listener *listener, uint64_t now_ns)
{
	struct fwd_listeners *set = listener->set;

	if (listener->paused)
		return;
	loop_modify(set->loop, &listener->watch, 0);
	listener->paused = true;
	listener->next_paused = set->paused_first;
	set->paused_first = record_number(listener);
	timer_set_by(set->timers, &set->resume, now_ns, PAUSE_MS);
}
