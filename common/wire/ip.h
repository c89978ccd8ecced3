/* SPDX-License-Identifier: Apache-2.0
 *
 * Ethernet, IPv4 (RFC 791) and IPv6 (RFC 8200) headers as host-order values. ip_parse() accepts
 * what it can bound: options and extension headers are skipped, lengths are compared with what is
 * there, a padded frame is trimmed. Parsing and emitting are inverses. Pure.
 */
#ifndef COMMON_WIRE_IP_H
#define COMMON_WIRE_IP_H

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "common/wire/cursor.h"

#define IP4_HEADER_LEN 20
#define IP6_HEADER_LEN 40
#define IP6_FRAGMENT_LEN 8

/* Longest Ethernet and IP header that we emit */
#define IP_EMIT_MAX (ETH_HLEN + IP6_HEADER_LEN + IP6_FRAGMENT_LEN)

struct eth_header {
	uint8_t dst[ETH_ALEN];
	uint8_t src[ETH_ALEN];
	uint16_t type; /* ETH_P_* */
};

/* An IP packet, or a fragment of one */
struct ip_packet {
	struct in6_addr src, dst; /* IPv4-mapped for IPv4 */
	uint8_t protocol; /* of the payload, after any extension headers */
	uint8_t ttl; /* hop limit */
	uint8_t tos; /* traffic class */
	bool dont_fragment; /* IPv4 only */
	bool is_fragment;
	bool more_fragments;
	bool reassembled; /* it came in fragments, and is whole now */
	uint16_t fragment_offset; /* bytes */
	uint32_t fragment_id;
	const uint8_t *header; /* first byte of the IP header */
	size_t header_len; /* up to the payload */
	const uint8_t *payload;
	size_t payload_len;
};

/* ip4_addr_get() - address from four bytes of a packet */
static inline struct in6_addr ip4_addr_get(const uint8_t *bytes)
{
	uint32_t be;

	memcpy(&be, bytes, sizeof(be));
	return addr_from_be32(be);
}

/* eth_parse() - take the Ethernet header. Return: 0, or -EBADMSG if the frame is too short */
int eth_parse(struct reader *r, struct eth_header *ret_eth);

/* eth_emit() - Return: 0 or -ENOBUFS */
int eth_emit(struct writer *w, const struct eth_header *eth);

/* ip_parse() - the IP packet that starts at @r and ends no later than @r does
 * @eth_type:	ETH_P_IP or ETH_P_IPV6; must agree with the version field
 *
 * The IPv4 header's checksum is verified. A GSO frame's total length may be 0 or stale only as far
 * as the kernel leaves it so: it is taken from @r when it exceeds nothing (IPv6 length 0 or
 * IPv4 total length 0 with @gso).
 *
 * Return: 0, or -EBADMSG if any length or field is inconsistent
 */
int ip_parse(struct reader *r, uint16_t eth_type, bool gso, struct ip_packet *ret_ip);

/* ip6_extensions_skip() - take the routing and destination options headers in front of @r
 * @next:	the first header's number; the number of what @r then starts with
 *
 * For a packet made whole again: a fragment's payload begins with such headers at times.
 *
 * Return: 0, or -EBADMSG if one is cut off, out of its place, or asks to be routed
 */
int ip6_extensions_skip(struct reader *r, uint8_t *next);

/* ip_emit() - IP header for @ip with @ip->payload_len bytes to follow
 *
 * The family is that of @ip->src; src and dst must agree. Uses protocol, ttl, tos, dont_fragment
 * and the fragment fields; header and payload pointers are ignored. IPv4's checksum is filled in.
 *
 * Return: 0 or -ENOBUFS
 */
int ip_emit(struct writer *w, const struct ip_packet *ip);

#endif
