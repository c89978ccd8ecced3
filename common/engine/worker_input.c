/* SPDX-License-Identifier: Apache-2.0
 *
 * Fragments are put together first; what they make is a packet like any other.
 */
#include "common/engine/worker_input.h"

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/engine/hand_over.h"
#include "common/engine/learn.h"
#include "common/service/arp.h"
#include "common/service/autoconf.h"
#include "common/service/ndp.h"
#include "common/tcp/rejected.h"

#define IP6_NEXT_HEADER_OFFSET 6

/* How often the first worker is told of an address that it may have to learn */
#define HEARD_NS (100 * NS_PER_MS)

/* IPv6's "no next header" (RFC 8200, 4.7) is no protocol, and ICMPv6 points at the byte that named
 * the one we don't know: the fixed header's, which is all that is quoted (RFC 4443, 3.4)
 */
static void worker_unhandled(struct worker *w, const struct ip_packet *ip, uint64_t now_ns)
{
	const struct icmp_error error = {
		.kind = ICMP_ERROR_PROTOCOL_UNREACHABLE,
		.info = addr_is_ipv4(&ip->dst) ? 0 : IP6_NEXT_HEADER_OFFSET,
		.packet = ip,
	};

	w->stats.unhandled++;
	if (ip->protocol != IPPROTO_NONE && fwd_refusal_is_told(FWD_REFUSE_DESTINATION, &ip->dst))
		icmp_error_send(&w->link, &w->icmp_limit, &error, now_ns);
}

/* Have a frame stay valid beyond the next one. Return: whether that can be */
static bool keep(struct worker *w, const struct link_frame *frame)
{
	return w->mailed || link_hold(&w->link, frame);
}

void worker_hear(struct worker *w, const struct in6_addr *addr, uint64_t now_ns)
{
	if (learn_is_wanted(w->config))
		learn_inner(&w->learn, &w->forwarding, w->config, addr, now_ns);
}

static void worker_udp(struct worker *w, const struct link_frame *frame, const struct ip_packet *ip,
		       uint64_t now_ns)
{
	struct in6_addr leased;

	if (autoconf_is_port(ip) && autoconf_datagram(&w->autoconf, frame, ip, &leased)) {
		worker_hear(w, &leased, now_ns);
		return;
	}
	if (udp_input(&w->udp, frame, ip, now_ns) && !keep(w, frame))
		udp_flush(&w->udp, now_ns);
	/* Room for the next train, whoever has sent the last one */
	if (!udp_is_waiting(&w->udp) && !w->mailed)
		link_release(&w->link);
}

/* Of those that aren't the first, each gets less of all that there is: see hand_over.h */
static void worker_packet(struct worker *w, const struct link_frame *frame,
			  const struct ip_packet *ip, uint64_t now_ns)
{
	struct in6_addr claimed;

	switch (ip->protocol) {
	case IPPROTO_TCP:
		tcp_input(&w->tcp, frame, ip, now_ns);
		break;
	case IPPROTO_UDP:
		worker_udp(w, frame, ip, now_ns);
		break;
	case IPPROTO_ICMPV6:
		if (ip->payload_len && ndp_is_type(ip->payload[0])) {
			if (w->team) /* one of the others may have asked */
				neighbours_learn(&w->link.neighbours, &ip->src,
						 frame->data + ETH_ALEN, now_ns);
			if (ip->payload[0] == RA_SOLICITATION)
				autoconf_solicitation(&w->autoconf, frame, ip, now_ns);
			else if (w->config->ndp && worker_fwd(w)->ip6.enabled)
				ndp_input(&w->link, &worker_fwd(w)->ip6.ns_addr, frame, ip);
			if (learn_is_wanted(w->config) && ndp_claim(frame, ip, &claimed))
				learn_claim(&w->learn, &w->forwarding, w->config, &claimed, now_ns);
			break;
		}
		/* fall through */
	case IPPROTO_ICMP:
		if (!tcp_rejected(&w->tcp, frame, ip))
			icmp_input(&w->icmp, frame, ip, now_ns);
		break;
	default:
		worker_unhandled(w, ip, now_ns);
	}
}

/* What the first one gets, which may be alone */
static void first_worker_packet(struct worker *w, const struct link_frame *frame,
				const struct ip_packet *ip, uint16_t eth_type, uint64_t now_ns)
{
	struct link_frame reassembled;
	struct ip_packet whole;

	if (eth_type == ETH_P_IPV6)
		learn_link_local(&w->forwarding, &ip->src);
	worker_hear(w, &ip->src, now_ns);
	if (!ip->is_fragment) {
		worker_packet(w, frame, ip, now_ns);
		return;
	}
	if (reassembly_feed(&w->reassembly, ip, now_ns, &whole) != REASSEMBLY_COMPLETE)
		return;
	/* Its bytes are the reassembly's, for this call only, and no kernel vouches for them */
	reassembled = (struct link_frame){ .data = frame->data, .len = frame->len };
	udp_flush(&w->udp, now_ns);
	w->whole = true;
	if (!w->team || !hand_over_of(w, &reassembled, &whole))
		worker_packet(w, &reassembled, &whole, now_ns);
	udp_flush(&w->udp, now_ns);
	w->whole = false;
}

/* The first one has to hear of addresses, but not by every packet */
static void other_worker_packet(struct worker *w, const struct link_frame *frame,
				const struct ip_packet *ip, uint64_t now_ns)
{
	if (learn_is_wanted(w->config) && now_ns - w->heard_ns >= HEARD_NS &&
	    !addr_equal(&ip->src, &fwd_family_of(worker_fwd(w), &ip->src)->ns_addr)) {
		w->heard_ns = now_ns;
		hand_over_heard(w, &ip->src);
	}
	worker_packet(w, frame, ip, now_ns);
}

/* Who has got another address tells its neighbours, and nobody else */
static void worker_arp(struct worker *w, struct reader *r, uint64_t now_ns)
{
	struct reader claim = *r;
	struct in6_addr claimed;

	arp_input(&w->link, &worker_fwd(w)->ip4.ns_addr, r, now_ns);
	if (arp_claim(&claim, &claimed))
		worker_hear(w, &claimed, now_ns);
}

void worker_frame(struct worker *w, const struct link_frame *frame, uint64_t now_ns)
{
	struct reader r = { frame->data, frame->len };
	struct ip_packet ip;
	struct eth_header eth;

	if (eth_parse(&r, &eth)) {
		w->stats.malformed++;
		return;
	}
	neighbours_met(&w->link.neighbours, eth.src);
	if (eth.type == ETH_P_ARP) {
		if (w->team && hand_over_of(w, frame, NULL))
			return;
		if (worker_fwd(w)->ip4.enabled)
			worker_arp(w, &r, now_ns);
		return;
	}
	if ((eth.type != ETH_P_IP && eth.type != ETH_P_IPV6) ||
	    ip_parse(&r, eth.type, frame->gso != LINK_GSO_NONE, &ip)) {
		w->stats.malformed++;
		return;
	}
	neighbours_heard(&w->link.neighbours, &ip.src, eth.src, now_ns);
	if (w->team && hand_over_of(w, frame, &ip))
		return;
	if (w->number)
		other_worker_packet(w, frame, &ip, now_ns);
	else
		first_worker_packet(w, frame, &ip, eth.type, now_ns);
}
