/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fwd/listeners_ports.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

static uint64_t bit_of(uint16_t port)
{
	return 1ULL << port % 64;
}

void fwd_listeners_note_flows(struct fwd_listeners *set, int family, uint16_t port, bool they_do)
{
	_Atomic uint64_t *word = &set->flow_ports[family != AF_INET][port / 64];

	if (they_do)
		atomic_fetch_or(word, bit_of(port));
	else
		atomic_fetch_and(word, ~bit_of(port));
}

bool fwd_listeners_flows_have(const struct fwd_listeners *set, int family, uint16_t port)
{
	return atomic_load(&set->flow_ports[family != AF_INET][port / 64]) & bit_of(port);
}

static void add(struct fwd_portmap *map, uint16_t port)
{
	map->word[port / 64] |= bit_of(port);
}

void fwd_listeners_targets(const struct fwd_listeners *set, enum fwd_direction direction,
			   struct fwd_portmap *ret_map)
{
	memset(ret_map, 0, sizeof(*ret_map));
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		uint32_t number = set->ports[direction * (UINT16_MAX + 1U) + port];

		if (number)
			add(ret_map, (uint16_t)port);
		for (; number; number = set->records[number - 1].next)
			add(ret_map, set->records[number - 1].to_port);
	}
}
