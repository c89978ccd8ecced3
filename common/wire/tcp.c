/* SPDX-License-Identifier: Apache-2.0
 *
 * The option list is walked in every segment, so that a broken one is noticed wherever it is;
 * most segments have none.
 */
#include "common/wire/tcp.h"

#include <errno.h>
#include <stdbool.h>

#define TCP_FLAGS_MASK 0x3f
/* RFC 9293, 3.1 and 3.7.1; RFC 7323, 2.2; RFC 2018, 2 and 3 */
#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_OPTION_MSS_LEN 4
#define TCP_OPTION_WSCALE 3
#define TCP_OPTION_WSCALE_LEN 3
#define TCP_OPTION_SACK_PERMITTED 4
#define TCP_OPTION_SACK_PERMITTED_LEN 2
#define TCP_OPTION_SACK 5
#define TCP_OPTION_SACK_LEN 2 /* and as much a block: */
#define TCP_SACK_BLOCK 8

struct tcp_wire {
	struct be16 src_port;
	struct be16 dst_port;
	struct be32 seq;
	struct be32 ack;
	uint8_t data_offset; /* in the high four bits, 32-bit words */
	uint8_t flags;
	struct be16 window;
	struct be16 csum;
	struct be16 urgent;
};
_Static_assert(sizeof(struct tcp_wire) == TCP_HEADER_LEN, "TCP header has holes");

/* Blocks of a SACK option, at @p with @len bytes; an odd length says nothing */
static void tcp_sack_parse(const uint8_t *p, size_t len, struct tcp_segment *segment)
{
	len -= TCP_OPTION_SACK_LEN;
	if (len % TCP_SACK_BLOCK)
		return;
	segment->sack_count = 0;
	for (p += TCP_OPTION_SACK_LEN; len; p += TCP_SACK_BLOCK, len -= TCP_SACK_BLOCK) {
		const struct be32 *edges = (const void *)p;

		segment->sack[segment->sack_count++] =
			(struct tcp_sack){ be32_get(edges[0]), be32_get(edges[1]) };
	}
}

/* One option with a length byte, at @p with @left bytes from there. Return: its length, or 0 */
static size_t tcp_option_parse(const uint8_t *p, size_t left, struct tcp_segment *segment)
{
	size_t len;

	if (left < 2)
		return 0;
	len = p[1];
	if (len < 2 || len > left)
		return 0;
	switch (p[0]) {
	case TCP_OPTION_MSS:
		if (len != TCP_OPTION_MSS_LEN)
			return 0;
		segment->mss = (uint16_t)(p[2] << 8 | p[3]);
		break;
	case TCP_OPTION_WSCALE:
		if (len != TCP_OPTION_WSCALE_LEN)
			return 0;
		segment->wscale = p[2] > TCP_WSCALE_MAX ? TCP_WSCALE_MAX : p[2];
		break;
	case TCP_OPTION_SACK_PERMITTED:
		segment->sack_permitted = true;
		break;
	case TCP_OPTION_SACK:
		tcp_sack_parse(p, len, segment);
		break;
	default: /* others mean nothing to us */
		break;
	}
	return len;
}

static bool tcp_options_parse(const uint8_t *p, size_t left, struct tcp_segment *segment)
{
	segment->mss = 0;
	segment->wscale = TCP_WSCALE_NONE;
	segment->sack_permitted = false;
	segment->sack_count = 0;
	while (left) {
		size_t len = 1;

		if (*p == TCP_OPTION_END)
			return true;
		if (*p != TCP_OPTION_NOP) {
			len = tcp_option_parse(p, left, segment);
			if (!len)
				return false;
		}
		p += len;
		left -= len;
	}
	return true;
}

int tcp_segment_parse(struct reader *r, struct tcp_segment *ret_segment)
{
	const struct tcp_wire *h = (const void *)r->data;
	size_t header_len;

	if (r->left < sizeof(*h))
		return -EBADMSG;
	header_len = (h->data_offset >> 4) * 4u;
	if (header_len < sizeof(*h) || header_len > r->left ||
	    !tcp_options_parse(r->data + sizeof(*h), header_len - sizeof(*h), ret_segment))
		return -EBADMSG;
	ret_segment->src_port = be16_get(h->src_port);
	ret_segment->dst_port = be16_get(h->dst_port);
	ret_segment->seq = be32_get(h->seq);
	ret_segment->ack = be32_get(h->ack);
	ret_segment->flags = h->flags & TCP_FLAGS_MASK;
	ret_segment->window = be16_get(h->window);
	ret_segment->urgent = be16_get(h->urgent);
	ret_segment->payload = r->data + header_len;
	ret_segment->payload_len = (uint32_t)(r->left - header_len);
	r->data += r->left;
	r->left = 0;
	return 0;
}

uint32_t tcp_segment_header_len(const struct tcp_segment *segment)
{
	return TCP_HEADER_LEN + (segment->mss ? 4u : 0) +
	       (segment->wscale != TCP_WSCALE_NONE ? 4u : 0) + (segment->sack_permitted ? 4u : 0) +
	       (segment->sack_count ? 4u + segment->sack_count * TCP_SACK_BLOCK : 0);
}

/* Each option is padded in front to a multiple of four bytes. Return: where the next one goes */
static uint8_t *tcp_option_emit(uint8_t *p, uint8_t kind, uint8_t len)
{
	for (int i = len; i % 4; i++)
		*p++ = TCP_OPTION_NOP;
	*p++ = kind;
	*p++ = len;
	return p;
}

static void tcp_options_emit(uint8_t *p, const struct tcp_segment *segment)
{
	if (segment->mss) {
		p = tcp_option_emit(p, TCP_OPTION_MSS, TCP_OPTION_MSS_LEN);
		*p++ = (uint8_t)(segment->mss >> 8);
		*p++ = (uint8_t)segment->mss;
	}
	if (segment->wscale != TCP_WSCALE_NONE) {
		p = tcp_option_emit(p, TCP_OPTION_WSCALE, TCP_OPTION_WSCALE_LEN);
		*p++ = segment->wscale;
	}
	if (segment->sack_permitted)
		p = tcp_option_emit(p, TCP_OPTION_SACK_PERMITTED, TCP_OPTION_SACK_PERMITTED_LEN);
	if (segment->sack_count)
		p = tcp_option_emit(
			p, TCP_OPTION_SACK,
			(uint8_t)(TCP_OPTION_SACK_LEN + segment->sack_count * TCP_SACK_BLOCK));
	for (int i = 0; i < segment->sack_count; i++) {
		struct be32 *edges = (void *)p;

		edges[0] = be32_make(segment->sack[i].from);
		edges[1] = be32_make(segment->sack[i].to);
		p += TCP_SACK_BLOCK;
	}
}

int tcp_segment_emit(struct writer *w, const struct tcp_segment *segment, struct be16 csum)
{
	uint32_t header_len = tcp_segment_header_len(segment);
	struct tcp_wire *h = writer_take(w, header_len);

	if (!h)
		return -ENOBUFS;
	h->src_port = be16_make(segment->src_port);
	h->dst_port = be16_make(segment->dst_port);
	h->seq = be32_make(segment->seq);
	h->ack = be32_make(segment->ack);
	h->data_offset = (uint8_t)(header_len / 4 << 4);
	h->flags = segment->flags & TCP_FLAGS_MASK;
	h->window = be16_make(segment->window);
	h->csum = csum;
	h->urgent = be16_make(segment->urgent);
	tcp_options_emit((uint8_t *)(h + 1), segment);
	return 0;
}
