/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether anything is another is decided by each of those concerned: they compare with what they
 * have.
 */
#include "launch/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/network.h"

/* Between lines about changes */
#define TELL_MS 1000

void follow_init(struct follow *follow)
{
	*follow = (struct follow){ .watch.fd = -1 };
	side_process_init(&follow->source);
	grow_init(&follow->grow);
}

void follow_start(struct follow *follow, const struct settings *settings, const struct host *host,
		  const struct addressing *addressing)
{
	struct host_request request = network_request(settings);
	struct host_record record;
	struct err err;

	if (settings->follow == SETTINGS_FOLLOW_OFF || settings->splice_only)
		return;
	follow->settings = settings;
	request.no_routes = !settings->config_net || !grow_is_wanted(settings, addressing);
	host_record_make(host, &record);
	follow->news = malloc(sizeof(*follow->news));
	if (!follow->news)
		err_set(&err, -ENOMEM, "out of memory");
	if (!follow->news || host_watch_start(&request, &record, &follow->source, &err))
		log_warning("changes of the host's network will go unnoticed: %s", err.text);
}

static struct control_host fact_of(const struct host_family *family)
{
	struct control_host fact = { .found = family->found, .has_default = family->has_default };

	memcpy(fact.ifname, family->ifname, IFNAMSIZ);
	if (family->addr_count)
		fact.addr = family->addrs[0].addr;
	return fact;
}

/* Return: whether there was anything to say */
static bool tell_family(const char *what, const struct control_host *fact,
			struct control_host *told)
{
	char text[ADDR_TEXT_MAX];

	if (fact->found == told->found && fact->has_default == told->has_default &&
	    !strcmp(fact->ifname, told->ifname) && addr_equal(&fact->addr, &told->addr))
		return false;
	*told = *fact;
	if (!fact->found)
		log_info("%s: the host has no network now", what);
	else if (fact->has_default)
		log_info("%s: the host's default route is %s now, address %s", what, fact->ifname,
			 addr_format(&fact->addr, text));
	else
		log_info("%s: the host has no default route now, interface %s, address %s", what,
			 fact->ifname, addr_format(&fact->addr, text));
	return true;
}

/* A line a second and family at most, and the last one is true */
static void tell(struct follow *follow, uint64_t now_ns)
{
	bool any;

	if (follow->told_ns && now_ns - follow->told_ns < TELL_MS * NS_PER_MS) {
		timer_set_by(engine_timers(follow->engine), &follow->timer, now_ns, TELL_MS);
		return;
	}
	any = tell_family("IPv4", &follow->facts->host4, &follow->told4);
	any |= tell_family("IPv6", &follow->facts->host6, &follow->told6);
	if (any)
		follow->told_ns = now_ns;
}

static void tell_rest(struct timer *timer, uint64_t now_ns)
{
	tell(container_of(timer, struct follow, timer), now_ns);
}

static void take_news(struct follow *follow, struct host_news *news, uint64_t now_ns)
{
	struct addressing addressing;
	struct host_state state;
	struct host host;

	host_record_view(&news->host, &host);
	if (network_state(follow->settings, &host, &addressing, &state)) {
		log_warning("no memory to follow the host's network");
		return;
	}
	state.routes = news->routes;
	engine_host_changed(follow->engine, &state, now_ns);
	follow->facts->host4 = fact_of(&host.ip4);
	follow->facts->host6 = fact_of(&host.ip6);
	tell(follow, now_ns);
	grow_host_changed(&follow->grow, &addressing, news, now_ns);
	if (news->jumps != follow->jumps)
		engine_awake(follow->engine, now_ns);
	follow->jumps = news->jumps;
}

static void on_news(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct follow *follow = container_of(watch, struct follow, watch);
	int rc;

	(void)events;
	while (!(rc = host_watch_read(&follow->source, follow->news)))
		take_news(follow, follow->news, now_ns);
	if (rc == -EAGAIN)
		return;
	log_warning("changes of the host's network will go unnoticed: the process that watches it "
		    "has ended");
	loop_remove(engine_loop(follow->engine), watch);
}

int follow_watch(struct follow *follow, const struct host *host, struct addressing *addressing,
		 struct engine *engine, struct control_facts *facts, struct err *err)
{
	struct addressing same; /* as @addressing */
	struct host_record record;
	struct host_state state;
	struct host view;
	int rc;

	facts->host4 = follow->told4 = fact_of(&host->ip4);
	facts->host6 = follow->told6 = fact_of(&host->ip6);
	if (follow->source.fd < 0)
		return 0;
	follow->engine = engine;
	follow->facts = facts;
	follow->timer.fn = tell_rest;
	host_record_make(host, &record);
	host_record_view(&record, &view);
	rc = network_state(follow->settings, &view, &same, &state);
	if (!rc) {
		engine_host_is(engine, &state);
		follow->watch = (struct watch){ .fn = on_news, .fd = follow->source.fd };
		rc = loop_add(engine_loop(engine), &follow->watch, EPOLLIN);
	}
	if (rc)
		return err_set(err, rc, "cannot watch the host's network: %s", strerror(-rc));
	return grow_watch(&follow->grow, follow->settings, addressing, engine, facts, err);
}

void follow_stop(struct follow *follow)
{
	side_process_stop(&follow->source);
	grow_stop(&follow->grow);
}

void follow_finish(struct follow *follow)
{
	side_process_finish(&follow->source);
	free(follow->news);
	follow->news = NULL;
	grow_finish(&follow->grow);
}
