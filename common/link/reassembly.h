/* SPDX-License-Identifier: Apache-2.0
 *
 * IP fragments from the namespace, put together again in bounded memory: a fixed number of
 * packets at a time, in one mapping made at start, of which only touched pages cost anything. The
 * oldest incomplete packet makes room for a new one; what has waited too long (RFC 791, 3.2:
 * 30 s; RFC 8200, 4.5: 60 s) is forgotten when something new looks for room. A packet with
 * fragments that overlap is dropped as a whole, in both families (RFC 5722). No system calls
 * after reassembly_init(), no messages: outcomes are values.
 */
#ifndef COMMON_LINK_REASSEMBLY_H
#define COMMON_LINK_REASSEMBLY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/wire/ip.h"

#define REASSEMBLY_SLOTS 32

enum reassembly_outcome {
	REASSEMBLY_WAITING, /* taken, more has to come */
	REASSEMBLY_COMPLETE,
	REASSEMBLY_DROPPED, /* invalid, or of a packet already given up */
};

/* One packet in the making */
struct reassembly_slot {
	bool used;
	bool poisoned; /* fragments disagreed: what still comes of this packet is dropped */
	uint8_t key_protocol; /* IPv4 only: RFC 791 identifies by it, RFC 8200 doesn't */
	uint8_t protocol, ttl, tos; /* of the first fragment */
	uint32_t id;
	uint32_t received; /* bytes */
	uint32_t end; /* of the furthest byte received */
	uint32_t total; /* 0: the last fragment is not here yet */
	struct in6_addr src, dst;
	uint64_t started_ns;
};

struct reassembly {
	uint8_t *memory; /* a struct reassembly_buffer for each slot */
	struct reassembly_slot slots[REASSEMBLY_SLOTS];
	uint64_t evicted; /* incomplete packets that made room for others */
	uint64_t expired;
};

/* reassembly_init() - Return: 0 or -errno */
int reassembly_init(struct reassembly *reassembly);
void reassembly_fini(struct reassembly *reassembly);

/* reassembly_feed() - take a fragment
 * @fragment:	from ip_parse(), is_fragment set
 * @ret_packet:	set for REASSEMBLY_COMPLETE: the packet as if it had never been fragmented, header
 *		and payload in one piece, valid until the next call. An atomic fragment (RFC 6946)
 *		is complete at once and stays where it is.
 */
enum reassembly_outcome reassembly_feed(struct reassembly *reassembly,
					const struct ip_packet *fragment, uint64_t now_ns,
					struct ip_packet *ret_packet);

#endif
