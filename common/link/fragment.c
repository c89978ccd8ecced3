/* SPDX-License-Identifier: Apache-2.0
 *
 * A fragment is a header of ours and a slice of the caller's payload, in one writev(2). All
 * fragments but the last carry a multiple of eight bytes.
 */
#include "common/link/fragment.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

#include "common/base/addr.h"
#include "common/base/util.h"

#define IP_PACKET_MAX 65535

/* Where the next slice starts */
struct slicer {
	const struct iovec *iov;
	int count;
	size_t done; /* bytes of iov[0] already taken */
};

/* Points @iov at the next @len bytes of the payload. Return: number of pieces */
static int slicer_take(struct slicer *s, size_t len, struct iovec *iov)
{
	int used = 0;

	while (len && s->count) {
		size_t n = MIN(len, s->iov->iov_len - s->done);

		if (n)
			iov[used++] = (struct iovec){ (char *)s->iov->iov_base + s->done, n };
		s->done += n;
		len -= n;
		if (s->done == s->iov->iov_len) {
			s->iov++;
			s->count--;
			s->done = 0;
		}
	}
	return used;
}

/* One frame: headers for @ip, and its ip->payload_len bytes of payload */
static int frame_send(struct link *link, const struct ip_packet *ip, struct slicer *s)
{
	uint8_t headers[IP_EMIT_MAX];
	struct writer w = { headers, sizeof(headers) };
	struct iovec iov[2 + FRAGMENT_IOV_MAX];
	struct eth_header eth = { .type = addr_is_ipv4(&ip->src) ? ETH_P_IP : ETH_P_IPV6 };
	int count = 2, rc;

	memcpy(eth.dst, neighbours_mac(&link->neighbours, &ip->dst), sizeof(eth.dst));
	memcpy(eth.src, link->config.our_mac, sizeof(eth.src));
	rc = eth_emit(&w, &eth);
	if (!rc)
		rc = ip_emit(&w, ip);
	if (rc)
		return rc;
	iov[1] = (struct iovec){ headers, sizeof(headers) - w.left };
	count += slicer_take(s, ip->payload_len, iov + 2);
	return link_write(link, iov, count, &(struct link_offload){ .gso = LINK_GSO_NONE });
}

int fragment_send(struct link *link, struct fragment_ids *ids, const struct ip_packet *ip,
		  const struct iovec *payload, int count)
{
	bool ipv4 = addr_is_ipv4(&ip->src);
	size_t header_len = ipv4 ? IP4_HEADER_LEN : IP6_HEADER_LEN;
	size_t max = ipv4 ? IP_PACKET_MAX - IP4_HEADER_LEN : IP_PACKET_MAX;
	struct slicer s = { .iov = payload, .count = count };
	size_t left = ip->payload_len, chunk;
	struct ip_packet part = *ip;

	assert(count <= FRAGMENT_IOV_MAX);
	part.is_fragment = false;
	part.more_fragments = false;
	part.fragment_offset = 0;
	part.fragment_id = 0;
	if (left > max)
		return -EMSGSIZE;
	if (header_len + left <= link->config.mtu)
		return frame_send(link, &part, &s);
	if (!ipv4)
		header_len += IP6_FRAGMENT_LEN;
	if (link->config.mtu < header_len + 8)
		return -EMSGSIZE;
	chunk = (link->config.mtu - header_len) & ~(size_t)7;
	part.is_fragment = true;
	part.dont_fragment = false;
	part.fragment_id = ids->next;
	ids->next += ids->step ? ids->step : 1;
	for (size_t offset = 0; left; offset += part.payload_len) {
		int rc;

		part.payload_len = MIN(left, chunk);
		part.fragment_offset = (uint16_t)offset;
		left -= part.payload_len;
		part.more_fragments = left;
		rc = frame_send(link, &part, &s);
		if (rc)
			return rc;
	}
	return 0;
}
