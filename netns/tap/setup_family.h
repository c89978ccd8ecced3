/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs nothing; plain values.
 *
 * What one family of the namespace's interface is to get. Plain values; the arrays and the routes
 * belong to whoever fills it in.
 */
#ifndef NETNS_TAP_SETUP_FAMILY_H
#define NETNS_TAP_SETUP_FAMILY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_routes;

struct setup_addr {
	struct in6_addr addr; /* IPv4-mapped for IPv4 */
	uint8_t prefix_len; /* of the address's own family */
	bool deprecated; /* with a preferred lifetime of 0 */
};

struct setup_family {
	bool enabled; /* false: nothing of this family is set */
	const struct setup_addr *addrs;
	size_t addr_count;
	struct in6_addr gateway; /* :: or 0.0.0.0: none */
	bool default_on_link; /* the default route needs none */
	uint32_t default_metric; /* of a default route alone; 0: the kernel's */
	const struct host_routes *routes; /* copied; NULL: only the default route */
};

#endif
