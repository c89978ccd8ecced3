/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP datagrams (RFC 768) as host-order values. Pure.
 */
#ifndef COMMON_WIRE_UDP_H
#define COMMON_WIRE_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/cursor.h"

#define UDP_HEADER_LEN 8
#define UDP_CSUM_OFFSET 6

struct udp_datagram {
	uint16_t src_port, dst_port;
	bool has_csum; /* the field is not 0 */
	const uint8_t *payload;
	uint32_t payload_len;
};

/* udp_parse() - the datagram that starts at @r; trailing bytes beyond its length are ignored
 * @gso:	many datagrams in one frame: the length field covers the first only, all of @r is
 *		payload
 *
 * Return: 0 or -EBADMSG
 */
int udp_parse(struct reader *r, bool gso, struct udp_datagram *ret_datagram);

/* udp_emit() - header for @datagram->payload_len bytes to follow, @csum as it is
 *
 * Return: 0 or -ENOBUFS
 */
int udp_emit(struct writer *w, const struct udp_datagram *datagram, struct be16 csum);

#endif
