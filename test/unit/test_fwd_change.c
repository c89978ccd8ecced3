/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of a table of rules that is in force: what is there already, what is put back, and which
 * rule is to blame.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/fwd/change.h"
#include "test/unit/fwd_rules_fixture.h"

/* A change of the table that @specs make, with @changes as lines of "+t SPEC", "-t SPEC", "!t" */
struct changed {
	struct fwd_rules *old, *rules;
	struct fwd_change change;
	uint32_t failed_id;
	struct err err;
};

static int change_one(struct fwd_change *change, const char *line, struct err *err)
{
	struct fwd_spec spec;

	if (line[0] == '!') {
		fwd_change_clear(change, direction(line[1]));
		return 0;
	}
	assert_int_equal(fwd_spec_parse(line + 3, &spec, err), 0);
	if (line[0] == '+')
		return fwd_change_add(change, direction(line[1]), &spec, err);
	fwd_change_remove(change, direction(line[1]), &spec);
	return 0;
}

static int try(struct changed *c, const char *const *specs, const char *const *lines)
{
	int rc = 0;

	*c = (struct changed){ .old = accept_specs(specs), .rules = empty() };
	fwd_change_begin(&c->change, c->rules, c->old);
	for (; *lines && !rc; lines++)
		rc = change_one(&c->change, *lines, &c->err);
	return rc ? rc : fwd_change_finish(&c->change, ephemeral, &c->failed_id, &c->err);
}

#define TRY(c, lines, ...)                                                                         \
	try(c, (const char *const[]){ __VA_ARGS__, NULL },                                         \
	    (const char *const[]){ LINES lines, NULL })
#define LINES(...) __VA_ARGS__

static void done(struct changed *c)
{
	free(c->old);
	free(c->rules);
}

/* Numbers and specs of a direction's rules */
static void assert_rules(const struct changed *c, char letter, const char *expected)
{
	char spec[FWD_RULE_TEXT_MAX], text[1024] = "";
	size_t at = 0;

	for (uint32_t i = 0; i < c->rules->count; i++) {
		const struct fwd_rule *rule = &c->rules->rule[i];

		if (rule->direction == direction(letter))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u:%s",
					       at ? " " : "", rule->id,
					       fwd_rule_format_spec(rule, spec));
	}
	assert_string_equal(text, expected);
}

static void assert_counts(const struct changed *c, uint32_t changed, uint32_t unchanged)
{
	assert_int_equal(c->change.changed, changed);
	assert_int_equal(c->change.unchanged, unchanged);
}

static void test_change_adds_what_is_not_there(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+t 80", "+t 90,91:92", "+u 80"), "t 80", QUIET), 0);
	assert_rules(&c, 't', "1:80 2:90 3:91:92");
	assert_rules(&c, 'u', "4:80");
	assert_ports(c.rules, 't', "80=80-80>80 90=90-90>90 91:92=91-91>92");
	assert_counts(&c, 3, 1);
	assert_int_equal(c.old->count, 1);
	done(&c);
}

static void test_change_removes_what_is_there(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("-t 80,82", "-t 80:81", "-u 80"), "t 80,81", QUIET), 0);
	assert_rules(&c, 't', "2:81");
	assert_counts(&c, 1, 3);
	done(&c);
}

static void test_change_puts_back_with_the_same_number(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("!t", "+t 83", "+t 81", "+t 80"), "t 80,81,82", QUIET), 0);
	assert_rules(&c, 't', "1:80 2:81 4:83");
	assert_counts(&c, 2, 0);
	done(&c);
	assert_int_equal(TRY(&c, ("!t", "+t 80,81"), "t 80,81", QUIET), 0);
	assert_counts(&c, 0, 0);
	done(&c);
}

static void test_change_of_a_direction_that_was_closed(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+u auto", "+U 53"), "t 80", QUIET), 0);
	assert_rules(&c, 't', "1:80");
	assert_rules(&c, 'u', "2:auto");
	assert_rules(&c, 'U', "3:53");
	done(&c);
	assert_int_equal(TRY(&c, ("!t", "!T"), "t 80", "T 80", "u none", "U none"), 0);
	assert_int_equal(c.rules->count, 0);
	done(&c);
}

static void test_change_exclusions_alone_are_all_others_while_they_are_there(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+t ~80", "+t ~90"), "t none", QUIET), 0);
	assert_rules(&c, 't', "1:~80 2:all 3:~90");
	done(&c);
	assert_int_equal(TRY(&c, ("+t ~80", "+t ~90", "-t ~80", "-t ~90"), "t none", QUIET), 0);
	assert_rules(&c, 't', "");
	done(&c);
	assert_int_equal(TRY(&c, ("-t ~80"), "t ~80", QUIET), 0);
	assert_rules(&c, 't', "");
	done(&c);
}

static void test_change_all_others_stay_if_somebody_has_said_so(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("-t ~80"), "t all", "t ~80", QUIET), 0);
	assert_rules(&c, 't', "1:all");
	done(&c);
	assert_int_equal(TRY(&c, ("+t all", "-t ~80"), "t ~80", QUIET), 0);
	assert_rules(&c, 't', "2:all");
	done(&c);
	assert_int_equal(TRY(&c, ("+t ~8005"), "t 8000-8010", QUIET), 0);
	assert_ports(c.rules, 't', "8000-8010=8000-8004>8000 8000-8010=8006-8010>8006");
	done(&c);
}

static void test_change_blames_the_new_rule(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+t 90", "+t 80:81", "+t 91"), "t 80", QUIET), -EINVAL);
	assert_int_equal(c.failed_id, 3);
	assert_non_null(strstr(c.err.text, "'80' overlap with '80:81'"));
	done(&c);
	assert_int_equal(TRY(&c, ("+t 90", "+t 8080"), "t ~8000-8100", QUIET), -EINVAL);
	assert_int_equal(c.failed_id, 4);
	assert_non_null(strstr(c.err.text, "of ports '8080', others leave none"));
	done(&c);
}

static void test_change_may_pass_through_what_could_not_be(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+t 80:81", "-t 80"), "t 80", QUIET), 0);
	assert_rules(&c, 't', "2:80:81");
	done(&c);
}

static void test_change_none_adds_nothing(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+t none"), "t 80", QUIET), -EINVAL);
	done(&c);
}

static void test_change_removes_by_number(void **state)
{
	struct changed c;

	(void)state;
	assert_int_equal(TRY(&c, ("+t 82"), "t 80,81", QUIET), 0);
	fwd_change_remove_id(&c.change, 2);
	fwd_change_remove_id(&c.change, 2);
	fwd_change_remove_id(&c.change, 99);
	assert_int_equal(fwd_change_finish(&c.change, ephemeral, &c.failed_id, &c.err), 0);
	assert_rules(&c, 't', "1:80 3:82");
	assert_counts(&c, 2, 2);
	done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change_adds_what_is_not_there),
		cmocka_unit_test(test_change_removes_what_is_there),
		cmocka_unit_test(test_change_puts_back_with_the_same_number),
		cmocka_unit_test(test_change_of_a_direction_that_was_closed),
		cmocka_unit_test(test_change_exclusions_alone_are_all_others_while_they_are_there),
		cmocka_unit_test(test_change_all_others_stay_if_somebody_has_said_so),
		cmocka_unit_test(test_change_blames_the_new_rule),
		cmocka_unit_test(test_change_may_pass_through_what_could_not_be),
		cmocka_unit_test(test_change_none_adds_nothing),
		cmocka_unit_test(test_change_removes_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
