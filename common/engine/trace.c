/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames are put in one piece first, so that the usual parsers do.
 */
#include "common/engine/trace.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/addr.h"
#include "common/base/iov.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/link/link.h"
#include "common/wire/icmp.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"

#define TRACE_END_MAX (ADDR_TEXT_MAX + 10)
#define TRACE_TEXT_MAX 128

static void format_end(char text[TRACE_END_MAX], const struct in6_addr *addr, uint16_t port)
{
	char a[ADDR_TEXT_MAX];

	snprintf(text, TRACE_END_MAX, addr_is_ipv4(addr) ? "%s:%u" : "[%s]:%u",
		 addr_format(addr, a), port);
}

static void format_tcp_flags(char text[8], uint8_t flags)
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{ TCP_SYN, 'S' }, { TCP_FIN, 'F' }, { TCP_RST, 'R' },
		{ TCP_PSH, 'P' }, { TCP_URG, 'U' }, { TCP_ACK, '.' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (flags & letters[i].flag)
			*text++ = letters[i].letter;
	*text = '\0';
}

static void trace_ends(const char *what, const char *protocol, const struct ip_packet *ip,
		       uint16_t src_port, uint16_t dst_port, const char *rest)
{
	char src[TRACE_END_MAX], dst[TRACE_END_MAX];

	format_end(src, &ip->src, src_port);
	format_end(dst, &ip->dst, dst_port);
	log_trace("%s: %s %s > %s %s", what, protocol, src, dst, rest);
}

static bool trace_tcp(const char *what, const struct ip_packet *ip)
{
	struct reader r = { ip->payload, ip->payload_len };
	char rest[TRACE_TEXT_MAX], flags[8];
	struct tcp_segment s;

	if (tcp_segment_parse(&r, &s))
		return false;
	format_tcp_flags(flags, s.flags);
	snprintf(rest, sizeof(rest),
		 "%s seq %" PRIu32 " ack %" PRIu32 " window %u, %" PRIu32 " bytes", flags, s.seq,
		 s.ack, s.window, s.payload_len);
	trace_ends(what, "TCP", ip, s.src_port, s.dst_port, rest);
	return true;
}

static bool trace_udp(const char *what, const struct ip_packet *ip)
{
	struct reader r = { ip->payload, ip->payload_len };
	char rest[TRACE_TEXT_MAX];
	struct udp_datagram d;

	if (udp_parse(&r, true, &d))
		return false;
	snprintf(rest, sizeof(rest), "%" PRIu32 " bytes", d.payload_len);
	trace_ends(what, "UDP", ip, d.src_port, d.dst_port, rest);
	return true;
}

static void trace_other(const char *what, const struct ip_packet *ip)
{
	bool icmp = ip->protocol == IPPROTO_ICMP || ip->protocol == IPPROTO_ICMPV6;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], kind[TRACE_TEXT_MAX];
	struct reader r = { ip->payload, ip->payload_len };
	struct icmp_message m;

	if (ip->is_fragment)
		snprintf(kind, sizeof(kind), "fragment of protocol %u, offset %u", ip->protocol,
			 ip->fragment_offset);
	else if (icmp && !icmp_parse(&r, &m))
		snprintf(kind, sizeof(kind), "%s type %u code %u",
			 ip->protocol == IPPROTO_ICMP ? "ICMP" : "ICMPv6", m.type, m.code);
	else
		snprintf(kind, sizeof(kind), "protocol %u", ip->protocol);
	log_trace("%s: %s %s > %s, %zu bytes", what, kind, addr_format(&ip->src, src),
		  addr_format(&ip->dst, dst), ip->payload_len);
}

static void trace_bytes(const char *what, const uint8_t *data, size_t len)
{
	struct reader r = { data, len };
	struct eth_header eth;
	struct ip_packet ip;

	if (eth_parse(&r, &eth)) {
		log_trace("%s: frame of %zu bytes", what, len);
		return;
	}
	if (ip_parse(&r, eth.type, true, &ip)) {
		log_trace("%s: %s of type 0x%04x, %zu bytes", what,
			  eth.type == ETH_P_ARP ? "ARP" : "frame", eth.type, len);
		return;
	}
	if (!ip.is_fragment && ip.protocol == IPPROTO_TCP && trace_tcp(what, &ip))
		return;
	if (!ip.is_fragment && ip.protocol == IPPROTO_UDP && trace_udp(what, &ip))
		return;
	trace_other(what, &ip);
}

void trace_frame(bool to_host, const struct iovec *iov, int count)
{
	uint8_t frame[LINK_FRAME_MAX];
	size_t len = iov_gather(iov, count, frame, sizeof(frame));

	trace_bytes(to_host ? "from namespace" : "to namespace", frame, len);
}
