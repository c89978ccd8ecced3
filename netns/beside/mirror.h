/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in a side process; netlink (route).
 *
 * What the namespace gets, and loses, while the engine, which is locked in, runs: a side process
 * sets addresses and routes of the tap, as the start did, and removes those that were given once,
 * and are still there as they were given. It speaks to the namespace's kernel alone, by a socket
 * from before its lock-in, and does what it is told by pasta, once it has checked that it makes
 * sense. A default route isn't set where somebody in the namespace has set or deleted one.
 */
#ifndef NETNS_BESIDE_MIRROR_H
#define NETNS_BESIDE_MIRROR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "netns/beside/side_process.h"
#include "netns/host/route_values.h"
#include "netns/tap/given_addrs.h"
#include "netns/tap/setup_family.h"

#define MIRROR_ADDRS_MAX GIVEN_ADDRS_MAX

struct nl_sock;

struct mirror {
	struct nl_sock *sk; /* between mirror_open() and mirror_start() */
	unsigned int ifindex; /* of the tap */
	struct side_process process;
};

/* What one family has from us */
struct mirror_given {
	uint32_t addr_count;
	struct setup_addr addrs[MIRROR_ADDRS_MAX];
	struct route_values routes;
};

/* One family is to have @next in the place of @had. What is in both is left alone, but for whether
 * an address is deprecated
 */
struct mirror_order {
	bool ipv4;
	struct mirror_given had, next;
};

struct mirror_answer {
	int32_t rc; /* 0, or -errno: not all addresses could be set */
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
