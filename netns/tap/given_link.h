/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with no right; netlink (route), reading only, by a socket in the namespace.
 *
 * Whether the tap has been down, or without IPv6: then the kernel has taken addresses and routes
 * away, and nobody may have meant them. Two looks differ if that has happened between them.
 */
#ifndef NETNS_TAP_GIVEN_LINK_H
#define NETNS_TAP_GIVEN_LINK_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

struct given_link {
	bool up;
	bool no_ip6; /* disabled by sysctl, or not known to the kernel */
	uint32_t stamp; /* when IPv6 has last ended on it; 1/100 s */
};

/* given_link_look() - Return: false if that can't be known; @ret_link is untouched then */
bool given_link_look(struct nl_sock *sk, unsigned int ifindex, struct given_link *ret_link);

/* given_link_restarted() - whether anything has ended, or can start, between two looks */
bool given_link_restarted(const struct given_link *before, const struct given_link *now);

#endif
