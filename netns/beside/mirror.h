/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in a side process; netlink (route).
 *
 * What the namespace gets while the engine, which is locked in, runs: a side process adds addresses
 * and a default route to the tap, as the start did. It speaks to the namespace's kernel alone, by a
 * socket from before its lock-in, and does what it is told by pasta, once it has checked that it
 * makes sense. Nothing is ever removed, and a default route isn't added where somebody in the
 * namespace has set or deleted one.
 */
#ifndef NETNS_BESIDE_MIRROR_H
#define NETNS_BESIDE_MIRROR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "netns/beside/side_process.h"
#include "netns/host/route_values.h"
#include "netns/tap/setup_family.h"

#define MIRROR_ADDRS_MAX 32

struct nl_sock;

struct mirror {
	struct nl_sock *sk; /* between mirror_open() and mirror_start() */
	unsigned int ifindex; /* of the tap */
	struct side_process process;
};

/* One family's additions */
struct mirror_order {
	bool ipv4;
	uint32_t addr_count; /* all that the family has been given, */
	uint32_t added; /* of which the first are new */
	struct setup_addr addrs[MIRROR_ADDRS_MAX];
	bool copies_routes; /* as they are in @routes; else there's a default route alone */
	struct route_values routes; /* all new; default ones only count with: */
	bool default_route; /* so is the default route */
	bool default_on_link;
	struct in6_addr gateway; /* of the default route alone; unspecified: it needs none */
	struct in6_addr had_gateway; /* of the one given before; unspecified: none was */
};

struct mirror_answer {
	int32_t rc; /* 0, or -errno: not all addresses could be added */
	bool default_refused; /* somebody has changed where traffic goes: that stays so */
	uint32_t routes_failed; /* so many could not be set */
};

void mirror_init(struct mirror *mirror);

/* mirror_open() - the socket: on a thread in the namespace. Return: 0, or -errno with @err set */
int mirror_open(struct mirror *mirror, unsigned int ifindex, struct err *err);

/* mirror_start() - make the process; when its fd is readable, call mirror_read()
 *
 * To be called in a user namespace of our own that owns the network namespace. Return: as
 * side_process_start()
 */
int mirror_start(struct mirror *mirror, struct err *err);

/* mirror_order() - have it done; the next one when this was answered. Works under the lock-in
 *
 * Return: 0, or -errno if the process is gone
 */
int mirror_order(const struct mirror *mirror, const struct mirror_order *order);

/* mirror_read() - what became of it. Return: as host_watch_read() */
int mirror_read(const struct mirror *mirror, struct mirror_answer *ret_answer);

/* mirror_order_is_sound() - whether an order may be carried out at all */
bool mirror_order_is_sound(const struct mirror_order *order);

#endif
