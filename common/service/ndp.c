/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks are those of RFC 4861, 7.1.1; the hop limit of 255 shows that nobody has forwarded
 * the message. One that came in fragments is none (RFC 6980, 5). The answer comes from the
 * solicited address and says that it is a router's: to the namespace, all that is not its own lies
 * behind us.
 */
#include "common/service/ndp.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/service/answer.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#define NDP_HOP_LIMIT 255
/* RFC 4861, 4.3 and 4.4 */
#define NDP_SOLICITATION 135
#define NDP_ADVERTISEMENT 136
#define NDP_ADVERTISEMENT_FLAGS 0xe0000000 /* router, solicited, override */

/* What follows the ICMPv6 header in our messages */
struct ndp_body {
	uint8_t target[16];
	uint8_t option_type;
	uint8_t option_len;
	uint8_t mac[ETH_ALEN];
};

bool ndp_options_parse(struct reader *r, const uint8_t **ret_mac)
{
	const uint8_t *option;

	while (r->left) {
		size_t len;

		if (r->left < NDP_OPTION_UNIT)
			return false;
		len = r->data[1] * (size_t)NDP_OPTION_UNIT;
		if (!len)
			return false;
		option = reader_take(r, len);
		if (!option)
			return false;
		if (option[0] == NDP_OPTION_SOURCE_MAC && len == NDP_OPTION_UNIT)
			*ret_mac = option + 2;
	}
	return true;
}

bool ndp_is_valid(const struct link_frame *frame, const struct ip_packet *ip,
		  const struct icmp_message *m)
{
	uint64_t sum;

	if (ip->ttl != NDP_HOP_LIMIT || m->code || ip->reassembled)
		return false;
	if (frame->csum_known)
		return true;
	sum = checksum_pseudo(&ip->src, &ip->dst, IPPROTO_ICMPV6, (uint32_t)ip->payload_len);
	return be16_get(checksum_fold(checksum_add(sum, ip->payload, ip->payload_len))) == 0xffff;
}

/* A message about @target, with our hardware address. Return: 0 or -errno */
static int ndp_send(struct link *link, const struct answer_path *path, uint8_t type,
		    const struct in6_addr *target)
{
	bool advertisement = type == NDP_ADVERTISEMENT;
	struct ndp_body body = {
		.option_type = advertisement ? NDP_OPTION_TARGET_MAC : NDP_OPTION_SOURCE_MAC,
		.option_len = 1,
	};
	const struct icmp_message m = {
		.type = type,
		.rest = advertisement ? NDP_ADVERTISEMENT_FLAGS : 0,
		.payload = (const uint8_t *)&body,
		.payload_len = sizeof(body),
	};

	memcpy(body.target, target, sizeof(body.target));
	memcpy(body.mac, link->config.our_mac, sizeof(body.mac));
	return answer_send_icmp6(link, path, &m);
}

static int ndp_advertise(struct link *link, const uint8_t *mac, const struct in6_addr *to,
			 const struct in6_addr *target)
{
	struct answer_path path = { .src = *target, .dst = *to };

	memcpy(path.mac, mac, sizeof(path.mac));
	return ndp_send(link, &path, NDP_ADVERTISEMENT, target);
}

/* To all nodes that it could be: RFC 4291, 2.7.1, and RFC 2464, 7 */
int ndp_ask(struct link *link, const struct in6_addr *addr)
{
	const uint8_t *a = addr->s6_addr;
	const struct answer_path path = {
		.mac = { 0x33, 0x33, 0xff, a[13], a[14], a[15] },
		.src = link->config.our_ip6,
		.dst.s6_addr = { 0xff, 2, [11] = 1, 0xff, a[13], a[14], a[15] },
	};

	return ndp_send(link, &path, NDP_SOLICITATION, addr);
}

static enum ndp_outcome ndp_solicitation_input(struct link *link, const struct in6_addr *ns_addr,
					       const struct link_frame *frame,
					       const struct ip_packet *ip,
					       const struct icmp_message *m)
{
	struct reader r = { m->payload, m->payload_len };
	const void *target_bytes = reader_take(&r, sizeof(struct in6_addr));
	const uint8_t *mac = frame->data + ETH_ALEN;
	struct in6_addr target;

	if (!target_bytes)
		return NDP_INVALID;
	memcpy(&target, target_bytes, sizeof(target));
	if (addr_is_ipv4(&target) || addr_is_multicast(&target) || !ndp_options_parse(&r, &mac) ||
	    addr_is_multicast(&ip->src) || mac[0] & 1)
		return NDP_INVALID;
	if (addr_is_unspecified(&ip->src) || addr_is_unspecified(&target) ||
	    addr_is_loopback(&target) || addr_equal(&target, &ip->src) ||
	    addr_equal(&target, ns_addr))
		return NDP_IGNORED;
	return ndp_advertise(link, mac, &ip->src, &target) ? NDP_FAILED : NDP_ANSWERED;
}

enum ndp_outcome ndp_input(struct link *link, const struct in6_addr *ns_addr,
			   const struct link_frame *frame, const struct ip_packet *ip)
{
	struct reader r = { ip->payload, ip->payload_len };
	struct icmp_message m;

	if (icmp_parse(&r, &m) || !ndp_is_valid(frame, ip, &m))
		return NDP_INVALID;
	if (m.type != NDP_SOLICITATION)
		return NDP_IGNORED;
	return ndp_solicitation_input(link, ns_addr, frame, ip, &m);
}

bool ndp_claim(const struct link_frame *frame, const struct ip_packet *ip,
	       struct in6_addr *ret_addr)
{
	struct reader r = { ip->payload, ip->payload_len };
	const void *target;
	struct icmp_message m;

	if (!addr_is_unspecified(&ip->src) || icmp_parse(&r, &m) || m.type != NDP_SOLICITATION ||
	    !ndp_is_valid(frame, ip, &m))
		return false;
	r = (struct reader){ m.payload, m.payload_len };
	target = reader_take(&r, sizeof(*ret_addr));
	if (!target)
		return false;
	memcpy(ret_addr, target, sizeof(*ret_addr));
	return !addr_is_ipv4(ret_addr);
}
