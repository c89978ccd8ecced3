/* SPDX-License-Identifier: Apache-2.0
 *
 * Every fragment but the last covers whole units of eight bytes, so one bit a unit tells what has
 * come: an overlap is a bit that is set already, and a packet is complete when the bytes counted
 * reach its length. A fragment that repeats bytes already here, unchanged, is a duplicate (RFC
 * 8200, 4.5) and ignored. Room is left before the payload for the header of the whole packet.
 */
#include "common/link/reassembly.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/map.h"
#include "common/base/util.h"

#define UNIT_BYTES 8
#define PAYLOAD_MAX 65536
#define UNIT_WORDS (PAYLOAD_MAX / UNIT_BYTES / 64)
#define HEADROOM 64
#define IP4_TIMEOUT_NS (30 * NS_PER_S)
#define IP6_TIMEOUT_NS (60 * NS_PER_S)

struct reassembly_buffer {
	uint64_t units[UNIT_WORDS];
	uint8_t headroom[HEADROOM];
	uint8_t payload[PAYLOAD_MAX];
};

#define MEMORY_BYTES (REASSEMBLY_SLOTS * sizeof(struct reassembly_buffer))

int reassembly_init(struct reassembly *reassembly)
{
	void *memory = map_lazily(MEMORY_BYTES);

	*reassembly = (struct reassembly){ 0 };
	if (!memory)
		return -errno;
	reassembly->memory = memory;
	return 0;
}

void reassembly_fini(struct reassembly *reassembly)
{
	map_drop(reassembly->memory, MEMORY_BYTES);
	reassembly->memory = NULL;
}

static struct reassembly_buffer *slot_buffer(struct reassembly *reassembly,
					     const struct reassembly_slot *slot)
{
	struct reassembly_buffer *buffers = (void *)reassembly->memory;

	return &buffers[slot - reassembly->slots];
}

/* Those bits of word @word that lie in [@first, @end) */
static uint64_t unit_mask(uint32_t word, uint32_t first, uint32_t end)
{
	uint32_t low = word * 64, high = low + 64;
	uint64_t mask = ~0ULL;

	if (first > low)
		mask <<= first - low;
	if (end < high)
		mask &= ~0ULL >> (high - end);
	return mask;
}

/* Whether all, and whether any, of the units in [@first, @end) are here */
static void units_test(const uint64_t *units, uint32_t first, uint32_t end, bool *ret_all,
		       bool *ret_any)
{
	bool all = true, any = false;

	for (uint32_t word = first / 64; word * 64 < end; word++) {
		uint64_t mask = unit_mask(word, first, end);

		all = all && (units[word] & mask) == mask;
		any = any || (units[word] & mask);
	}
	*ret_all = all;
	*ret_any = any;
}

static void units_set(uint64_t *units, uint32_t first, uint32_t end)
{
	for (uint32_t word = first / 64; word * 64 < end; word++)
		units[word] |= unit_mask(word, first, end);
}

static uint64_t slot_timeout_ns(const struct reassembly_slot *slot)
{
	return addr_is_ipv4(&slot->src) ? IP4_TIMEOUT_NS : IP6_TIMEOUT_NS;
}

static bool slot_matches(const struct reassembly_slot *slot, const struct ip_packet *fragment)
{
	return slot->used && slot->id == fragment->fragment_id &&
	       addr_equal(&slot->src, &fragment->src) && addr_equal(&slot->dst, &fragment->dst) &&
	       (!addr_is_ipv4(&slot->src) || slot->key_protocol == fragment->protocol);
}

static void slot_start(struct reassembly *reassembly, struct reassembly_slot *slot,
		       const struct ip_packet *fragment, uint64_t now_ns)
{
	struct reassembly_buffer *buffer = slot_buffer(reassembly, slot);

	*slot = (struct reassembly_slot){
		.used = true,
		.key_protocol = fragment->protocol,
		.id = fragment->fragment_id,
		.src = fragment->src,
		.dst = fragment->dst,
		.started_ns = now_ns,
	};
	memset(buffer->units, 0, sizeof(buffer->units));
}

/* The slot of the fragment's packet; a new one if there is none yet */
static struct reassembly_slot *slot_find(struct reassembly *reassembly,
					 const struct ip_packet *fragment, uint64_t now_ns)
{
	struct reassembly_slot *vacant = NULL, *oldest = &reassembly->slots[0];

	for (size_t i = 0; i < ARRAY_SIZE(reassembly->slots); i++) {
		struct reassembly_slot *slot = &reassembly->slots[i];

		if (slot->used && now_ns - slot->started_ns >= slot_timeout_ns(slot)) {
			slot->used = false;
			reassembly->expired++;
		}
		if (slot_matches(slot, fragment))
			return slot;
		if (!slot->used && !vacant)
			vacant = slot;
		if (slot->started_ns < oldest->started_ns)
			oldest = slot;
	}
	if (!vacant) {
		vacant = oldest;
		reassembly->evicted++;
	}
	slot_start(reassembly, vacant, fragment, now_ns);
	return vacant;
}

/* Whether the fragment agrees with what is known about the packet's end */
static bool slot_end_agrees(const struct reassembly_slot *slot, const struct ip_packet *fragment,
			    uint32_t end)
{
	if (slot->total && end > slot->total)
		return false;
	if (fragment->more_fragments)
		return true;
	return slot->total ? slot->total == end : slot->end <= end;
}

static enum reassembly_outcome slot_poison(struct reassembly_slot *slot)
{
	slot->poisoned = true;
	return REASSEMBLY_DROPPED;
}

/* Stores a fragment whose lengths are sound */
static enum reassembly_outcome slot_store(struct reassembly *reassembly,
					  struct reassembly_slot *slot,
					  const struct ip_packet *fragment)
{
	struct reassembly_buffer *buffer = slot_buffer(reassembly, slot);
	uint32_t len = (uint32_t)fragment->payload_len;
	uint32_t end = fragment->fragment_offset + len;
	uint32_t first_unit = fragment->fragment_offset / UNIT_BYTES;
	uint32_t end_unit = (end + UNIT_BYTES - 1) / UNIT_BYTES;
	uint8_t *at = buffer->payload + fragment->fragment_offset;
	bool all, any;

	if (slot->poisoned)
		return REASSEMBLY_DROPPED;
	units_test(buffer->units, first_unit, end_unit, &all, &any);
	if (!slot_end_agrees(slot, fragment, end) || (any && !all))
		return slot_poison(slot);
	if (all)
		return memcmp(at, fragment->payload, len) ? slot_poison(slot) : REASSEMBLY_WAITING;
	memcpy(at, fragment->payload, len);
	units_set(buffer->units, first_unit, end_unit);
	slot->received += len;
	slot->end = MAX(slot->end, end);
	if (!fragment->more_fragments)
		slot->total = end;
	if (!fragment->fragment_offset) {
		slot->protocol = fragment->protocol;
		slot->ttl = fragment->ttl;
		slot->tos = fragment->tos;
	}
	return slot->total && slot->received == slot->total ? REASSEMBLY_COMPLETE
							    : REASSEMBLY_WAITING;
}

/* The whole packet, with a header written in front of its payload. Return: whether it is valid */
static bool slot_packet(struct reassembly *reassembly, const struct reassembly_slot *slot,
			struct ip_packet *ret_packet)
{
	struct reassembly_buffer *buffer = slot_buffer(reassembly, slot);
	bool ipv4 = addr_is_ipv4(&slot->src);
	size_t header_len = ipv4 ? IP4_HEADER_LEN : IP6_HEADER_LEN;
	uint8_t *header = buffer->headroom + HEADROOM - header_len;
	struct writer w = { header, header_len };
	struct reader r = { buffer->payload, slot->total };
	struct ip_packet packet = {
		.src = slot->src,
		.dst = slot->dst,
		.protocol = slot->protocol,
		.ttl = slot->ttl,
		.tos = slot->tos,
		.fragment_id = slot->id,
		.reassembled = true,
		.payload_len = slot->total,
	};

	if (ip_emit(&w, &packet))
		return false;
	if (!ipv4 &&
	    (ip6_extensions_skip(&r, &packet.protocol) || packet.protocol == IPPROTO_FRAGMENT))
		return false;
	packet.header = header;
	packet.header_len = (size_t)(r.data - header);
	packet.payload = r.data;
	packet.payload_len = r.left;
	*ret_packet = packet;
	return true;
}

/* A fragment that needs no others, or that no packet can contain */
static bool fragment_is_sound(const struct ip_packet *fragment)
{
	size_t len = fragment->payload_len;

	return len && fragment->fragment_offset + len < PAYLOAD_MAX &&
	       (!fragment->more_fragments || len % UNIT_BYTES == 0);
}

enum reassembly_outcome reassembly_feed(struct reassembly *reassembly,
					const struct ip_packet *fragment, uint64_t now_ns,
					struct ip_packet *ret_packet)
{
	struct reassembly_slot *slot;
	enum reassembly_outcome outcome;

	if (!fragment->more_fragments && !fragment->fragment_offset) {
		*ret_packet = *fragment;
		ret_packet->is_fragment = false;
		ret_packet->reassembled = true;
		return REASSEMBLY_COMPLETE;
	}
	if (!fragment_is_sound(fragment))
		return REASSEMBLY_DROPPED;
	slot = slot_find(reassembly, fragment, now_ns);
	outcome = slot_store(reassembly, slot, fragment);
	if (outcome != REASSEMBLY_COMPLETE)
		return outcome;
	slot->used = false;
	return slot_packet(reassembly, slot, ret_packet) ? REASSEMBLY_COMPLETE : REASSEMBLY_DROPPED;
}
