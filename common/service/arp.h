/* SPDX-License-Identifier: Apache-2.0
 *
 * ARP (RFC 826): whatever IPv4 address the namespace asks for, except its own, is at our MAC
 * address. Never answered: a probe (RFC 5227, 1.1: sender 0.0.0.0), whose sender wants to know
 * that an address is free, and an announcement. Who sends where is learnt from all of them.
 */
#ifndef COMMON_SERVICE_ARP_H
#define COMMON_SERVICE_ARP_H

#include <netinet/in.h>

#include "common/link/link.h"
#include "common/wire/cursor.h"

enum arp_outcome {
	ARP_ANSWERED,
	ARP_IGNORED, /* valid, but not for us to answer */
	ARP_INVALID,
	ARP_FAILED, /* the link did not take the answer */
};

/* arp_input() - handle a frame of type ETH_P_ARP
 * @ns_addr:	the namespace's IPv4 address, or unspecified
 * @r:		what follows the Ethernet header
 */
enum arp_outcome arp_input(struct link *link, const struct in6_addr *ns_addr, struct reader *r,
			   uint64_t now_ns);

/* arp_ask() - who has @addr? Return: 0 or -errno */
int arp_ask(struct link *link, const struct in6_addr *addr);

/* arp_claim() - whether somebody says in a message that it has an address
 * @r:	what follows the Ethernet header
 */
bool arp_claim(struct reader *r, struct in6_addr *ret_addr);

#endif
