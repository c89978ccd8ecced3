/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCP server is the gateway. Without one it is the first other address of the subnet: clients
 * send there what they don't broadcast, and everything they don't have themselves is ours. The
 * router is the gateway too, if that is a link-local address as RFC 4861, 6.1.2 wants it.
 */
#include "common/engine/autoconf_rules.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/engine/growth.h"

#define PREFIX_LEN_IP4_HOST 32

static struct in6_addr server_ip4(const struct autoconf_family *ip4)
{
	unsigned int host_bits = PREFIX_LEN_IP4_HOST - ip4->prefix_len;
	uint32_t own, first;

	if (!addr_is_unspecified(&ip4->gateway))
		return ip4->gateway;
	if (!ip4->prefix_len || !host_bits)
		return addr_from_be32(htonl(0xa9fe0202)); /* 169.254.2.2, as in local mode */
	own = ntohl(addr_be32(&ip4->addr));
	if (host_bits == 1)
		return addr_from_be32(htonl(own ^ 1)); /* RFC 3021: there is one other */
	first = (own >> host_bits << host_bits) + 1;
	return addr_from_be32(htonl(first == own ? first + 1 : first));
}

static struct in6_addr server_ip6(const struct autoconf_family *ip6, const uint8_t *our_mac)
{
	if (addr_is_link_local(&ip6->gateway))
		return ip6->gateway;
	return addr_link_local_from_mac(our_mac);
}

/* @changes: it may be offered another address */
static struct autoconf_family family_resolve(const struct addressing_family *family, bool changes)
{
	struct autoconf_family out = {
		.gateway = family->gateway,
		.default_on_link = family->default_on_link,
	};

	if (!family->addr_count)
		return out;
	out.addr = family->addrs[0].addr;
	out.prefix_len = family->addrs[0].prefix_len;
	out.deprecated = family->addrs[0].deprecated;
	out.lease_s = changes ? AUTOCONF_LEASE_S : 0;
	return out;
}

/* Without the root's dot */
static void name_copy(const char *name, char ret_name[AUTOCONF_NAME_MAX])
{
	size_t len = name ? strnlen(name, AUTOCONF_NAME_MAX) : 0;

	if (len && name[len - 1] == '.')
		len--;
	if (len && len < AUTOCONF_NAME_MAX)
		memcpy(ret_name, name, len);
}

static bool changes(const struct autoconf_request *request, const struct addressing_family *family)
{
	return request->mirrors || (request->grows && growth_is_possible(family));
}

void autoconf_resolve(const struct autoconf_request *request, const struct addressing *addressing,
		      struct config *config)
{
	struct autoconf_config *out = &config->autoconf;

	*out = (struct autoconf_config){
		.dhcp = addressing->ip4.enabled && !request->no_dhcp,
		.dhcpv6 = addressing->ip6.enabled && !request->no_dhcpv6,
		.ra = addressing->ip6.enabled && !request->no_ra && config->ndp,
		.configured = request->configured,
		.announce_dns = request->announce_dns,
		.announce_search = request->announce_search,
		.mirrors = request->mirrors,
		.ip4 = family_resolve(&addressing->ip4, changes(request, &addressing->ip4)),
		.ip6 = family_resolve(&addressing->ip6, changes(request, &addressing->ip6)),
		.mtu = addressing->mtu,
	};
	out->ip4.server = server_ip4(&out->ip4);
	out->ip6.server = server_ip6(&out->ip6, config->link.our_mac);
	config->link.our_ip4 = out->ip4.server;
	config->link.our_ip6 = out->ip6.server;
	name_copy(request->hostname, out->hostname);
	name_copy(request->fqdn, out->fqdn);
}

void autoconf_grow(const struct addressing_family *given, bool ipv4, struct autoconf_config *config)
{
	struct autoconf_family *family = ipv4 ? &config->ip4 : &config->ip6;
	const struct in6_addr server = family->server;

	*family = family_resolve(given, config->mirrors || growth_is_possible(given));
	family->server = server;
}
