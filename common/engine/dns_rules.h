/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of DNS as a pure function: from what the user asked for and what the host's
 * resolv.conf says, to where the namespace's queries go and which resolvers it is told of. The
 * address that is mapped to the host's loopback may be a resolver of the host's as well, as home
 * gateways are: queries to it go there. A resolver that only the host itself can reach is announced
 * as an address that leads to it: the forwarding address, or else the address that is mapped to the
 * host's loopback, which then becomes a forwarding address too, if it isn't a resolver itself.
 * Applied again whenever resolv.conf changes.
 */
#ifndef COMMON_ENGINE_DNS_RULES_H
#define COMMON_ENGINE_DNS_RULES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/resolv.h"
#include "common/fwd/fwd.h"
#include "common/fwd/resolvers.h"

/* What the user asked for; all zeroes: nothing in particular. Unspecified addresses: not given */
struct dns_config {
	struct in6_addr forward4, forward6; /* --dns-forward */
	struct resolv_server host4, host6; /* --dns-host */
	bool announce_none; /* --dns none */
	size_t announce_count; /* --dns ADDR, any number of times */
	struct in6_addr announce[RESOLV_SERVERS_MAX];
	bool search_given; /* --search; "": none */
	char search[RESOLV_SEARCH_MAX];
};

/* What the namespace may be told by DHCP, DHCPv6 and router advertisements */
struct dns_announce {
	size_t dns_count;
	struct in6_addr dns[RESOLV_SERVERS_MAX]; /* both families, in order */
	char search[RESOLV_SEARCH_MAX]; /* domains, one space between them */
};

/* The same resolvers twice: that one has no service on port 853, as most have none, says nothing
 * about its port 53
 */
struct dns_resolvers {
	struct fwd_resolvers plain, tls;
};

/* dns_resolvers_on() - those that a port's queries go to */
static inline struct fwd_resolvers *dns_resolvers_on(struct dns_resolvers *resolvers, uint16_t port)
{
	return port == FWD_DNS_TLS_PORT ? &resolvers->tls : &resolvers->plain;
}

/* dns_apply() - apply the rules
 * @table:	its families' dns_forward, map_resolver and resolvers are set, by what else they
 * have
 * @resolvers:	its lists are set; what is known of resolvers that stay is kept
 */
void dns_apply(const struct dns_config *dns, const struct resolv *resolv, struct fwd_table *table,
	       struct dns_resolvers *resolvers, struct dns_announce *ret_announce);

/* dns_choose() - set the families' resolvers in @table after a change in @resolvers
 *
 * Return: whether any is another one
 */
bool dns_choose(const struct dns_resolvers *resolvers, struct fwd_table *table);

#endif
