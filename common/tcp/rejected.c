/* SPDX-License-Identifier: Apache-2.0
 *
 * As connect() in Linux does it: any kind of "unreachable" ends a connection that is not open yet.
 * The quoted sequence number has to be the SYN's (RFC 5927, 4.1): only who has seen it can tell.
 */
#include "common/tcp/rejected.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include "common/base/addr.h"
#include "common/tcp/tcp.h"
#include "common/wire/icmp.h"
#include "common/wire/quoted.h"

static bool is_unreachable(const struct icmp_message *message, bool ipv4)
{
	if (ipv4)
		return message->type == ICMP_DEST_UNREACH && message->code != ICMP_FRAG_NEEDED;
	return message->type == ICMPV6_DEST_UNREACH;
}

bool tcp_rejected_key(const struct ip_packet *ip, struct flow_key *ret_key, uint32_t *ret_seq)
{
	struct reader r = { ip->payload, ip->payload_len }, inner;
	bool ipv4 = ip->protocol == IPPROTO_ICMP;
	struct quoted_packet quoted;
	struct icmp_message message;

	if (icmp_parse(&r, &message) || !is_unreachable(&message, ipv4))
		return false;
	inner = (struct reader){ message.payload, message.payload_len };
	if (quoted_parse(&inner, &quoted) || quoted.protocol != IPPROTO_TCP ||
	    addr_is_ipv4(&quoted.dst) != ipv4)
		return false;
	*ret_key = (struct flow_key){
		.ns = quoted.dst,
		.remote = quoted.src,
		.ns_port = quoted.dst_port,
		.remote_port = quoted.src_port,
		.protocol = IPPROTO_TCP,
	};
	*ret_seq = quoted.seq;
	return true;
}

bool tcp_rejected(struct tcp *tcp, const struct link_frame *frame, const struct ip_packet *ip)
{
	struct flow_key key;
	struct tcp_flow *f;
	uint32_t seq;

	if (!tcp->fwd->icmp || !tcp_rejected_key(ip, &key, &seq))
		return false;
	if (!frame->csum_known && !icmp_is_intact(ip))
		return false;
	f = (struct tcp_flow *)flow_lookup(tcp->flows, &key);
	if (f && f->conn.tap_state == TCP_TAP_SYN_SENT && seq == f->conn.snd_una) {
		tcp->stats.rejected++;
		tcp_flow_reset_host(f);
	}
	return true;
}
