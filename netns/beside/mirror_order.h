/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * What the process that configures the namespace is told, and says. Plain values.
 */
#ifndef NETNS_BESIDE_MIRROR_ORDER_H
#define NETNS_BESIDE_MIRROR_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netns/host/route_values.h"
#include "netns/tap/given_addrs.h"
#include "netns/tap/setup_family.h"

#define MIRROR_ADDRS_MAX GIVEN_ADDRS_MAX

/* What one family has from us */
struct mirror_given {
	uint32_t addr_count;
	struct setup_addr addrs[MIRROR_ADDRS_MAX];
	struct route_values routes;
};

/* One family is to have @next in the place of what it was to have by the last order. What is in
 * both is left alone, but for whether an address is deprecated
 */
struct mirror_order {
	bool ipv4;
	struct mirror_given next;
};

struct mirror_answer {
	int32_t rc; /* 0, or -errno: not all addresses could be set */
	bool default_refused; /* somebody has changed where traffic goes: that stays so */
	uint32_t routes_failed; /* so many could not be set */
};

/* mirror_order_size() - in bytes, as far as it is used */
static inline size_t mirror_order_size(const struct mirror_order *order)
{
	return offsetof(struct mirror_order, next.routes) + route_values_size(&order->next.routes);
}

/* mirror_given_copy() - as far as it is used */
void mirror_given_copy(const struct mirror_given *from, struct mirror_given *to);

/* mirror_order_is_sound() - whether an order may be carried out at all */
bool mirror_order_is_sound(const struct mirror_order *order);

#endif
