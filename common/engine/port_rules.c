/* SPDX-License-Identifier: Apache-2.0
 *
 * What a rule has opened, or has failed to open, stays as long as the rule has the port; so the
 * work is that of the difference between the two tables.
 */
#include "common/engine/port_rules.h"

#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/util.h"
#include "common/fwd/listeners_open.h"
#include "common/fwd/round_check.h"
#include "common/fwd/rule.h"
#include "common/udp/udp.h"
#include "common/udp/udp_local.h"

/* How often sockets are looked at that are there for the sake of flows */
#define RETIRED_LOOK_MS 2000

static void look_fire(struct timer *timer, uint64_t now_ns);

static struct fwd_rules *table_new(void)
{
	return map_lazily(sizeof(struct fwd_rules));
}

int port_rules_init(struct port_rules *ports, struct config *config, struct worker *worker)
{
	/* Not all of it: fwd_change_begin() writes to the rest, which is large */
	ports->config = config;
	ports->worker = worker;
	ports->look = (struct timer){ .fn = look_fire };
	memset(ports->tables, 0, sizeof(ports->tables));
	if (!config->rules || !config->listeners)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(ports->tables); i++) {
		ports->tables[i] = table_new();
		if (!ports->tables[i])
			return -ENOMEM;
	}
	return 0;
}

void port_rules_fini(struct port_rules *ports)
{
	for (size_t i = 0; i < ARRAY_SIZE(ports->tables); i++)
		map_drop(ports->tables[i], sizeof(*ports->tables[i]));
}

struct fwd_change *port_rules_edit(struct port_rules *ports)
{
	const struct fwd_rules *old = ports->config->rules;

	if (!ports->tables[0])
		return NULL;
	fwd_change_begin(&ports->change, ports->tables[old == ports->tables[0]], old);
	return &ports->change;
}

/* What these rules of ours can't do, whatever their ports are */
static const char *cannot(const struct config *config, const struct fwd_rule *rule)
{
	bool udp = fwd_direction_is_udp(rule->direction);

	if (udp ? !config->fwd.udp : !config->fwd.tcp)
		return udp ? "UDP is not handled (--no-udp)" : "TCP is not handled (--no-tcp)";
	if (fwd_direction_source(rule->direction) == SOCKET_NS && !config->sockets.get_ns)
		return "passt can't listen in a guest";
	if (rule->automatic && !config->sockets.list)
		return "passt can't see what listens in a guest: name the ports";
	return NULL;
}

/* Rules that have come by this change */
static int check_new(const struct port_rules *ports, uint32_t *ret_rule_id, struct err *err)
{
	const struct fwd_rules *rules = ports->change.rules;
	char text[FWD_RULE_TEXT_MAX];
	int rc = 0;

	for (uint32_t i = 0; i < rules->count && !rc; i++) {
		const struct fwd_rule *rule = &rules->rule[i];
		bool anywhere = rule->listen.family == AF_UNSPEC && !rule->listen.ifname[0];
		const char *why;

		if (rule->id <= ports->change.old->last_id || rule->kind == FWD_RULE_EXCLUDE)
			continue;
		*ret_rule_id = rule->id;
		why = cannot(ports->config, rule);
		if (why)
			return err_set(err, -EINVAL, "'%s': %s", fwd_rule_format_spec(rule, text),
				       why);
		if (rule->automatic && rule->ranges_count && !anywhere)
			rc = fwd_listeners_probe(ports->config->listeners, rule, err);
	}
	return rc;
}

static void leave_gone(struct fwd_listeners *set, const struct fwd_rules *rules)
{
	for (uint32_t i = 0; i < set->touched; i++) {
		struct fwd_listener *listener = &set->records[i];
		const struct fwd_rule *rule;

		if (!fwd_listener_is_open(listener))
			continue;
		rule = fwd_rules_find(rules, listener->rule_id);
		if (!rule || !fwd_rule_has_port(rules, rule, listener->port))
			fwd_listeners_leave(set, listener);
	}
}

static uint32_t sockets_max(const struct config *config)
{
	return config->max_fds - fwd_fds_for_flows(config->max_fds);
}

static int open_new(const struct port_rules *ports, uint32_t *ret_rule_id, struct err *err)
{
	const struct config *config = ports->config;
	struct fwd_listeners *set = config->listeners;
	struct fwd_opening opening = {
		.rules = ports->change.rules,
		.old = ports->change.old,
		.sockets_max = sockets_max(config),
	};
	uint32_t before = set->used;
	int rc = 0;

	for (int d = 0; d < FWD_DIRECTIONS && !rc; d++) {
		enum fwd_direction direction = (enum fwd_direction)d;

		if (fwd_direction_is_udp(direction) ? config->fwd.udp : config->fwd.tcp)
			rc = fwd_listeners_open_rules(set, direction, &opening, err);
	}
	*ret_rule_id = opening.failed_id;
	if (!rc && opening.left_out)
		log_warning("%u ports are not forwarded, because %u descriptors are all that is "
			    "theirs (raise the hard limit of RLIMIT_NOFILE, or name the ports)",
			    opening.left_out, opening.sockets_max);
	if (!rc && set->used > before && set->used > opening.sockets_max)
		rc = err_set(err, -EMFILE,
			     "ports would take %u descriptors, and %u is all that is theirs "
			     "(RLIMIT_NOFILE is too low)",
			     set->used, opening.sockets_max);
	return rc;
}

static void mark_used(struct flow *flow, void *arg)
{
	const struct dgram_origin *origin = &((struct dgram_flow *)flow)->origin;
	struct fwd_listener *listener = NULL;

	(void)arg;
	if (flow->key.protocol >= UDP_LOCAL_PROTOCOL)
		listener = udp_local_listener(flow);
	else if (flow->key.protocol == IPPROTO_UDP && origin->listener && !origin->mapped &&
		 fwd_listener_is(origin->listener, origin->serial))
		listener = origin->listener;
	if (listener)
		listener->used = true;
}

static void retired_look(struct port_rules *ports, uint64_t now_ns)
{
	struct fwd_listeners *set = ports->config->listeners;

	if (!set->retired)
		return;
	flow_table_each(&ports->worker->flows, mark_used, NULL);
	fwd_listeners_close_unused(set);
	if (set->retired)
		timer_set(&ports->worker->timers, &ports->look, now_ns, RETIRED_LOOK_MS);
}

static void look_fire(struct timer *timer, uint64_t now_ns)
{
	retired_look(container_of(timer, struct port_rules, look), now_ns);
}

static void commit(struct port_rules *ports, uint64_t now_ns)
{
	struct config *config = ports->config;

	config->rules = ports->change.rules;
	fwd_listeners_commit(config->listeners, now_ns);
	automatic_rules(&ports->worker->automatic, config->rules, now_ns);
	retired_look(ports, now_ns);
}

static int name_option(const struct port_rules *ports, uint32_t rule_id, int rc, struct err *err)
{
	const struct fwd_rule *rule = fwd_rules_find(ports->change.rules, rule_id);

	return rule ? fwd_rule_name_option(rule->direction, NULL, rc, err) : rc;
}

int port_rules_replace(struct port_rules *ports, uint64_t now_ns, uint32_t *ret_rule_id,
		       struct err *err)
{
	struct fwd_listeners *set = ports->config->listeners;
	const struct fwd_rules *rules = ports->change.rules;
	int rc;

	*ret_rule_id = 0;
	rc = fwd_change_finish(&ports->change, ports->config->ephemeral, ret_rule_id, err);
	if (!rc)
		rc = check_new(ports, ret_rule_id, err);
	if (rc)
		return name_option(ports, *ret_rule_id, rc, err);
	if (!ports->change.changed)
		return 0;
	set->patience_ms = 0;
	fwd_listeners_begin(set);
	leave_gone(set, rules);
	rc = open_new(ports, ret_rule_id, err);
	if (rc)
		name_option(ports, *ret_rule_id, rc, err);
	else /* names both options itself */
		rc = fwd_round_check(forwarding_table(&ports->worker->forwarding), set, rules,
				     ret_rule_id, err);
	if (rc)
		fwd_listeners_undo(set);
	else
		commit(ports, now_ns);
	return rc;
}
