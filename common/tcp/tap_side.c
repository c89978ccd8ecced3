/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds one header a super-frame; the kernel cuts it into segments if it ever has to. Checksums
 * are the kernel's too (NEEDS_CSUM), payload is never touched.
 */
#include "common/tcp/tap_side.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/tcp/gaps.h"
#include "common/tcp/window.h"
#include "common/wire/checksum.h"

/* Largest value of an IP header's length field */
#define IP_LENGTH_MAX 65535

/* Ends of a segment towards the namespace */
struct tcp_ends {
	const struct in6_addr *src, *dst;
	uint16_t gso_size;
	uint8_t tos;
};

static int tcp_tap_emit(struct link *link, const struct tcp_ends *ends,
			const struct tcp_segment *seg, const struct iovec *payload, int count)
{
	uint8_t header[IP_EMIT_MAX + TCP_EMIT_MAX];
	struct writer w = { header, sizeof(header) };
	uint32_t tcp_len = tcp_segment_header_len(seg) + seg->payload_len;
	bool ipv6 = !addr_is_ipv4(ends->src);
	struct eth_header eth = { .type = ipv6 ? ETH_P_IPV6 : ETH_P_IP };
	struct ip_packet ip = {
		.src = *ends->src,
		.dst = *ends->dst,
		.protocol = IPPROTO_TCP,
		.ttl = 64,
		.tos = ends->tos,
		.dont_fragment = true,
		.payload_len = tcp_len,
	};
	struct iovec iov[TCP_TAP_IOV_MAX + 2];
	struct link_offload offload = {
		.gso = seg->payload_len > ends->gso_size ? LINK_GSO_TCP : LINK_GSO_NONE,
		.gso_size = ends->gso_size,
		.ipv6 = ipv6,
		.needs_csum = true,
		.csum_start = (uint16_t)(ETH_HLEN + (ipv6 ? IP6_HEADER_LEN : IP4_HEADER_LEN)),
		.csum_offset = TCP_CSUM_OFFSET,
	};
	uint64_t sum = checksum_pseudo(ends->src, ends->dst, IPPROTO_TCP, tcp_len);

	memcpy(eth.dst, neighbours_mac(&link->neighbours, &ip.dst), ETH_ALEN);
	memcpy(eth.src, link->config.our_mac, ETH_ALEN);
	if (eth_emit(&w, &eth) || ip_emit(&w, &ip) || tcp_segment_emit(&w, seg, checksum_fold(sum)))
		return -ENOBUFS;
	offload.hdr_len = (uint16_t)(w.data - header);
	iov[1] = (struct iovec){ header, offload.hdr_len };
	for (int i = 0; i < count; i++)
		iov[2 + i] = payload[i];
	return link_write(link, iov, 2 + count, &offload);
}

static int tcp_tap_emit_flow(struct tcp_flow *f, const struct tcp_segment *seg,
			     const struct iovec *payload, int count)
{
	const struct tcp_ends ends = { &f->flow.key.remote, &f->flow.key.ns, f->conn.mss,
				       f->ns_dscp };

	return tcp_tap_emit(f->tcp->link, &ends, seg, payload, count);
}

static struct tcp_segment tcp_tap_segment(struct tcp_flow *f, uint8_t flags)
{
	return (struct tcp_segment){
		.src_port = f->flow.key.remote_port,
		.dst_port = f->flow.key.ns_port,
		.seq = f->conn.snd_nxt,
		.ack = f->conn.rcv_ack,
		.flags = flags,
		.wscale = TCP_WSCALE_NONE,
	};
}

uint32_t tcp_tap_payload_max(const struct tcp_flow *f)
{
	/* IPv6's length field does not count its own header (RFC 8200, 3) */
	uint32_t header = addr_is_ipv4(&f->flow.key.ns) ? IP4_HEADER_LEN : 0;
	uint32_t room = IP_LENGTH_MAX - header - TCP_HEADER_LEN;

	if (!f->tcp->link->config.tso || f->conn.mss > room)
		return f->conn.mss;
	return room - room % f->conn.mss;
}

int tcp_tap_find_room(struct tcp_flow *f, uint32_t len, struct iovec *iov)
{
	const bool ipv6 = !addr_is_ipv4(&f->flow.key.ns);
	const struct link_room room = {
		.header_len = ETH_HLEN + (ipv6 ? IP6_HEADER_LEN : IP4_HEADER_LEN) + TCP_HEADER_LEN,
		.payload_len = len,
		.mss = f->conn.mss,
		.ipv6 = ipv6,
	};

	return link_find_room(f->tcp->link, &room, iov, TCP_TAP_IOV_MAX);
}

/* Selective acknowledgements, beside what @seg has. They only go with segments that have no
 * payload, for which the options would leave less room. All before the first gap has to be
 * acknowledged, then, or it would look like another one
 */
static void tcp_tap_add_blocks(struct tcp_flow *f, struct tcp_segment *seg)
{
	int count = tcp_gaps_blocks(f, seg->sack + seg->sack_count, TCP_SACK_MAX - seg->sack_count);

	seg->sack_count = (uint8_t)(seg->sack_count + count);
	if (seg->sack_count)
		tcp_conn_taken(&f->conn, 0);
	seg->ack = f->conn.rcv_ack;
}

int tcp_tap_send(struct tcp_flow *f, uint8_t flags, const struct iovec *payload, int count,
		 uint32_t len)
{
	struct tcp_segment seg = tcp_tap_segment(f, flags | TCP_ACK);

	seg.payload_len = len;
	seg.urgent = flags & TCP_URG ? (uint16_t)len : 0;
	if (f->gaps && !len)
		tcp_tap_add_blocks(f, &seg);
	seg.window = tcp_conn_announce(&f->conn, tcp_window(f));
	return tcp_tap_emit_flow(f, &seg, payload, count);
}

void tcp_tap_send_answer(struct tcp_flow *f, const struct tcp_sack *duplicate)
{
	struct tcp_segment seg = tcp_tap_segment(f, TCP_ACK);

	if (f->conn.sack && duplicate->from != duplicate->to)
		seg.sack[seg.sack_count++] = *duplicate;
	tcp_tap_add_blocks(f, &seg);
	seg.window = tcp_conn_announce(&f->conn, f->gaps ? 0 : tcp_window(f));
	tcp_tap_emit_flow(f, &seg, NULL, 0);
}

void tcp_tap_send_synack(struct tcp_flow *f)
{
	bool first = f->conn.tap_state == TCP_TAP_SYN_SENT;
	struct tcp_segment seg = tcp_tap_segment(f, first ? TCP_SYN : TCP_SYN | TCP_ACK);

	seg.seq = f->conn.snd_una;
	seg.window = TCP_SYNACK_WINDOW;
	seg.mss = f->conn.rcv_mss;
	seg.sack_permitted = f->conn.sack;
	if (f->conn.rcv_scale)
		seg.wscale = f->conn.rcv_scale;
	tcp_tap_emit_flow(f, &seg, NULL, 0);
}

void tcp_tap_send_probe(struct tcp_flow *f)
{
	struct tcp_segment seg = tcp_tap_segment(f, TCP_ACK);

	seg.seq = f->conn.snd_una - 1;
	seg.window = tcp_conn_announce(&f->conn, tcp_window(f));
	tcp_tap_emit_flow(f, &seg, NULL, 0);
}

void tcp_tap_send_reset(struct tcp_flow *f)
{
	struct tcp_segment seg = tcp_tap_segment(f, TCP_RST | TCP_ACK);

	if (f->conn.tap_state == TCP_TAP_SYN_SENT)
		seg.flags = TCP_RST; /* there is nothing yet to acknowledge */
	seg.seq = f->conn.snd_max;
	seg.ack = f->conn.rcv_nxt;
	tcp_tap_emit_flow(f, &seg, NULL, 0);
}

void tcp_tap_reply_reset(struct tcp *tcp, const struct ip_packet *ip, const struct tcp_segment *seg)
{
	const struct tcp_ends ends = { &ip->dst, &ip->src, UINT16_MAX, 0 };
	struct tcp_segment reset = {
		.src_port = seg->dst_port,
		.dst_port = seg->src_port,
		.flags = TCP_RST,
		.wscale = TCP_WSCALE_NONE,
	};

	if (seg->flags & TCP_RST)
		return;
	if (seg->flags & TCP_ACK) {
		reset.seq = seg->ack;
	} else {
		reset.flags |= TCP_ACK;
		reset.ack = seg->seq + seg->payload_len + !!(seg->flags & TCP_SYN) +
			    !!(seg->flags & TCP_FIN);
	}
	tcp_tap_emit(tcp->link, &ends, &reset, NULL, 0);
}

uint16_t tcp_tap_mss_max(const struct tcp *tcp, const struct flow_key *key)
{
	uint32_t ip_len = addr_is_ipv4(&key->ns) ? IP4_HEADER_LEN : IP6_HEADER_LEN;

	return (uint16_t)(tcp->link->config.mtu - TCP_HEADER_LEN - ip_len);
}
