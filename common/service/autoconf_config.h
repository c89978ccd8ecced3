/* SPDX-License-Identifier: Apache-2.0
 *
 * What the namespace can be told about itself by DHCP, DHCPv6 and router advertisements: values
 * only. Unspecified addresses mean "none"; IPv4 is IPv4-mapped.
 */
#ifndef COMMON_SERVICE_AUTOCONF_CONFIG_H
#define COMMON_SERVICE_AUTOCONF_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/resolv.h"

/* Text of a host's name, terminator included */
#define AUTOCONF_NAME_MAX (RESOLV_DOMAIN_MAX + 1)

struct autoconf_family {
	struct in6_addr addr; /* the one to lease */
	unsigned int prefix_len; /* of the address's own family */
	bool deprecated; /* it's the host's only for some time yet */
	uint32_t lease_s; /* of one that is another as soon as the host has it; 0: it stays */
	struct in6_addr gateway;
	struct in6_addr server; /* who we are; IPv6: link-local */
	bool default_on_link; /* the default route has no gateway */
};

struct autoconf_config {
	bool dhcp, dhcpv6, ra; /* off: their packets are dropped */
	bool configured; /* addresses and routes are set, advertisements must not add any */
	bool mirrors; /* what there is to be had may be another, and then this is no more */
	bool announce_dns, announce_search;
	struct autoconf_family ip4, ip6;
	uint32_t mtu; /* 0: not announced */
	char hostname[AUTOCONF_NAME_MAX]; /* "": none */
	char fqdn[AUTOCONF_NAME_MAX]; /* "": none */
};

/* Resolvers and search list; may change while we run */
struct autoconf_dns {
	size_t server_count;
	struct in6_addr servers[RESOLV_SERVERS_MAX]; /* both families */
	char search[RESOLV_SEARCH_MAX]; /* one space between domains */
};

/* What all three services answer with */
struct autoconf_offer {
	const struct autoconf_config *config;
	struct autoconf_dns dns; /* empty as far as the configuration keeps it to itself */
};

/* What became of a message */
enum autoconf_outcome {
	AUTOCONF_ANSWERED,
	AUTOCONF_LEASED, /* likewise: the client has the address from now on */
	AUTOCONF_IGNORED, /* valid, but nothing to answer */
	AUTOCONF_INVALID,
	AUTOCONF_FAILED, /* no room in the answer, or the link did not take it */
};

#endif
