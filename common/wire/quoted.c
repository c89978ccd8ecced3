/* SPDX-License-Identifier: Apache-2.0
 *
 * Only what names a connection of ours is read: we sent no options and no extension headers, but an
 * IPv4 router may have put options in.
 */
#include "common/wire/quoted.h"

#include <errno.h>
#include <string.h>

#include "common/wire/ip.h"

/* RFC 791, 3.1 and RFC 8200, 3: where the fields are */
#define IP4_FRAGMENT 6
#define IP4_FRAGMENT_OFFSET 0x1fff
#define IP4_PROTOCOL 9
#define IP4_SRC 12
#define IP4_DST 16
#define IP6_NEXT 6
#define IP6_SRC 8
#define IP6_DST 24

struct transport_wire {
	struct be16 src_port;
	struct be16 dst_port;
	struct be32 seq;
};
_Static_assert(sizeof(struct transport_wire) == QUOTED_TRANSPORT_LEN, "it has holes");

static int ip4_quoted(struct reader *r, struct quoted_packet *quoted)
{
	size_t len = (size_t)(r->data[0] & 0xf) * 4;
	const uint8_t *h = len < IP4_HEADER_LEN ? NULL : reader_take(r, len);
	struct be16 fragment;

	if (!h)
		return -EBADMSG;
	memcpy(&fragment, h + IP4_FRAGMENT, sizeof(fragment));
	if (be16_get(fragment) & IP4_FRAGMENT_OFFSET)
		return -EBADMSG;
	quoted->protocol = h[IP4_PROTOCOL];
	quoted->src = ip4_addr_get(h + IP4_SRC);
	quoted->dst = ip4_addr_get(h + IP4_DST);
	return 0;
}

static int ip6_quoted(struct reader *r, struct quoted_packet *quoted)
{
	const uint8_t *h = reader_take(r, IP6_HEADER_LEN);

	if (!h)
		return -EBADMSG;
	quoted->protocol = h[IP6_NEXT];
	memcpy(&quoted->src, h + IP6_SRC, sizeof(quoted->src));
	memcpy(&quoted->dst, h + IP6_DST, sizeof(quoted->dst));
	return 0;
}

int quoted_parse(struct reader *r, struct quoted_packet *ret_quoted)
{
	uint8_t version = r->left ? r->data[0] >> 4 : 0;
	const struct transport_wire *transport;
	struct quoted_packet quoted;
	int rc = -EBADMSG;

	if (version == 4)
		rc = ip4_quoted(r, &quoted);
	else if (version == 6)
		rc = ip6_quoted(r, &quoted);
	if (rc)
		return rc;
	transport = reader_take(r, sizeof(*transport));
	if (!transport)
		return -EBADMSG;
	quoted.src_port = be16_get(transport->src_port);
	quoted.dst_port = be16_get(transport->dst_port);
	quoted.seq = be32_get(transport->seq);
	*ret_quoted = quoted;
	return 0;
}
