/* SPDX-License-Identifier: Apache-2.0
 *
 * All listening sockets of forwarded ports, of all four directions. Those of rules that are not
 * automatic are opened at start, before privileges are given up; automatic ones come and go while
 * the engine runs. This module owns the records and the sockets in them; what arrives is for the
 * protocols, who are registered as handlers and find the rule's target in the record.
 *
 * A record is reused only after the end of the batch in which its socket was closed, and never with
 * the same serial number: who keeps a pointer to it keeps that as well, and asks fwd_listener_is().
 */
#ifndef COMMON_FWD_LISTENERS_H
#define COMMON_FWD_LISTENERS_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/loop.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/flow/timer.h"
#include "common/fwd/rules.h"

#define FWD_FDS_FOR_FLOWS_MAX 16384

/* Sockets at most: every port of every direction, and then some for several addresses */
#define FWD_LISTENERS_MAX (5 * 65536)

/* The loopback interface of any namespace */
#define FWD_LO "lo"

struct fwd_listeners;

/* What rules that change have come to. Whoever is not open is not found by any of these functions
 */
enum fwd_listener_state {
	FWD_LISTENER_OPEN,
	FWD_LISTENER_ADDED, /* open; by the change that is under way */
	FWD_LISTENER_TAKEN, /* likewise: it was leaving, or retired, but another rule wants it */
	FWD_LISTENER_LEAVING, /* its rule is gone, if the change comes to its end */
	FWD_LISTENER_RETIRED, /* its rule is gone, but flows are still there; takes no new ones */
};

/* What a rule says of it */
struct fwd_listener_rule {
	uint32_t id;
	struct in6_addr to_addr; /* where the rule sends what comes; unspecified: as usual */
	uint16_t to_port;
	bool automatic;
};

struct fwd_listener {
	struct watch watch; /* fd -1: not in use */
	struct fwd_listeners *set;
	uint32_t serial;
	uint32_t rule_id; /* this and others: as in struct fwd_listener_rule */
	struct in6_addr addr; /* that it listens on; may be unspecified */
	struct in6_addr place; /* automatic: the one it was opened for, see listeners_open.h */
	struct in6_addr to_addr;
	uint16_t port, to_port;
	int family; /* AF_UNSPEC: IPv6 and IPv4 in one IPv6 socket */
	uint8_t direction; /* enum fwd_direction */
	uint8_t state; /* enum fwd_listener_state */
	bool automatic;
	bool not_lo; /* bound to another interface: local connections don't get there */
	bool was_retired; /* FWD_LISTENER_TAKEN: before */
	bool shares; /* lets another one of ours bind beside it, for as long as a change takes */
	bool used; /* by flows: a mark for whoever looks */
	bool paused; /* on the list of those */
	uint8_t burst; /* for the handler: how much it looks for at once */
	uint32_t next; /* of the same port; free or dying; index + 1, 0: none */
	uint32_t next_paused;
};

/* What is asked for only when rules change, beside each record */
struct fwd_listener_more {
	char ifname[IFNAMSIZ]; /* that it is bound to */
	struct fwd_listener_rule was; /* FWD_LISTENER_TAKEN: before */
};

/* Who takes what arrives in one direction */
struct fwd_listeners_handler {
	watch_fn ready; /* an event of a listener's watch, level-triggered; NULL: nobody */
	void *arg; /* for it */
};

struct fwd_listeners {
	const struct socket_source *sockets; /* borrowed */
	bool ip4, ip6; /* families to listen on */
	bool freebind; /* on addresses that are not there (yet) */
	bool offline4, offline6; /* the host has no network of that family: all are still to come */
	uint32_t patience_ms; /* for ports of the host that are named and taken, all together */
	struct loop *loop; /* NULL: not started */
	struct timer_wheel *timers;
	struct fwd_listeners_handler handlers[FWD_DIRECTIONS];
	/* A UDP port of the host's is taken: whether it was by a socket for flows of the
	 * namespace's, which is closed now; NULL: there are none
	 */
	bool (*give_way)(void *arg, int family, uint16_t port);
	void *give_way_arg;
	/* Ports of the host's that flows of the namespace's send from: nobody's services. IPv4,
	 * IPv6; as struct fwd_portmap has them. Any thread's
	 */
	_Atomic uint64_t flow_ports[2][65536 / 64];
	struct fwd_listener *records;
	struct fwd_listener_more *more;
	uint32_t *ports; /* index + 1 of the first listener, by direction and port (65536 each) */
	uint32_t automatic; /* of those in use */
	uint32_t retired; /* likewise */
	bool changing; /* from fwd_listeners_begin() on */
	bool sharing; /* some share */
	_Atomic uint32_t used; /* any thread may look at it */
	uint32_t changes; /* of where they are, and lead to; wraps */
	uint32_t touched, free_first, dying_first, paused_first, last_serial;
	struct timer resume;
};

/* fwd_listeners_init() - Return: 0 or -errno; fwd_listeners_fini() is needed either way
 * @sockets:	must outlive the set; its namespace side may be missing till sockets there are asked
 *		for
 */
int fwd_listeners_init(struct fwd_listeners *set, const struct socket_source *sockets);
void fwd_listeners_fini(struct fwd_listeners *set);

/* fwd_listeners_freebind() - whether a socket need not find its address there */
static inline bool fwd_listeners_freebind(const struct fwd_listeners *set, enum socket_side side,
					  int family)
{
	return set->freebind ||
	       (side == SOCKET_HOST && (family == AF_INET ? set->offline4 : set->offline6));
}

/* fwd_listeners_add() - one socket for a rule's port; listeners_open.h says which ones
 * @at:		what it is bound to; the rest is the rule's
 *
 * Return: 0, then it is the port's first; or -errno
 */
int fwd_listeners_add(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
		      const struct fwd_listen *at);

/* fwd_listeners_begin() - rules change: until fwd_listeners_commit() or fwd_listeners_undo()
 * nothing is closed, and what is opened can be taken back
 */
void fwd_listeners_begin(struct fwd_listeners *set);

/* fwd_listeners_leave() - close one that is open; while rules change: once they have */
void fwd_listeners_leave(struct fwd_listeners *set, struct fwd_listener *listener);

/* fwd_listeners_commit() - those that leave are closed, or retired if that may be for the sake of
 * flows; connections that wait there are taken first
 */
void fwd_listeners_commit(struct fwd_listeners *set, uint64_t now_ns);

/* fwd_listeners_undo() - all is as it was at fwd_listeners_begin() */
void fwd_listeners_undo(struct fwd_listeners *set);

/* fwd_listeners_close_unused() - retired ones that aren't marked as used; marks are taken away */
void fwd_listeners_close_unused(struct fwd_listeners *set);

/* fwd_listener_is_open() - whether it takes what is new */
static inline bool fwd_listener_is_open(const struct fwd_listener *listener)
{
	return listener->watch.fd >= 0 && listener->state < FWD_LISTENER_LEAVING;
}

/* fwd_listener_close() - one that is there. Flows that have come by it live on if they can */
void fwd_listener_close(struct fwd_listener *listener);

/* fwd_listener_replace() - have another socket in place of its own, which is closed, and no more
 * @fd:		likewise bound and listening; the listener's, unless this fails
 *
 * Return: 0 or -errno
 */
int fwd_listener_replace(struct fwd_listener *listener, int fd);

/* fwd_listeners_first() - all of a port, with fwd_listeners_next(). NULL: there's none */
struct fwd_listener *fwd_listeners_first(const struct fwd_listeners *set,
					 enum fwd_direction direction, uint16_t port);
struct fwd_listener *fwd_listeners_next(const struct fwd_listeners *set,
					const struct fwd_listener *listener);

/* fwd_listeners_find() - the socket that gets what is sent to @addr and @port
 * @family:	AF_INET or AF_INET6
 * @addr:	unspecified, or that of one of ours: any address may be meant
 *
 * Return: NULL if none of these does
 */
struct fwd_listener *fwd_listeners_find(const struct fwd_listeners *set,
					enum fwd_direction direction, int family,
					const struct in6_addr *addr, uint16_t port);

/* fwd_listeners_has() - whether somebody's socket on @addr and @port may be one of these
 * @family:	AF_INET or AF_INET6
 * @addr:	unspecified, or that of one of ours: any address may be meant
 */
bool fwd_listeners_has(const struct fwd_listeners *set, enum fwd_direction direction, int family,
		       const struct in6_addr *addr, uint16_t port);

/* fwd_listeners_at() - the one that takes what is sent to @addr and @port from its own side: not
 * those on other interfaces than the loopback. Return: NULL if none does
 */
struct fwd_listener *fwd_listeners_at(const struct fwd_listeners *set, enum fwd_direction direction,
				      const struct in6_addr *addr, uint16_t port);

/* fwd_listeners_start() - watch all sockets, those that are opened later too; handlers are set
 *
 * Return: 0 or -errno
 */
int fwd_listeners_start(struct fwd_listeners *set, struct loop *loop, struct timer_wheel *timers);

/* fwd_listener_pause() - there's nothing to take a connection with: leave it in the queue, and look
 * again after a moment
 */
void fwd_listener_pause(struct fwd_listener *listener, uint64_t now_ns);

/* fwd_listener_is() - whether the record still is the listener that it was */
static inline bool fwd_listener_is(const struct fwd_listener *listener, uint32_t serial)
{
	return listener->serial == serial && listener->watch.fd >= 0;
}

/* fwd_listener_of() - the listener whose socket is watched */
static inline struct fwd_listener *fwd_listener_of(struct watch *watch)
{
	return (struct fwd_listener *)(void *)watch;
}

/* fwd_listeners_reap() - end of a batch: records closed in it become reusable */
void fwd_listeners_reap(struct fwd_listeners *set);

/* fwd_fds_for_flows() - how many of @fds descriptors listening sockets leave to connections: a
 * quarter, or FWD_FDS_FOR_FLOWS_MAX
 */
static inline uint32_t fwd_fds_for_flows(uint32_t fds)
{
	return MIN(fds / 4, FWD_FDS_FOR_FLOWS_MAX);
}

#endif
