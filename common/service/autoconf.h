/* SPDX-License-Identifier: Apache-2.0
 *
 * How the namespace configures itself if it wants to: DHCP, DHCPv6 and router advertisements behind
 * one door. The worker hands over the packets that may be for one of them; those of a service that
 * is off are dropped.
 */
#ifndef COMMON_SERVICE_AUTOCONF_H
#define COMMON_SERVICE_AUTOCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/service/autoconf_config.h"
#include "common/service/ra.h"
#include "common/wire/dhcp.h"
#include "common/wire/dhcpv6.h"

struct autoconf_stats {
	uint64_t answered;
	uint64_t ignored; /* nothing to answer, or the service is off */
	uint64_t invalid;
	uint64_t failed;
};

struct autoconf {
	struct link *link;
	struct autoconf_offer offer;
	struct ra ra;
	struct autoconf_stats stats;
};

/* What it works with */
struct autoconf_env {
	const struct autoconf_config *config; /* this and the next two must outlive it */
	struct link *link;
	struct timer_wheel *timers;
	const struct autoconf_dns *dns; /* what there is to announce at first */
};

/* autoconf_init() - the unsolicited advertisements start from here
 * @secret:	random
 */
void autoconf_init(struct autoconf *autoconf, const struct autoconf_env *env,
		   const struct siphash_key *secret, uint64_t now_ns);

/* autoconf_set_dns() - what there is to announce, from now on; news are spread at once */
void autoconf_set_dns(struct autoconf *autoconf, const struct autoconf_dns *dns, uint64_t now_ns);

/* autoconf_changed() - so have addresses or routes, in the configuration */
void autoconf_changed(struct autoconf *autoconf, uint64_t now_ns);

/* autoconf_is_port() - whether a UDP packet may be for autoconf_datagram(): cheap */
static inline bool autoconf_is_port(const struct ip_packet *ip)
{
	uint16_t port;

	if (ip->payload_len < 4)
		return false;
	port = (uint16_t)(ip->payload[2] << 8 | ip->payload[3]);
	return port == DHCP_SERVER_PORT || port == DHCPV6_SERVER_PORT;
}

/* autoconf_datagram() - handle a UDP packet that autoconf_is_port()
 * @ret_leased:	the address that the client has from now on; unspecified: none was leased
 *
 * Return: whether it was for us; if not, it's as any other
 */
bool autoconf_datagram(struct autoconf *autoconf, const struct link_frame *frame,
		       const struct ip_packet *ip, struct in6_addr *ret_leased);

/* autoconf_solicitation() - handle an ICMPv6 packet of type RA_SOLICITATION */
void autoconf_solicitation(struct autoconf *autoconf, const struct link_frame *frame,
			   const struct ip_packet *ip, uint64_t now_ns);

#endif
