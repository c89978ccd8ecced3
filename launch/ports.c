/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors: ports that are named get theirs or it's an error. Wide rules ("all") share what is
 * left of the hard limit, after a part that connections need.
 */
#include "launch/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/util.h"
#include "common/fwd/listeners_open.h"
#include "common/fwd/round_check.h"
#include "common/fwd/rule.h"
#include "common/fwd/spec.h"
#include "launch/process.h"

#define EPHEMERAL_PATH "/proc/sys/net/ipv4/ip_local_port_range"
/* With fewer, it is said */
#define FDS_FOR_FLOWS_MIN 512

/* How long we wait for ports that somebody else still has */
#define PORT_PATIENCE_MS 1000

static struct fwd_rules *rules_new(void)
{
	struct fwd_rules *rules = map_lazily(sizeof(*rules));

	if (!rules)
		return NULL;
	fwd_rules_init(rules);
	return rules;
}

static int rules_get(struct fwd_rules **rules, struct err *err)
{
	if (!*rules)
		*rules = rules_new();
	if (*rules)
		return 0;
	err_no_memory(err, "port forwarding rules");
	return -ENOMEM;
}

int ports_add(struct fwd_rules **rules, enum fwd_direction direction, const char *value,
	      struct err *err)
{
	struct fwd_spec spec;
	int rc = rules_get(rules, err);

	if (rc)
		return rc;
	rc = fwd_spec_parse(value, &spec, err);
	if (!rc)
		rc = fwd_rules_add(*rules, direction, &spec, err);
	return rc ? fwd_rule_name_option(direction, value, rc, err) : 0;
}

/* Ports that the host's kernel gives to clients */
static struct fwd_range ephemeral_ports(void)
{
	struct fwd_range range = { 32768, 60999 };
	FILE *file = fopen(EPHEMERAL_PATH, "re");
	unsigned int first, last;

	if (!file)
		return range;
	if (fscanf(file, "%u %u", &first, &last) == 2 && first && first <= last &&
	    last <= UINT16_MAX)
		range = (struct fwd_range){ (uint16_t)first, (uint16_t)last };
	fclose(file);
	return range;
}

static enum fwd_direction direction_of_error(const struct err *err)
{
	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		const char *name = fwd_direction_text((enum fwd_direction)d);

		if (!strncmp(err->text, name, strlen(name)))
			return (enum fwd_direction)d;
	}
	return FWD_TCP_TO_NS;
}

static bool direction_is_on(const struct config *config, enum fwd_direction direction)
{
	return fwd_direction_is_udp(direction) ? config->fwd.udp : config->fwd.tcp;
}

static int no_interface(const struct fwd_rule *rule, struct err *err)
{
	return err_set(err, -ENODEV, "%s: there is no interface '%s'",
		       fwd_direction_option(rule->direction), rule->listen.ifname);
}

static int check_interfaces(const struct fwd_rules *rules, struct err *err)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];
		const char *name = rule->listen.ifname;

		/* Those of the namespace are not there yet: see check_automatic() */
		if (name[0] && fwd_direction_source(rule->direction) == SOCKET_HOST &&
		    !if_nametoindex(name))
			return no_interface(rule, err);
	}
	return 0;
}

int ports_for_guest(struct settings *settings, struct err *err)
{
	int rc = 0;

	for (int d = 0; d < FWD_DIRECTIONS && !rc; d++)
		if (!settings->rules || !settings->rules->direction[d].given)
			rc = ports_add(&settings->rules, (enum fwd_direction)d, "none", err);
	for (uint32_t i = 0; !rc && i < settings->rules->count; i++)
		if (settings->rules->rule[i].automatic)
			return err_set(err, -EINVAL,
				       "%s '%.200s': passt can't see what listens in a guest: "
				       "name the ports",
				       fwd_direction_option(settings->rules->rule[i].direction),
				       settings->ports_text[settings->rules->rule[i].direction]);
	return rc;
}

int ports_finish(const struct settings *settings, struct config *config, struct err *err)
{
	struct fwd_rules *rules = settings->rules;
	int rc = rules_get(&rules, err);

	if (rc)
		return rc;
	config->ephemeral = ephemeral_ports();
	rc = fwd_rules_finish(rules, config->ephemeral, err);
	if (rc)
		return fwd_rule_name_option(direction_of_error(err), NULL, rc, err);
	config->rules = rules;
	config->fwd.no_splice = settings->no_splice;
	config->fwd.no_tap = settings->splice_only;
	config->fwd.host_lo_to_ns_lo = settings->host_lo_to_ns_lo;
	return check_interfaces(rules, err);
}

static bool has_wide(const struct fwd_rules *rules, enum fwd_direction direction)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;

	while (fwd_rules_next(rules, direction, &cursor, &entry))
		if (!entry.rule->automatic && entry.rule->kind != FWD_RULE_RANGE)
			return true;
	return false;
}

/* Whether there is anything to open */
static bool has_ports(const struct config *config, enum fwd_direction direction)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;

	while (direction_is_on(config, direction) &&
	       fwd_rules_next(config->rules, direction, &cursor, &entry))
		if (!entry.rule->automatic)
			return true;
	return false;
}

static void warn_left_out(enum fwd_direction direction, uint32_t left_out, uint32_t limit)
{
	if (left_out)
		log_warning("%s: %u ports are not forwarded, because RLIMIT_NOFILE allows %u "
			    "descriptors only (raise its hard limit, or name the ports)",
			    fwd_direction_option(direction), left_out, limit);
}

/* The rule of the direction that names most ports; NULL if none names any */
static const struct fwd_rule *largest_named(const struct fwd_rules *rules,
					    enum fwd_direction direction)
{
	const struct fwd_rule *largest = NULL, *rule = NULL;
	uint32_t count = 0, count_max = 0;
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;

	while (fwd_rules_next(rules, direction, &cursor, &entry)) {
		if (entry.rule->automatic || entry.rule->kind != FWD_RULE_RANGE)
			continue;
		if (entry.rule != rule)
			count = 0; /* the ranges of a rule come one after another */
		rule = entry.rule;
		count += fwd_range_count(entry.ports);
		if (count > count_max) {
			count_max = count;
			largest = rule;
		}
	}
	return largest;
}

/* Without the rest something would fail later, and what it says would not tell why. Only ports that
 * are named get that far.
 */
static int check_rest(const struct config *config, enum fwd_direction direction, uint32_t limit,
		      struct err *err)
{
	const struct fwd_rule *rule;
	char text[FWD_RULE_TEXT_MAX];

	if (config->listeners->used + PROCESS_FDS_RESERVED <= limit)
		return 0;
	rule = largest_named(config->rules, direction);
	if (!rule)
		return 0;
	return err_set(err, -EMFILE,
		       "%s '%s': ports take %u of %u descriptors, and %u are needed for all else "
		       "(RLIMIT_NOFILE is too low)",
		       fwd_direction_option(direction), fwd_rule_format_spec(rule, text),
		       config->listeners->used, limit, PROCESS_FDS_RESERVED);
}

/* With the limit raised. @wide: directions with wide rules that are still to come, this one too */
static int open_direction(const struct config *config, enum fwd_direction direction, uint32_t limit,
			  uint32_t wide, struct err *err)
{
	struct fwd_listeners *set = config->listeners;
	uint32_t kept = PROCESS_FDS_RESERVED + fwd_fds_for_flows(limit);
	uint32_t most = limit > kept ? limit - kept : 0;
	struct fwd_opening opening = { .rules = config->rules };
	int rc;

	if (wide && most > set->used)
		most = set->used + (most - set->used) / wide;
	opening.sockets_max = most;
	rc = fwd_listeners_open_rules(set, direction, &opening, err);
	if (rc)
		return fwd_rule_name_option(direction, NULL, rc, err);
	rc = check_rest(config, direction, limit, err);
	if (!rc)
		warn_left_out(direction, opening.left_out, limit);
	return rc;
}

/* Automatic rules open nothing yet, but where an address or an interface isn't there they never
 * would. Without either there is nothing to miss.
 */
static int check_automatic(const struct config *config, enum fwd_direction direction,
			   struct err *err)
{
	const struct fwd_rules *rules = config->rules;

	for (uint32_t i = 0; i < rules->count && direction_is_on(config, direction); i++) {
		const struct fwd_rule *rule = &rules->rule[i];
		int rc;

		if (rule->direction != direction || !rule->automatic || !rule->ranges_count)
			continue;
		if (rule->listen.family == AF_UNSPEC && !rule->listen.ifname[0])
			continue;
		rc = fwd_listeners_probe(config->listeners, rule, err);
		if (rc == -ENODEV)
			return no_interface(rule, err);
		if (rc)
			return fwd_rule_name_option(direction, NULL, rc, err);
	}
	return 0;
}

/* Connections need some, too. Said when all ports are open: the last ones may be an error */
static void warn_used_up(const struct config *config, enum socket_side side, uint32_t limit)
{
	const struct fwd_listeners *set = config->listeners;
	uint32_t used = set->used + PROCESS_FDS_RESERVED;

	if (side == SOCKET_HOST &&
	    (has_ports(config, FWD_TCP_TO_HOST) || has_ports(config, FWD_UDP_TO_HOST)))
		return;
	if (used + FDS_FOR_FLOWS_MIN > limit)
		log_warning("ports take %u of the %u descriptors that RLIMIT_NOFILE allows: %u are "
			    "left for connections (raise its hard limit, or name fewer ports)",
			    set->used, limit, limit > used ? limit - used : 0);
}

int ports_open(const struct config *config, enum socket_side side, struct err *err)
{
	enum fwd_direction tcp = side == SOCKET_HOST ? FWD_TCP_TO_NS : FWD_TCP_TO_HOST;
	enum fwd_direction udp = side == SOCKET_HOST ? FWD_UDP_TO_NS : FWD_UDP_TO_HOST;
	uint32_t wide = 0, limit, before;
	int rc = check_automatic(config, tcp, err);

	if (!rc)
		rc = check_automatic(config, udp, err);
	if (rc)
		return rc;
	for (int d = (int)tcp; d < FWD_DIRECTIONS; d++)
		if (direction_is_on(config, (enum fwd_direction)d))
			wide += has_wide(config->rules, (enum fwd_direction)d);
	if (!has_ports(config, tcp) && !has_ports(config, udp))
		return 0;
	before = process_fd_limit();
	limit = process_raise_fd_limit();
	if (config->fwd.tcp) {
		rc = open_direction(config, tcp, limit, wide, err);
		wide -= has_wide(config->rules, tcp);
	}
	if (!rc && config->fwd.udp)
		rc = open_direction(config, udp, limit, wide, err);
	if (!rc)
		warn_used_up(config, side, limit);
	/* COMMAND, whose init may not have been made yet, gets its caller's */
	process_set_fd_limit(before);
	return rc;
}

int ports_check_rounds(const struct config *config, struct err *err)
{
	uint32_t rule_id;

	return fwd_round_check(&config->fwd, config->listeners, config->rules, &rule_id, err);
}

/* Some ports take privileges that the next steps of a start give up */
int ports_listen(const struct settings *settings, const struct host *host,
		 struct fwd_listeners *listeners, struct config *config, struct err *err)
{
	int rc = ports_finish(settings, config, err);

	if (rc)
		return rc;
	rc = fwd_listeners_init(listeners, &config->sockets);
	if (rc)
		return err_no_memory(err, "listening sockets");
	listeners->ip4 = config->fwd.ip4.enabled;
	listeners->ip6 = config->fwd.ip6.enabled;
	listeners->freebind = settings->freebind;
	listeners->offline4 = !host->ip4.found;
	listeners->offline6 = !host->ip6.found;
	listeners->patience_ms = PORT_PATIENCE_MS;
	config->listeners = listeners;
	return ports_open(config, SOCKET_HOST, err);
}

bool ports_open_later(const struct fwd_rules *rules)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];

		if (rule->automatic &&
		    (rule->direction == FWD_TCP_TO_HOST || rule->direction == FWD_UDP_TO_HOST))
			return true;
	}
	return false;
}

void ports_summary(const struct config *config)
{
	const struct fwd_rules *rules = config->rules;
	char text[FWD_RULE_TEXT_MAX];

	for (uint32_t i = 0; i < rules->count; i++)
		if (rules->rule[i].kind != FWD_RULE_EXCLUDE &&
		    direction_is_on(config, rules->rule[i].direction))
			log_info("%s: %s", fwd_direction_text(rules->rule[i].direction),
				 fwd_rule_format_spec(&rules->rule[i], text));
}
