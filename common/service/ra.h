/* SPDX-License-Identifier: Apache-2.0
 *
 * Router advertisements (RFC 4861, RFC 8106): answers to solicitations, and unsolicited ones, three
 * soon after the start, then one every few minutes, which costs an idle namespace nothing that
 * could be measured. In a namespace that is configured already they add neither address nor route,
 * carry only the MTU and the resolvers, and are sent only when asked for, which makes the kernel
 * there stop asking, or when the resolvers have changed.
 *
 * Flags, so that a client which obeys them gets one address: if the prefix allows for SLAAC (A),
 * the address comes from there and DHCPv6 has the rest (O); otherwise it comes from DHCPv6 (M, O).
 * A prefix that was announced and has been replaced is deprecated, and goes in the end (RFC 4861,
 * 12, and 4862, 5.5.3 e). A client that asks DHCPv6 for an address regardless gets the namespace's
 * own one in any case.
 */
#ifndef COMMON_SERVICE_RA_H
#define COMMON_SERVICE_RA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/siphash.h"
#include "common/flow/timer.h"
#include "common/link/link.h"
#include "common/service/autoconf_config.h"
#include "common/wire/ip.h"

#define RA_SOLICITATION 133 /* RFC 4861, 4.1: the ICMPv6 type for ra_input() */

#define RA_OLD_MAX 4

/* A prefix that is deprecated */
struct ra_old {
	struct in6_addr prefix;
	uint64_t end_ns; /* when it's gone */
};

struct ra {
	struct link *link;
	const struct autoconf_offer *offer;
	struct timer_wheel *timers;
	struct timer timer; /* for the next one to all nodes */
	struct siphash_key secret; /* for intervals that are not synchronous */
	uint64_t draws; /* random numbers taken */
	uint64_t sent_ns; /* the last one to all nodes, 0: none yet */
	struct in6_addr prefix; /* announced; unspecified: none */
	uint32_t old_count;
	struct ra_old old[RA_OLD_MAX]; /* the oldest first */
	uint32_t initial; /* how many are still to be sent at short intervals */
};

/* ra_init() - the unsolicited ones start from here
 * @link, @offer, @timers:	must outlive it
 */
void ra_init(struct ra *ra, struct link *link, const struct autoconf_offer *offer,
	     struct timer_wheel *timers, const struct siphash_key *secret, uint64_t now_ns);

/* ra_input() - handle a router solicitation
 * @frame:	that @ip came in
 */
enum autoconf_outcome ra_input(struct ra *ra, const struct link_frame *frame,
			       const struct ip_packet *ip, uint64_t now_ns);

/* ra_changed() - the offer has changed, maybe the prefix: tell all nodes */
void ra_changed(struct ra *ra, uint64_t now_ns);

#endif
