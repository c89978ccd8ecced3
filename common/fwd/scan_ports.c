/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of 64 ports, 16 of which share a bit of what is used.
 */
#include "common/fwd/scan_ports.h"

#include "common/base/util.h"

#define WORDS_PER_BIT (FWD_SCAN_WORDS / 64)

static uint64_t bit_of(uint32_t w)
{
	return 1ULL << w / WORDS_PER_BIT % 64;
}

static bool is_used(const struct fwd_scan_ports *ports, uint32_t set, uint32_t w)
{
	return ports->used[set] & bit_of(w);
}

uint64_t fwd_scan_ports_word(const struct fwd_scan_ports *ports, uint32_t set, uint32_t w)
{
	return is_used(ports, set, w) ? ports->map[set].word[w] : 0;
}

uint32_t fwd_scan_ports_next(const struct fwd_scan_ports *ports, uint32_t set, uint32_t w)
{
	uint64_t used;

	if (w >= FWD_SCAN_WORDS || is_used(ports, set, w))
		return w;
	used = ports->used[set] & ~(bit_of(w) - 1);
	return used ? (uint32_t)__builtin_ctzll(used) * WORDS_PER_BIT : FWD_SCAN_WORDS;
}

bool fwd_scan_ports_has(const struct fwd_scan_ports *ports, uint32_t set, uint16_t port)
{
	return is_used(ports, set, port / 64) && fwd_portmap_test(&ports->map[set], port);
}

static void add_word(struct fwd_scan_ports *ports, uint32_t set, uint32_t w, uint64_t word)
{
	if (!word)
		return;
	ports->used[set] |= bit_of(w);
	ports->map[set].word[w] |= word;
}

void fwd_scan_ports_add(struct fwd_scan_ports *ports, uint32_t set, uint16_t port)
{
	add_word(ports, set, port / 64, 1ULL << port % 64);
}

void fwd_scan_ports_remove(struct fwd_scan_ports *ports, uint32_t set, uint16_t port)
{
	if (is_used(ports, set, port / 64))
		ports->map[set].word[port / 64] &= ~(1ULL << port % 64);
}

void fwd_scan_ports_add_all(struct fwd_scan_ports *ports, uint32_t set, uint32_t from,
			    struct fwd_range range)
{
	const uint32_t first = range.first / 64, last = range.last / 64;

	for (uint32_t w = first; (w = fwd_scan_ports_next(ports, from, w)) <= last; w++) {
		uint64_t word = ports->map[from].word[w];

		if (w == first)
			word &= UINT64_MAX << range.first % 64;
		if (w == last)
			word &= UINT64_MAX >> (63 - range.last % 64);
		add_word(ports, set, w, word);
	}
}

void fwd_scan_ports_subtract(struct fwd_scan_ports *ports, uint32_t set, uint32_t without)
{
	uint32_t w = 0;

	for (; (w = fwd_scan_ports_next(ports, without, w)) < FWD_SCAN_WORDS; w++)
		if (is_used(ports, set, w))
			ports->map[set].word[w] &= ~ports->map[without].word[w];
}

void fwd_scan_ports_clear(struct fwd_scan_ports *ports, uint32_t first, uint32_t end)
{
	for (uint32_t set = first; set < end; set++) {
		uint32_t w = 0;

		for (; (w = fwd_scan_ports_next(ports, set, w)) < FWD_SCAN_WORDS; w++)
			ports->map[set].word[w] = 0;
		ports->used[set] = 0;
	}
}
