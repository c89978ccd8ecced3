/* SPDX-License-Identifier: Apache-2.0
 *
 * Any sequence of fragments. Each fragment's bytes are a function of its packet and offset, unless
 * the input asks for wrong ones, so that a packet that comes out complete can be checked.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/link/reassembly.h"

#define FLAG_IPV6 1
#define FLAG_MORE 2
#define FLAG_WRONG 4 /* the bytes of this fragment */
#define FLAG_LATE 8 /* time has passed */
#define FLAG_ODD 16 /* the length is not a multiple of eight */
#define FLAG_COARSE 32 /* offset and length in steps of 1 KiB */

/* One fragment is made from this many bytes of input */
struct step {
	uint8_t flags;
	uint8_t id;
	uint8_t offset;
	uint8_t len;
};

static uint8_t pattern(uint32_t id, size_t at)
{
	return (uint8_t)(at * 7 + at / 256 + id);
}

static struct ip_packet step_fragment(const struct step *step, uint8_t *buffer)
{
	bool ipv6 = step->flags & FLAG_IPV6;
	uint32_t scale = step->flags & FLAG_COARSE ? 1024 : 8;
	struct ip_packet ip = { .protocol = IPPROTO_UDP, .ttl = 64, .is_fragment = true,
				.more_fragments = step->flags & FLAG_MORE,
				.fragment_id = step->id % 64u, .payload = buffer };

	ip.src = ip.dst = ipv6 ? (struct in6_addr)IN6ADDR_LOOPBACK_INIT : addr_from_be32(1);
	ip.fragment_offset = (uint16_t)(step->offset * scale & 0xfff8);
	ip.payload_len = step->len * scale + (step->flags & FLAG_ODD ? 3 : 0);
	if (ip.fragment_offset + ip.payload_len > 65535)
		ip.payload_len = 65535u - ip.fragment_offset;
	for (size_t i = 0; i < ip.payload_len; i++)
		buffer[i] = pattern(ip.fragment_id, ip.fragment_offset + i);
	if ((step->flags & FLAG_WRONG) && ip.payload_len)
		buffer[0] ^= 1;
	return ip;
}

static void check_whole(const struct ip_packet *ip, bool any_wrong)
{
	REQUIRE(!ip->is_fragment && !ip->more_fragments && !ip->fragment_offset);
	REQUIRE(ip->protocol == IPPROTO_UDP && ip->payload_len <= 65535);
	for (size_t i = 0; !any_wrong && i < ip->payload_len; i++)
		REQUIRE(ip->payload[i] == pattern(ip->fragment_id, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *buffer = malloc(65536);
	struct reassembly reassembly;
	uint64_t now_ns = NS_PER_S;
	bool any_wrong = false;
	struct step step;

	REQUIRE(buffer && !reassembly_init(&reassembly));
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		struct ip_packet ip, whole;

		memcpy(&step, data, sizeof(step));
		ip = step_fragment(&step, buffer);
		any_wrong = any_wrong || (step.flags & FLAG_WRONG);
		now_ns += step.flags & FLAG_LATE ? 20 * NS_PER_S : 1;
		if (reassembly_feed(&reassembly, &ip, now_ns, &whole) == REASSEMBLY_COMPLETE)
			check_whole(&whole, any_wrong);
	}
	reassembly_fini(&reassembly);
	free(buffer);
	return 0;
}
