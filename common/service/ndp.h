/* SPDX-License-Identifier: Apache-2.0
 *
 * Neighbour discovery (RFC 4861): whatever IPv6 address the namespace solicits, except its own,
 * is at our MAC address. Never answered: duplicate address detection (unspecified source), whose
 * sender wants to know that an address is free. The other messages of neighbour discovery are
 * taken and left alone. Keeps no state.
 */
#ifndef COMMON_SERVICE_NDP_H
#define COMMON_SERVICE_NDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/link/link.h"
#include "common/wire/icmp.h"
#include "common/wire/ip.h"

/* Options have whole multiples of this many bytes: RFC 4861, 4.6 */
#define NDP_OPTION_UNIT 8
#define NDP_OPTION_SOURCE_MAC 1
#define NDP_OPTION_TARGET_MAC 2

enum ndp_outcome {
	NDP_ANSWERED,
	NDP_IGNORED, /* valid, but not for us to answer */
	NDP_INVALID,
	NDP_FAILED, /* the link did not take the answer */
};

/* ndp_is_type() - whether an ICMPv6 type is neighbour discovery's, for ndp_input() */
static inline bool ndp_is_type(uint8_t type)
{
	return type >= 133 && type <= 137; /* RFC 4861, 4.1 to 4.5 */
}

/* ndp_input() - handle an ICMPv6 packet that ndp_is_type()
 * @ns_addr:	the namespace's IPv6 address, or unspecified
 * @frame:	that the packet came in, from the Ethernet header on
 */
enum ndp_outcome ndp_input(struct link *link, const struct in6_addr *ns_addr,
			   const struct link_frame *frame, const struct ip_packet *ip);

/* ndp_claim() - whether the packet asks if anybody has an address because its sender is about to take
 * it: duplicate address detection (RFC 4862, 5.4)
 *
 * Return: whether it does, and then *ret_addr is that address
 */
bool ndp_claim(const struct link_frame *frame, const struct ip_packet *ip,
	       struct in6_addr *ret_addr);

/* ndp_ask() - who has @addr? Return: 0 or -errno */
int ndp_ask(struct link *link, const struct in6_addr *addr);

/* ndp_is_valid() - what holds for every such message: hop limit, code, checksum, never in fragments */
bool ndp_is_valid(const struct link_frame *frame, const struct ip_packet *ip,
		  const struct icmp_message *m);

/* ndp_options_parse() - take all options, the rest of a message
 * @ret_mac:	the source link-layer address, untouched if there is none
 *
 * Return: whether all are sound
 */
bool ndp_options_parse(struct reader *r, const uint8_t **ret_mac);

#endif
