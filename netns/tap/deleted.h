/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * Addresses and routes that the namespace was given, and somebody in there has deleted: none of
 * them is given to it again. Of more than there's room for, the one that was deleted first is
 * forgotten. Plain values, of both families.
 */
#ifndef NETNS_TAP_DELETED_H
#define NETNS_TAP_DELETED_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "netns/host/route_values.h"

#define DELETED_ADDRS_MAX 256
#define DELETED_ROUTES_MAX 1024

/* All zeroes: there are none */
struct deleted {
	uint32_t addr_count, route_count; /* so many ever */
	struct in6_addr addrs[DELETED_ADDRS_MAX];
	struct route_value routes[DELETED_ROUTES_MAX];
};

/* deleted_add_addr() - one that is known is not added again */
void deleted_add_addr(struct deleted *deleted, const struct in6_addr *addr);
void deleted_add_route(struct deleted *deleted, const struct route_value *route);

/* deleted_has_addr() - of whatever network */
bool deleted_has_addr(const struct deleted *deleted, const struct in6_addr *addr);

/* deleted_has_route() - to the same network, by the same gateway, in the same place among others
 * there: of whatever source, MTU and origin
 */
bool deleted_has_route(const struct deleted *deleted, const struct route_value *route);

#endif
