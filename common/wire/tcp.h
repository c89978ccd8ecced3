/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP segments (RFC 9293) as host-order values. Options other than MSS, window scale and
 * those of selective acknowledgements (RFC 2018) are skipped; a malformed option list makes the
 * segment invalid. Pure.
 */
#ifndef COMMON_WIRE_TCP_H
#define COMMON_WIRE_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/cursor.h"

#define TCP_HEADER_LEN 20
#define TCP_CSUM_OFFSET 16
/* Longest TCP header that tcp_segment_emit() writes */
#define TCP_EMIT_MAX (TCP_HEADER_LEN + 40)

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

#define TCP_WSCALE_NONE 0xff
#define TCP_WSCALE_MAX 14 /* RFC 7323, 2.3 */

/* What fits into 40 bytes of options (RFC 2018, 3) */
#define TCP_SACK_MAX 4

/* Bytes from @from to before @to */
struct tcp_sack {
	uint32_t from, to;
};

struct tcp_segment {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t flags; /* TCP_* */
	uint16_t window; /* as on the wire, unscaled */
	uint16_t urgent; /* the pointer, from @seq; for TCP_URG */
	uint16_t mss; /* 0: no option */
	uint8_t wscale; /* TCP_WSCALE_NONE: no option; at most TCP_WSCALE_MAX */
	bool sack_permitted; /* with a SYN */
	uint8_t sack_count;
	struct tcp_sack sack[TCP_SACK_MAX]; /* only the first sack_count are set */
	const uint8_t *payload;
	uint32_t payload_len;
};

/* tcp_segment_parse() - the segment that fills @r. Return: 0 or -EBADMSG */
int tcp_segment_parse(struct reader *r, struct tcp_segment *ret_segment);

/* tcp_segment_emit() - header with the options that are present
 * @csum:	goes into the checksum field as it is
 *
 * The payload is not copied and not looked at.
 *
 * Return: 0 or -ENOBUFS
 */
int tcp_segment_emit(struct writer *w, const struct tcp_segment *segment, struct be16 csum);

/* tcp_segment_header_len() - what tcp_segment_emit() will write */
uint32_t tcp_segment_header_len(const struct tcp_segment *segment);

#endif
