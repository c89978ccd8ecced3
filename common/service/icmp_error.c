/* SPDX-License-Identifier: Apache-2.0
 *
 * The message is put together in one small buffer, because an error is rare and its checksum
 * covers it all: raw sockets in the namespace look at it, so it is complete.
 */
#include "common/service/icmp_error.h"

#include <errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#define ICMP_ERROR_TTL 64
/* Internetwork control, as RFC 1812, 4.3.2.5 wants it */
#define ICMP_ERROR_TOS 0xc0
/* RFC 4443, 3.1: communication with destination administratively prohibited */
#define ICMP6_CODE_PROHIBITED 1

bool icmp_error_from_errno(int error, enum icmp_error_kind *ret_kind)
{
	switch (error) {
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL: /* no source address that could reach it */
		*ret_kind = ICMP_ERROR_NET_UNREACHABLE;
		return true;
	case EHOSTUNREACH:
		*ret_kind = ICMP_ERROR_HOST_UNREACHABLE;
		return true;
	case EHOSTDOWN:
		*ret_kind = ICMP_ERROR_HOST_UNKNOWN;
		return true;
	case ENONET:
		*ret_kind = ICMP_ERROR_HOST_ISOLATED;
		return true;
	case ENOPROTOOPT:
		*ret_kind = ICMP_ERROR_PROTOCOL_UNREACHABLE;
		return true;
	case EPROTO:
		*ret_kind = ICMP_ERROR_PARAMETER_PROBLEM;
		return true;
	case ECONNREFUSED:
		*ret_kind = ICMP_ERROR_PORT_UNREACHABLE;
		return true;
	case EACCES:
	case EPERM:
		*ret_kind = ICMP_ERROR_PROHIBITED;
		return true;
	case EMSGSIZE:
		*ret_kind = ICMP_ERROR_FRAG_NEEDED;
		return true;
	default:
		return false;
	}
}

/* Type, code and bytes 4 to 7 */
static void message_set(const struct icmp_error *error, bool ipv4, struct icmp_message *message)
{
	static const struct {
		uint8_t type4, code4, type6, code6;
	} kinds[] = {
		[ICMP_ERROR_NET_UNREACHABLE] = { ICMP_DEST_UNREACH, ICMP_NET_UNREACH,
						 ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE },
		[ICMP_ERROR_HOST_UNREACHABLE] = { ICMP_DEST_UNREACH, ICMP_HOST_UNREACH,
						  ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH },
		[ICMP_ERROR_PORT_UNREACHABLE] = { ICMP_DEST_UNREACH, ICMP_PORT_UNREACH,
						  ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH },
		[ICMP_ERROR_PROHIBITED] = { ICMP_DEST_UNREACH, ICMP_PKT_FILTERED,
					    ICMPV6_DEST_UNREACH, ICMP6_CODE_PROHIBITED },
		[ICMP_ERROR_HOST_UNKNOWN] = { ICMP_DEST_UNREACH, ICMP_HOST_UNKNOWN,
					      ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH },
		[ICMP_ERROR_HOST_ISOLATED] = { ICMP_DEST_UNREACH, ICMP_HOST_ISOLATED,
					       ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH },
		[ICMP_ERROR_PROTOCOL_UNREACHABLE] = { ICMP_DEST_UNREACH, ICMP_PROT_UNREACH,
						      ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR },
		[ICMP_ERROR_PARAMETER_PROBLEM] = { ICMP_PARAMETERPROB, 0, ICMPV6_PARAMPROB,
						   ICMPV6_HDR_FIELD },
		[ICMP_ERROR_FRAG_NEEDED] = { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMPV6_PKT_TOOBIG,
					     0 },
		[ICMP_ERROR_TIME_EXCEEDED] = { ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, ICMPV6_TIME_EXCEED,
					       ICMPV6_EXC_HOPLIMIT },
	};

	message->rest = error->info;
	if (error->kind == ICMP_ERROR_AS_IS) {
		message->type = error->type;
		message->code = error->code;
		return;
	}
	message->type = ipv4 ? kinds[error->kind].type4 : kinds[error->kind].type6;
	message->code = ipv4 ? kinds[error->kind].code4 : kinds[error->kind].code6;
	/* RFC 1191, 4: the MTU has 16 bits; a larger one asks for nothing */
	if (ipv4 && error->kind == ICMP_ERROR_FRAG_NEEDED)
		message->rest = MIN(error->info, (uint32_t)UINT16_MAX);
}

/* Put the packet at fault into @w, cut to what fits */
static int quote(struct writer *w, const struct ip_packet *packet)
{
	struct ip_packet header = *packet;
	size_t len;
	void *p;

	header.is_fragment = false;
	header.more_fragments = false;
	header.fragment_offset = 0;
	if (ip_emit(w, &header))
		return -ENOBUFS;
	len = MIN(packet->payload_len, w->left);
	p = writer_take(w, len);
	if (p && len)
		memcpy(p, packet->payload, len);
	return 0;
}

bool icmp_error_limit_pass(struct icmp_error_limit *limit, uint64_t now_ns)
{
	if (now_ns - limit->second_ns >= NS_PER_S) {
		limit->second_ns = now_ns;
		limit->sent = 0;
	}
	if (limit->sent >= ICMP_ERROR_PER_SECOND / MAX(limit->parts, 1U)) {
		limit->suppressed++;
		return false;
	}
	limit->sent++;
	return true;
}

/* Everything from the Ethernet header on; @w has room for the longest message and its frame */
static int message_emit(struct writer *w, struct link *link, const struct icmp_error *error)
{
	bool ipv4 = addr_is_ipv4(&error->packet->src);
	size_t ip_len = ipv4 ? IP4_HEADER_LEN : IP6_HEADER_LEN;
	size_t room = ipv4 ? ICMP_ERROR_MAX4 : ICMP_ERROR_MAX6;
	uint8_t quoted[ICMP_ERROR_MAX6];
	struct icmp_message message = { .payload = quoted };
	struct writer q = { .data = quoted };
	struct eth_header eth = { .type = ipv4 ? ETH_P_IP : ETH_P_IPV6 };
	struct ip_packet ip = {
		.src = error->offender,
		.dst = error->packet->src,
		.protocol = ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
		.ttl = ICMP_ERROR_TTL,
		.tos = ICMP_ERROR_TOS,
	};
	uint64_t pseudo = 0;
	void *p;

	if (link->config.mtu && link->config.mtu < room)
		room = link->config.mtu;
	if (room <= ip_len + ICMP_HEADER_LEN)
		return -EMSGSIZE;
	q.left = room - ip_len - ICMP_HEADER_LEN;
	if (addr_is_unspecified(&ip.src) || addr_is_ipv4(&ip.src) != ipv4)
		ip.src = error->packet->dst;
	if (quote(&q, error->packet))
		return -EMSGSIZE;
	message.payload_len = (uint32_t)(q.data - quoted);
	message_set(error, ipv4, &message);
	ip.payload_len = ICMP_HEADER_LEN + message.payload_len;
	memcpy(eth.dst, neighbours_mac(&link->neighbours, &ip.dst), ETH_ALEN);
	memcpy(eth.src, link->config.our_mac, ETH_ALEN);
	if (!ipv4)
		pseudo = checksum_pseudo(&ip.src, &ip.dst, ip.protocol, (uint32_t)ip.payload_len);
	if (eth_emit(w, &eth) || ip_emit(w, &ip) ||
	    icmp_emit(w, &message, icmp_checksum(&message, pseudo)))
		return -ENOBUFS;
	p = writer_take(w, message.payload_len);
	if (!p)
		return -ENOBUFS;
	memcpy(p, quoted, message.payload_len);
	return 0;
}

int icmp_error_send(struct link *link, struct icmp_error_limit *limit,
		    const struct icmp_error *error, uint64_t now_ns)
{
	const struct ip_packet *packet = error->packet;
	struct link_offload offload = { .gso = LINK_GSO_NONE };
	uint8_t frame[ETH_HLEN + ICMP_ERROR_MAX6];
	struct writer w = { .data = frame, .left = sizeof(frame) };
	struct virtio_net_hdr vnet;
	struct iovec iov[2] = { { &vnet, sizeof(vnet) }, { frame, 0 } };
	int rc;

	if (addr_is_unspecified(&packet->src) || addr_is_multicast(&packet->src) ||
	    addr_is_multicast(&packet->dst))
		return -EINVAL;
	if (!icmp_error_limit_pass(limit, now_ns))
		return -EBUSY;
	rc = message_emit(&w, link, error);
	if (rc)
		return rc;
	iov[1].iov_len = (size_t)(w.data - frame);
	return link_write(link, iov, ARRAY_SIZE(iov), &offload);
}
