/* SPDX-License-Identifier: Apache-2.0
 *
 * A segment has the headers of the whole, but for the lengths, the sequence number, an urgent
 * pointer, which counts from it, and flags: PSH and FIN are the last segment's. Sums are taken
 * right after the copy, while the bytes are in the first cache.
 */
#include "common/link/soft_offload.h"

#include <linux/if_ether.h>
#include <string.h>

#include "common/base/util.h"
#include "common/link/frame_fields.h"
#include "common/link/offload.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"

static void put_sum(uint8_t *p, struct be16 sum)
{
	memcpy(p, &sum, sizeof(sum));
}

void soft_offload_init(struct soft_offload *cut, const struct iovec *iov, int count,
		       const struct link_offload *offload)
{
	size_t total = 0;

	for (int i = 0; i < count; i++)
		total += iov[i].iov_len;
	*cut = (struct soft_offload){
		.offload = offload,
		.rest = { iov, offload->needs_csum ? offload->hdr_len : 0 },
		.header = iov[0].iov_base,
		.header_len = offload->needs_csum ? offload->hdr_len : 0,
		.frames_left = 1,
	};
	cut->payload_left = cut->piece = total - cut->header_len;
	if (offload->gso != LINK_GSO_NONE && cut->payload_left > offload->gso_size) {
		cut->piece = offload->gso_size;
		cut->frames_left = (uint32_t)((cut->payload_left + cut->piece - 1) / cut->piece);
	}
}

size_t soft_offload_bytes(const struct soft_offload *cut)
{
	return cut->frames_left * cut->header_len + cut->payload_left;
}

/* Lengths of the network header. Return: the sum of the pseudo-header */
static uint64_t set_network(uint8_t *frame, size_t transport, size_t transport_len)
{
	uint8_t *ip = frame + ETH_HLEN;
	bool ipv6 = field_get16(frame + ETH_HLEN - 2) == ETH_P_IPV6;
	uint8_t protocol = ipv6 ? ip[6] : ip[9];
	uint8_t tail[] = { 0, protocol, 0, 0 };
	uint64_t sum;

	field_put16(tail + 2, transport_len);
	if (ipv6) {
		field_put16(ip + IP6_PAYLOAD_LENGTH,
			    transport + transport_len - ETH_HLEN - IP6_HEADER_LEN);
		sum = checksum_add(0, ip + IP6_SOURCE, 2 * sizeof(struct in6_addr));
	} else {
		field_put16(ip + IP4_TOTAL_LENGTH, transport + transport_len - ETH_HLEN);
		field_put16(ip + IP4_CHECKSUM, 0);
		put_sum(ip + IP4_CHECKSUM,
			checksum_finish(checksum_add(0, ip, transport - ETH_HLEN)));
		sum = checksum_add(0, ip + IP4_SOURCE, 2 * sizeof(struct in_addr));
	}
	return checksum_add(sum, tail, sizeof(tail));
}

static void set_tcp(const struct soft_offload *cut, uint8_t *tcp)
{
	uint16_t urgent = field_get16(tcp + TCP_URGENT_POINTER);

	field_put32(tcp + TCP_SEQUENCE, field_get32(tcp + TCP_SEQUENCE) + cut->offset);
	if (cut->frames_left > 1)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (!(tcp[TCP_FLAGS] & TCP_URG))
		return;
	if (urgent > cut->offset)
		field_put16(tcp + TCP_URGENT_POINTER, urgent - cut->offset);
	else
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_URG;
}

/* The next bytes, to @out, if they are not there already */
static void take(struct iov_cursor *from, uint8_t *out, size_t len)
{
	struct iov_cursor next = *from;
	size_t n = 0;

	if (len && iov_run(&next, len, &n) == out && n == len)
		*from = next;
	else
		iov_take(from, out, len);
}

size_t soft_offload_next(struct soft_offload *cut, uint8_t *out)
{
	const struct link_offload *offload = cut->offload;
	size_t payload = MIN(cut->piece, cut->payload_left), len = cut->header_len + payload;
	size_t transport = offload->csum_start;
	uint64_t sum;
	struct be16 folded;

	if (!cut->frames_left)
		return 0;
	memcpy(out, cut->header, cut->header_len);
	take(&cut->rest, out + cut->header_len, payload);
	if (offload->needs_csum) {
		sum = set_network(out, transport, len - transport);
		if (offload->gso == LINK_GSO_TCP)
			set_tcp(cut, out + transport);
		if (offload->gso == LINK_GSO_UDP)
			field_put16(out + transport + UDP_LENGTH, len - transport);
		field_put16(out + transport + offload->csum_offset, 0);
		folded = checksum_finish(checksum_add(sum, out + transport, len - transport));
		/* Of UDP, none at all would be 0 (RFC 768), and the same for TCP is as good */
		if (!field_get16((const uint8_t *)&folded))
			field_put16((uint8_t *)&folded, 0xffff);
		put_sum(out + transport + offload->csum_offset, folded);
	}
	cut->payload_left -= payload;
	cut->offset += (uint32_t)payload;
	cut->frames_left--;
	return len;
}
