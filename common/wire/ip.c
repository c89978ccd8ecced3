/* SPDX-License-Identifier: Apache-2.0
 *
 * An IPv6 packet with an IPv4-mapped address is refused: above this layer such an address means
 * IPv4, and a packet of one family must never pass for one of the other. A fragment's payload is
 * what follows its Fragment header, extension headers included: they can only be walked once the
 * whole packet is there. An atomic fragment (RFC 6946) is a whole packet, and is walked at once.
 */
#include "common/wire/ip.h"

#include <arpa/inet.h>
#include <errno.h>

#include "common/wire/checksum.h"

#define IP_PACKET_MAX 65535
#define IP4_OFFSET_MASK 0x1fff /* RFC 791, 3.1 */
#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP6_OFFSET_MASK 0xfff8 /* RFC 8200, 4.5 */
#define IP6_MF 0x0001

struct ip4_wire {
	uint8_t version_ihl;
	uint8_t tos;
	struct be16 total_len;
	struct be16 id;
	struct be16 flags_offset;
	uint8_t ttl;
	uint8_t protocol;
	struct be16 csum;
	uint8_t src[4];
	uint8_t dst[4];
};
_Static_assert(sizeof(struct ip4_wire) == IP4_HEADER_LEN, "IPv4 header has holes");

struct ip6_wire {
	struct be32 version_class_label;
	struct be16 payload_len;
	uint8_t next_header;
	uint8_t hop_limit;
	uint8_t src[16];
	uint8_t dst[16];
};
_Static_assert(sizeof(struct ip6_wire) == IP6_HEADER_LEN, "IPv6 header has holes");

struct ip6_fragment_wire {
	uint8_t next_header;
	uint8_t reserved;
	struct be16 offset_flags;
	struct be32 id;
};
_Static_assert(sizeof(struct ip6_fragment_wire) == IP6_FRAGMENT_LEN, "Fragment header has holes");

int eth_parse(struct reader *r, struct eth_header *ret_eth)
{
	const uint8_t *p = reader_take(r, ETH_HLEN);

	if (!p)
		return -EBADMSG;
	memcpy(ret_eth->dst, p, ETH_ALEN);
	memcpy(ret_eth->src, p + ETH_ALEN, ETH_ALEN);
	ret_eth->type = (uint16_t)(p[12] << 8 | p[13]);
	return 0;
}

int eth_emit(struct writer *w, const struct eth_header *eth)
{
	uint8_t *p = writer_take(w, ETH_HLEN);

	if (!p)
		return -ENOBUFS;
	memcpy(p, eth->dst, ETH_ALEN);
	memcpy(p + ETH_ALEN, eth->src, ETH_ALEN);
	p[12] = (uint8_t)(eth->type >> 8);
	p[13] = (uint8_t)eth->type;
	return 0;
}

/* All checks come first, so that nothing is written on failure and nothing is copied twice */
static int ip4_parse(struct reader *r, bool gso, struct ip_packet *ret_ip)
{
	const struct ip4_wire *h = (const void *)r->data;
	size_t header_len, total_len;
	uint16_t flags_offset;
	uint32_t offset;

	if (r->left < sizeof(*h) || h->version_ihl >> 4 != 4)
		return -EBADMSG;
	header_len = (h->version_ihl & 0xf) * 4u;
	total_len = be16_get(h->total_len);
	if (!total_len && gso)
		total_len = r->left;
	if (header_len < sizeof(*h) || header_len > total_len || total_len > r->left ||
	    be16_get(checksum_fold(checksum_add(0, h, header_len))) != 0xffff)
		return -EBADMSG;
	flags_offset = be16_get(h->flags_offset);
	offset = (flags_offset & IP4_OFFSET_MASK) * 8u;
	if (offset && offset + total_len > IP_PACKET_MAX)
		return -EBADMSG;
	ret_ip->src = ip4_addr_get(h->src);
	ret_ip->dst = ip4_addr_get(h->dst);
	ret_ip->protocol = h->protocol;
	ret_ip->ttl = h->ttl;
	ret_ip->tos = h->tos;
	ret_ip->dont_fragment = flags_offset & IP4_DF;
	ret_ip->more_fragments = flags_offset & IP4_MF;
	ret_ip->fragment_offset = (uint16_t)offset;
	ret_ip->is_fragment = ret_ip->more_fragments || offset;
	ret_ip->reassembled = false;
	ret_ip->fragment_id = be16_get(h->id);
	ret_ip->header = r->data;
	ret_ip->header_len = header_len;
	ret_ip->payload = r->data + header_len;
	ret_ip->payload_len = total_len - header_len;
	r->data += total_len;
	r->left -= total_len;
	return 0;
}

/* Takes one extension header with a length field: RFC 8200, 4.2 to 4.6 */
static int ip6_extension_skip(struct reader *r, uint8_t *next)
{
	bool routing = *next == IPPROTO_ROUTING;
	const uint8_t *p = r->data;

	if (r->left < 8 || !reader_take(r, (p[1] + 1u) * 8))
		return -EBADMSG;
	/* Segments left: the destination is not the final one yet, and we don't route */
	if (routing && p[3])
		return -EBADMSG;
	*next = p[0];
	return 0;
}

int ip6_extensions_skip(struct reader *r, uint8_t *next)
{
	while (*next == IPPROTO_ROUTING || *next == IPPROTO_DSTOPTS) {
		int rc = ip6_extension_skip(r, next);

		if (rc)
			return rc;
	}
	/* Hop-by-hop options come first or not at all, and nothing is fragmented twice */
	return *next == IPPROTO_HOPOPTS ? -EBADMSG : 0;
}

/* What the headers in front of an IPv6 payload say */
struct ip6_chain {
	uint8_t protocol;
	bool is_fragment;
	bool more_fragments;
	uint16_t fragment_offset;
	uint32_t fragment_id;
};

static int ip6_fragment_parse(struct reader *r, struct ip6_chain *chain)
{
	const struct ip6_fragment_wire *h = reader_take(r, sizeof(*h));
	uint16_t offset_flags;

	if (!h)
		return -EBADMSG;
	offset_flags = be16_get(h->offset_flags);
	chain->protocol = h->next_header;
	chain->is_fragment = true;
	chain->more_fragments = offset_flags & IP6_MF;
	chain->fragment_offset = offset_flags & IP6_OFFSET_MASK;
	chain->fragment_id = be32_get(h->id);
	if (chain->fragment_offset + r->left > IP_PACKET_MAX)
		return -EBADMSG;
	if (chain->more_fragments || chain->fragment_offset)
		return 0;
	if (ip6_extensions_skip(r, &chain->protocol) || chain->protocol == IPPROTO_FRAGMENT)
		return -EBADMSG;
	return 0;
}

/* Takes all headers in front of the payload; @r ends where the packet does */
static int ip6_chain_parse(struct reader *r, struct ip6_chain *chain)
{
	if (chain->protocol == IPPROTO_HOPOPTS && ip6_extension_skip(r, &chain->protocol))
		return -EBADMSG;
	if (ip6_extensions_skip(r, &chain->protocol))
		return -EBADMSG;
	return chain->protocol == IPPROTO_FRAGMENT ? ip6_fragment_parse(r, chain) : 0;
}

static int ip6_parse(struct reader *r, bool gso, struct ip_packet *ret_ip)
{
	const struct ip6_wire *h = (const void *)r->data;
	struct ip6_chain chain = { 0 };
	struct in6_addr src, dst;
	struct reader rest;
	size_t total_len;

	if (r->left < sizeof(*h) || r->data[0] >> 4 != 6)
		return -EBADMSG;
	total_len = sizeof(*h) + be16_get(h->payload_len);
	if (total_len == sizeof(*h) && gso)
		total_len = r->left;
	if (total_len > r->left)
		return -EBADMSG;
	memcpy(&src, h->src, sizeof(src));
	memcpy(&dst, h->dst, sizeof(dst));
	rest = (struct reader){ r->data + sizeof(*h), total_len - sizeof(*h) };
	chain.protocol = h->next_header;
	if (addr_is_ipv4(&src) || addr_is_ipv4(&dst) || ip6_chain_parse(&rest, &chain))
		return -EBADMSG;
	ret_ip->src = src;
	ret_ip->dst = dst;
	ret_ip->protocol = chain.protocol;
	ret_ip->ttl = h->hop_limit;
	ret_ip->tos = (uint8_t)(be32_get(h->version_class_label) >> 20);
	ret_ip->dont_fragment = false;
	ret_ip->is_fragment = chain.is_fragment;
	ret_ip->reassembled = false;
	ret_ip->more_fragments = chain.more_fragments;
	ret_ip->fragment_offset = chain.fragment_offset;
	ret_ip->fragment_id = chain.fragment_id;
	ret_ip->header = r->data;
	ret_ip->header_len = (size_t)(rest.data - r->data);
	ret_ip->payload = rest.data;
	ret_ip->payload_len = rest.left;
	r->data += total_len;
	r->left -= total_len;
	return 0;
}

int ip_parse(struct reader *r, uint16_t eth_type, bool gso, struct ip_packet *ret_ip)
{
	if (eth_type == ETH_P_IP)
		return ip4_parse(r, gso, ret_ip);
	if (eth_type == ETH_P_IPV6)
		return ip6_parse(r, gso, ret_ip);
	return -EBADMSG;
}

/* The checksum of the header, from its values: reading back what was just written would stall */
static struct be16 ip4_emit_csum(const struct ip_packet *ip, uint16_t total_len,
				 uint16_t flags_offset)
{
	uint64_t sum = (uint64_t)addr_be32(&ip->src) + addr_be32(&ip->dst);

	sum += htons((uint16_t)(0x4500 | ip->tos));
	sum += htons(total_len);
	sum += htons((uint16_t)ip->fragment_id);
	sum += htons(flags_offset);
	sum += htons((uint16_t)(ip->ttl << 8 | ip->protocol));
	return checksum_finish(sum);
}

static int ip4_emit(struct writer *w, const struct ip_packet *ip)
{
	struct ip4_wire *h;
	uint16_t flags_offset = ip->fragment_offset / 8, total_len;

	if (ip->payload_len > IP_PACKET_MAX - sizeof(*h))
		return -ENOBUFS;
	h = writer_take(w, sizeof(*h));
	if (!h)
		return -ENOBUFS;
	if (ip->dont_fragment)
		flags_offset |= IP4_DF;
	if (ip->more_fragments)
		flags_offset |= IP4_MF;
	total_len = (uint16_t)(sizeof(*h) + ip->payload_len);
	h->version_ihl = 0x45;
	h->tos = ip->tos;
	h->total_len = be16_make(total_len);
	h->id = be16_make((uint16_t)ip->fragment_id);
	h->flags_offset = be16_make(flags_offset);
	h->ttl = ip->ttl;
	h->protocol = ip->protocol;
	h->csum = ip4_emit_csum(ip, total_len, flags_offset);
	memcpy(h->src, &ip->src.s6_addr[12], sizeof(h->src));
	memcpy(h->dst, &ip->dst.s6_addr[12], sizeof(h->dst));
	return 0;
}

static int ip6_emit(struct writer *w, const struct ip_packet *ip)
{
	size_t extra = ip->is_fragment ? IP6_FRAGMENT_LEN : 0;
	struct ip6_fragment_wire *f;
	struct ip6_wire *h;

	if (ip->payload_len > IP_PACKET_MAX - extra)
		return -ENOBUFS;
	h = writer_take(w, sizeof(*h) + extra);
	if (!h)
		return -ENOBUFS;
	h->version_class_label = be32_make(6u << 28 | (uint32_t)ip->tos << 20);
	h->payload_len = be16_make((uint16_t)(ip->payload_len + extra));
	h->next_header = ip->is_fragment ? IPPROTO_FRAGMENT : ip->protocol;
	h->hop_limit = ip->ttl;
	memcpy(h->src, &ip->src, sizeof(h->src));
	memcpy(h->dst, &ip->dst, sizeof(h->dst));
	if (!ip->is_fragment)
		return 0;
	f = (void *)(h + 1);
	f->next_header = ip->protocol;
	f->reserved = 0;
	f->offset_flags = be16_make((uint16_t)((ip->fragment_offset & IP6_OFFSET_MASK) |
					       (ip->more_fragments ? IP6_MF : 0)));
	f->id = be32_make(ip->fragment_id);
	return 0;
}

int ip_emit(struct writer *w, const struct ip_packet *ip)
{
	return addr_is_ipv4(&ip->src) ? ip4_emit(w, ip) : ip6_emit(w, ip);
}
