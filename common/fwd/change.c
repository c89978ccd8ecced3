/* SPDX-License-Identifier: Apache-2.0
 *
 * One rule at a time, found by all that it says.
 */
#include "common/fwd/change.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/fwd/rule.h"

void fwd_change_begin(struct fwd_change *change, struct fwd_rules *rules,
		      const struct fwd_rules *old)
{
	change->rules = rules;
	change->old = old;
	change->unchanged = change->changed = 0;
	fwd_rule_index_build(&change->old_index, old->rule, old->count);
	memcpy(rules->direction, old->direction, sizeof(rules->direction));
	rules->count = old->count;
	rules->ranges_count = old->ranges_count;
	rules->last_id = old->last_id;
	memcpy(rules->rule, old->rule, old->count * sizeof(rules->rule[0]));
	memcpy(rules->range, old->range, old->ranges_count * sizeof(rules->range[0]));
}

const struct fwd_rule *fwd_change_find(const struct fwd_rules *rules, const struct fwd_rule *rule)
{
	for (uint32_t i = 0; i < rules->count; i++)
		if (fwd_rule_equal(&rules->rule[i], rule))
			return &rules->rule[i];
	return NULL;
}

/* A rule of the old table that says what @rule does, and is still there as it is asked for. Return:
 * that of the old table, NULL: none does
 */
static const struct fwd_rule *old_find(const struct fwd_change *change, const struct fwd_rule *rule,
				       bool still_there)
{
	struct fwd_range first = { rule->ports.first, rule->ports.first };
	struct fwd_rule_span span =
		fwd_rule_index_find(&change->old_index, rule->direction, rule->kind, first);

	for (; span.at < span.end; span.at++) {
		const struct fwd_rule *was = fwd_rule_index_at(&change->old_index, span.at);

		if (fwd_rule_equal(was, rule) &&
		    (!still_there || fwd_rules_find(change->rules, was->id)))
			return was;
	}
	return NULL;
}

/* As fwd_change_find(), in the table that is being changed: what is not of the old one stands at
 * its end
 */
static const struct fwd_rule *there_find(const struct fwd_change *change,
					 const struct fwd_rule *rule)
{
	const struct fwd_rules *rules = change->rules;
	const struct fwd_rule *was = old_find(change, rule, true);

	if (was)
		return fwd_rules_find(rules, was->id);
	for (uint32_t i = rules->count; i && rules->rule[i - 1].id > change->old->last_id; i--)
		if (fwd_rule_equal(&rules->rule[i - 1], rule))
			return &rules->rule[i - 1];
	return NULL;
}

/* With the number that it had; the order is that of the numbers */
static int put_back(struct fwd_rules *rules, const struct fwd_rule *was, struct err *err)
{
	uint32_t at = rules->count, last_id = rules->last_id;
	int rc = fwd_rules_append(rules, was, err);

	if (rc)
		return rc;
	rules->last_id = last_id;
	for (; at && rules->rule[at - 1].id > was->id; at--)
		rules->rule[at] = rules->rule[at - 1];
	rules->rule[at] = *was;
	rules->rule[at].ranges_at = rules->rule[at].ranges_count = 0;
	return 0;
}

static int add_one(struct fwd_change *change, const struct fwd_rule *rule, struct err *err)
{
	const struct fwd_rule *there = there_find(change, rule), *was;

	if (there) {
		if (!rule->implied) /* somebody says so now */
			change->rules->rule[there - change->rules->rule].implied = false;
		change->unchanged++;
		return 0;
	}
	was = old_find(change, rule, false);
	return was ? put_back(change->rules, was, err) : fwd_rules_append(change->rules, rule, err);
}

/* Exclusions that have nothing to cut stand for all other ports, as at a start */
static int add_all_others(struct fwd_change *change, const struct fwd_rule *rule, struct err *err)
{
	const struct fwd_rule all = fwd_rule_all_others(rule);

	if (rule->kind != FWD_RULE_EXCLUDE || fwd_rules_cut_by(change->rules, rule) ||
	    there_find(change, &all))
		return 0;
	return add_one(change, &all, err);
}

int fwd_change_add(struct fwd_change *change, enum fwd_direction direction,
		   const struct fwd_spec *spec, struct err *err)
{
	struct fwd_rule rule;
	int rc = 0;

	if (spec->mode == FWD_SPEC_NONE)
		return err_set(err, -EINVAL, "ports 'none': that adds nothing");
	change->rules->direction[direction].none = false;
	change->rules->direction[direction].follows = false;
	for (uint32_t i = 0; !rc && fwd_rule_of_spec(spec, direction, i, &rule); i++)
		rc = add_one(change, &rule, err);
	for (uint32_t i = 0; !rc && fwd_rule_of_spec(spec, direction, i, &rule); i++)
		rc = add_all_others(change, &rule, err);
	return rc;
}

static void drop(struct fwd_change *change, const struct fwd_rule *rule)
{
	struct fwd_rules *rules = change->rules;
	uint32_t at = (uint32_t)(rule - rules->rule);

	rules->count--;
	memmove(&rules->rule[at], &rules->rule[at + 1],
		(rules->count - at) * sizeof(rules->rule[0]));
}

static bool excludes_at(const struct fwd_rules *rules, const struct fwd_rule *like)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];

		if (rule->kind == FWD_RULE_EXCLUDE && rule->direction == like->direction &&
		    fwd_listen_equal(&rule->listen, &like->listen))
			return true;
	}
	return false;
}

/* All other ports go with the last of the exclusions that have stood for them */
static void drop_all_others(struct fwd_change *change, const struct fwd_rule *exclusion)
{
	const struct fwd_rule all = fwd_rule_all_others(exclusion);
	const struct fwd_rule *there = there_find(change, &all);

	if (there && there->implied && !excludes_at(change->rules, exclusion))
		drop(change, there);
}

/* @there: one of the table's, which it is not any more afterwards */
static void remove_one(struct fwd_change *change, const struct fwd_rule *there)
{
	const struct fwd_rule rule = *there;

	drop(change, there);
	if (rule.kind == FWD_RULE_EXCLUDE)
		drop_all_others(change, &rule);
}

void fwd_change_remove(struct fwd_change *change, enum fwd_direction direction,
		       const struct fwd_spec *spec)
{
	struct fwd_rule rule;

	for (uint32_t i = 0; fwd_rule_of_spec(spec, direction, i, &rule); i++) {
		const struct fwd_rule *there = there_find(change, &rule);

		if (there)
			remove_one(change, there);
		else
			change->unchanged++;
	}
}

void fwd_change_remove_id(struct fwd_change *change, uint32_t id)
{
	const struct fwd_rule *there = fwd_rules_find(change->rules, id);

	if (there)
		remove_one(change, there);
	else
		change->unchanged++;
}

void fwd_change_clear(struct fwd_change *change, enum fwd_direction direction)
{
	fwd_rules_clear(change->rules, direction);
}

/* Rules that only one of the tables has, or that somebody asks for now; what was removed and put
 * back is in both
 */
static uint32_t changed_count(const struct fwd_change *change)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < change->rules->count; i++) {
		const struct fwd_rule *rule = &change->rules->rule[i];
		const struct fwd_rule *was = fwd_rules_find(change->old, rule->id);

		count += !was || was->implied != rule->implied;
	}
	for (uint32_t i = 0; i < change->old->count; i++)
		count += !fwd_rules_find(change->rules, change->old->rule[i].id);
	return count;
}

/* What somebody asks for by number, and is excluded altogether, is a mistake */
static int left_check(const struct fwd_change *change, uint32_t *ret_rule_id, struct err *err)
{
	const struct fwd_rules *rules = change->rules;
	char text[FWD_RULE_TEXT_MAX];

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];

		if (rule->id <= change->old->last_id || rule->kind == FWD_RULE_EXCLUDE ||
		    rule->ranges_count)
			continue;
		*ret_rule_id = rule->id;
		return err_set(err, -EINVAL, "%s: of ports '%s', others leave none to forward",
			       fwd_direction_text(rule->direction),
			       fwd_rule_format_spec(rule, text));
	}
	return 0;
}

int fwd_change_finish(struct fwd_change *change, struct fwd_range ephemeral, uint32_t *ret_rule_id,
		      struct err *err)
{
	int rc;

	change->changed = changed_count(change);
	rc = fwd_rules_resolve(change->rules, ephemeral, change->old->last_id, ret_rule_id, err);
	return rc ? rc : left_check(change, ret_rule_id, err);
}
