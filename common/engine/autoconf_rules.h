/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of DHCP, DHCPv6 and router advertisements as a pure function: from the resolved
 * addressing and what the user asked for, to what the services offer and who they say they are.
 */
#ifndef COMMON_ENGINE_AUTOCONF_RULES_H
#define COMMON_ENGINE_AUTOCONF_RULES_H

#include <stdbool.h>

#include "common/engine/addressing.h"
#include "common/engine/config.h"

/* How long an address may be kept that may soon be another: clients ask again after half of it */
#define AUTOCONF_LEASE_S 60

/* What the user asked for; all zeroes: nothing in particular */
struct autoconf_request {
	bool no_dhcp, no_dhcpv6, no_ra;
	bool configured; /* the namespace's interface is not left to clients */
	bool grows; /* what the family lacks is offered as soon as the host has it */
	bool mirrors; /* what it is offered is what the host has */
	bool announce_dns, announce_search;
	const char *hostname, *fqdn; /* NULL: none; RESOLV_DOMAIN_MAX bytes at most */
};

/* autoconf_resolve() - apply the rules
 * @config:	its autoconf is filled in, by its ndp and link.our_mac
 */
void autoconf_resolve(const struct autoconf_request *request, const struct addressing *addressing,
		      struct config *config);

/* autoconf_grow() - the same for a family that has been given more since; who the services say they
 * are stays
 */
void autoconf_grow(const struct addressing_family *given, bool ipv4,
		   struct autoconf_config *config);

#endif
