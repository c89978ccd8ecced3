/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching costs a small process, so only those have it for whom something is forwarded or
 * announced.
 */
#include "launch/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/command_names.h"
#include "netns/beside/resolv_file.h"

void names_init(struct names *names)
{
	*names = (struct names){ .watch.fd = -1 };
	side_process_init(&names->source);
}

void names_look(const struct settings *settings, struct config *config)
{
	int rc = resolv_file_read(&config->resolv);

	config->dns = settings->dns;
	if (rc)
		log_debug("cannot read '%s': %s", RESOLV_FILE_PATH, strerror(-rc));
}

/* Whether a forwarding address has its resolver from resolv.conf */
static bool depends_on_file(const struct in6_addr *forward, const struct resolv_server *fixed)
{
	return !addr_is_unspecified(forward) && addr_is_unspecified(&fixed->addr);
}

/* What follows from options and resolv.conf together */
static void apply(const struct config *config, struct fwd_table *ret_table,
		  struct dns_announce *ret_announce)
{
	struct dns_resolvers resolvers = { .plain.count = 0 };

	*ret_table = config->fwd;
	dns_apply(&config->dns, &config->resolv, ret_table, &resolvers, ret_announce);
}

/* Whether DHCP and others announce what resolv.conf says */
static bool announced_from_file(const struct config *config)
{
	const struct dns_config *dns = &config->dns;
	bool own_list = dns->announce_none || dns->announce_count;

	return (config->autoconf.announce_dns && !own_list) ||
	       (config->autoconf.announce_search && !dns->search_given);
}

void names_for_command(struct names *names, struct config *config)
{
	if (command_names_wanted(config))
		names->command_file = command_names_make(config);
}

void names_start(struct names *names, const struct settings *settings, const struct config *config)
{
	struct dns_announce announce;
	struct fwd_table table;
	struct err err;

	/* A resolver on the host's loopback, or the gateway as a resolver, make queries to the
	 * gateway something else unasked. Another gateway may be a resolver, too
	 */
	apply(config, &table, &announce);
	if (!depends_on_file(&table.ip4.dns_forward, &config->dns.host4) &&
	    !depends_on_file(&table.ip6.dns_forward, &config->dns.host6) &&
	    addr_is_unspecified(&table.ip4.map_resolver.addr) &&
	    addr_is_unspecified(&table.ip6.map_resolver.addr) && !announced_from_file(config) &&
	    settings->follow != SETTINGS_FOLLOW_ALL)
		return;
	if (resolv_watch_start(&config->resolv, &names->source, &err))
		log_warning("changes of '%s' will go unnoticed: %s", RESOLV_FILE_PATH, err.text);
}

static void on_change(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct names *names = container_of(watch, struct names, watch);
	struct resolv resolv;
	int rc;

	(void)events;
	(void)now_ns;
	while (!(rc = resolv_watch_read(&names->source, &resolv)))
		engine_set_resolv(names->engine, &resolv);
	if (rc == -EAGAIN)
		return;
	log_warning("changes of '%s' will go unnoticed: the process that watches it has ended",
		    RESOLV_FILE_PATH);
	loop_remove(engine_loop(names->engine), watch);
}

int names_watch(struct names *names, struct engine *engine)
{
	if (names->source.fd < 0)
		return 0;
	names->engine = engine;
	names->watch = (struct watch){ .fn = on_change, .fd = names->source.fd };
	return loop_add(engine_loop(engine), &names->watch, EPOLLIN);
}

int names_reread(void *arg)
{
	const struct names *names = arg;

	return names->source.fd < 0 ? -ENOENT : resolv_watch_ask(&names->source);
}

void names_stop(struct names *names)
{
	side_process_stop(&names->source);
}

void names_finish(struct names *names)
{
	side_process_finish(&names->source);
	free(names->command_file);
	names->command_file = NULL;
}

static void summary_family(const char *what, const struct fwd_family *family)
{
	char forward[ADDR_TEXT_MAX], resolver[RESOLV_SERVER_TEXT_MAX];

	if (!addr_is_unspecified(&family->map_resolver.addr))
		log_info("%s: DNS queries to %s, which is a resolver of the host's, go there", what,
			 addr_format(&family->map_host_loopback, forward));
	if (!addr_is_unspecified(&family->dns_forward))
		log_info("%s: DNS queries to %s go to the host's resolver %s", what,
			 addr_format(&family->dns_forward, forward),
			 resolv_server_format(&family->resolver, resolver));
}

/* In one line, which a long list is cut off for */
static void summary_announced(const struct config *config, const struct dns_announce *announce)
{
	char list[RESOLV_SERVERS_MAX * ADDR_TEXT_MAX] = "", addr[ADDR_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; config->autoconf.announce_dns && i < announce->dns_count; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, " %s",
					addr_format(&announce->dns[i], addr));
	if (len)
		log_info("announced resolvers:%s", list);
	if (config->autoconf.announce_search && announce->search[0])
		log_info("announced search domains: %s", announce->search);
}

void names_summary(const struct config *config, const struct addressing *addressing)
{
	struct dns_announce announce;
	struct fwd_table table;

	if (config->fwd.no_tap) /* nobody is there to ask, or to be told */
		return;
	apply(config, &table, &announce);
	if (addressing->ip4.enabled)
		summary_family("IPv4", &table.ip4);
	if (addressing->ip6.enabled)
		summary_family("IPv6", &table.ip6);
	summary_announced(config, &announce);
}
