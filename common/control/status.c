/* SPDX-License-Identifier: Apache-2.0
 */
#include "common/control/status.h"

#include <stdio.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/control/request.h"

enum log_level control_log_level(void)
{
	int level = LOG_LEVEL_ERROR;

	while (level < LOG_LEVEL_TRACE && log_enabled((enum log_level)(level + 1)))
		level++;
	return (enum log_level)level;
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static const char *mode_of(const struct control_facts *facts)
{
	if (facts->guest)
		return "guest";
	return facts->joined ? "joined" : "command";
}

static void status_addr(const struct addressing_addr *addr, struct json *json)
{
	char text[ADDR_TEXT_MAX], with_len[ADDR_TEXT_MAX + sizeof("/128")];

	snprintf(with_len, sizeof(with_len), "%s/%u", addr_format(&addr->addr, text),
		 addr->prefix_len);
	json_put_string(json, NULL, with_len);
}

static void status_resolver(const char *name, const struct resolv_server *server, struct json *json)
{
	char text[RESOLV_SERVER_TEXT_MAX];
	bool none = addr_is_unspecified(&server->addr);

	json_put_string(json, name, none ? NULL : resolv_server_format(server, text));
}

static void status_host(const struct control_host *host, struct json *json)
{
	json_put_object(json, "host");
	json_put_string(json, "interface", or_null(host->ifname));
	json_put_addr(json, "address", &host->addr);
	json_put_bool(json, "default_route", host->has_default);
	json_end_object(json);
}

static void status_family(const char *name, const struct addressing_family *family,
			  const char *template_ifname, const struct control_host *host,
			  const struct fwd_family *fwd, struct json *json)
{
	if (!family->enabled)
		return;
	json_put_object(json, name);
	json_put_string(json, "template", family->local ? NULL : or_null(template_ifname));
	json_put_bool(json, "local_mode", family->local);
	json_put_array(json, "addresses");
	for (size_t i = 0; i < family->addr_count; i++)
		status_addr(&family->addrs[i], json);
	json_end_array(json);
	json_put_addr(json, "gateway", &family->gateway);
	json_put_addr(json, "map_host_loopback", &fwd->map_host_loopback);
	json_put_addr(json, "map_guest_addr", &fwd->map_guest_addr);
	json_put_addr(json, "dns_forward", &fwd->dns_forward);
	status_resolver("resolver", &fwd->resolver, json);
	status_host(host, json);
	json_end_object(json);
}

static void status_limits(struct engine *engine, struct json *json)
{
	const struct config *config = engine_config(engine);
	struct engine_stats stats;

	engine_stats(engine, &stats);
	json_put_uint(json, "flows", stats.flows);
	json_put_uint(json, "flows_max", config->max_flows);
	json_put_uint(json, "descriptors_max", config->max_fds);
	json_put_uint(json, "buffer_bytes", stats.buffer_bytes);
	json_put_uint(json, "buffer_bytes_max", stats.buffer_bytes_max);
	json_put_uint(json, "listening", config->listeners ? config->listeners->used : 0);
}

/* What the kernel has, and was not switched off */
static void status_features(const struct config *config, struct json *json)
{
	json_put_object(json, "features");
	json_put_bool(json, "tso", config->link.tso);
	json_put_bool(json, "uso", config->link.uso);
	json_put_bool(json, "peek-off", config->tcp_peek_off);
	json_end_object(json);
}

void control_status(const struct control_subject *subject, uint64_t now_ns, struct json *json)
{
	const struct control_facts *facts = &subject->facts;
	const struct addressing *addressing = facts->addressing;
	const struct fwd_table *fwd = engine_fwd(subject->engine);

	json_put_string(json, "program", facts->guest ? "passt" : "pasta");
	json_put_string(json, "version", facts->version);
	json_put_uint(json, "pid", (uint64_t)facts->pid);
	json_put_uint(json, "age_ms", (now_ns - subject->start_ns) / NS_PER_MS);
	json_put_string(json, "mode", mode_of(facts));
	json_put_string(json, "command", or_null(facts->command));
	json_put_string(json, "netns", or_null(facts->netns));
	if (facts->namespace_pid)
		json_put_uint(json, "namespace_pid", (uint64_t)facts->namespace_pid);
	json_put_string(json, "interface",
			facts->has_tap && !facts->guest ? addressing->ns_ifname : NULL);
	if (facts->has_tap) {
		json_put_uint(json, "mtu", engine_config(subject->engine)->link.mtu);
		status_family("ipv4", &addressing->ip4, facts->template4, &facts->host4, &fwd->ip4,
			      json);
		status_family("ipv6", &addressing->ip6, facts->template6, &facts->host6, &fwd->ip6,
			      json);
		json_put_string(json, "follow", facts->follow);
	}
	status_limits(subject->engine, json);
	status_features(engine_config(subject->engine), json);
	json_put_string(json, "log", control_level_name(control_log_level()));
}

static void resolver_state(const char *name, const struct fwd_resolver *resolver, struct json *json)
{
	json_put_object(json, name);
	json_put_uint(json, "failures", resolver->failures);
	json_put_bool(json, "passed_over", resolver->paused_until_ns);
	json_end_object(json);
}

void control_resolvers(const struct control_subject *subject, struct json *json)
{
	const struct dns_resolvers *resolvers = engine_resolvers(subject->engine);
	const struct fwd_table *fwd = engine_fwd(subject->engine);

	json_put_array(json, "resolvers");
	for (uint32_t i = 0; i < resolvers->plain.count; i++) {
		json_put_object(json, NULL);
		status_resolver("addr", &resolvers->plain.list[i].server, json);
		resolver_state("dns", &resolvers->plain.list[i], json);
		resolver_state("tls", &resolvers->tls.list[i], json);
		json_end_object(json);
	}
	json_end_array(json);
	json_put_object(json, "asked");
	status_resolver("ipv4", &fwd->ip4.resolver, json);
	status_resolver("ipv6", &fwd->ip6.resolver, json);
	json_end_object(json);
}
