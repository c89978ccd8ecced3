/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights, on the host; netlink (route), reading only.
 *
 * What the kernel says about the host's network, as far as a choice can depend on it: all links and
 * addresses; of the routes, which may be a million, those next hops that could make a difference.
 * The routes of an interface are read once it is known which one is wanted.
 */
#ifndef NETNS_HOST_HOST_SNAPSHOT_H
#define NETNS_HOST_HOST_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "netns/host/host_choice.h"

struct host_routes;

/* An interface that the user named */
struct host_named {
	const char *option; /* for the message */
	const char *name; /* any that it has; NULL: none was named */
	unsigned int ifindex; /* 0: not found */
};

enum host_named_for {
	HOST_NAMED_TEMPLATE,
	HOST_NAMED_OUTBOUND4,
	HOST_NAMED_OUTBOUND6,
	HOST_NAMED_COUNT,
};

/* Grows while it is read. Owned by whoever called host_snapshot_take() */
struct host_snapshot {
	struct host_named named[HOST_NAMED_COUNT];
	struct choice_link *links;
	size_t link_count, link_capacity;
	struct choice_addr *addrs;
	size_t addr_count, addr_capacity;
	struct choice_hop *hops;
	size_t hop_count, hop_capacity;
	unsigned int route_count; /* that hops were taken of */
	unsigned int needless_count; /* that were passed over, of the dump that is being read */
	bool default4, default6; /* one of the family was found that could be chosen */
	struct host_routes *beyond; /* ways out that the main table has not */
	bool out_of_memory;
};

/* host_snapshot_take() - read links, addresses and next hops
 * @s:	with names in @named, else zero. host_snapshot_fini() is due in any case
 *
 * Return: 0, or -errno with @err set
 */
int host_snapshot_take(struct host_snapshot *s, struct err *err);
void host_snapshot_fini(struct host_snapshot *s);

/* host_snapshot_routes() - the routes of a family through an interface, in the kernel's order
 * @ret_routes:		owned by the caller
 * @ret_cut_at:		0, or HOST_ROUTES_MAX if there are more, which were left out
 *
 * Return: 0, or -errno with @err set
 */
int host_snapshot_routes(const struct host_snapshot *s, int family, unsigned int ifindex,
			 struct host_routes **ret_routes, unsigned int *ret_cut_at,
			 struct err *err);

#endif
