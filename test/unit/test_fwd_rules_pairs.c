/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left of rules and which ones are in each other's way, against the plain definition: each
 * rule beside each other one. Ports of these tables are those of one machine word.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/fwd/change.h"
#include "test/unit/fwd_rules_fixture.h"

#define PORTS_END 64
#define ROUNDS 4000

static const struct fwd_range no_ephemeral;

static bool is_wide(const struct fwd_rule *rule)
{
	return rule->kind == FWD_RULE_ALL || rule->kind == FWD_RULE_AUTO;
}

static bool same_or_any(const char *a, const char *b)
{
	return !a[0] || !b[0] || !strcmp(a, b);
}

static bool intersect(const struct fwd_listen *a, const struct fwd_listen *b)
{
	bool family = !a->family || !b->family || a->family == b->family;

	return family && same_or_any(a->ifname, b->ifname) &&
	       (addr_is_unspecified(&a->addr) || addr_is_unspecified(&b->addr) ||
		addr_equal(&a->addr, &b->addr));
}

static bool covers(const struct fwd_listen *outer, const struct fwd_listen *inner)
{
	return (!outer->family || outer->family == inner->family) &&
	       (!outer->ifname[0] || !strcmp(outer->ifname, inner->ifname)) &&
	       (addr_is_unspecified(&outer->addr) || addr_equal(&outer->addr, &inner->addr));
}

static uint64_t ports_of(const struct fwd_rule *rule)
{
	uint64_t ports = 0;

	for (unsigned int port = rule->ports.first; port <= rule->ports.last; port++)
		ports |= port < PORTS_END ? 1ULL << port : 0;
	return ports;
}

/* Of a rule's ports, those that the others leave */
static uint64_t left_of(const struct fwd_rules *rules, const struct fwd_rule *rule)
{
	uint64_t left = rule->kind == FWD_RULE_EXCLUDE ? 0 : ports_of(rule);

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *other = &rules->rule[i];

		if (other->direction != rule->direction)
			continue;
		if (other->kind == FWD_RULE_EXCLUDE
			    ? covers(&other->listen, &rule->listen)
			    : other->kind == FWD_RULE_RANGE && is_wide(rule) &&
				      intersect(&other->listen, &rule->listen))
			left &= ~ports_of(other);
	}
	return left;
}

static bool in_the_way(const struct fwd_rules *rules, const struct fwd_rule *a,
		       const struct fwd_rule *b)
{
	if (a->direction != b->direction || !intersect(&a->listen, &b->listen))
		return false;
	if (a->kind == FWD_RULE_EXCLUDE || b->kind == FWD_RULE_EXCLUDE)
		return (a->kind == FWD_RULE_EXCLUDE ? ports_of(a) & left_of(rules, b)
						    : ports_of(b) & left_of(rules, a)) != 0;
	return is_wide(a) == is_wide(b) && (ports_of(a) & ports_of(b)) != 0;
}

/* The first rule that is in the way of one before it; NULL: none is */
static const struct fwd_rule *first_conflict(const struct fwd_rules *rules,
					     const struct fwd_rule **ret_with)
{
	for (uint32_t i = 0; i < rules->count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (in_the_way(rules, &rules->rule[i], &rules->rule[j])) {
				*ret_with = &rules->rule[j];
				return &rules->rule[i];
			}
	return NULL;
}

static void assert_named(const struct fwd_rule *rule, const struct err *err)
{
	char spec[FWD_RULE_TEXT_MAX], quoted[FWD_RULE_TEXT_MAX + 2];

	snprintf(quoted, sizeof(quoted), "'%s'", fwd_rule_format_spec(rule, spec));
	assert_non_null(strstr(err->text, quoted));
}

/* Return: whether the rules stand together */
static bool assert_resolved(struct fwd_rules *rules, uint32_t checked_id)
{
	struct err err = { "" };
	uint32_t failed_id = 0;
	int rc = fwd_rules_resolve(rules, no_ephemeral, checked_id, &failed_id, &err);
	const struct fwd_rule *with, *conflict = first_conflict(rules, &with);

	for (uint32_t i = 0; i < rules->count; i++) {
		uint64_t left = 0;

		for (uint16_t port = 1; port < PORTS_END; port++)
			left |= (uint64_t)fwd_rule_has_port(rules, &rules->rule[i], port) << port;
		assert_int_equal(left, left_of(rules, &rules->rule[i]));
	}
	assert_int_equal(rc, conflict ? -EINVAL : 0);
	if (conflict) {
		assert_int_equal(failed_id, conflict->id);
		assert_named(conflict, &err);
		assert_named(with, &err);
	}
	return !conflict;
}

/* Specs of all kinds, so narrow that they often meet */
static void random_spec(struct fwd_spec *ret_spec, enum fwd_direction *ret_direction)
{
	static const char *const at[] = { "",		"127.0.0.1/", "127.0.0.2/",
					  "0.0.0.0/",	"[::1]/",     "[::]/",
					  "%lo/",	"%eth0/",     "127.0.0.1%lo/",
					  "0.0.0.0%lo/" };
	static const char *const wide[] = { "all", "auto" };
	long first = 1 + random() % 40, more = random() % 4 ? 0 : random() % 20;
	char text[64];
	struct err err;

	if (random() % 12)
		snprintf(text, sizeof(text), "%s%s%ld-%ld", at[random() % (long)ARRAY_SIZE(at)],
			 random() % 4 ? "" : "~", first, first + more);
	else
		snprintf(text, sizeof(text), "%s%s", at[random() % (long)ARRAY_SIZE(at)],
			 wide[random() % 2]);
	assert_int_equal(fwd_spec_parse(text, ret_spec, &err), 0);
	*ret_direction = random() % 3 ? FWD_TCP_TO_NS : FWD_UDP_TO_HOST;
}

static void fill(struct fwd_rules *rules, long count)
{
	enum fwd_direction direction;
	struct fwd_spec spec;
	struct err err;

	fwd_rules_init(rules);
	for (long i = 0; i < count; i++) {
		random_spec(&spec, &direction);
		assert_int_equal(fwd_rules_add(rules, direction, &spec, &err), 0);
	}
}

static void test_fwd_rules_are_as_if_each_pair_was_looked_at(void **state)
{
	struct fwd_rules *rules = empty();
	int good = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		fill(rules, random() % 16);
		good += assert_resolved(rules, 0);
	}
	assert_in_range(good, ROUNDS / 20, ROUNDS - ROUNDS / 20);
	free(rules);
}

static void change(struct fwd_change *change)
{
	enum fwd_direction direction;
	struct fwd_spec spec;
	struct err err;

	for (long left = random() % 4; left; left--) {
		random_spec(&spec, &direction);
		assert_int_equal(fwd_change_add(change, direction, &spec, &err), 0);
	}
	for (long left = random() % 3; left; left--)
		fwd_change_remove_id(change, 1 + (uint32_t)random() % 16);
}

static void test_fwd_change_is_as_if_each_pair_was_looked_at(void **state)
{
	struct fwd_rules *old = empty(), *rules = empty();
	struct fwd_change edit;
	int good = 0, all = 0;

	(void)state;
	srandom(2);
	for (int i = 0; i < ROUNDS; i++) {
		fill(old, random() % 12);
		if (!assert_resolved(old, 0))
			continue;
		fwd_change_begin(&edit, rules, old);
		change(&edit);
		good += assert_resolved(rules, old->last_id);
		all++;
	}
	assert_in_range(good, all / 20, all - all / 20);
	free(old);
	free(rules);
}

/* An exclusion that left nothing of a rule's ports goes, and another one contradicts the rule */
static void test_fwd_change_finds_conflicts_of_rules_that_were_there(void **state)
{
	struct fwd_rules *old = ACCEPT("t 80,~80", "t 127.0.0.1/~80", "t 90", QUIET);
	struct fwd_rules *rules = empty();
	struct fwd_change edit;
	uint32_t failed_id;
	struct err err;

	(void)state;
	fwd_change_begin(&edit, rules, old);
	fwd_change_remove_id(&edit, 2);
	assert_int_equal(fwd_change_finish(&edit, ephemeral, &failed_id, &err), -EINVAL);
	assert_int_equal(failed_id, 3);
	free(old);
	free(rules);
}

static void test_fwd_rules_of_thousands_one_conflict_is_found(void **state)
{
	struct fwd_rules *rules = empty();
	struct fwd_spec spec;
	char text[64];
	uint32_t failed_id = 0;
	struct err err;

	(void)state;
	for (int i = 0; i < FWD_RULES_MAX; i++) {
		int port = i == 4000 ? 1500 : 1000 + i;

		snprintf(text, sizeof(text), "%d", port);
		assert_int_equal(fwd_spec_parse(text, &spec, &err), 0);
		assert_int_equal(fwd_rules_add(rules, FWD_TCP_TO_NS, &spec, &err), 0);
	}
	assert_int_equal(fwd_rules_resolve(rules, ephemeral, 0, &failed_id, &err), -EINVAL);
	assert_int_equal(failed_id, 4001);
	rules->rule[4000].ports = (struct fwd_range){ 999, 999 };
	assert_int_equal(fwd_rules_resolve(rules, ephemeral, 0, &failed_id, &err), 0);
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fwd_rules_are_as_if_each_pair_was_looked_at),
		cmocka_unit_test(test_fwd_change_is_as_if_each_pair_was_looked_at),
		cmocka_unit_test(test_fwd_change_finds_conflicts_of_rules_that_were_there),
		cmocka_unit_test(test_fwd_rules_of_thousands_one_conflict_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
