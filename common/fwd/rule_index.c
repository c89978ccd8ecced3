/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a range's neighbours end is where first ports are beyond it, and where they begin is where
 * the last ports come up to it for the first time. Both grow along a kind's rules, and are searched
 * for by halves.
 */
#include "common/fwd/rule_index.h"

#include <assert.h>

#include "common/base/sort.h"
#include "common/base/util.h"

/* From the low end: number, first port, kind, direction */
#define PORT_SHIFT 12
#define KIND_SHIFT (PORT_SHIFT + 16)
#define DIRECTION_SHIFT (KIND_SHIFT + 2)

static_assert(FWD_RULES_MAX <= 1 << PORT_SHIFT, "a rule's number fits into a key");
static_assert(FWD_RULE_EXCLUDE < 4 && FWD_DIRECTIONS <= 4, "so do kind and direction");

static uint32_t key_of(enum fwd_direction direction, enum fwd_rule_kind kind, uint16_t port)
{
	return (uint32_t)direction << DIRECTION_SHIFT | (uint32_t)kind << KIND_SHIFT |
	       (uint32_t)port << PORT_SHIFT;
}

const struct fwd_rule *fwd_rule_index_at(const struct fwd_rule_index *index, uint32_t at)
{
	return &index->rules[index->key[at] & ((1U << PORT_SHIFT) - 1)];
}

void fwd_rule_index_build(struct fwd_rule_index *index, const struct fwd_rule *rules,
			  uint32_t count)
{
	index->rules = rules;
	index->count = count;
	for (uint32_t i = 0; i < count; i++)
		index->key[i] = key_of(rules[i].direction, rules[i].kind, rules[i].ports.first) | i;
	sort_u32(index->key, count);
	for (uint32_t i = 0; i < count; i++) {
		bool first = !i || index->key[i] >> KIND_SHIFT != index->key[i - 1] >> KIND_SHIFT;

		index->last_max[i] = MAX(fwd_rule_index_at(index, i)->ports.last,
					 first ? 0 : index->last_max[i - 1]);
	}
}

/* The first place from @at on whose key is not below @key */
static uint32_t find_key(const struct fwd_rule_index *index, uint32_t at, uint64_t key)
{
	uint32_t end = index->count;

	while (at < end) {
		uint32_t middle = at + (end - at) / 2;

		if (index->key[middle] < key)
			at = middle + 1;
		else
			end = middle;
	}
	return at;
}

struct fwd_rule_span fwd_rule_index_find(const struct fwd_rule_index *index,
					 enum fwd_direction direction, enum fwd_rule_kind kind,
					 struct fwd_range ports)
{
	uint64_t first_key = key_of(direction, kind, 0);
	uint64_t end_key = key_of(direction, kind, ports.last) + (1ULL << PORT_SHIFT);
	struct fwd_rule_span span;
	uint32_t end;

	span.at = find_key(index, 0, first_key);
	span.end = find_key(index, span.at, end_key);
	for (end = span.end; span.at < end;) {
		uint32_t middle = span.at + (end - span.at) / 2;

		if (index->last_max[middle] < ports.first)
			span.at = middle + 1;
		else
			end = middle;
	}
	return span;
}
