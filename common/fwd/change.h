/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of a finished table of rules while another copy of it is in force: what specs mean then.
 * It differs from a start's meaning in two ways. What is there already is not added again, and
 * nothing is added that nobody asked for. 'none' adds nothing here, and is an error.
 *
 * Rules keep their numbers: one that a change takes away and puts back has the number that it had,
 * so that its sockets can stay. Pure.
 */
#ifndef COMMON_FWD_CHANGE_H
#define COMMON_FWD_CHANGE_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/fwd/rule_index.h"
#include "common/fwd/rules.h"

struct fwd_change {
	struct fwd_rules *rules; /* being changed */
	const struct fwd_rules *old; /* in force */
	struct fwd_rule_index old_index; /* of those */
	uint32_t unchanged; /* rules that were to be added and are there, or removed and are not */
	uint32_t changed; /* rules that were added or removed; by fwd_change_finish() */
};

/* fwd_change_begin() - @rules becomes a copy of @old; only what is in use is written to */
void fwd_change_begin(struct fwd_change *change, struct fwd_rules *rules,
		      const struct fwd_rules *old);

/* fwd_change_add() - Return: 0, or -errno with @err set; the table is of no use then */
int fwd_change_add(struct fwd_change *change, enum fwd_direction direction,
		   const struct fwd_spec *spec, struct err *err);

/* fwd_change_remove() - the rules of a spec, as far as they are there */
void fwd_change_remove(struct fwd_change *change, enum fwd_direction direction,
		       const struct fwd_spec *spec);

/* fwd_change_remove_id() - the rule of a number, if it is there */
void fwd_change_remove_id(struct fwd_change *change, uint32_t id);

/* fwd_change_clear() - all rules of a direction */
void fwd_change_clear(struct fwd_change *change, enum fwd_direction direction);

/* fwd_change_finish() - resolve exclusions and wide rules, check for conflicts
 * @ephemeral:		as for fwd_rules_finish()
 * @ret_rule_id:	if it fails, the rule for which it does
 *
 * Return: 0, or -errno with @err set
 */
int fwd_change_finish(struct fwd_change *change, struct fwd_range ephemeral, uint32_t *ret_rule_id,
		      struct err *err);

/* fwd_change_find() - the rule that says what @rule does, its number aside. Return: NULL: none does
 */
const struct fwd_rule *fwd_change_find(const struct fwd_rules *rules, const struct fwd_rule *rule);

#endif
