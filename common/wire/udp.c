/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP header, RFC 768. A length field of 0 (RFC 2675, jumbograms) is refused: no tap carries them.
 */
#include "common/wire/udp.h"

#include <errno.h>

#define UDP_LEN_MAX 65535

struct udp_wire {
	struct be16 src_port;
	struct be16 dst_port;
	struct be16 len;
	struct be16 csum;
};
_Static_assert(sizeof(struct udp_wire) == UDP_HEADER_LEN, "UDP header has holes");

int udp_parse(struct reader *r, bool gso, struct udp_datagram *ret_datagram)
{
	const struct udp_wire *h = (const void *)r->data;
	size_t len;

	if (r->left < sizeof(*h))
		return -EBADMSG;
	len = gso ? r->left : be16_get(h->len);
	if (len < sizeof(*h) || len > r->left)
		return -EBADMSG;
	ret_datagram->src_port = be16_get(h->src_port);
	ret_datagram->dst_port = be16_get(h->dst_port);
	ret_datagram->has_csum = be16_get(h->csum);
	ret_datagram->payload = r->data + sizeof(*h);
	ret_datagram->payload_len = (uint32_t)(len - sizeof(*h));
	r->data += len;
	r->left -= len;
	return 0;
}

int udp_emit(struct writer *w, const struct udp_datagram *datagram, struct be16 csum)
{
	struct udp_wire *h;

	if (datagram->payload_len > UDP_LEN_MAX - sizeof(*h))
		return -ENOBUFS;
	h = writer_take(w, sizeof(*h));
	if (!h)
		return -ENOBUFS;
	h->src_port = be16_make(datagram->src_port);
	h->dst_port = be16_make(datagram->dst_port);
	h->len = be16_make((uint16_t)(sizeof(*h) + datagram->payload_len));
	h->csum = csum;
	return 0;
}
