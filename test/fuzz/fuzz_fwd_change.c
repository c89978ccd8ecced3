/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of a table of forwarding rules, one a line: the first byte's lowest two bits are the
 * direction, the next two what is done (add, remove, clear and add, remove the rule of a number).
 * Whatever they are, a change that is taken leaves a table whose numbers ascend, in which no rule
 * is twice, and from which each rule can be removed; one that is not says why and whom it blames.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/fwd/change.h"

#define LINE_MAX_BYTES 512

static void check_table(const struct fwd_rules *rules)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];

		REQUIRE(rule->id && rule->id <= rules->last_id);
		REQUIRE(!i || rules->rule[i - 1].id < rule->id);
		REQUIRE(fwd_rules_find(rules, rule->id) == rule);
		REQUIRE(fwd_change_find(rules, rule) == rule);
	}
}

static int change_line(struct fwd_change *change, const char *line, struct err *err)
{
	enum fwd_direction direction = (enum fwd_direction)(*line & 3);
	struct fwd_spec spec;
	int rc = fwd_spec_parse(*line ? line + 1 : line, &spec, err);

	if (rc)
		return rc;
	switch (*line >> 2 & 3) {
	case 0:
		return fwd_change_add(change, direction, &spec, err);
	case 1:
		fwd_change_remove(change, direction, &spec);
		return 0;
	case 2:
		fwd_change_clear(change, direction);
		return fwd_change_add(change, direction, &spec, err);
	default:
		fwd_change_remove_id(change, spec.count ? spec.items[0].ports.first : 0);
		return 0;
	}
}

/* Return: whether @next is in force now */
static bool try_line(struct fwd_rules *next, const struct fwd_rules *rules, const char *line)
{
	struct fwd_change change;
	struct err err = { "" };
	uint32_t failed_id = 0;
	int rc;

	fwd_change_begin(&change, next, rules);
	rc = change_line(&change, line, &err);
	if (!rc) {
		rc = fwd_change_finish(&change, (struct fwd_range){ 32768, 60999 }, &failed_id,
				       &err);
		check_table(next);
		REQUIRE(!rc || fwd_rules_find(next, failed_id));
		REQUIRE(rc || change.changed || next->count == rules->count);
	}
	REQUIRE(!rc == !err.text[0]);
	return !rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fwd_rules *tables[2]; /* large: one pair for all inputs */
	char line[LINE_MAX_BYTES];
	int current = 0;

	for (int i = 0; i < 2 && !tables[i]; i++) {
		tables[i] = malloc(sizeof(*tables[i]));
		REQUIRE(tables[i]);
	}
	fwd_rules_init(tables[0]);
	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) : size;

		if (len && len < sizeof(line)) {
			memcpy(line, data, len);
			line[len] = '\0';
			current ^= try_line(tables[!current], tables[current], line);
		}
		data += len + !!end;
		size -= len + !!end;
	}
	return 0;
}
