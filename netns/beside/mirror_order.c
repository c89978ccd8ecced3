/* SPDX-License-Identifier: Apache-2.0 */
#include "netns/beside/mirror_order.h"

#include <string.h>

#include "common/base/addr.h"

void mirror_given_copy(const struct mirror_given *from, struct mirror_given *to)
{
	to->addr_count = from->addr_count;
	memcpy(to->addrs, from->addrs, sizeof(to->addrs));
	route_values_copy(&from->routes, &to->routes);
}

bool mirror_order_is_sound(const struct mirror_order *order)
{
	const struct mirror_given *next = &order->next;

	if (next->addr_count > MIRROR_ADDRS_MAX ||
	    !route_values_are_sound(&next->routes, order->ipv4))
		return false;
	for (uint32_t i = 0; i < next->addr_count; i++) {
		const struct setup_addr *a = &next->addrs[i];

		if (!addr_is_unicast(&a->addr) || addr_is_ipv4(&a->addr) != order->ipv4 ||
		    a->prefix_len > (order->ipv4 ? 32 : 128))
			return false;
	}
	return true;
}
