/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests of forwarding rules: tables made of specs, given as "DIRECTION SPEC" with the
 * letters of the command line: t u T U. Include <cmocka.h> and what it needs first.
 */
#ifndef TEST_UNIT_FWD_RULES_FIXTURE_H
#define TEST_UNIT_FWD_RULES_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/fwd/rule.h"
#include "common/fwd/rules.h"

/* None of the four directions has a rule that the test didn't ask for */
#define QUIET "u none", "T none", "U none"

static const struct fwd_range ephemeral = { 32768, 60999 };

static inline enum fwd_direction direction(char letter)
{
	switch (letter) {
	case 't':
		return FWD_TCP_TO_NS;
	case 'u':
		return FWD_UDP_TO_NS;
	case 'T':
		return FWD_TCP_TO_HOST;
	default:
		return FWD_UDP_TO_HOST;
	}
}

static inline int add(struct fwd_rules *rules, const char *spec_text, struct err *err)
{
	struct fwd_spec spec;

	assert_int_equal(fwd_spec_parse(spec_text + 2, &spec, err), 0);
	return fwd_rules_add(rules, direction(spec_text[0]), &spec, err);
}

static inline struct fwd_rules *empty(void)
{
	struct fwd_rules *rules = malloc(sizeof(*rules));

	assert_non_null(rules);
	memset(rules, 0xa5, sizeof(*rules));
	fwd_rules_init(rules);
	return rules;
}

static inline int make(const char *const *specs, struct fwd_rules **ret_rules, struct err *err)
{
	struct fwd_rules *rules = empty();
	int rc = 0;

	for (; *specs && !rc; specs++)
		rc = add(rules, *specs, err);
	if (!rc)
		rc = fwd_rules_finish(rules, ephemeral, err);
	*ret_rules = rules;
	return rc;
}

static inline struct fwd_rules *accept_specs(const char *const *specs)
{
	struct fwd_rules *rules;
	struct err err = { "" };

	if (make(specs, &rules, &err))
		fail_msg("%s", err.text);
	return rules;
}

#define ACCEPT(...) accept_specs((const char *const[]){ __VA_ARGS__, NULL })

/* The ports of a direction: "SPEC=FIRST-LAST>TOFIRST ..." in the order of the table */
static inline void assert_ports(const struct fwd_rules *rules, char letter, const char *expected)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry e;
	char spec[FWD_RULE_TEXT_MAX], text[2048] = "";
	size_t at = 0;

	while (fwd_rules_next(rules, direction(letter), &cursor, &e))
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s=%u-%u>%u", at ? " " : "",
				       fwd_rule_format_spec(e.rule, spec), e.ports.first,
				       e.ports.last, e.to_first);
	assert_string_equal(text, expected);
}

#endif
