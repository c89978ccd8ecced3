/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace; netlink (route), by a socket in the namespace.
 *
 * Addresses that the namespace was given: which of them are still there as they were given, and the
 * changing and removing of those.
 */
#ifndef NETNS_TAP_GIVEN_ADDRS_H
#define NETNS_TAP_GIVEN_ADDRS_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "netns/tap/setup_family.h"

#define GIVEN_ADDRS_MAX 32

struct given_addrs {
	bool ipv4;
	unsigned int ifindex; /* of the tap */
	const struct setup_addr *addrs; /* GIVEN_ADDRS_MAX at most */
	uint32_t count;
};

/* A bit for each of the addresses */
struct given_addrs_seen {
	uint32_t there;
	uint32_t no_network; /* and the kernel has made no route to its network */
};

/* given_addrs_look() - Return: false if that can't be known: nothing is there then */
bool given_addrs_look(struct nl_sock *sk, const struct given_addrs *given,
		      struct given_addrs_seen *ret_seen);

/* given_addr_remove() - Return: 0 or -NLE_* */
int given_addr_remove(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *addr);

/* given_addrs_keep_secondary() - have addresses stay that are of the same network as an IPv4
 * address that is going to be removed
 *
 * Return: 0 or -NLE_*
 */
int given_addrs_keep_secondary(struct nl_sock *sk, unsigned int ifindex);

#endif
