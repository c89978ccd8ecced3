/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of rules in people's own script, as DNS has them; and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "launch/idna.h"

#define BUECHER                                                                                    \
	"b\xc3\xbc"                                                                                \
	"cher"
#define XN_BUECHER "xn--bcher-kva"

static void rule_is(const char *rule, const char *wanted)
{
	struct err err = { "" };
	char *made = (char *)rule;

	assert_int_equal(idna_rule(rule, &made, &err), 0);
	if (wanted)
		assert_string_equal(made, wanted);
	else
		assert_null(made);
	free(made);
}

static void line_is(const char *line, const char *wanted)
{
	struct err err = { "" };
	char *made = (char *)line;

	assert_int_equal(idna_line(line, "file", 3, &made, &err), 0);
	if (wanted)
		assert_string_equal(made, wanted);
	else
		assert_null(made);
	free(made);
}

static void rule_is_wrong(const char *rule, const char *complaint)
{
	struct err err = { "" };
	char *made = (char *)rule;

	assert_int_not_equal(idna_rule(rule, &made, &err), 0);
	assert_null(made);
	if (!strstr(err.text, complaint))
		fail_msg("'%s' says '%s', not '%s'", rule, err.text, complaint);
}

static void test_idna_ascii_stays_as_it_is(void **state)
{
	(void)state;
	rule_is("tcp/*.Example.ORG.:80,443", NULL);
	rule_is("", NULL);
	rule_is("a b..c", NULL); /* which is somebody else's business */
	line_is("allow example.org # " BUECHER, NULL);
	line_is("# " BUECHER, NULL);
	line_is("include " BUECHER, NULL);
	line_is("default " BUECHER, NULL);
	line_is("allow", NULL);
	line_is("allow # " BUECHER, NULL);
	line_is(BUECHER, NULL);
	line_is("allowed " BUECHER, NULL);
	line_is("", NULL);
}

#ifdef HAVE_LIBIDN2

static void test_idna_names_become_what_dns_has(void **state)
{
	(void)state;
	rule_is(BUECHER ".example", XN_BUECHER ".example");
	rule_is("tcp/*.www." BUECHER ".Example.:80,443-445",
		"tcp/*.www." XN_BUECHER ".example.:80,443-445");
	/* Composed and not, capital, and with another script's dot: one name */
	rule_is("BU\xcc\x88"
		"CHER.example",
		XN_BUECHER ".example");
	rule_is("B\xc3\x9c"
		"CHER\xe3\x80\x82"
		"example",
		XN_BUECHER ".example");
	/* Non-transitional: not "fass.de" */
	rule_is("fa\xc3\x9f.de", "xn--fa-hia.de");
	rule_is("_dns." BUECHER ".example", "_dns." XN_BUECHER ".example");
	rule_is("\xe4\xbe\x8b.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--fsq.xn--zckzah");
	line_is(" \tdrop\t udp/" BUECHER ".example:53 # k\xc3\xbc"
		"che\r",
		" \tdrop\t udp/" XN_BUECHER ".example:53 # k\xc3\xbc"
		"che\r");
	line_is("allow *." BUECHER "\n", "allow *." XN_BUECHER "\n");
}

static void test_idna_what_is_no_name_is_refused(void **state)
{
	struct err err = { "" };
	char *made, longer[400] = "";

	(void)state;
	/* Full-width: 1.2.3.4, any, @host, a/24, a:1 */
	rule_is_wrong("\xef\xbc\x91.2.3.4", "no name");
	rule_is_wrong("1.2.3.\xef\xbc\x94", "no name");
	rule_is_wrong("\xef\xbd\x81ny", "no name");
	rule_is_wrong("\xef\xbc\xa0host", "no name");
	rule_is_wrong("a\xef\xbc\x8f"
		      "24",
		      "no name");
	rule_is_wrong("a\xef\xbc\x9a"
		      "1",
		      "no name");
	rule_is_wrong("a b\xc3\xbc", "no name has");
	rule_is_wrong("b\xfc"
		      "cher",
		      "'b?cher': ");
	rule_is_wrong("xn--\xc3\xbc", "'xn--?"
				      "?': ");
	for (int i = 0; i < 70; i++)
		strcat(longer, "\xc3\xbc\xc3\xa4");
	rule_is_wrong(longer, "...': ");
	assert_int_not_equal(idna_line("deny \xef\xbd\x81ny", "some file", 7, &made, &err), 0);
	assert_string_equal(err.text,
			    "some file:7: '???ny': this stands for something that is no name");
}

static void test_idna_only_the_name_is_converted(void **state)
{
	(void)state;
	/* What is left is for who reads rules to refuse */
	rule_is(BUECHER ":8\xc3\xbc", XN_BUECHER ":8\xc3\xbc");
	rule_is("[" BUECHER "]:80", "[" XN_BUECHER "]:80");
	rule_is("x/" BUECHER "/" BUECHER, "x/" XN_BUECHER "/" BUECHER);
}

#else

static void test_idna_without_the_library_such_names_are_refused(void **state)
{
	(void)state;
	rule_is_wrong("tcp/" BUECHER ".example:80", "'b??cher.example': names that are not ASCII");
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idna_ascii_stays_as_it_is),
#ifdef HAVE_LIBIDN2
		cmocka_unit_test(test_idna_names_become_what_dns_has),
		cmocka_unit_test(test_idna_what_is_no_name_is_refused),
		cmocka_unit_test(test_idna_only_the_name_is_converted),
#else
		cmocka_unit_test(test_idna_without_the_library_such_names_are_refused),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
