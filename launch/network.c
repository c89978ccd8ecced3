/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversions, checks of what the command line names on the host, and the summary.
 */
#include "launch/network.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "launch/distinct.h"
#include "launch/policy.h"
#include "netns/host/host_record.h"

/* check_dns_host() - if an interface is named; else a link-local one is on the template's link */
static int check_dns_host(const struct resolv_server *server, struct err *err)
{
	char text[RESOLV_SERVER_TEXT_MAX], name[IFNAMSIZ];
	bool found = true;

	if (server->ifname[0])
		found = if_nametoindex(server->ifname);
	else if (server->scope_id)
		found = if_indextoname(server->scope_id, name);
	if (found)
		return 0;
	resolv_server_format(server, text);
	return err_set(err, -ENODEV, "--dns-host '%s': there is no interface '%s'", text,
		       strchr(text, '%') + 1);
}

/* check_outbound_addr() - sockets must be able to have it, or every connection would fail later */
static int check_outbound_addr(const struct in6_addr *addr, uint32_t scope_id, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	union sockaddr_inany sa;
	socklen_t len;
	int fd, rc = 0;

	if (addr_is_unspecified(addr))
		return 0;
	addr_format(addr, text);
	fd = socket(addr_family(addr), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	len = addr_to_sockaddr(addr, 0, addr_is_link_local(addr) ? scope_id : 0, &sa);
	if (fd < 0 || bind(fd, &sa.sa, len))
		rc = err_set(err, -errno, "--outbound '%s': %s", text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static uint32_t outbound_ifindex(const struct host_family *family)
{
	return family->outbound_ifindex ? family->outbound_ifindex : family->ifindex;
}

struct host_request network_request(const struct settings *settings)
{
	return (struct host_request){
		.ip4 = !settings->addressing.ip4.disabled,
		.ip6 = !settings->addressing.ip6.disabled,
		.ifname = settings->template_name,
		.outbound_ifname4 = settings->outbound_name4,
		.outbound_ifname6 = settings->outbound_name6,
	};
}

int network_look(const struct settings *settings, struct host *ret_host, struct err *err)
{
	const struct addressing_request_family *ip4 = &settings->addressing.ip4;
	const struct addressing_request_family *ip6 = &settings->addressing.ip6;
	const struct host_request request = network_request(settings);
	int rc = check_dns_host(&settings->dns.host6, err);

	if (!rc)
		rc = host_look(&request, ret_host, err);
	if (rc)
		return rc;

	rc = check_outbound_addr(&ip4->outbound_addr, 0, err);
	if (!rc)
		rc = check_outbound_addr(&ip6->outbound_addr, outbound_ifindex(&ret_host->ip6),
					 err);
	if (rc)
		host_fini(ret_host);
	return rc;
}

/* from_host() - @addrs: room for the family's addresses */
static void from_host(const struct host_family *family, struct addressing_addr *addrs,
		      struct addressing_host_family *ret)
{
	*ret = (struct addressing_host_family){
		.found = family->found,
		.outbound_ifindex = outbound_ifindex(family),
		.gateway = family->gateway,
		.has_default = family->has_default,
		.default_on_link = family->default_on_link,
		.addrs = addrs,
		.addr_count = family->addr_count,
	};
	memcpy(ret->ifname, family->ifname, IFNAMSIZ);
	memcpy(ret->outbound_ifname, family->outbound_ifname, IFNAMSIZ);
	for (size_t i = 0; i < family->addr_count; i++)
		addrs[i] = (struct addressing_addr){
			.addr = family->addrs[i].addr,
			.prefix_len = family->addrs[i].prefix_len,
			.link_local = family->addrs[i].link_local,
			.deprecated = family->addrs[i].deprecated,
		};
}

static void tell_left_out(const char *what, const struct addressing_family *family)
{
	if (family->addrs_left_out)
		log_info("%zu of the host's %s addresses are not copied: %d at most",
			 family->addrs_left_out, what, ADDRESSING_ADDRS_MAX);
}

static void tell_routes_left_out(const char *what, const struct addressing_family *family,
				 const struct host_family *host)
{
	if (family->copy_routes && host->routes_cut_at)
		log_warning("the host has more than %u %s routes by %s: the others are not copied; "
			    "--no-copy-routes sets a default route alone",
			    host->routes_cut_at, what, host->ifname);
}

/* The addressing rules alone. Return: 0 or -ENOMEM */
static int resolve(const struct settings *settings, const struct host *host,
		   struct addressing *ret_addressing, struct config *config)
{
	size_t count = host->ip4.addr_count + host->ip6.addr_count;
	struct addressing_addr *addrs = calloc(count + 1, sizeof(*addrs));
	struct addressing_host values;

	if (!addrs)
		return -ENOMEM;
	from_host(&host->ip4, addrs, &values.ip4);
	from_host(&host->ip6, addrs + host->ip4.addr_count, &values.ip6);
	addressing_resolve(&values, &settings->addressing, ret_addressing, config);
	free(addrs);
	return 0;
}

int network_resolve(const struct settings *settings, const struct host *host,
		    struct addressing *ret_addressing, struct config *config, struct err *err)
{
	struct autoconf_request autoconf = settings->autoconf;
	int rc;

	if (resolve(settings, host, ret_addressing, config))
		return err_no_memory(err, "addresses");
	config->fwd.ns_addrs_set = settings->config_net; /* DHCP would give it the first alone */
	autoconf.configured = settings->config_net;
	autoconf.grows = settings_follow_inside(settings->follow);
	autoconf.mirrors = settings->follow == SETTINGS_FOLLOW_ALL;
	autoconf_resolve(&autoconf, ret_addressing, config);
	rc = distinct_check(settings, ret_addressing, config, err);
	if (rc)
		return rc;
	if (settings->config_net && !settings->splice_only) {
		tell_left_out("IPv4", &ret_addressing->ip4);
		tell_left_out("IPv6", &ret_addressing->ip6);
		tell_routes_left_out("IPv4", &ret_addressing->ip4, &host->ip4);
		tell_routes_left_out("IPv6", &ret_addressing->ip6, &host->ip6);
	}
	return 0;
}

/* @addressing: of that host. An address of local mode is none of the host's */
static struct fwd_family state_family(const struct addressing_request_family *asked,
				      const struct addressing_family *addressing,
				      const struct fwd_family *fwd)
{
	struct fwd_family family = *fwd;

	if (addressing->local && addr_is_unspecified(&asked->addr))
		family.host_addr = in6addr_any;
	return family;
}

int network_state(const struct settings *settings, const struct host *host,
		  struct addressing *ret_addressing, struct host_state *ret_state)
{
	const struct addressing_request *request = &settings->addressing;
	struct config config;

	static_assert(HOST_RECORD_OWN_MAX <= FWD_HOST_ADDRS_MAX, "all of a record's fit in");
	if (resolve(settings, host, ret_addressing, &config))
		return -ENOMEM;
	memset(ret_state, 0, sizeof(*ret_state));
	ret_state->ip4 = state_family(&request->ip4, &ret_addressing->ip4, &config.fwd.ip4);
	ret_state->ip6 = state_family(&request->ip6, &ret_addressing->ip6, &config.fwd.ip6);
	for (size_t i = 0; i < host->own_count; i++)
		fwd_host_addrs_add(&ret_state->own, &host->own[i].addr);
	ret_state->own.cut |= host->own_cut;
	ret_state->lan_count = policy_lans(host, ret_state->lans);
	ret_state->links = host->links;
	return 0;
}

uint32_t network_default_metric(const struct settings *settings,
				const struct addressing_family *family)
{
	const bool replaceable = settings_follow_inside(settings->follow) &&
				 family->default_from == ADDRESSING_DEFAULT_LOCAL;

	return replaceable ? NETWORK_LOCAL_METRIC : 0;
}

void network_setup_addrs(const struct addressing_family *family,
			 struct setup_addr addrs[ADDRESSING_ADDRS_MAX])
{
	for (size_t i = 0; i < family->addr_count; i++)
		addrs[i] = (struct setup_addr){
			.addr = family->addrs[i].addr,
			.prefix_len = (uint8_t)family->addrs[i].prefix_len,
			.deprecated = family->addrs[i].deprecated,
		};
}

static struct setup_family setup_family_make(const struct settings *settings,
					     const struct addressing_family *family,
					     const struct host_routes *routes,
					     struct setup_addr addrs[ADDRESSING_ADDRS_MAX])
{
	network_setup_addrs(family, addrs);
	return (struct setup_family){
		.enabled = family->enabled,
		.addrs = addrs,
		.addr_count = family->addr_count,
		.gateway = family->gateway,
		.default_on_link = family->default_on_link,
		.default_metric = network_default_metric(settings, family),
		.routes = family->copy_routes ? routes : NULL,
	};
}

void network_setup_make(const struct settings *settings, const struct host *host,
			const struct addressing *addressing, struct network_setup *ret_setup)
{
	ret_setup->request = (struct setup_request){
		.config_net = settings->config_net,
		.ip4 = setup_family_make(settings, &addressing->ip4, host->ip4.routes,
					 ret_setup->addrs4),
		.ip6 = setup_family_make(settings, &addressing->ip6, host->ip6.routes,
					 ret_setup->addrs6),
	};
}

static void summary_family(const char *what, const char *template_ifname, const char *ns_ifname,
			   const struct addressing_family *family, const struct fwd_family *fwd)
{
	char text[ADDR_TEXT_MAX];

	if (!family->enabled)
		return;
	if (family->local)
		log_info("%s: the host has no interface to copy, using local mode", what);
	else
		log_info("%s: interface %s, copied from the host's %s", what, ns_ifname,
			 template_ifname);
	for (size_t i = 0; i < family->addr_count; i++)
		log_info("%s: address %s/%u", what, addr_format(&family->addrs[i].addr, text),
			 family->addrs[i].prefix_len);
	if (!addr_is_unspecified(&family->gateway))
		log_info("%s: gateway %s", what, addr_format(&family->gateway, text));
	if (!addr_is_unspecified(&fwd->map_host_loopback))
		log_info("%s: %s leads to the host's loopback", what,
			 addr_format(&fwd->map_host_loopback, text));
}

static void summary_unused(const char *option, bool enabled, const struct in6_addr *addr)
{
	char text[ADDR_TEXT_MAX];

	if (!enabled && !addr_is_unspecified(addr))
		log_info("--%s '%s' has no effect: its address family is off", option,
			 addr_format(addr, text));
}

void network_summary(const struct settings *settings, const struct host *host,
		     const struct addressing *addressing, const struct config *config)
{
	const struct addressing_request *request = &settings->addressing;

	if (settings->splice_only) {
		log_info("no interface but loopback: only local connections are forwarded");
		return;
	}
	if (!settings->config_net && settings->program == SETTINGS_PASTA)
		log_info("interface %s is left unconfigured: set it up by DHCP, or here by "
			 "--config-net",
			 addressing->ns_ifname);
	summary_family("IPv4", host->ip4.ifname, addressing->ns_ifname, &addressing->ip4,
		       &config->fwd.ip4);
	summary_family("IPv6", host->ip6.ifname, addressing->ns_ifname, &addressing->ip6,
		       &config->fwd.ip6);
	summary_unused("map-guest-addr", addressing->ip4.enabled, &request->ip4.map_guest_addr);
	summary_unused("map-guest-addr", addressing->ip6.enabled, &request->ip6.map_guest_addr);
	summary_unused("dns-forward", addressing->ip4.enabled, &settings->dns.forward4);
	summary_unused("dns-forward", addressing->ip6.enabled, &settings->dns.forward6);
}
