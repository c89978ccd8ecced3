/* SPDX-License-Identifier: Apache-2.0
 *
 * One family at a time, and one order at a time: what has changed while one was carried out is
 * looked at when it is done.
 */
#include "launch/grow.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/network.h"
#include "netns/base/user_ns.h"

static_assert(MIRROR_ADDRS_MAX == ADDRESSING_ADDRS_MAX, "all of a family's fit in");

void grow_init(struct grow *grow)
{
	*grow = (struct grow){ .watch.fd = -1 };
	mirror_init(&grow->mirror);
}

static bool mirrors(const struct settings *settings)
{
	return settings->follow == SETTINGS_FOLLOW_ALL;
}

bool grow_is_wanted(const struct settings *settings, const struct addressing *addressing)
{
	if (!settings_follow_inside(settings->follow) || settings->splice_only)
		return false;
	return mirrors(settings) || growth_is_possible(&addressing->ip4) ||
	       growth_is_possible(&addressing->ip6);
}

/* What will not happen */
static const char *loss(const struct settings *settings)
{
	return mirrors(settings) ? "the namespace will not have what the host's network has then"
				 : "what the host's network lacks now will not come to the "
				   "namespace later on";
}

static void warn(const struct settings *settings, const char *why)
{
	log_warning("%s: %s", loss(settings), why);
}

/* What a family is given that doesn't have the host's routes */
static void default_alone(const struct settings *settings, bool ipv4,
			  const struct addressing_family *family, struct route_values *ret_values)
{
	memset(ret_values, 0, ROUTE_VALUES_HEAD_BYTES);
	if (addr_is_unspecified(&family->gateway) &&
	    (!family->default_on_link || !family->addr_count))
		return;
	route_values_default(ipv4, &family->gateway, network_default_metric(settings, family),
			     ret_values);
}

static void order_make(bool ipv4, const struct addressing_family *family,
		       const struct route_values *routes, struct mirror_order *ret_order)
{
	memset(ret_order, 0, offsetof(struct mirror_order, next.routes));
	ret_order->ipv4 = ipv4;
	ret_order->next.addr_count = (uint32_t)family->addr_count;
	network_setup_addrs(family, ret_order->next.addrs);
	route_values_copy(routes, &ret_order->next.routes);
}

static void given_at_start(const struct settings *settings, bool ipv4,
			   const struct addressing_family *family, const struct host_routes *host,
			   struct route_values *ret_values)
{
	if (family->copy_routes)
		route_values_make(host, ret_values);
	else
		default_alone(settings, ipv4, family, ret_values);
}

static void begin(struct grow *grow, const struct settings *settings, const struct host *host,
		  const struct addressing *addressing)
{
	struct grow_routes *routes = grow->routes;
	struct mirror_order start;

	given_at_start(settings, true, &addressing->ip4, host->ip4.routes, &routes->given4);
	given_at_start(settings, false, &addressing->ip6, host->ip6.routes, &routes->given6);
	order_make(true, &addressing->ip4, &routes->given4, &start);
	mirror_begin(&grow->mirror, &start);
	order_make(false, &addressing->ip6, &routes->given6, &start);
	mirror_begin(&grow->mirror, &start);
}

void grow_open(struct grow *grow, const struct settings *settings, const struct host *host,
	       const struct addressing *addressing, unsigned int ifindex)
{
	struct err err;

	if (!settings->config_net || !grow_is_wanted(settings, addressing))
		return;
	/* There, the capability would be one over the host's network */
	if (user_ns_is_initial())
		log_info("without a user namespace, %s", loss(settings));
	else if (!(grow->routes = malloc(sizeof(*grow->routes))))
		warn(settings, "out of memory");
	else if (mirror_open(&grow->mirror, ifindex, &err))
		warn(settings, err.text);
	else
		begin(grow, settings, host, addressing);
}

void grow_start(struct grow *grow, const struct settings *settings)
{
	struct err err;

	if (grow->mirror.sk && mirror_start(&grow->mirror, &err))
		warn(settings, err.text);
}

static void tell(struct grow *grow, const char *ifname, uint64_t now_ns)
{
	const struct addressing_family *given = &grow->growth.next;
	const char *what = grow->ipv4 ? "IPv4" : "IPv6";
	char addr[ADDR_TEXT_MAX];
	uint64_t more;

	if (!grow->growth.moved || !log_limit_pass(&grow->limit, now_ns, &more))
		return;
	if (given->local)
		log_info("%s: the namespace is in local mode now%s", what,
			 log_limit_more(more).text);
	else
		log_info("%s: the namespace has address %s now, from the host's %s%s", what,
			 addr_format(&given->addrs[0].addr, addr), ifname,
			 log_limit_more(more).text);
}

/* The engine goes by what has been given now */
static void take(struct grow *grow, uint64_t now_ns)
{
	const struct addressing_family *given = &grow->growth.next;
	const char *ifname = grow->ipv4 ? grow->facts->host4.ifname : grow->facts->host6.ifname;

	snprintf(grow->ipv4 ? grow->facts->template4 : grow->facts->template6, CONTROL_TEXT_MAX,
		 "%s", ifname);
	tell(grow, ifname, now_ns);
	if (mirrors(grow->settings))
		engine_mirror(grow->engine, grow->ipv4, given, now_ns);
	else
		engine_grow(grow->engine, grow->ipv4, given, now_ns);
}

/* @host: the host's; @given: so far */
static void find_routes(struct grow *grow, const struct route_values *host,
			const struct route_values *given)
{
	const struct addressing_family *next = &grow->growth.next;
	struct route_values alone, *routes = &grow->routes->next;

	if (!next->copy_routes) {
		default_alone(grow->settings, grow->ipv4, next, &alone);
		host = &alone;
	}
	if (mirrors(grow->settings)) {
		route_values_copy(host, routes);
	} else {
		route_values_copy(given, routes);
		route_values_join(host, grow->growth.default_route, routes);
	}
}

/* Return: 0, or -errno if nobody can do it any more */
static int order(const struct grow *grow)
{
	struct mirror_order order;

	order_make(grow->ipv4, &grow->growth.next, &grow->routes->next, &order);
	return mirror_order(&grow->mirror, &order);
}

static bool find_family(struct grow *grow, bool ipv4)
{
	const struct addressing_family *had = ipv4 ? &grow->given->ip4 : &grow->given->ip6;
	const struct addressing_family *now = ipv4 ? &grow->now.ip4 : &grow->now.ip6;
	const struct grow_routes *routes = grow->routes;
	const struct route_values *given;
	bool found;

	grow->ipv4 = ipv4;
	if (mirrors(grow->settings))
		found = growth_mirror(had, now, &grow->growth);
	else if (!(found = growth_find(had, now, &grow->growth)))
		return false;
	if (!routes) /* who configures itself is told of no other routes */
		return found;
	given = ipv4 ? &routes->given4 : &routes->given6;
	find_routes(grow, ipv4 ? &routes->host4 : &routes->host6, given);
	return found || !route_values_equal(&routes->next, given);
}

static bool find(struct grow *grow)
{
	return find_family(grow, true) || find_family(grow, false);
}

/* What was ordered has been given, whatever has become of it: nothing is tried twice */
static void note(struct grow *grow)
{
	struct grow_routes *routes = grow->routes;

	*(grow->ipv4 ? &grow->given->ip4 : &grow->given->ip6) = grow->growth.next;
	if (routes)
		route_values_copy(&routes->next, grow->ipv4 ? &routes->given4 : &routes->given6);
}

static void next(struct grow *grow, uint64_t now_ns)
{
	while (!grow->busy && find(grow)) {
		if (!grow->routes) { /* it configures itself */
			note(grow);
			take(grow, now_ns);
			continue;
		}
		if (order(grow)) /* its end is noticed elsewhere */
			return;
		note(grow);
		grow->busy = true;
	}
}

static void take_answer(struct grow *grow, const struct mirror_answer *answer, uint64_t now_ns)
{
	const char *what = grow->ipv4 ? "IPv4" : "IPv6";

	if (answer->rc)
		log_warning("%s: cannot set all of the host's addresses in the namespace: %s", what,
			    strerror(-answer->rc));
	take(grow, now_ns);
	if (answer->default_refused)
		log_info("%s: the namespace's default routes stay as they are", what);
	if (answer->routes_failed)
		log_warning("%s: %u routes cannot be set in the namespace", what,
			    answer->routes_failed);
}

static void on_answer(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct grow *grow = container_of(watch, struct grow, watch);
	struct mirror_answer answer = { .rc = 0 };
	int rc;

	(void)events;
	while (!(rc = mirror_read(&grow->mirror, &answer))) {
		grow->busy = false;
		take_answer(grow, &answer, now_ns);
		next(grow, now_ns);
	}
	if (rc == -EAGAIN)
		return;
	warn(grow->settings, "the process that does it has ended");
	loop_remove(engine_loop(grow->engine), watch);
	grow->settings = NULL;
}

int grow_watch(struct grow *grow, const struct settings *settings, struct addressing *addressing,
	       struct engine *engine, struct control_facts *facts, struct err *err)
{
	int rc;

	if (!grow_is_wanted(settings, addressing) ||
	    (settings->config_net && grow->mirror.process.fd < 0))
		return 0;
	grow->settings = settings;
	grow->given = addressing;
	grow->engine = engine;
	grow->facts = facts;
	if (!settings->config_net)
		return 0;
	grow->watch = (struct watch){ .fn = on_answer, .fd = grow->mirror.process.fd };
	rc = loop_add(engine_loop(engine), &grow->watch, EPOLLIN);
	return rc ? err_set(err, rc, "cannot watch a process of ours: %s", strerror(-rc)) : 0;
}

void grow_host_changed(struct grow *grow, const struct addressing *now,
		       const struct host_news *news, uint64_t now_ns)
{
	if (!grow->settings)
		return;
	if (grow->routes) {
		route_values_copy(&news->routes4, &grow->routes->host4);
		route_values_copy(&news->routes6, &grow->routes->host6);
	}
	grow->now = *now;
	next(grow, now_ns);
}

void grow_stop(struct grow *grow)
{
	side_process_stop(&grow->mirror.process);
}

void grow_finish(struct grow *grow)
{
	side_process_finish(&grow->mirror.process);
	free(grow->routes);
	grow->routes = NULL;
}
