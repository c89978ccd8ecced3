/* SPDX-License-Identifier: Apache-2.0
 *
 * The Internet checksum (RFC 1071). Sums are accumulated unfolded in 64 bits in memory order, so
 * nothing is swapped; checksum_fold() gives the 16 bits in memory order. Pure.
 */
#ifndef COMMON_WIRE_CHECKSUM_H
#define COMMON_WIRE_CHECKSUM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire/cursor.h"

/* checksum_add() - add @len bytes at any alignment; only the last piece may have an odd length */
uint64_t checksum_add(uint64_t sum, const void *data, size_t len);

/* checksum_pseudo() - sum of the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1)
 * @src, @dst:	both of one family; IPv4-mapped gives the IPv4 form
 * @len:	transport header and payload, bytes
 */
uint64_t checksum_pseudo(const struct in6_addr *src, const struct in6_addr *dst, uint8_t protocol,
			 uint32_t len);

/* checksum_fold() - 16 bits, not inverted: what goes into a NEEDS_CSUM frame */
struct be16 checksum_fold(uint64_t sum);

/* checksum_finish() - 16 bits, inverted: the checksum itself */
struct be16 checksum_finish(uint64_t sum);

#endif
