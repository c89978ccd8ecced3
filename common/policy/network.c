/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole bytes first, then the bits of the one that is cut.
 */
#include "common/policy/network.h"

#include <string.h>

bool policy_network_has(const struct policy_network *network, const struct in6_addr *addr)
{
	unsigned int bytes = network->len / 8, bits = network->len % 8;

	if (memcmp(addr, &network->addr, bytes))
		return false;
	return !bits || !((addr->s6_addr[bytes] ^ network->addr.s6_addr[bytes]) >> (8 - bits));
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
