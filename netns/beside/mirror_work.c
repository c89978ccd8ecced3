/* SPDX-License-Identifier: Apache-2.0
 *
 * What was ours when an order was done, and isn't there at the next one, was deleted, or changed,
 * by somebody in the namespace. Not so if the kernel has taken it: with a link that goes down go
 * the routes of both families and the addresses of IPv6, which go with disable_ipv6, too. That is
 * no wish never to have them, and once they can be there, they are set again. Of this is spoken if
 * the link has been down, and no route is left that somebody set: who has set or deleted single
 * ones since then has seen to it.
 *
 * What could not be set was never there, and is not missed. It is not tried again, unless the host
 * has lost it meanwhile, or the link was down.
 */
#include "netns/beside/mirror_work.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "netns/host/host_routes.h"
#include "netns/tap/deleted.h"
#include "netns/tap/given_link.h"
#include "netns/tap/given_routes.h"
#include "netns/tap/setup_addrs.h"
#include "netns/tap/setup_routes.h"

/* What a family was to have by the last order */
struct family {
	uint32_t our_addrs; /* a bit for each: it was there, and nobody else had set it */
	struct route_bits our_routes;
	struct given_link link; /* then */
	bool default_deleted;
	struct mirror_given had; /* last: most of it is never touched */
};

struct mirror_work {
	unsigned int ifindex;
	struct family ip4, ip6;
	struct deleted deleted;
};

/* What of something is there */
struct seen {
	bool known;
	struct given_addrs_seen addrs;
	struct given_routes_seen routes;
};

/* An order being carried out */
struct change {
	struct mirror_work *work;
	struct nl_sock *sk;
	const struct mirror_order *order;
	struct family *family;
	uint32_t had_addrs; /* as the family's: which of them were ours so far, */
	struct route_bits had_routes;
	struct given_link link;
	struct seen seen; /* what of family.had is there, */
	struct seen before; /* and of order.next, already */
	bool retry; /* what could not be set before may be possible now */
	struct mirror_answer answer;
};

static struct family *family_of(struct mirror_work *work, bool ipv4)
{
	return ipv4 ? &work->ip4 : &work->ip6;
}

static void look(const struct change *change, const struct mirror_given *given,
		 struct seen *ret_seen)
{
	const bool ipv4 = change->order->ipv4;
	const unsigned int ifindex = change->work->ifindex;
	const struct given_addrs addrs = { ipv4, ifindex, given->addrs, given->addr_count };
	const struct given_routes routes = { ipv4, ifindex, &given->routes };

	ret_seen->known = given_addrs_look(change->sk, &addrs, &ret_seen->addrs);
	ret_seen->known &= given_routes_look(change->sk, &routes, &ret_seen->routes);
}

static bool is_our_addr(const struct change *change, uint32_t index)
{
	return change->family->our_addrs >> index & 1;
}

static bool is_our_route(const struct change *change, uint32_t index)
{
	return route_bits_has(&change->family->our_routes, index);
}

/* --- what is missing ------------------------------------------------------ */

/* Of routes that the kernel doesn't make by itself */
static bool has_route_left(const struct change *change)
{
	const struct route_values *had = &change->family->had.routes;

	for (uint32_t i = 0; i < had->count; i++)
		if (had->items[i].protocol != RTPROT_KERNEL &&
		    route_bits_has(&change->had_routes, i) &&
		    route_bits_has(&change->seen.routes.there, i))
			return true;
	return false;
}

/* IPv6 switched off takes nothing of IPv4 */
static bool kernel_took(const struct change *change)
{
	const struct given_link *before = &change->family->link, *now = &change->link;

	return given_link_restarted(before, now) &&
	       !(change->order->ipv4 && before->no_ip6 != now->no_ip6) && !has_route_left(change);
}

static void miss_addrs(struct change *change, bool deleted)
{
	struct family *family = change->family;

	family->our_addrs = change->had_addrs & change->seen.addrs.there;
	for (uint32_t i = 0; i < family->had.addr_count && deleted; i++)
		if ((change->had_addrs & ~family->our_addrs) >> i & 1)
			deleted_add_addr(&change->work->deleted, &family->had.addrs[i].addr);
}

static void miss_routes(struct change *change, bool deleted)
{
	struct family *family = change->family;
	bool missed = false, left = false;

	family->our_routes = (struct route_bits){ .words = { 0 } };
	for (uint32_t i = 0; i < family->had.routes.count; i++) {
		const struct route_value *route = &family->had.routes.items[i];
		const bool there = route_bits_has(&change->seen.routes.there, i);

		if (!route_bits_has(&change->had_routes, i))
			continue;
		left |= there && !route->dst_len;
		missed |= !there && !route->dst_len;
		if (there)
			route_bits_set(&family->our_routes, i);
		else if (deleted)
			deleted_add_route(&change->work->deleted, route);
	}
	family->default_deleted |= deleted && missed && !left;
}

/* Of what can't be known nothing is missed */
static void look_before(struct change *change)
{
	struct family *family = change->family;
	bool deleted, link_known;

	change->had_addrs = family->our_addrs;
	change->had_routes = family->our_routes;
	change->link = family->link;
	link_known = given_link_look(change->sk, change->work->ifindex, &change->link);
	look(change, &family->had, &change->seen);
	look(change, &change->order->next, &change->before);
	deleted = link_known && change->seen.known && !kernel_took(change);
	miss_addrs(change, deleted);
	miss_routes(change, deleted);
	change->retry = change->link.up && given_link_restarted(&family->link, &change->link);
}

/* --- what goes ------------------------------------------------------------ */

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
	const struct mirror_given *had = &change->family->had;
	const uint32_t kernel_metric =
		change->order->ipv4 ? SETUP_KERNEL_METRIC4 : SETUP_KERNEL_METRIC6;

	if (!addr_is_unspecified(&route->gateway) || route->metric != kernel_metric)
		return false;
	for (uint32_t i = 0; i < had->addr_count; i++) {
		const struct setup_addr *addr = &had->addrs[i];

		if (!find_addr(&change->order->next, addr) && addr->prefix_len == route->dst_len &&
		    addr_in_prefix(&addr->addr, &route->dst, route->dst_len))
			return true;
	}
	return false;
}

/* Of more than an order holds, one that is not among them may still be the host's */
static void remove_routes(const struct change *change)
{
	const struct route_values *had = &change->family->had.routes;
	const struct route_values *next = &change->order->next.routes;
	const struct given_routes given = { change->order->ipv4, change->work->ifindex, had };
	const bool all_known = !had->cut && !next->cut;

	for (uint32_t i = 0; i < had->count; i++) {
		const struct route_value *route = &had->items[i];

		if (is_our_route(change, i) && !route_values_has(next, route) &&
		    (all_known || !route->dst_len) && !goes_with_addr(change, route))
			given_route_remove(change->sk, &given, i);
	}
}

/* @replaced: those that are set again, of another network; else those that are not */
static void remove_addrs(const struct change *change, bool replaced)
{
	const struct mirror_order *order = change->order;
	const struct mirror_given *had = &change->family->had;

	for (uint32_t i = 0; i < had->addr_count; i++) {
		const struct setup_addr *addr = &had->addrs[i];
		bool stays = find_addr(&order->next, addr);

		if (!is_our_addr(change, i) || stays != replaced || find_same(&order->next, addr))
			continue;
		if (order->ipv4)
			given_addrs_keep_secondary(change->sk, change->work->ifindex);
		given_addr_remove(change->sk, change->work->ifindex, addr);
	}
}

static void deprecate_addrs(const struct change *change)
{
	const struct mirror_given *had = &change->family->had;

	for (uint32_t i = 0; i < had->addr_count; i++) {
		const struct setup_addr *addr = &had->addrs[i];
		const struct setup_addr *now = find_same(&change->order->next, addr);

		if (is_our_addr(change, i) && now && now->deprecated != addr->deprecated)
			setup_address_again(
				change->sk, change->work->ifindex, now,
				change->seen.addrs.no_network >> i & 1 ? IFA_F_NOPREFIXROUTE : 0);
	}
}

/* --- what comes ----------------------------------------------------------- */

static bool is_new_addr(const struct change *change, const struct setup_addr *addr)
{
	const struct mirror_given *had = &change->family->had;
	const struct setup_addr *same = find_same(had, addr);

	return !same || (change->retry && !is_our_addr(change, (uint32_t)(same - had->addrs)));
}

/* Return: how many of @ret_addrs are new: these come first. Deleted ones are not among them */
static size_t sort_addrs(const struct change *change,
			 struct setup_addr ret_addrs[static MIRROR_ADDRS_MAX], size_t *ret_count)
{
	const struct mirror_given *next = &change->order->next;
	size_t count = 0, added = 0;

	for (int old = 0; old <= 1; old++) {
		for (uint32_t i = 0; i < next->addr_count; i++) {
			const struct setup_addr *addr = &next->addrs[i];

			if (is_new_addr(change, addr) == !old &&
			    !deleted_has_addr(&change->work->deleted, &addr->addr))
				ret_addrs[count++] = *addr;
		}
		if (!old)
			added = count;
	}
	*ret_count = count;
	return added;
}

static bool is_new_route(const struct change *change, const struct route_value *route)
{
	uint32_t index = route_values_find(&change->family->had.routes, route);

	return (index == ROUTE_VALUES_MAX || (change->retry && !is_our_route(change, index))) &&
	       !deleted_has_route(&change->work->deleted, route);
}

static bool has_new_default(const struct change *change)
{
	const struct route_values *next = &change->order->next.routes;

	for (uint32_t i = 0; i < next->count; i++)
		if (!next->items[i].dst_len && is_new_route(change, &next->items[i]))
			return true;
	return false;
}

/* Where somebody has set another one, or none is wanted, that stays so */
static bool refuses_default(const struct change *change)
{
	return !change->seen.known || change->seen.routes.other_default ||
	       change->family->default_deleted;
}

/* Return: NULL if memory ran out */
static struct host_routes *routes_of(const struct change *change, bool all)
{
	const struct route_values *next = &change->order->next.routes;
	struct host_routes *routes = host_routes_new(change->work->ifindex);
	int rc = routes ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < next->count && !rc; i++) {
		const struct route_value *route = &next->items[i];

		if (all || (is_new_route(change, route) &&
			    (route->dst_len || !change->answer.default_refused)))
			rc = route_values_append(next, i, change->order->ipv4, routes);
	}
	if (!rc)
		return routes;
	host_routes_free(routes);
	return NULL;
}

/* Addresses come before those that go: never is there none, with which the kernel would take all
 * routes. Routes, which may have the place of others, come after those
 */
static void apply(struct change *change)
{
	const unsigned int ifindex = change->work->ifindex;
	struct setup_addr addrs[MIRROR_ADDRS_MAX];
	struct setup_family family = { .addrs = addrs };
	struct host_routes *all = routes_of(change, true), *fresh = routes_of(change, false);
	size_t added = sort_addrs(change, addrs, &family.addr_count);
	struct err err;
	int rc = -ENOMEM;

	if (all && fresh) {
		remove_addrs(change, true);
		family.routes = all;
		rc = setup_addresses(change->sk, ifindex, &family, added, &err);
		deprecate_addrs(change);
		remove_routes(change);
		family.routes = fresh;
		if (rc != SETUP_FAMILY_ABSENT)
			change->answer.routes_failed =
				(uint32_t)setup_routes(change->sk, ifindex, &family);
		remove_addrs(change, false);
	}
	host_routes_free(all);
	host_routes_free(fresh);
	change->answer.rc = MIN(rc, 0);
}

/* --- what is ours then ---------------------------------------------------- */

/* What somebody had set before we did stays theirs */
static uint32_t find_our_addrs(const struct change *change, const struct seen *seen)
{
	const struct mirror_given *had = &change->family->had, *next = &change->order->next;
	uint32_t ours = seen->addrs.there;

	for (uint32_t i = 0; i < next->addr_count; i++) {
		const struct setup_addr *same = find_same(had, &next->addrs[i]);

		if ((change->before.addrs.there >> i & 1) &&
		    !(same && is_our_addr(change, (uint32_t)(same - had->addrs))))
			ours &= ~(1U << i);
	}
	return ours;
}

static struct route_bits find_our_routes(const struct change *change, const struct seen *seen)
{
	const struct route_values *had = &change->family->had.routes;
	const struct route_values *next = &change->order->next.routes;
	struct route_bits ours = { .words = { 0 } };

	for (uint32_t i = 0; i < next->count; i++) {
		uint32_t index = route_values_find(had, &next->items[i]);

		if (route_bits_has(&seen->routes.there, i) &&
		    (!route_bits_has(&change->before.routes.there, i) ||
		     (index < ROUTE_VALUES_MAX && is_our_route(change, index))))
			route_bits_set(&ours, i);
	}
	return ours;
}

static void look_after(struct change *change)
{
	struct family *family = change->family;
	struct seen seen;
	struct route_bits routes;

	look(change, &change->order->next, &seen);
	family->our_addrs = find_our_addrs(change, &seen);
	routes = find_our_routes(change, &seen);
	family->our_routes = routes;
	mirror_given_copy(&change->order->next, &family->had);
	family->link = change->link;
}

/* --- from outside --------------------------------------------------------- */

struct mirror_work *mirror_work_new(unsigned int ifindex)
{
	struct mirror_work *work = calloc(1, sizeof(*work));

	if (work)
		work->ifindex = ifindex;
	return work;
}

void mirror_work_free(struct mirror_work *work)
{
	free(work);
}

void mirror_work_begin(struct mirror_work *work, struct nl_sock *sk,
		       const struct mirror_order *start)
{
	struct change change = {
		.work = work, .sk = sk, .order = start, .family = family_of(work, start->ipv4)
	};

	given_link_look(sk, work->ifindex, &change.link);
	look_after(&change);
}

struct mirror_answer mirror_work_do(struct mirror_work *work, struct nl_sock *sk,
				    const struct mirror_order *order)
{
	struct change change = { .work = work, .sk = sk, .order = order, .answer.rc = -EINVAL };

	if (!mirror_order_is_sound(order))
		return change.answer;
	change.family = family_of(work, order->ipv4);
	look_before(&change);
	change.answer.default_refused = has_new_default(&change) && refuses_default(&change);
	apply(&change);
	look_after(&change);
	return change.answer;
}
