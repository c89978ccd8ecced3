/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace; netlink (route), by a socket in the namespace.
 *
 * Routes that the namespace was given: which of them are still there as they were given, and
 * whether somebody in there has set a default route of its own: then one of ours is none of its
 * business. Only what is still there is ever removed.
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
	struct route_bits there; /* of the values */
	bool other_default; /* there's a default route that is none of these */
};

/* given_routes_look() - Return: false if that can't be known: nothing is there then */
bool given_routes_look(struct nl_sock *sk, const struct given_routes *given,
		       struct given_routes_seen *ret_seen);

/* given_route_remove() - the one at @index, which is there */
void given_route_remove(struct nl_sock *sk, const struct given_routes *given, uint32_t index);

#endif
