/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of sequence numbers: which parts of a stream are there although something before
 * them is missing. Sorted and disjoint ranges, a bounded number. All of a set lies within half of
 * the number space. Pure.
 */
#ifndef COMMON_TCP_SEQ_RANGES_H
#define COMMON_TCP_SEQ_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/seq.h"
#include "common/wire/tcp.h"

#define SEQ_RANGES_MAX 64

struct seq_ranges {
	uint32_t count;
	struct tcp_sack range[SEQ_RANGES_MAX];
};

/* seq_ranges_add() - @add, not empty, is there, too
 *
 * Return: false, and nothing is changed, if that makes too many ranges
 */
bool seq_ranges_add(struct seq_ranges *ranges, struct tcp_sack add);

/* seq_ranges_cut() - nothing before @seq matters any more */
void seq_ranges_cut(struct seq_ranges *ranges, uint32_t seq);

/* seq_ranges_find() - Return: the first range that ends after @seq, or NULL */
const struct tcp_sack *seq_ranges_find(const struct seq_ranges *ranges, uint32_t seq);

/* seq_ranges_has() - whether all of @range, not empty, is there */
bool seq_ranges_has(const struct seq_ranges *ranges, struct tcp_sack range);

/* seq_ranges_bytes() - how much before @seq is there */
uint32_t seq_ranges_bytes(const struct seq_ranges *ranges, uint32_t seq);

#endif
