/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with no right; netlink (route), reading only, by a socket in the namespace.
 *
 * Whether somebody in the namespace has changed where its traffic goes: then a default route of
 * ours is none of its business any more.
 */
#ifndef NETNS_TAP_GIVEN_DEFAULT_H
#define NETNS_TAP_GIVEN_DEFAULT_H

#include <netinet/in.h>
#include <netlink/netlink.h>
#include <stdbool.h>

struct given_default {
	int family; /* AF_INET or AF_INET6 */
	unsigned int ifindex; /* of the tap */
	struct in6_addr
		gateway; /* of the default route that was given; unspecified: there was none */
};

/* given_default_is_alone() - whether the default routes of the namespace's main table are as they
 * were given
 *
 * Return: false also if that can't be known
 */
bool given_default_is_alone(struct nl_sock *sk, const struct given_default *given);

#endif
