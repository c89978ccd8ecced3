/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * Routes of one family as a value, which goes from one process to another: what of them matters on
 * a link that all of them lead to. What goes beyond its bounds is left out; the kernel shows the
 * default routes first. Only what is used of it is ever touched: most hosts have few routes.
 */
#ifndef NETNS_HOST_ROUTE_VALUES_H
#define NETNS_HOST_ROUTE_VALUES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ROUTE_VALUES_MAX 1024

struct host_routes;
struct rtnl_route;

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

#define ROUTE_VALUES_HEAD_BYTES offsetof(struct route_values, items)

/* route_values_size() - in bytes, as far as it is used */
static inline size_t route_values_size(const struct route_values *values)
{
	return ROUTE_VALUES_HEAD_BYTES + values->count * sizeof(values->items[0]);
}

/* route_values_copy() - that much */
static inline void route_values_copy(const struct route_values *from, struct route_values *to)
{
	memcpy(to, from, route_values_size(from));
}

/* Some of them, by index */
struct route_bits {
	uint64_t words[ROUTE_VALUES_MAX / 64];
};

static inline bool route_bits_has(const struct route_bits *bits, uint32_t index)
{
	return bits->words[index / 64] >> index % 64 & 1;
}

static inline void route_bits_set(struct route_bits *bits, uint32_t index)
{
	bits->words[index / 64] |= 1ULL << index % 64;
}

/* route_values_make() - equal ones of equal routes, byte by byte; @routes: NULL: there are none */
void route_values_make(const struct host_routes *routes, struct route_values *ret_values);

/* route_value_make() - the same of a single route by an interface
 *
 * Return: false if it leads elsewhere
 */
bool route_value_make(struct rtnl_route *route, unsigned int ifindex,
		      struct route_value *ret_value);

/* route_values_default() - a default route alone
 * @gateway:	unspecified: it needs none
 * @metric:	0: the kernel's
 */
void route_values_default(bool ipv4, const struct in6_addr *gateway, uint32_t metric,
			  struct route_values *ret_values);

bool route_values_has(const struct route_values *values, const struct route_value *value);

/* route_values_find() - Return: its index, or ROUTE_VALUES_MAX: there's none */
uint32_t route_values_find(const struct route_values *values, const struct route_value *value);

/* route_values_equal() - whether they are the same, in whatever order; fast if it is the same */
bool route_values_equal(const struct route_values *a, const struct route_values *b);

/* route_values_join() - add those of @more that are not in @values, as far as there's room
 * @defaults:	default routes, too
 */
void route_values_join(const struct route_values *more, bool defaults, struct route_values *values);

/* route_values_are_sound() - of some that another process has sent: whether they may be used */
bool route_values_are_sound(const struct route_values *values, bool ipv4);

/* route_values_append() - add the one of them at @index to a list of routes by its interface
 *
 * Return: 0 or -ENOMEM
 */
int route_values_append(const struct route_values *values, uint32_t index, bool ipv4,
			struct host_routes *routes);

#endif
