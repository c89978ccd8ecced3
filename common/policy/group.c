/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of networks, as IPv4-mapped addresses where they are IPv4.
 */
#include "common/policy/group.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"

#define IP4(a, b, c, d, n)                                                                         \
	{                                                                                          \
		{ { { [10] = 0xff,                                                                 \
		      [11] = 0xff,                                                                 \
		      [12] = (a),                                                                  \
		      [13] = (b),                                                                  \
		      [14] = (c),                                                                  \
		      [15] = (d) } } },                                                            \
			96 + (n)                                                                   \
	}

/* RFC 1918; RFC 6598; RFC 3927; RFC 4193; RFC 4291, 2.5.6 */
static const struct policy_network private_networks[] = {
	IP4(10, 0, 0, 0, 8),
	IP4(172, 16, 0, 0, 12),
	IP4(192, 168, 0, 0, 16),
	IP4(100, 64, 0, 0, 10),
	IP4(169, 254, 0, 0, 16),
	{ { { { 0xfc } } }, 7 },
	{ { { { 0xfe, 0x80 } } }, 10 },
};

/* Most clouds; a cloud's containers; Alibaba; AWS and GCE by IPv6 */
static const struct policy_network metadata_networks[] = {
	IP4(169, 254, 169, 254, 32),
	IP4(169, 254, 170, 2, 32),
	IP4(100, 100, 100, 200, 32),
	{ { { { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 } } }, 128 },
	{ { { { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 } } }, 128 },
};

/* RFC 6890: "this network" and what is reserved. The rest that isn't is no unicast address */
static const struct policy_network no_networks[] = {
	IP4(0, 0, 0, 0, 8),
	IP4(240, 0, 0, 0, 4),
};

/* Where the IPv4 address is: RFC 6052, 2.1; RFC 8215; RFC 3056, 2 */
static const struct {
	struct policy_network network;
	uint8_t at;
} translators[] = {
	{ { { { { 0x00, 0x64, 0xff, 0x9b } } }, 96 }, 12 },
	{ { { { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 } } }, 48 }, 12 },
	{ { { { { 0x20, 0x02 } } }, 16 }, 2 },
};

static bool in_one_of(const struct policy_network *networks, size_t count,
		      const struct in6_addr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (policy_network_has(&networks[i], addr))
			return true;
	return false;
}

bool policy_is_private(const struct in6_addr *addr)
{
	return in_one_of(private_networks, ARRAY_SIZE(private_networks), addr);
}

bool policy_is_metadata(const struct in6_addr *addr)
{
	return in_one_of(metadata_networks, ARRAY_SIZE(metadata_networks), addr);
}

bool policy_is_global(const struct in6_addr *addr)
{
	return addr_is_unicast(addr) && !addr_is_link_local(addr) &&
	       !in_one_of(no_networks, ARRAY_SIZE(no_networks), addr);
}

bool policy_embedded(const struct in6_addr *addr, struct in6_addr *ret_ip4,
		     struct policy_network *ret_network)
{
	for (size_t i = 0; i < ARRAY_SIZE(translators); i++) {
		uint32_t ip4;

		if (!policy_network_has(&translators[i].network, addr))
			continue;
		memcpy(&ip4, addr->s6_addr + translators[i].at, sizeof(ip4));
		*ret_ip4 = addr_from_be32(ip4);
		*ret_network = translators[i].network;
		return true;
	}
	return false;
}
