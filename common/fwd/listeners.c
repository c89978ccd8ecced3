/* SPDX-License-Identifier: Apache-2.0
 *
 * The listeners of a port are a chain, the newest first; records that nobody has are another.
 */
#include "common/fwd/listeners.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/util.h"
#include "common/fwd/listen.h"

#define PORTS 65536
#define PORTS_BYTES (FWD_DIRECTIONS * PORTS * sizeof(uint32_t))
#define RECORDS_BYTES (FWD_LISTENERS_MAX * sizeof(struct fwd_listener))
#define MORE_BYTES (FWD_LISTENERS_MAX * sizeof(struct fwd_listener_more))

/* Of connections that wait at a socket which is to be closed, those that are taken in one go grow
 */
#define DRAIN_ROUNDS 64

/* How long a paused listener rests */
#define PAUSE_MS 100

static void resume_fire(struct timer *timer, uint64_t now_ns);

int fwd_listeners_init(struct fwd_listeners *set, const struct socket_source *sockets)
{
	*set = (struct fwd_listeners){ .sockets = sockets, .ip4 = true, .ip6 = true };
	set->resume.fn = resume_fire;
	set->records = map_lazily(RECORDS_BYTES);
	set->more = map_lazily(MORE_BYTES);
	set->ports = map_lazily(PORTS_BYTES);
	return set->records && set->more && set->ports ? 0 : -ENOMEM;
}

void fwd_listeners_fini(struct fwd_listeners *set)
{
	for (uint32_t i = 0; set->records && i < set->touched; i++)
		if (set->records[i].watch.fd >= 0)
			close(set->records[i].watch.fd);
	if (set->timers)
		timer_cancel(set->timers, &set->resume);
	map_drop(set->records, RECORDS_BYTES);
	map_drop(set->more, MORE_BYTES);
	map_drop(set->ports, PORTS_BYTES);
	set->records = NULL;
	set->more = NULL;
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

/* The first one that is open, in a port's chain from there on; NULL: none is */
static struct fwd_listener *open_from(const struct fwd_listeners *set, uint32_t number)
{
	while (number && set->records[number - 1].state >= FWD_LISTENER_LEAVING)
		number = set->records[number - 1].next;
	return number ? &set->records[number - 1] : NULL;
}

struct fwd_listener *fwd_listeners_first(const struct fwd_listeners *set,
					 enum fwd_direction direction, uint16_t port)
{
	return open_from(set, set->ports[(uint32_t)direction * PORTS + port]);
}

struct fwd_listener *fwd_listeners_next(const struct fwd_listeners *set,
					const struct fwd_listener *listener)
{
	return open_from(set, listener->next);
}

static struct fwd_listener_more *more_of(const struct fwd_listener *listener)
{
	return &listener->set->more[record_number(listener) - 1];
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

static struct fwd_listener_rule rule_for(const struct fwd_rule *rule, uint16_t port)
{
	return (struct fwd_listener_rule){
		.id = rule->id,
		.to_addr = rule->to_addr,
		.to_port = fwd_rule_to_port(rule, port),
		.automatic = rule->automatic,
	};
}

static void listener_obey(struct fwd_listener *listener, const struct fwd_listener_rule *rule)
{
	listener->set->automatic += rule->automatic;
	listener->set->automatic -= listener->automatic;
	listener->rule_id = rule->id;
	listener->to_addr = rule->to_addr;
	listener->to_port = rule->to_port;
	listener->automatic = rule->automatic;
	listener->set->changes++;
}

static void chain_add(struct fwd_listener *listener)
{
	struct fwd_listeners *set = listener->set;
	uint32_t *chain = port_chain(set, listener->direction, listener->port);

	listener->next = *chain;
	*chain = record_number(listener);
	set->changes++;
}

static void chain_remove(struct fwd_listener *listener)
{
	struct fwd_listeners *set = listener->set;
	uint32_t *link = port_chain(set, listener->direction, listener->port);

	while (record_at(set, *link) != listener)
		link = &record_at(set, *link)->next;
	*link = listener->next;
	set->changes++;
}

static bool is_bound_to(const struct fwd_listener *listener, const struct fwd_listen *at)
{
	return listener->family == at->family && addr_equal(&listener->addr, &at->addr) &&
	       !strcmp(more_of(listener)->ifname, at->ifname);
}

/* One that is not open any more, but is still there. Return: NULL: there is none */
static struct fwd_listener *former_find(struct fwd_listeners *set, const struct fwd_rule *rule,
					uint16_t port, const struct fwd_listen *at)
{
	uint32_t number = *port_chain(set, rule->direction, port);

	for (; number; number = record_at(set, number)->next) {
		struct fwd_listener *listener = record_at(set, number);

		if (!fwd_listener_is_open(listener) && is_bound_to(listener, at))
			return listener;
	}
	return NULL;
}

/* Have it go on by another rule: whoever has sent to it, or waits there, notices nothing */
static void former_take(struct fwd_listener *listener, const struct fwd_rule *rule)
{
	struct fwd_listeners *set = listener->set;
	const struct fwd_listener_rule obeyed = rule_for(rule, listener->port);

	more_of(listener)->was = (struct fwd_listener_rule){
		.id = listener->rule_id,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
		.automatic = listener->automatic,
	};
	listener->was_retired = listener->state == FWD_LISTENER_RETIRED;
	set->retired -= listener->was_retired;
	listener->state = set->changing ? FWD_LISTENER_TAKEN : FWD_LISTENER_OPEN;
	listener_obey(listener, &obeyed);
	chain_remove(listener);
	chain_add(listener); /* as the newest, like any other that is added */
}

/* Two sockets of one user's may be bound to the same port if both have this option: so what follows
 * a socket is there before that one is closed. Return: whether there is any to be followed
 */
static bool former_share(struct fwd_listeners *set, enum fwd_direction direction, uint16_t port)
{
	uint32_t number = *port_chain(set, direction, port);
	bool any = false;

	for (; number; number = record_at(set, number)->next) {
		struct fwd_listener *listener = record_at(set, number);

		if (fwd_listener_is_open(listener))
			continue;
		socket_set(listener->watch.fd, SOL_SOCKET, SO_REUSEPORT, 1);
		any = listener->shares = set->sharing = true;
	}
	return any;
}

/* Return: descriptor or -errno; *ret_shares: it shares its port with those that it follows */
static int open_socket(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
		       const struct fwd_listen *at, bool *ret_shares)
{
	struct fwd_listen_request request = {
		.side = fwd_direction_source(rule->direction),
		.type = fwd_direction_is_udp(rule->direction) ? SOCK_DGRAM : SOCK_STREAM,
		.family = at->family,
		.addr = at->addr,
		.ifname = at->ifname,
		.port = port,
	};
	int fd;

	request.freebind = fwd_listeners_freebind(set, request.side, request.family);
	fd = fwd_listen_open(set->sockets, &request);

	*ret_shares = false;
	if (fd == -EADDRINUSE && rule->direction == FWD_UDP_TO_NS && set->give_way &&
	    set->give_way(set->give_way_arg, at->family, port))
		fd = fwd_listen_open(set->sockets, &request);
	if (fd == -EADDRINUSE && former_share(set, rule->direction, port)) {
		*ret_shares = request.share = true;
		fd = fwd_listen_open(set->sockets, &request);
	}
	return fd;
}

/* All that the rule and @at say of it */
static void listener_describe(struct fwd_listener *listener, const struct fwd_rule *rule,
			      uint16_t port, const struct fwd_listen *at)
{
	const struct fwd_listener_rule obeyed = rule_for(rule, port);

	listener->addr = at->addr;
	listener->port = port;
	listener->family = at->family;
	listener->direction = (uint8_t)rule->direction;
	listener->not_lo = at->ifname[0] && strcmp(at->ifname, FWD_LO) != 0;
	memcpy(more_of(listener)->ifname, at->ifname, IFNAMSIZ);
	listener_obey(listener, &obeyed);
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
	set->retired -= listener->state == FWD_LISTENER_RETIRED;
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

void fwd_listener_close(struct fwd_listener *listener)
{
	chain_remove(listener);
	unpause(listener);
	listener_close(listener);
}

int fwd_listener_replace(struct fwd_listener *listener, int fd)
{
	struct fwd_listeners *set = listener->set;
	bool watched = listener->watch.fn && set->loop;

	unpause(listener);
	if (watched)
		loop_remove(set->loop, &listener->watch);
	close(listener->watch.fd);
	listener->watch.fd = fd;
	return watched ? listener_watch(listener) : 0;
}

/* Whether the kernel might give what comes to one to the other, or refuse one for the other */
static bool are_in_the_way(const struct fwd_listener *a, const struct fwd_listener *b)
{
	const char *a_name = more_of(a)->ifname, *b_name = more_of(b)->ifname;

	return (a->family == b->family || a->family == AF_UNSPEC || b->family == AF_UNSPEC) &&
	       (addr_is_unspecified(&a->addr) || addr_is_unspecified(&b->addr) ||
		addr_equal(&a->addr, &b->addr)) &&
	       (!a_name[0] || !b_name[0] || !strcmp(a_name, b_name));
}

/* Retired ones give way: their flows go on by the socket that is there now, if it leads to the same
 * place
 */
static void retired_give_way(const struct fwd_listener *to)
{
	struct fwd_listeners *set = to->set;
	uint32_t number = *port_chain(set, to->direction, to->port);

	while (number) {
		struct fwd_listener *listener = record_at(set, number);

		number = listener->next;
		if (listener->state == FWD_LISTENER_RETIRED && are_in_the_way(listener, to))
			fwd_listener_close(listener);
	}
}

static void stop_sharing(struct fwd_listeners *set)
{
	for (uint32_t i = 0; set->sharing && i < set->touched; i++) {
		struct fwd_listener *listener = &set->records[i];

		if (listener->watch.fd >= 0 && listener->shares)
			socket_set(listener->watch.fd, SOL_SOCKET, SO_REUSEPORT, 0);
		listener->shares = false;
	}
	set->sharing = false;
}

int fwd_listeners_add(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
		      const struct fwd_listen *at)
{
	struct fwd_listener *listener = former_find(set, rule, port, at);
	bool shares;
	int rc = 0, fd;

	if (listener) {
		former_take(listener, rule);
		return 0;
	}
	fd = open_socket(set, rule, port, at, &shares);
	if (fd < 0)
		return fd;
	listener = record_take(set);
	if (!listener) {
		close(fd);
		return -ENFILE;
	}
	listener_describe(listener, rule, port, at);
	listener->watch.fd = fd;
	listener->state = set->changing ? FWD_LISTENER_ADDED : FWD_LISTENER_OPEN;
	listener->shares = shares;
	chain_add(listener);
	set->used++;
	if (set->loop)
		rc = listener_watch(listener);
	if (rc)
		log_debug("port %u is open, but can't be watched: %s", port, strerror(-rc));
	if (!set->changing) {
		retired_give_way(listener);
		stop_sharing(set);
	}
	return 0;
}

void fwd_listeners_begin(struct fwd_listeners *set)
{
	set->changing = true;
}

/* What FWD_LISTENER_TAKEN has come from */
static void taken_undo(struct fwd_listener *listener)
{
	listener_obey(listener, &more_of(listener)->was);
	listener->state = listener->was_retired ? FWD_LISTENER_RETIRED : FWD_LISTENER_LEAVING;
	listener->set->retired += listener->was_retired;
}

void fwd_listeners_leave(struct fwd_listeners *set, struct fwd_listener *listener)
{
	if (!set->changing || listener->state == FWD_LISTENER_ADDED)
		fwd_listener_close(listener);
	else if (listener->state == FWD_LISTENER_TAKEN)
		taken_undo(listener);
	else
		listener->state = FWD_LISTENER_LEAVING;
}

/* Connections that the kernel has made, and nobody has taken yet, would be reset */
static void drain(struct fwd_listener *listener, uint64_t now_ns)
{
	struct pollfd pollfd = { .fd = listener->watch.fd, .events = POLLIN };

	if (!listener->watch.fn || !listener->set->loop)
		return;
	for (int i = 0; i < DRAIN_ROUNDS && !listener->paused; i++) {
		if (poll(&pollfd, 1, 0) <= 0)
			return;
		listener->watch.fn(&listener->watch, EPOLLIN, now_ns);
	}
}

static void former_end(struct fwd_listener *listener, uint64_t now_ns)
{
	if (fwd_direction_is_udp((enum fwd_direction)listener->direction)) {
		listener->state = FWD_LISTENER_RETIRED;
		listener->set->retired++;
		return;
	}
	drain(listener, now_ns);
	fwd_listener_close(listener);
}

void fwd_listeners_commit(struct fwd_listeners *set, uint64_t now_ns)
{
	set->changing = false;
	for (uint32_t i = 0; i < set->touched; i++)
		if (set->records[i].watch.fd >= 0 && set->records[i].state == FWD_LISTENER_LEAVING)
			former_end(&set->records[i], now_ns);
	for (uint32_t i = 0; i < set->touched; i++) {
		struct fwd_listener *listener = &set->records[i];

		if (!fwd_listener_is_open(listener) || listener->state == FWD_LISTENER_OPEN)
			continue;
		listener->state = FWD_LISTENER_OPEN;
		if (set->retired)
			retired_give_way(listener);
	}
	stop_sharing(set);
}

void fwd_listeners_undo(struct fwd_listeners *set)
{
	set->changing = false;
	for (uint32_t i = 0; i < set->touched; i++) {
		struct fwd_listener *listener = &set->records[i];

		if (listener->watch.fd < 0)
			continue;
		if (listener->state == FWD_LISTENER_ADDED)
			fwd_listener_close(listener);
		if (listener->state == FWD_LISTENER_TAKEN)
			taken_undo(listener);
		if (listener->state == FWD_LISTENER_LEAVING)
			listener->state = FWD_LISTENER_OPEN;
	}
	stop_sharing(set);
}

void fwd_listeners_close_unused(struct fwd_listeners *set)
{
	for (uint32_t i = 0; i < set->touched; i++) {
		struct fwd_listener *listener = &set->records[i];

		if (listener->watch.fd >= 0 && listener->state == FWD_LISTENER_RETIRED &&
		    !listener->used)
			fwd_listener_close(listener);
		listener->used = false;
	}
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
