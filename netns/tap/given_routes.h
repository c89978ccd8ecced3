/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace; netlink (route), by a socket in the namespace.
 *
 * Routes that the namespace was given: which of them are still there as they were given, and
 * whether somebody in there has changed where its traffic goes by default: then a default route of
 * ours is none of its business any more. Only what is still there is ever removed.
 */
#ifndef NETNS_TAP_GIVEN_ROUTES_H
#define NETNS_TAP_GIVEN_ROUTES_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "netns/host/route_values.h"

struct given_routes {
	bool ipv4;
	unsigned int ifindex; /* of the tap */
	const struct route_values *values;
};

struct given_routes_seen {
	uint64_t there; /* a bit for each of the values */
	bool default_is_given; /* there's a default route of these, if any is, and no other one */
};

/* given_routes_look() - nothing is there, as far as that can't be known */
void given_routes_look(struct nl_sock *sk, const struct given_routes *given,
		       struct given_routes_seen *ret_seen);

/* given_route_remove() - the one at @index, which is there */
void given_route_remove(struct nl_sock *sk, const struct given_routes *given, uint32_t index);

#endif
