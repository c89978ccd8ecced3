/* SPDX-License-Identifier: Apache-2.0
 *
 * An address that leads to the host's loopback is one that queries to resolvers there are sent to
 * already, see dns_rules.h. Where there is none, one is chosen: link-local for IPv4 (RFC 3927),
 * where the namespace's default route or its link-local one leads to us; unique local for IPv6 (RFC
 * 4193).
 */
#include "launch/command_names.h"

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/fwd/rules.h"
#include "netns/beside/resolv_file.h"

#define DNS_PORT 53
/* Or one next to it, should it be taken */
#define FORWARD4 0xa9fe0101 /* 169.254.1.1 */
#define FORWARD6_FIRST_BYTES 0xfd, 0x00, 0x00, 0x53 /* fd00:53::1 */

/* Whether a query that COMMAND sends to this address is forwarded to the host's loopback. It takes
 * UDP to be of use
 */
static bool is_forwarded(const struct config *config, const struct in6_addr *addr)
{
	const struct fwd_rule *rule =
		fwd_rules_match(config->rules, FWD_UDP_TO_HOST, addr, NULL, DNS_PORT);

	return config->fwd.udp && rule && fwd_rule_to_port(rule, DNS_PORT) == DNS_PORT &&
	       (addr_is_unspecified(&rule->to_addr) || addr_equal(&rule->to_addr, addr));
}

bool command_names_wanted(const struct config *config)
{
	const struct resolv *resolv = &config->resolv;

	if (!resolv->server_count || config->fwd.no_tap || !config->fwd.udp)
		return false;
	if (policy_reads_names(config->fwd.policy) || policy_reads_names(config->fwd.narrow))
		return true;
	for (uint32_t i = 0; i < resolv->server_count; i++) {
		const struct in6_addr *addr = &resolv->servers[i].addr;

		if (!addr_is_loopback(addr) || is_forwarded(config, addr))
			return false;
	}
	return true;
}

static bool is_taken(const struct fwd_family *family, const struct in6_addr *addr)
{
	return addr_equal(addr, &family->gateway) || addr_equal(addr, &family->map_host_loopback) ||
	       addr_equal(addr, &family->map_guest_addr) || fwd_is_ns_addr(family, addr);
}

static struct in6_addr choose(const struct dns_config *dns, const struct fwd_family *family,
			      struct in6_addr addr)
{
	const struct in6_addr *map = &family->map_host_loopback;
	bool scoped = addr_is_scoped(map); /* of use with a scope only */

	if (!dns->announce_none && !dns->announce_count && !addr_is_unspecified(map) && !scoped)
		return *map;
	while (is_taken(family, &addr))
		addr.s6_addr[15]++; /* there are fewer in use than that makes */
	return addr;
}

/* Return: the forwarding addresses of families that are on */
static uint32_t forwarding_addrs(struct config *config, struct in6_addr addrs[static 2])
{
	const struct in6_addr first4 = addr_from_be32(htonl(FORWARD4));
	const struct in6_addr first6 = { { { FORWARD6_FIRST_BYTES, [15] = 1 } } };
	const struct fwd_family *ip4 = &config->fwd.ip4, *ip6 = &config->fwd.ip6;
	struct dns_config *dns = &config->dns;
	bool has4 = ip4->enabled && !addr_is_unspecified(&dns->forward4);
	bool has6 = ip6->enabled && !addr_is_unspecified(&dns->forward6);
	uint32_t count = 0;

	if (!has4 && !has6 && ip4->enabled) {
		dns->forward4 = choose(dns, ip4, first4);
		has4 = true;
	} else if (!has4 && !has6 && ip6->enabled) {
		dns->forward6 = choose(dns, ip6, first6);
		has6 = true;
	}
	if (has4)
		addrs[count++] = dns->forward4;
	if (has6)
		addrs[count++] = dns->forward6;
	return count;
}

char *command_names_make(struct config *config)
{
	const size_t size = RESOLV_FILE_MAX + 2 * RESOLV_SERVER_TEXT_MAX + 64;
	struct in6_addr addrs[2];
	char host[RESOLV_FILE_MAX + 1], *text;
	size_t len;
	uint32_t count;

	if (resolv_file_read_text(host, sizeof(host), &len))
		return NULL;
	count = forwarding_addrs(config, addrs);
	text = count ? malloc(size) : NULL;
	if (text && resolv_rewrite(host, len, addrs, count, text, size)) {
		free(text);
		text = NULL;
	}
	return text;
}
