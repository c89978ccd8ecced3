/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): echo, and the errors that a router sends. Pure.
 */
#ifndef COMMON_WIRE_ICMP_H
#define COMMON_WIRE_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/cursor.h"
#include "common/wire/ip.h"

#define ICMP_HEADER_LEN 8

struct icmp_message {
	uint8_t type, code;
	uint32_t rest; /* bytes 4 to 7; for echo: identifier << 16 | sequence; MTU in the low bits */
	const uint8_t *payload; /* after those 8 bytes */
	uint32_t payload_len;
};

/* icmp_parse() - the message that fills @r; the checksum is not looked at. Return: 0 or -EBADMSG */
int icmp_parse(struct reader *r, struct icmp_message *ret_message);

/* icmp_emit() - the 8-byte header, @csum as it is; the payload is not copied
 *
 * Return: 0 or -ENOBUFS
 */
int icmp_emit(struct writer *w, const struct icmp_message *message, struct be16 csum);

/* icmp_checksum() - of header and payload; @pseudo: checksum_pseudo() for ICMPv6, 0 for ICMP */
struct be16 icmp_checksum(const struct icmp_message *message, uint64_t pseudo);

/* icmp_is_intact() - whether the checksum of the message that @ip carries holds */
bool icmp_is_intact(const struct ip_packet *ip);

#endif
