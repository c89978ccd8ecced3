/* SPDX-License-Identifier: Apache-2.0
 *
 * IPv6 networks that are wide enough have IPv4-mapped addresses, too: who looks up knows.
 */
#include "common/policy/network.h"

#include "common/base/addr.h"

bool policy_network_has(const struct policy_network *network, const struct in6_addr *addr)
{
	return addr_bits_agree(addr, &network->addr, network->len);
}

bool policy_network_trim(struct policy_network *network)
{
	bool cut = false;

	for (unsigned int bit = network->len; bit < 128; bit++) {
		uint8_t *byte = &network->addr.s6_addr[bit / 8], mask = (uint8_t)(0x80 >> bit % 8);

		cut |= *byte & mask;
		*byte = (uint8_t)(*byte & ~mask);
	}
	return cut;
}
