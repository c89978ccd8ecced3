/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame of many datagrams carries their common header once, so only datagrams of equal TTL and
 * TOS share one.
 */
#include "common/udp/tap_train.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/link/fragment.h"
#include "common/wire/checksum.h"
#include "common/wire/udp.h"

static size_t header_len(const struct udp_flow *f)
{
	bool ipv4 = addr_is_ipv4(&f->dgram.flow.key.ns);

	return (ipv4 ? IP4_HEADER_LEN : IP6_HEADER_LEN) + UDP_HEADER_LEN;
}

/* All datagrams of a train in one frame, which fits or has segments that do */
static int frame_write(struct tap_train *t, struct udp_flow *f)
{
	struct train *train = &t->train;
	const struct flow_key *key = &f->dgram.flow.key;
	struct link *link = f->dgram.env->link;
	uint32_t len = UDP_HEADER_LEN + train->bytes;
	struct ip_packet ip = dgram_packet(&f->dgram, &t->meta, len);
	struct eth_header eth = { .type = addr_is_ipv4(&key->ns) ? ETH_P_IP : ETH_P_IPV6 };
	struct udp_datagram datagram = {
		.src_port = key->remote_port,
		.dst_port = key->ns_port,
		.payload_len = train->bytes,
	};
	uint8_t headers[IP_EMIT_MAX + UDP_HEADER_LEN];
	struct writer w = { headers, sizeof(headers) };
	struct link_offload offload = { .needs_csum = true, .csum_offset = UDP_CSUM_OFFSET };
	uint64_t pseudo = checksum_pseudo(&ip.src, &ip.dst, IPPROTO_UDP, len);

	memcpy(eth.dst, neighbours_mac(&link->neighbours, &ip.dst), ETH_ALEN);
	memcpy(eth.src, link->config.our_mac, ETH_ALEN);
	if (eth_emit(&w, &eth) || ip_emit(&w, &ip) ||
	    udp_emit(&w, &datagram, checksum_fold(pseudo)))
		return -ENOBUFS;
	offload.hdr_len = (uint16_t)(w.data - headers);
	offload.csum_start = (uint16_t)(offload.hdr_len - UDP_HEADER_LEN);
	if (train->count > 1) {
		offload.gso = LINK_GSO_UDP;
		offload.gso_size = (uint16_t)train->size;
		offload.ipv6 = !addr_is_ipv4(&key->ns);
	}
	train->iov[1] = (struct iovec){ headers, offload.hdr_len };
	return link_write(link, train->iov, TRAIN_HEADERS + (int)train->pieces, &offload);
}

/* One datagram that is larger than the MTU: its checksum has to be complete */
static int datagram_fragment(struct udp_flow *f, const struct dgram_meta *meta, const void *data,
			     uint32_t size)
{
	const struct flow_key *key = &f->dgram.flow.key;
	struct ip_packet ip = dgram_packet(&f->dgram, meta, UDP_HEADER_LEN + size);
	struct udp_datagram datagram = {
		.src_port = key->remote_port,
		.dst_port = key->ns_port,
		.payload_len = size,
	};
	uint8_t header[UDP_HEADER_LEN];
	struct writer w = { header, sizeof(header) };
	struct iovec iov[2] = { { header, sizeof(header) }, { (void *)data, size } };
	struct be16 csum;
	uint64_t sum;

	if (udp_emit(&w, &datagram, be16_make(0)))
		return -ENOBUFS;
	sum = checksum_pseudo(&ip.src, &ip.dst, IPPROTO_UDP, UDP_HEADER_LEN + size);
	sum = checksum_add(sum, header, sizeof(header));
	csum = checksum_finish(checksum_add(sum, data, size));
	if (!be16_get(csum))
		csum = be16_make(0xffff); /* RFC 768: 0 means none */
	memcpy(header + UDP_CSUM_OFFSET, &csum, sizeof(csum));
	return fragment_send(f->dgram.env->link, f->dgram.env->fragment_ids, &ip, iov,
			     ARRAY_SIZE(iov));
}

static void fragments_write(struct udp_flow *f, const struct dgram_meta *meta,
			    const struct datagrams *datagrams)
{
	uint32_t size = datagrams->size;

	for (uint32_t at = 0; at < datagrams->len; at += size)
		if (datagram_fragment(f, meta, datagrams->data + at,
				      MIN(size, datagrams->len - at)))
			dgram_drop(f->dgram.env, DGRAM_DROP_LINK, 1);
}

void tap_train_init(struct tap_train *train, const struct link *link)
{
	train_init(&train->train, link->config.uso ? UINT32_MAX : 0);
}

void tap_train_flush(struct tap_train *train, struct udp_flow *f)
{
	if (train->train.count && frame_write(train, f))
		dgram_drop(f->dgram.env, DGRAM_DROP_LINK, train->train.count);
	train->train.count = 0;
}

void tap_train_add(struct tap_train *train, struct udp_flow *f, const struct dgram_meta *meta,
		   const uint8_t *data, uint32_t len)
{
	uint32_t size = dgram_meta_size(meta, len);
	struct datagrams datagrams = { data, len, size };

	if (train->train.count && (meta->ttl != train->meta.ttl || meta->tos != train->meta.tos))
		tap_train_flush(train, f);
	if (!train->train.count)
		train->meta = *meta;
	if (header_len(f) + size > f->dgram.env->link->config.mtu) {
		tap_train_flush(train, f);
		fragments_write(f, meta, &datagrams);
		return;
	}
	while (!train_take(&train->train, &datagrams))
		tap_train_flush(train, f);
}
