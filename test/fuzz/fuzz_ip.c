/* SPDX-License-Identifier: Apache-2.0
 *
 * ip_parse() on any packet: what it accepts lies inside the packet, and comes back the same after
 * ip_emit(). The input's first byte chooses the family, and whether an IPv4 packet gets a right
 * checksum first: chance never finds one.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"

#define FLAG_GSO 1
#define FLAG_FIX_CSUM 2
#define FLAG_IPV6 4

static void fix_csum4(uint8_t *packet, size_t len)
{
	size_t header_len = len ? (packet[0] & 0xfu) * 4 : 0;
	struct be16 csum;

	if (header_len < IP4_HEADER_LEN || header_len > len)
		return;
	memset(packet + 10, 0, 2);
	csum = checksum_finish(checksum_add(0, packet, header_len));
	memcpy(packet + 10, &csum, 2);
}

static void check_inverse(const struct ip_packet *ip)
{
	size_t room = IP_EMIT_MAX + ip->payload_len;
	uint8_t *out = malloc(room);
	struct writer w = { out, room };
	struct ip_packet back;
	struct reader r;

	REQUIRE(out);
	if (!ip_emit(&w, ip)) {
		REQUIRE(w.left >= ip->payload_len);
		if (ip->payload_len)
			memcpy(w.data, ip->payload, ip->payload_len);
		r = (struct reader){ out, room - w.left + ip->payload_len };
		REQUIRE(!ip_parse(&r, addr_is_ipv4(&ip->src) ? ETH_P_IP : ETH_P_IPV6, false,
				  &back));
		REQUIRE(!r.left);
		REQUIRE(addr_equal(&ip->src, &back.src) && addr_equal(&ip->dst, &back.dst));
		REQUIRE(ip->protocol == back.protocol && ip->ttl == back.ttl);
		REQUIRE(ip->tos == back.tos && ip->dont_fragment == back.dont_fragment);
		REQUIRE(ip->is_fragment == back.is_fragment);
		REQUIRE(ip->more_fragments == back.more_fragments);
		REQUIRE(ip->fragment_offset == back.fragment_offset);
		REQUIRE(ip->fragment_id == back.fragment_id);
		REQUIRE(ip->payload_len == back.payload_len);
	}
	free(out);
}

/* Protocols that a second ip_parse() would take for more extension headers are left out */
static int is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT;
}

static void check_bounds(const struct ip_packet *ip, const uint8_t *packet, const struct reader *r,
			 uint16_t type)
{
	REQUIRE(ip->header == packet && ip->payload == ip->header + ip->header_len);
	REQUIRE(ip->payload + ip->payload_len <= r->data);
	REQUIRE(addr_is_ipv4(&ip->src) == (type == ETH_P_IP));
	REQUIRE(addr_is_ipv4(&ip->dst) == (type == ETH_P_IP));
	REQUIRE(ip->is_fragment || (!ip->more_fragments && !ip->fragment_offset));
	REQUIRE(!ip->is_fragment || ip->fragment_offset + ip->payload_len <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t type;
	struct ip_packet ip;
	struct reader r;
	uint8_t *packet;

	if (!size || size > 70000)
		return 0;
	type = data[0] & FLAG_IPV6 ? ETH_P_IPV6 : ETH_P_IP;
	packet = malloc(size);
	REQUIRE(packet);
	r = (struct reader){ packet, size - 1 };
	memcpy(packet, data + 1, r.left);
	if (type == ETH_P_IP && (data[0] & FLAG_FIX_CSUM))
		fix_csum4(packet, r.left);
	if (!ip_parse(&r, type, data[0] & FLAG_GSO, &ip)) {
		REQUIRE(r.data + r.left == packet + size - 1);
		check_bounds(&ip, packet, &r, type);
		if (type == ETH_P_IP || !is_extension(ip.protocol))
			check_inverse(&ip);
	} else {
		REQUIRE(r.data == packet && r.left == size - 1);
	}
	free(packet);
	return 0;
}
