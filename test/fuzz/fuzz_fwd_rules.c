/* SPDX-License-Identifier: Apache-2.0
 *
 * Port forwarding specs together, one a line, in any of the four directions (the lowest two bits of
 * the line's first byte): what is taken reads back from its own text as what it was, and a
 * finished table never forwards a port twice or one that is excluded. The third bit of the first
 * line's first byte: directions that no line names take their defaults, else they are closed.
 */
#include "test/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/fwd/rule.h"
#include "common/fwd/rules.h"

#define LINE_MAX_BYTES 512

static void check_range(struct fwd_range range, uint16_t to_first)
{
	REQUIRE(range.first && to_first && range.first <= range.last);
	REQUIRE(to_first + fwd_range_count(range) - 1 <= 65535);
}

/* Reading a rule's text gives that rule again */
static void check_text(const struct fwd_rules *rules, const struct fwd_rule *rule)
{
	char text[FWD_RULE_TEXT_MAX], line[FWD_RULE_TEXT_MAX];
	struct fwd_spec spec;
	struct err err;

	REQUIRE(!fwd_spec_parse(fwd_rule_format_spec(rule, text), &spec, &err));
	REQUIRE(strstr(fwd_rules_format(rules, rule, line), text));
	REQUIRE(spec.listen.family == rule->listen.family);
	REQUIRE(addr_equal(&spec.listen.addr, &rule->listen.addr));
	REQUIRE(!strcmp(spec.listen.ifname, rule->listen.ifname));
	REQUIRE(spec.automatic == rule->automatic);
	REQUIRE((rule->kind == FWD_RULE_AUTO) == !spec.count);
	if (spec.count) {
		REQUIRE(spec.count == 1 && spec.items[0].to_first == rule->to_first);
		REQUIRE(spec.items[0].ports.first == rule->ports.first);
		REQUIRE(spec.items[0].ports.last == rule->ports.last);
		REQUIRE(addr_equal(&spec.items[0].to_addr, &rule->to_addr));
	}
}

static bool same_place(const struct fwd_listen *a, const struct fwd_listen *b)
{
	return addr_equal(&a->addr, &b->addr) && a->family == b->family &&
	       !strcmp(a->ifname, b->ifname);
}

static void check_entry(const struct fwd_rules *rules, const struct fwd_rules_entry *entry)
{
	const struct fwd_rule *rule = entry->rule;

	check_range(entry->ports, entry->to_first);
	REQUIRE(entry->ports.first >= rule->ports.first && entry->ports.last <= rule->ports.last);
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *other = &rules->rule[i];

		if (other == rule || other->direction != rule->direction ||
		    !same_place(&other->listen, &rule->listen))
			continue;
		REQUIRE(other->kind != FWD_RULE_EXCLUDE ||
			!fwd_range_overlap(other->ports, entry->ports));
		for (uint32_t r = 0; r < other->ranges_count; r++)
			REQUIRE(!fwd_range_overlap(rules->range[other->ranges_at + r],
						   entry->ports));
	}
}

static void check_table(const struct fwd_rules *rules)
{
	struct fwd_rules_entry entry;
	static struct fwd_portmap map;

	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		struct fwd_rules_cursor cursor = { 0 };
		uint32_t entries = 0;

		if (!rules->direction[d].none)
			fwd_rules_portmap(rules, (enum fwd_direction)d, false, &map);
		for (; fwd_rules_next(rules, (enum fwd_direction)d, &cursor, &entry); entries++) {
			REQUIRE(entry.rule->direction == (enum fwd_direction)d);
			REQUIRE(fwd_portmap_test(&map, entry.ports.last));
			REQUIRE(fwd_rules_match(rules, (enum fwd_direction)d, NULL, NULL,
						entry.ports.first));
			check_entry(rules, &entry);
		}
		REQUIRE(!entries == rules->direction[d].none);
	}
}

/* Most inputs are about one direction: what isn't named would only cost time in each of them */
static void close_others(struct fwd_rules *rules)
{
	static const struct fwd_spec none = { .mode = FWD_SPEC_NONE };
	struct err err;

	for (int d = 0; d < FWD_DIRECTIONS; d++)
		if (!rules->direction[d].given)
			REQUIRE(!fwd_rules_add(rules, (enum fwd_direction)d, &none, &err));
}

/* Return: false if the table is of no use any more */
static bool add_line(struct fwd_rules *rules, const char *line)
{
	struct fwd_spec spec;
	struct err err = { "" };

	if (fwd_spec_parse(*line ? line + 1 : line, &spec, &err))
		return true;
	if (!fwd_rules_add(rules, (enum fwd_direction)(*line & 3), &spec, &err))
		return true;
	REQUIRE(err.text[0]);
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fwd_rules *rules; /* large: one for all inputs, each starts it afresh */
	char line[LINE_MAX_BYTES];
	struct err err = { "" };
	bool usable = true, defaults = size && data[0] & 4;

	if (!rules)
		rules = malloc(sizeof(*rules));
	REQUIRE(rules);
	fwd_rules_init(rules);
	while (size && usable) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) : size;

		if (len < sizeof(line)) {
			memcpy(line, data, len);
			line[len] = '\0';
			usable = add_line(rules, line);
		}
		data += len + !!end;
		size -= len + !!end;
	}
	if (usable) {
		/* One is enough: the others were the last ones of shorter inputs */
		if (rules->count)
			check_text(rules, &rules->rule[rules->count - 1]);
		if (!defaults)
			close_others(rules);
		if (fwd_rules_finish(rules, (struct fwd_range){ 32768, 60999 }, &err))
			REQUIRE(err.text[0]);
		else
			check_table(rules);
	}
	return 0;
}
