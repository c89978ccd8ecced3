/* SPDX-License-Identifier: Apache-2.0
 *
 * A resolv.conf without resolvers means one on the host's loopback, as resolv.conf(5) has it. That
 * one is only asked, never announced: nobody may be there.
 */
#include "common/engine/dns_rules.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"

/* Whether a packet from the namespace to this address can get to the resolver that is meant */
static bool reachable(const struct fwd_table *table, const struct resolv_server *server)
{
	const struct fwd_family *family = fwd_family_of(table, &server->addr);

	if (!family->enabled || addr_is_loopback(&server->addr))
		return false;
	if (addr_is_scoped(&server->addr))
		return false; /* its scope is an interface of the host's */
	return !fwd_is_ns_addr(family, &server->addr); /* that would be the namespace itself */
}

static bool usable(const struct fwd_family *family, const struct in6_addr *addr)
{
	return family->enabled && !addr_is_unspecified(addr);
}

static void announce_add(struct dns_announce *announce, const struct in6_addr *addr)
{
	for (size_t i = 0; i < announce->dns_count; i++)
		if (addr_equal(&announce->dns[i], addr))
			return;
	if (announce->dns_count < RESOLV_SERVERS_MAX)
		announce->dns[announce->dns_count++] = *addr;
}

/* The resolver that shares its address with the host's loopback, if there is one; its scope is as
 * it was written
 */
static struct resolv_server map_resolver(const struct fwd_family *family,
					 const struct resolv *resolv)
{
	for (uint32_t i = 0; i < resolv->server_count; i++)
		if (addr_equal(&resolv->servers[i].addr, &family->map_host_loopback))
			return resolv->servers[i];
	return (struct resolv_server){ .scope_id = 0 };
}

/* The address in the namespace that stands for resolvers which it can't reach; @first is of the
 * family to prefer. Return: false if there is none
 */
static bool stand_in(struct fwd_family *first, struct fwd_family *second, struct in6_addr *ret_addr)
{
	struct fwd_family *families[] = { first, second };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct fwd_family *family = families[i];

		const struct in6_addr *addr = &family->dns_forward;

		if (addr_is_unspecified(addr) && !addr_is_unspecified(&family->map_resolver.addr))
			addr = &family->map_host_loopback; /* one of the resolvers, as it is */
		else if (addr_is_unspecified(addr))
			family->dns_forward = family->map_host_loopback;
		if (usable(family, addr)) {
			*ret_addr = *addr;
			return true;
		}
	}
	return false;
}

static void announce_host(const struct resolv *resolv, struct fwd_table *table,
			  struct dns_announce *announce)
{
	for (uint32_t i = 0; i < resolv->server_count; i++) {
		const struct resolv_server *server = &resolv->servers[i];
		bool ipv4 = addr_is_ipv4(&server->addr);
		struct in6_addr addr = server->addr;

		if (reachable(table, server) || stand_in(ipv4 ? &table->ip4 : &table->ip6,
							 ipv4 ? &table->ip6 : &table->ip4, &addr))
			announce_add(announce, &addr);
	}
	if (resolv->server_count)
		return;
	if (usable(&table->ip4, &table->ip4.dns_forward))
		announce_add(announce, &table->ip4.dns_forward);
	if (usable(&table->ip6, &table->ip6.dns_forward))
		announce_add(announce, &table->ip6.dns_forward);
}

static void announce_asked(const struct dns_config *dns, const struct fwd_table *table,
			   struct dns_announce *announce)
{
	for (size_t i = 0; i < dns->announce_count; i++)
		if (fwd_family_of(table, &dns->announce[i])->enabled)
			announce_add(announce, &dns->announce[i]);
}

static bool choose_for(const struct fwd_resolvers *resolvers, int family,
		       struct resolv_server *field)
{
	const struct resolv_server *chosen = fwd_resolvers_choose(resolvers, family);

	if (!chosen || resolv_server_equal(chosen, field))
		return false;
	*field = *chosen;
	return true;
}

bool dns_choose(const struct dns_resolvers *resolvers, struct fwd_table *table)
{
	bool changed = choose_for(&resolvers->plain, AF_INET, &table->ip4.resolver);

	changed |= choose_for(&resolvers->plain, AF_INET6, &table->ip6.resolver);
	changed |= choose_for(&resolvers->tls, AF_INET, &table->ip4.resolver_tls);
	changed |= choose_for(&resolvers->tls, AF_INET6, &table->ip6.resolver_tls);
	return changed;
}

static void set_resolvers(const struct dns_config *dns, const struct resolv *resolv,
			  struct fwd_resolvers *resolvers)
{
	const struct resolv_server local = { .addr = addr_loopback(AF_INET) };

	resolvers->fixed4 = dns->host4;
	resolvers->fixed6 = dns->host6;
	if (resolv->server_count)
		fwd_resolvers_set(resolvers, resolv->servers, resolv->server_count);
	else
		fwd_resolvers_set(resolvers, &local, 1);
}

static void resolver_add(struct fwd_table *table, const struct in6_addr *addr)
{
	for (uint32_t i = 0; i < table->resolver_count; i++)
		if (addr_equal(&table->resolvers[i], addr))
			return;
	if (!addr_is_unspecified(addr) && table->resolver_count < FWD_RESOLVERS_MAX)
		table->resolvers[table->resolver_count++] = *addr;
}

/* What a policy calls the host's resolvers */
static void list_resolvers(const struct dns_config *dns, const struct resolv *resolv,
			   const struct dns_announce *announce, struct fwd_table *table)
{
	table->resolver_count = 0;
	for (uint32_t i = 0; i < resolv->server_count; i++)
		resolver_add(table, &resolv->servers[i].addr);
	for (size_t i = 0; i < announce->dns_count; i++)
		resolver_add(table, &announce->dns[i]);
	resolver_add(table, &dns->host4.addr);
	resolver_add(table, &dns->host6.addr);
}

void dns_apply(const struct dns_config *dns, const struct resolv *resolv, struct fwd_table *table,
	       struct dns_resolvers *resolvers, struct dns_announce *ret_announce)
{
	struct dns_announce announce = { .dns_count = 0 };

	table->ip4.dns_forward = dns->forward4;
	table->ip6.dns_forward = dns->forward6;
	table->ip4.map_resolver = map_resolver(&table->ip4, resolv);
	table->ip6.map_resolver = map_resolver(&table->ip6, resolv);
	if (dns->announce_count)
		announce_asked(dns, table, &announce);
	else if (!dns->announce_none)
		announce_host(resolv, table, &announce);
	memcpy(announce.search, dns->search_given ? dns->search : resolv->search,
	       sizeof(announce.search));

	set_resolvers(dns, resolv, &resolvers->plain);
	set_resolvers(dns, resolv, &resolvers->tls);
	dns_choose(resolvers, table);
	list_resolvers(dns, resolv, &announce, table);
	*ret_announce = announce;
}
