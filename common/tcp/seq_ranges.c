/* SPDX-License-Identifier: Apache-2.0
 *
 * There are a few ranges at most times, so they are walked.
 */
#include "common/tcp/seq_ranges.h"

#include <string.h>

/* Index of the first range that ends at or after @seq */
static uint32_t seq_ranges_at(const struct seq_ranges *ranges, uint32_t seq)
{
	uint32_t i = 0;

	while (i < ranges->count && tcp_seq_lt(ranges->range[i].to, seq))
		i++;
	return i;
}

/* Ranges from @at on become those from @from on */
static void seq_ranges_move(struct seq_ranges *ranges, uint32_t at, uint32_t from)
{
	memmove(&ranges->range[at], &ranges->range[from],
		(ranges->count - from) * sizeof(ranges->range[0]));
	ranges->count += at - from;
}

bool seq_ranges_add(struct seq_ranges *ranges, struct tcp_sack add)
{
	uint32_t first = seq_ranges_at(ranges, add.from), end = first;

	/* Those that overlap or touch it become one with it */
	while (end < ranges->count && tcp_seq_le(ranges->range[end].from, add.to))
		end++;
	if (first == end) {
		if (ranges->count == SEQ_RANGES_MAX)
			return false;
		memmove(&ranges->range[first + 1], &ranges->range[first],
			(ranges->count - first) * sizeof(add));
		ranges->count++;
		ranges->range[first] = add;
		return true;
	}
	if (tcp_seq_lt(ranges->range[first].from, add.from))
		add.from = ranges->range[first].from;
	if (tcp_seq_lt(add.to, ranges->range[end - 1].to))
		add.to = ranges->range[end - 1].to;
	ranges->range[first] = add;
	seq_ranges_move(ranges, first + 1, end);
	return true;
}

void seq_ranges_cut(struct seq_ranges *ranges, uint32_t seq)
{
	uint32_t first = seq_ranges_at(ranges, seq + 1);

	seq_ranges_move(ranges, 0, first);
	if (ranges->count && tcp_seq_lt(ranges->range[0].from, seq))
		ranges->range[0].from = seq;
}

const struct tcp_sack *seq_ranges_find(const struct seq_ranges *ranges, uint32_t seq)
{
	uint32_t i = seq_ranges_at(ranges, seq + 1);

	return i < ranges->count ? &ranges->range[i] : NULL;
}

bool seq_ranges_has(const struct seq_ranges *ranges, struct tcp_sack range)
{
	const struct tcp_sack *r = seq_ranges_find(ranges, range.from);

	return r && tcp_seq_le(r->from, range.from) && tcp_seq_le(range.to, r->to);
}

uint32_t seq_ranges_bytes(const struct seq_ranges *ranges, uint32_t seq)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < ranges->count && tcp_seq_lt(ranges->range[i].from, seq); i++) {
		const struct tcp_sack *r = &ranges->range[i];

		sum += (tcp_seq_lt(seq, r->to) ? seq : r->to) - r->from;
	}
	return sum;
}
