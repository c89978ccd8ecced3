/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * Routes of one family as a value of a fixed size, which goes from one process to another: what of
 * them matters on a link that all of them lead to. What goes beyond its bounds is left out; the
 * kernel shows the default routes first.
 */
#ifndef NETNS_HOST_ROUTE_VALUES_H
#define NETNS_HOST_ROUTE_VALUES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define ROUTE_VALUES_MAX 64

struct host_routes;

struct route_value {
	struct in6_addr dst; /* IPv4-mapped for IPv4, as the next two */
	struct in6_addr gateway, source; /* unspecified: none */
	uint32_t metric;
	uint32_t mtu; /* 0: none of its own */
	uint8_t dst_len; /* of the address's own family; 0: a default route */
	uint8_t scope, protocol, tos;
	bool on_link; /* so is its gateway, wherever that seems to be */
	uint8_t zero[3]; /* what a compiler would leave to chance: they are compared as a whole */
};

struct route_values {
	uint32_t count;
	bool cut; /* there are more */
	struct route_value items[ROUTE_VALUES_MAX];
};

/* route_values_make() - equal ones of equal routes, byte by byte; @routes: NULL: there are none */
void route_values_make(const struct host_routes *routes, struct route_values *ret_values);

/* route_values_take_new() - those of @now that are not in @given, which becomes all of both, as far
 * as there's room
 */
void route_values_take_new(const struct route_values *now, struct route_values *given,
			   struct route_values *ret_new);

/* route_values_are_sound() - of some that another process has sent: whether they may be used */
bool route_values_are_sound(const struct route_values *values, bool ipv4);

/* route_values_append() - add the one of them at @index to a list of routes by its interface
 *
 * Return: 0 or -ENOMEM
 */
int route_values_append(const struct route_values *values, uint32_t index, bool ipv4,
			struct host_routes *routes);

#endif
