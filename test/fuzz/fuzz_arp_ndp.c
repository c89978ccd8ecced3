/* SPDX-License-Identifier: Apache-2.0
 *
 * ARP and neighbour discovery on any frame. The input's first byte chooses whether the checksum
 * counts as known; the answers go nowhere.
 */
#include "test/fuzz/fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/service/arp.h"
#include "common/service/ndp.h"

static void ip6_input(struct link *link, const struct link_frame *frame, struct reader *r)
{
	struct in6_addr ns_addr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x15 } };
	struct ip_packet ip;

	if (ip_parse(r, ETH_P_IPV6, false, &ip) || ip.protocol != IPPROTO_ICMPV6)
		return;
	if (ndp_input(link, &ns_addr, frame, &ip) == NDP_ANSWERED) {
		REQUIRE(ip.ttl == 255 && ip.payload_len >= 24 && ip.payload[0] == 135);
		REQUIRE(!addr_is_unspecified(&ip.src) && !addr_is_multicast(&ip.src));
	}
}

static void input(struct link *link, const struct link_frame *frame)
{
	struct in6_addr ns_addr = addr_from_be32(htonl(0xc000020f));
	struct reader r = { frame->data, frame->len };
	struct eth_header eth;

	if (eth_parse(&r, &eth))
		return;
	if (eth.type == ETH_P_ARP) {
		if (arp_input(link, &ns_addr, &r, 1) == ARP_ANSWERED)
			REQUIRE(frame->len >= ETH_HLEN + 28);
	} else if (eth.type == ETH_P_IPV6) {
		ip6_input(link, frame, &r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link link = { .fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
			     .config = { .mtu = 1500 } };
	uint64_t before = link.stats.tx_frames;

	REQUIRE(link.fd >= 0);
	if (size) {
		struct link_frame frame = { .data = data + 1,
					    .len = size - 1,
					    .csum_known = data[0] & 1 };

		input(&link, &frame);
	}
	REQUIRE(link.stats.tx_frames <= before + 1);
	REQUIRE(link.neighbours.elsewhere <= 1);
	close(link.fd);
	return 0;
}
