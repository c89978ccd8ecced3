/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame is the headers in one piece and the payload as it is.
 */
#include "common/service/answer.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/wire/checksum.h"

#define ANSWER_TTL 64
#define ANSWER_LINK_TTL 255 /* RFC 4861: shows that nobody has forwarded it */

/* Headers up to the payload */
struct answer_headers {
	uint8_t bytes[ETH_HLEN + IP6_HEADER_LEN + UDP_HEADER_LEN];
	struct writer w;
};

int answer_read_udp(const struct link_frame *frame, const struct ip_packet *ip,
		    struct udp_datagram *ret_datagram)
{
	struct reader r = { ip->payload, ip->payload_len };
	struct udp_datagram datagram;
	uint32_t len;
	uint64_t sum;

	if (frame->gso != LINK_GSO_NONE || udp_parse(&r, false, &datagram))
		return -EBADMSG;
	len = UDP_HEADER_LEN + datagram.payload_len;
	if (!frame->csum_known && datagram.has_csum) {
		sum = checksum_pseudo(&ip->src, &ip->dst, IPPROTO_UDP, len);
		sum = checksum_add(sum, ip->payload, len);
		if (be16_get(checksum_finish(sum)))
			return -EBADMSG;
	}
	if (!frame->csum_known && !datagram.has_csum && !addr_is_ipv4(&ip->src))
		return -EBADMSG;
	*ret_datagram = datagram;
	return 0;
}

static int headers_begin(struct answer_headers *h, struct link *link,
			 const struct answer_path *path, const struct ip_packet *ip)
{
	struct eth_header eth = {
		.type = addr_is_ipv4(&path->src) ? ETH_P_IP : ETH_P_IPV6,
	};
	int rc;

	h->w = (struct writer){ h->bytes, sizeof(h->bytes) };
	memcpy(eth.dst, path->mac, sizeof(eth.dst));
	memcpy(eth.src, link->config.our_mac, sizeof(eth.src));
	rc = eth_emit(&h->w, &eth);
	return rc ? rc : ip_emit(&h->w, ip);
}

static int headers_send(struct answer_headers *h, struct link *link, const void *data, size_t len)
{
	struct iovec iov[] = {
		{ 0 },
		{ h->bytes, sizeof(h->bytes) - h->w.left },
		{ (void *)data, len },
	};

	return link_write(link, iov, ARRAY_SIZE(iov),
			  &(struct link_offload){ .gso = LINK_GSO_NONE });
}

static struct be16 udp_checksum(const struct answer_path *path, struct udp_datagram *datagram)
{
	uint8_t header[UDP_HEADER_LEN];
	struct writer w = { header, sizeof(header) };
	uint64_t sum = checksum_pseudo(&path->src, &path->dst, IPPROTO_UDP,
				       UDP_HEADER_LEN + datagram->payload_len);
	struct be16 csum;

	udp_emit(&w, datagram, be16_make(0));
	sum = checksum_add(sum, header, sizeof(header));
	csum = checksum_finish(checksum_add(sum, datagram->payload, datagram->payload_len));
	return be16_get(csum) ? csum : be16_make(0xffff); /* 0 would mean that there is none */
}

int answer_send_udp(struct link *link, const struct answer_path *path, const void *data, size_t len)
{
	struct udp_datagram datagram = {
		.src_port = path->src_port,
		.dst_port = path->dst_port,
		.payload = data,
		.payload_len = (uint32_t)len,
	};
	struct ip_packet ip = {
		.src = path->src,
		.dst = path->dst,
		.protocol = IPPROTO_UDP,
		.ttl = ANSWER_TTL,
		.payload_len = UDP_HEADER_LEN + len,
	};
	struct answer_headers h;
	int rc = headers_begin(&h, link, path, &ip);

	if (!rc)
		rc = udp_emit(&h.w, &datagram, udp_checksum(path, &datagram));
	return rc ? rc : headers_send(&h, link, data, len);
}

int answer_send_icmp6(struct link *link, const struct answer_path *path,
		      const struct icmp_message *message)
{
	struct ip_packet ip = {
		.src = path->src,
		.dst = path->dst,
		.protocol = IPPROTO_ICMPV6,
		.ttl = ANSWER_LINK_TTL,
		.payload_len = ICMP_HEADER_LEN + message->payload_len,
	};
	uint64_t pseudo = checksum_pseudo(&path->src, &path->dst, IPPROTO_ICMPV6,
					  (uint32_t)ip.payload_len);
	struct answer_headers h;
	int rc = headers_begin(&h, link, path, &ip);

	if (!rc)
		rc = icmp_emit(&h.w, message, icmp_checksum(message, pseudo));
	return rc ? rc : headers_send(&h, link, message->payload, message->payload_len);
}
