/* SPDX-License-Identifier: Apache-2.0
 *
 * The capability is one over the user namespace that we have made or joined, which owns the
 * namespace, and the socket is the namespace's: nothing of the host's can be reached by it.
 */
#include "netns/beside/mirror.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/base/memory.h"
#include "netns/host/host_routes.h"
#include "netns/host/netlink_socket.h"
#include "netns/lockin/seccomp_list.h"
#include "netns/tap/given_addrs.h"
#include "netns/tap/given_routes.h"
#include "netns/tap/setup_addrs.h"
#include "netns/tap/setup_routes.h"

/* An order being carried out */
struct change {
	struct nl_sock *sk;
	const struct mirror_order *order;
	struct given_addrs addrs; /* had, */
	struct given_addrs_seen addrs_seen; /* and what of that is there */
	struct given_routes routes;
	struct given_routes_seen routes_seen;
	struct mirror_answer answer;
};

static bool given_is_sound(const struct mirror_given *given, bool ipv4)
{
	if (given->addr_count > MIRROR_ADDRS_MAX || !route_values_are_sound(&given->routes, ipv4))
		return false;
	for (uint32_t i = 0; i < given->addr_count; i++) {
		const struct setup_addr *a = &given->addrs[i];

		if (!addr_is_unicast(&a->addr) || addr_is_ipv4(&a->addr) != ipv4 ||
		    a->prefix_len > (ipv4 ? 32 : 128))
			return false;
	}
	return true;
}

bool mirror_order_is_sound(const struct mirror_order *order)
{
	return given_is_sound(&order->had, order->ipv4) &&
	       given_is_sound(&order->next, order->ipv4);
}

/* Return: the same address in @given, or NULL; it may be of another network, or deprecated */
static const struct setup_addr *find_addr(const struct mirror_given *given,
					  const struct setup_addr *addr)
{
	for (uint32_t i = 0; i < given->addr_count; i++)
		if (addr_equal(&given->addrs[i].addr, &addr->addr))
			return &given->addrs[i];
	return NULL;
}

/* The same, of the same network */
static const struct setup_addr *find_same(const struct mirror_given *given,
					  const struct setup_addr *addr)
{
	const struct setup_addr *found = find_addr(given, addr);

	return found && found->prefix_len == addr->prefix_len ? found : NULL;
}

/* The kernel's own route to the network of an address that goes: it goes with that, unless another
 * address is of that network
 */
static bool goes_with_addr(const struct change *change, const struct route_value *route)
{
	const uint32_t kernel_metric =
		change->order->ipv4 ? SETUP_KERNEL_METRIC4 : SETUP_KERNEL_METRIC6;

	if (!addr_is_unspecified(&route->gateway) || route->metric != kernel_metric)
		return false;
	for (uint32_t i = 0; i < change->addrs.count; i++) {
		const struct setup_addr *addr = &change->addrs.addrs[i];

		if (!find_addr(&change->order->next, addr) && addr->prefix_len == route->dst_len &&
		    addr_in_prefix(&addr->addr, &route->dst, route->dst_len))
			return true;
	}
	return false;
}

/* Of more than an order holds, one that is not among them may still be the host's */
static void remove_routes(const struct change *change)
{
	const struct route_values *had = &change->order->had.routes;
	const struct route_values *next = &change->order->next.routes;
	const bool all_known = !had->cut && !next->cut;

	for (uint32_t i = 0; i < had->count; i++) {
		const struct route_value *route = &had->items[i];

		if ((change->routes_seen.there >> i & 1) && !route_values_has(next, route) &&
		    (all_known || !route->dst_len) && !goes_with_addr(change, route))
			given_route_remove(change->sk, &change->routes, i);
	}
}

/* @replaced: those that are set again, of another network; else those that are not */
static void remove_addrs(struct change *change, bool replaced)
{
	const struct mirror_order *order = change->order;

	for (uint32_t i = 0; i < change->addrs.count; i++) {
		const struct setup_addr *addr = &order->had.addrs[i];
		bool stays = find_addr(&order->next, addr);

		if (!(change->addrs_seen.there >> i & 1) || stays != replaced ||
		    find_same(&order->next, addr))
			continue;
		if (order->ipv4)
			given_addrs_keep_secondary(change->sk, change->addrs.ifindex);
		given_addr_remove(change->sk, change->addrs.ifindex, addr);
	}
}

static void deprecate_addrs(const struct change *change)
{
	for (uint32_t i = 0; i < change->addrs.count; i++) {
		const struct setup_addr *addr = &change->order->had.addrs[i];
		const struct setup_addr *now = find_same(&change->order->next, addr);

		if ((change->addrs_seen.there >> i & 1) && now &&
		    now->deprecated != addr->deprecated)
			setup_address_again(
				change->sk, change->addrs.ifindex, now,
				change->addrs_seen.no_network >> i & 1 ? IFA_F_NOPREFIXROUTE : 0);
	}
}

/* Return: how many of @ret_addrs are new: these come first */
static uint32_t sort_addrs(const struct mirror_order *order,
			   struct setup_addr ret_addrs[static MIRROR_ADDRS_MAX])
{
	uint32_t count = 0, added = 0;

	for (int old = 0; old <= 1; old++) {
		for (uint32_t i = 0; i < order->next.addr_count; i++) {
			const struct setup_addr *addr = &order->next.addrs[i];

			if (!find_same(&order->had, addr) == !old)
				ret_addrs[count++] = *addr;
		}
		if (!old)
			added = count;
	}
	return added;
}

/* Return: NULL if memory ran out */
static struct host_routes *routes_of(const struct change *change, bool all)
{
	const struct route_values *next = &change->order->next.routes;
	struct host_routes *routes = host_routes_new(change->routes.ifindex);
	int rc = routes ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < next->count && !rc; i++) {
		const struct route_value *route = &next->items[i];
		bool is_new = !route_values_has(&change->order->had.routes, route);

		if (all || (is_new && (route->dst_len || !change->answer.default_refused)))
			rc = route_values_append(next, i, change->order->ipv4, routes);
	}
	if (!rc)
		return routes;
	host_routes_free(routes);
	return NULL;
}

static bool has_new_default(const struct mirror_order *order)
{
	for (uint32_t i = 0; i < order->next.routes.count; i++)
		if (!order->next.routes.items[i].dst_len &&
		    !route_values_has(&order->had.routes, &order->next.routes.items[i]))
			return true;
	return false;
}

/* Addresses come before those that go: never is there none, with which the kernel would take all
 * routes. Routes, which may have the place of others, come after those
 */
static void apply(struct change *change)
{
	struct setup_addr addrs[MIRROR_ADDRS_MAX];
	struct setup_family family = { .addrs = addrs,
				       .addr_count = change->order->next.addr_count };
	struct host_routes *all = routes_of(change, true), *fresh = routes_of(change, false);
	uint32_t added = sort_addrs(change->order, addrs);
	struct err err;
	int rc = -ENOMEM;

	if (all && fresh) {
		remove_addrs(change, true);
		family.routes = all;
		rc = setup_addresses(change->sk, change->addrs.ifindex, &family, added, &err);
		deprecate_addrs(change);
		remove_routes(change);
		family.routes = fresh;
		if (rc != SETUP_FAMILY_ABSENT)
			change->answer.routes_failed =
				(uint32_t)setup_routes(change->sk, change->addrs.ifindex, &family);
		remove_addrs(change, false);
	}
	host_routes_free(all);
	host_routes_free(fresh);
	change->answer.rc = MIN(rc, 0);
}

static struct mirror_answer carry_out(const struct mirror *mirror, const struct mirror_order *order)
{
	struct change change = {
		.sk = mirror->sk,
		.order = order,
		.addrs = { order->ipv4, mirror->ifindex, order->had.addrs, order->had.addr_count },
		.routes = { order->ipv4, mirror->ifindex, &order->had.routes },
		.answer.rc = -EINVAL,
	};

	if (!mirror_order_is_sound(order))
		return change.answer;
	given_addrs_look(change.sk, &change.addrs, &change.addrs_seen);
	given_routes_look(change.sk, &change.routes, &change.routes_seen);
	change.answer.default_refused =
		has_new_default(order) && !change.routes_seen.default_is_given;
	apply(&change);
	return change.answer;
}

static void mirror_main(int channel_fd, const void *initial)
{
	const struct mirror *mirror = initial;
	struct mirror_answer answer;
	struct mirror_order order;

	log_set_level(LOG_LEVEL_ERROR); /* there's nothing to write to */
	for (;;) {
		memory_give_back();
		if (recv(channel_fd, &order, sizeof(order), 0) != (ssize_t)sizeof(order))
			return;
		answer = carry_out(mirror, &order);
		if (send(channel_fd, &answer, sizeof(answer), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(answer))
			return;
	}
}

void mirror_init(struct mirror *mirror)
{
	*mirror = (struct mirror){ .sk = NULL };
	side_process_init(&mirror->process);
}

int mirror_open(struct mirror *mirror, unsigned int ifindex, struct err *err)
{
	mirror->ifindex = ifindex;
	return netlink_open(&mirror->sk, err);
}

int mirror_start(struct mirror *mirror, struct err *err)
{
	const struct side_process_job job = {
		.name = "pasta-mirror",
		.main = mirror_main,
		.calls = seccomp_list_mirror,
		.call_count = seccomp_list_mirror_count,
		.idle_ms = SIDE_PROCESS_IDLE_MS,
		.configures_net = true,
		.kept_fd = nl_socket_get_fd(mirror->sk),
	};
	int rc = side_process_start(&job, mirror, &mirror->process, err);

	nl_socket_free(mirror->sk);
	mirror->sk = NULL;
	return rc;
}

int mirror_order(const struct mirror *mirror, const struct mirror_order *order)
{
	ssize_t n = send(mirror->process.fd, order, sizeof(*order), MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 ? -errno : 0;
}

int mirror_read(const struct mirror *mirror, struct mirror_answer *ret_answer)
{
	struct mirror_answer answer;
	ssize_t n = side_process_read(&mirror->process, &answer, sizeof(answer));

	if (n < 0)
		return (int)n;
	if (n != (ssize_t)sizeof(answer))
		return -EPIPE;
	*ret_answer = answer;
	return 0;
}
