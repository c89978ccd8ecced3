/* SPDX-License-Identifier: Apache-2.0
 *
 * The eight bytes that all ICMP and ICMPv6 messages used here begin with.
 */
#include "common/wire/icmp.h"

#include <errno.h>

#include "common/wire/checksum.h"

struct icmp_wire {
	uint8_t type;
	uint8_t code;
	struct be16 csum;
	struct be32 rest;
};
_Static_assert(sizeof(struct icmp_wire) == ICMP_HEADER_LEN, "ICMP header has holes");

int icmp_parse(struct reader *r, struct icmp_message *ret_message)
{
	const struct icmp_wire *h = reader_take(r, sizeof(*h));

	if (!h || r->left > UINT32_MAX)
		return -EBADMSG;
	ret_message->type = h->type;
	ret_message->code = h->code;
	ret_message->rest = be32_get(h->rest);
	ret_message->payload = r->data;
	ret_message->payload_len = (uint32_t)r->left;
	r->data += r->left;
	r->left = 0;
	return 0;
}

int icmp_emit(struct writer *w, const struct icmp_message *message, struct be16 csum)
{
	struct icmp_wire *h = writer_take(w, sizeof(*h));

	if (!h)
		return -ENOBUFS;
	h->type = message->type;
	h->code = message->code;
	h->csum = csum;
	h->rest = be32_make(message->rest);
	return 0;
}

struct be16 icmp_checksum(const struct icmp_message *message, uint64_t pseudo)
{
	struct icmp_wire h = {
		.type = message->type,
		.code = message->code,
		.rest = be32_make(message->rest),
	};

	return checksum_finish(
		checksum_add(checksum_add(pseudo, &h, sizeof(h)), message->payload,
			     message->payload_len));
}

bool icmp_is_intact(const struct ip_packet *ip)
{
	uint64_t sum = 0;

	if (ip->protocol == IPPROTO_ICMPV6)
		sum = checksum_pseudo(&ip->src, &ip->dst, ip->protocol, (uint32_t)ip->payload_len);
	return !be16_get(checksum_finish(checksum_add(sum, ip->payload, ip->payload_len)));
}
