/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of a table by direction, kind and port: which ones may have ports in common with a range is
 * found without looking at all of them. An index is made once for a table that stays as it is.
 * Pure.
 */
#ifndef COMMON_FWD_RULE_INDEX_H
#define COMMON_FWD_RULE_INDEX_H

#include <stdint.h>

#include "common/fwd/rule.h"

struct fwd_rule_index {
	const struct fwd_rule *rules;
	uint32_t count;
	uint32_t key[FWD_RULES_MAX]; /* direction, kind, first port and number of a rule; sorted */
	uint16_t last_max[FWD_RULES_MAX]; /* of this rule's and those before it of the same kind */
};

/* Rules from @at up to, not including, @end */
struct fwd_rule_span {
	uint32_t at, end;
};

/* fwd_rule_index_build() - of @count rules, FWD_RULES_MAX at most, which must outlive it */
void fwd_rule_index_build(struct fwd_rule_index *index, const struct fwd_rule *rules,
			  uint32_t count);

/* fwd_rule_index_find() - where all of a direction's rules of one kind are that have any of @ports;
 * others may be there too
 */
struct fwd_rule_span fwd_rule_index_find(const struct fwd_rule_index *index,
					 enum fwd_direction direction, enum fwd_rule_kind kind,
					 struct fwd_range ports);

/* fwd_rule_index_at() - the rule at a place of a span */
const struct fwd_rule *fwd_rule_index_at(const struct fwd_rule_index *index, uint32_t at);

#endif
