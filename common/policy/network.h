/* SPDX-License-Identifier: Apache-2.0
 *
 * A network of either family, as a value. Pure.
 */
#ifndef COMMON_POLICY_NETWORK_H
#define COMMON_POLICY_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* An address and how many bits of it count, of 128: IPv4 networks have 96 more than as written */
struct policy_network {
	struct in6_addr addr; /* all other bits are 0 */
	uint8_t len;
};

/* policy_network_has() - whether @addr is in it */
bool policy_network_has(const struct policy_network *network, const struct in6_addr *addr);

/* policy_network_trim() - clear the bits behind its length. Return: whether any was set */
bool policy_network_trim(struct policy_network *network);

#endif
