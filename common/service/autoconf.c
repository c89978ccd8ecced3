/* SPDX-License-Identifier: Apache-2.0
 *
 * A packet is for us if it is sent to all on the link, to all servers, or to the address that the
 * answers come from. A client in the namespace may also talk to a server somewhere behind us:
 * that's traffic like any other.
 */
#include "common/service/autoconf.h"

#include "common/base/addr.h"
#include "common/service/dhcp.h"
#include "common/service/dhcpv6.h"

static void count(struct autoconf *autoconf, enum autoconf_outcome outcome)
{
	switch (outcome) {
	case AUTOCONF_ANSWERED:
	case AUTOCONF_LEASED:
		autoconf->stats.answered++;
		break;
	case AUTOCONF_IGNORED:
		autoconf->stats.ignored++;
		break;
	case AUTOCONF_INVALID:
		autoconf->stats.invalid++;
		break;
	case AUTOCONF_FAILED:
		autoconf->stats.failed++;
		break;
	}
}

/* The part of @dns that may be announced */
static void dns_take(struct autoconf *autoconf, const struct autoconf_dns *dns)
{
	const struct autoconf_config *config = autoconf->offer.config;
	struct autoconf_dns *now = &autoconf->offer.dns;

	memset(now, 0, sizeof(*now));
	if (config->announce_dns) {
		now->server_count = dns->server_count;
		memcpy(now->servers, dns->servers, dns->server_count * sizeof(*dns->servers));
	}
	if (config->announce_search)
		memcpy(now->search, dns->search, strnlen(dns->search, sizeof(now->search) - 1));
}

void autoconf_init(struct autoconf *autoconf, const struct autoconf_env *env,
		   const struct siphash_key *secret, uint64_t now_ns)
{
	*autoconf = (struct autoconf){ .link = env->link, .offer.config = env->config };
	dns_take(autoconf, env->dns);
	ra_init(&autoconf->ra, env->link, &autoconf->offer, env->timers, secret, now_ns);
}

void autoconf_set_dns(struct autoconf *autoconf, const struct autoconf_dns *dns, uint64_t now_ns)
{
	struct autoconf_dns old = autoconf->offer.dns;

	dns_take(autoconf, dns);
	if (memcmp(&old, &autoconf->offer.dns, sizeof(old)))
		ra_changed(&autoconf->ra, now_ns);
}

void autoconf_changed(struct autoconf *autoconf, uint64_t now_ns)
{
	if (!autoconf->offer.config->configured)
		ra_changed(&autoconf->ra, now_ns);
}

/* DHCP's broadcasts have the one address that needs no configuration; RFC 2131, 4.1 */
static bool is_for_dhcp(const struct autoconf_config *config, const struct in6_addr *dst)
{
	return addr_be32(dst) == INADDR_BROADCAST || addr_equal(dst, &config->ip4.server);
}

/* All_DHCP_Relay_Agents_and_Servers, ff02::1:2: RFC 8415, 7.1 */
static bool is_for_dhcpv6(const struct autoconf_config *config, const struct in6_addr *dst)
{
	const struct in6_addr servers = { .s6_addr = { 0xff, 2, [13] = 1, [15] = 2 } };

	return addr_equal(dst, &servers) || addr_equal(dst, &config->ip6.server);
}

bool autoconf_datagram(struct autoconf *autoconf, const struct link_frame *frame,
		       const struct ip_packet *ip, struct in6_addr *ret_leased)
{
	const struct autoconf_config *config = autoconf->offer.config;
	uint16_t port = (uint16_t)(ip->payload[2] << 8 | ip->payload[3]);
	bool ipv4 = addr_is_ipv4(&ip->dst);
	enum autoconf_outcome outcome = AUTOCONF_IGNORED;

	if (port != (ipv4 ? DHCP_SERVER_PORT : DHCPV6_SERVER_PORT))
		return false;
	if (ipv4 ? !is_for_dhcp(config, &ip->dst) : !is_for_dhcpv6(config, &ip->dst))
		return false;
	if (ipv4 && config->dhcp)
		outcome = dhcp_input(autoconf->link, &autoconf->offer, frame, ip);
	else if (!ipv4 && config->dhcpv6)
		outcome = dhcpv6_input(autoconf->link, &autoconf->offer, frame, ip);
	count(autoconf, outcome);
	*ret_leased = in6addr_any;
	if (outcome == AUTOCONF_LEASED)
		*ret_leased = ipv4 ? config->ip4.addr : config->ip6.addr;
	return true;
}

void autoconf_solicitation(struct autoconf *autoconf, const struct link_frame *frame,
			   const struct ip_packet *ip, uint64_t now_ns)
{
	enum autoconf_outcome outcome = AUTOCONF_IGNORED;

	if (autoconf->offer.config->ra)
		outcome = ra_input(&autoconf->ra, frame, ip, now_ns);
	count(autoconf, outcome);
}
