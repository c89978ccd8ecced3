/* SPDX-License-Identifier: Apache-2.0
 *
 * The networks behind the names of groups, and IPv4 addresses inside of IPv6 ones. Pure.
 */
#ifndef COMMON_POLICY_GROUP_H
#define COMMON_POLICY_GROUP_H

#include <netinet/in.h>
#include <stdbool.h>

#include "common/policy/network.h"

bool policy_is_private(const struct in6_addr *addr);
bool policy_is_metadata(const struct in6_addr *addr);

/* policy_is_global() - a unicast address that means the same everywhere, private ones included */
bool policy_is_global(const struct in6_addr *addr);

/* policy_embedded() - the IPv4 address that a translator or relay makes of an IPv6 one
 * @ret_network: the translator's
 *
 * Return: false: none, and nothing is set
 */
bool policy_embedded(const struct in6_addr *addr, struct in6_addr *ret_ip4,
		     struct policy_network *ret_network);

#endif
