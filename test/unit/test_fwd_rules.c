/* SPDX-License-Identifier: Apache-2.0
 *
 * What forwarding specs mean together: the table as text, and the questions that it answers.
 * Specs are given as "DIRECTION SPEC", with the letters of the command line: t u T U.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/fwd/rules.h"

/* None of the four directions has a rule that the test didn't ask for */
#define QUIET "u none", "T none", "U none"

/* Pieces of messages */
#define NS "tcp to namespace: ports "
#define ONCE " (name each port once)"
#define PART ", which excludes a part of where they listen"

static const struct fwd_range ephemeral = { 32768, 60999 };

static enum fwd_direction direction(char letter)
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

static int add(struct fwd_rules *rules, const char *spec_text, struct err *err)
{
	struct fwd_spec spec;

	assert_int_equal(fwd_spec_parse(spec_text + 2, &spec, err), 0);
	return fwd_rules_add(rules, direction(spec_text[0]), &spec, err);
}

static struct fwd_rules *empty(void)
{
	struct fwd_rules *rules = malloc(sizeof(*rules));

	assert_non_null(rules);
	memset(rules, 0xa5, sizeof(*rules));
	fwd_rules_init(rules);
	return rules;
}

static int make(const char *const *specs, struct fwd_rules **ret_rules, struct err *err)
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

static struct fwd_rules *accept_specs(const char *const *specs)
{
	struct fwd_rules *rules;
	struct err err = { "" };

	if (make(specs, &rules, &err))
		fail_msg("%s", err.text);
	return rules;
}

static void refuse_specs(const char *text, const char *const *specs)
{
	struct fwd_rules *rules;
	struct err err = { "" };

	assert_int_equal(make(specs, &rules, &err), -EINVAL);
	assert_string_equal(err.text, text);
	free(rules);
}

#define ACCEPT(...) accept_specs((const char *const[]){ __VA_ARGS__, NULL })
#define REFUSE(text, ...) refuse_specs(text, (const char *const[]){ __VA_ARGS__, NULL })

/* The ports of a direction: "SPEC=FIRST-LAST>TOFIRST ..." in the order of the table */
static void assert_ports(const struct fwd_rules *rules, char letter, const char *expected)
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

/* The one direction of interest, to the namespace by TCP */
static void assert_specs(const char *const *specs, const char *expected)
{
	struct fwd_rules *rules = accept_specs(specs);

	assert_ports(rules, 't', expected);
	free(rules);
}

#define ASSERT_T(expected, ...) assert_specs((const char *const[]){ __VA_ARGS__, NULL }, expected)

static void test_fwd_rules_default_is_auto_for_all_four(void **state)
{
	static const char *const nothing[] = { NULL };
	struct fwd_rules *rules = accept_specs(nothing);

	(void)state;
	assert_ports(rules, 't', "auto=1-32767>1 auto=61000-65535>61000");
	assert_ports(rules, 'u', "auto=1-65535>1");
	assert_ports(rules, 'T', "auto=1-65535>1");
	assert_ports(rules, 'U', "auto=1-65535>1");
	assert_true(rules->rule[0].automatic);
	free(rules);
}

static void test_fwd_rules_none(void **state)
{
	struct fwd_rules *rules = ACCEPT("t none", "t none", QUIET);

	(void)state;
	assert_int_equal(rules->count, 0);
	assert_ports(rules, 't', "");
	assert_ports(rules, 'U', "");
	free(rules);
}

static void test_fwd_rules_none_takes_away_what_was_before_it(void **state)
{
	struct fwd_rules *rules =
		ACCEPT("u 53", "t 80", "T 1", "t none", "t 8080", "T none", "U none");

	(void)state;
	assert_ports(rules, 't', "8080=8080-8080>8080");
	assert_ports(rules, 'u', "53=53-53>53");
	assert_ports(rules, 'T', "");
	assert_true(rules->direction[FWD_TCP_TO_HOST].none);
	assert_false(rules->direction[FWD_TCP_TO_NS].none);
	free(rules);
}

static void test_fwd_rules_udp_follows_tcp(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 127.0.0.1/8080:80,~22", "T 53:[::1]/5353,auto");

	(void)state;
	assert_ports(rules, 't', "127.0.0.1/8080:80=8080-8080>80");
	assert_ports(rules, 'u', "127.0.0.1/8080:80=8080-8080>80");
	assert_ports(rules, 'U', "[::]/53:[::1]/5353,auto=53-53>5353");
	assert_true(rules->direction[FWD_UDP_TO_NS].follows);
	assert_true(rules->direction[FWD_UDP_TO_HOST].follows);
	assert_false(rules->direction[FWD_TCP_TO_HOST].follows);
	free(rules);
}

static void test_fwd_rules_udp_follows_none(void **state)
{
	struct fwd_rules *rules = ACCEPT("t none", "T none");

	(void)state;
	assert_int_equal(rules->count, 0);
	assert_true(rules->direction[FWD_UDP_TO_NS].none);
	assert_true(rules->direction[FWD_UDP_TO_HOST].none);
	free(rules);
}

static void test_fwd_rules_tcp_does_not_follow_udp(void **state)
{
	struct fwd_rules *rules = ACCEPT("u 53", "U none");

	(void)state;
	assert_ports(rules, 't', "auto=1-32767>1 auto=61000-65535>61000");
	assert_ports(rules, 'u', "53=53-53>53");
	assert_ports(rules, 'T', "auto=1-65535>1");
	assert_ports(rules, 'U', "");
	assert_false(rules->direction[FWD_UDP_TO_NS].follows);
	free(rules);
}

static void test_fwd_rules_specs_add_up_in_order(void **state)
{
	(void)state;
	ASSERT_T("90=90-90>90 8000-8010:9000-9010=8000-8010>9000 80=80-80>80", "t 90",
		 "t 8000-8010:9000-9010,80", QUIET);
}

static void test_fwd_rules_exclusions_win(void **state)
{
	static const char expected[] = "80-90=80-84>80 80-90=86-90>86";

	(void)state;
	ASSERT_T(expected, "t 80-90,~85", QUIET);
	ASSERT_T(expected, "t ~85,80-90", QUIET);
	ASSERT_T(expected, "t 80-90", "t ~85", QUIET);
	ASSERT_T(expected, "t ~85", "t 80-90", QUIET);
	ASSERT_T("80-90=81-89>81", "t 80-90,~1-80,~90-65535", QUIET);
	ASSERT_T("81=81-81>81", "t 80,81", "t ~80", QUIET);
}

static void test_fwd_rules_cut_range_keeps_its_mapping(void **state)
{
	(void)state;
	ASSERT_T("80-90:8080-8090=80-84>8080 80-90:8080-8090=86-90>8086", "t 80-90:8080-8090,~85",
		 QUIET);
}

static void test_fwd_rules_wide_leaves_out_ephemeral(void **state)
{
	(void)state;
	ASSERT_T("all=1-32767>1 all=61000-65535>61000", "t all", QUIET);
	ASSERT_T("all=1-32767>1 all=61000-65535>61000", "t all", "t all", QUIET);
	ASSERT_T("all,auto=1-32767>1 all,auto=61000-65535>61000", "t all,auto", QUIET);
	ASSERT_T("0.0.0.0/all:192.0.2.1=1-32767>1 0.0.0.0/all:192.0.2.1=61000-65535>61000",
		 "t all:192.0.2.1", QUIET);
	ASSERT_T("40000=40000-40000>40000", "t 40000", QUIET);
	ASSERT_T("40000-40010,auto=40000-40010>40000", "t 40000-40010,auto", QUIET);
}

static void test_fwd_rules_no_ephemeral_range(void **state)
{
	struct fwd_rules *rules = ACCEPT("t all", QUIET);
	struct err err;

	(void)state;
	assert_int_equal(fwd_rules_finish(rules, (struct fwd_range){ 0, 0 }, &err), 0);
	assert_ports(rules, 't', "all=1-65535>1");
	assert_int_equal(fwd_rules_finish(rules, (struct fwd_range){ 1, 65534 }, &err), 0);
	assert_ports(rules, 't', "all=65535-65535>65535");
	assert_int_equal(fwd_rules_finish(rules, (struct fwd_range){ 1, 65535 }, &err), -EINVAL);
	free(rules);
}

static void test_fwd_rules_auto_keeps_low_ports_where_clients_get_all(void **state)
{
	struct fwd_rules *rules = ACCEPT("t auto", QUIET);
	struct err err;

	(void)state;
	assert_ports(rules, 't', "auto=1-32767>1 auto=61000-65535>61000");
	assert_int_equal(fwd_rules_finish(rules, (struct fwd_range){ 1024, 65535 }, &err), 0);
	assert_ports(rules, 't', "auto=1-32767>1");
	assert_int_equal(fwd_rules_finish(rules, (struct fwd_range){ 1024, 20000 }, &err), 0);
	assert_ports(rules, 't', "auto=1-65535>1");
	free(rules);
}

static void test_fwd_rules_only_exclusions_mean_all_others(void **state)
{
	static const char expected[] =
		"all=1-21>1 all=23-24>23 all=26-32767>26 all=61000-65535>61000";

	(void)state;
	ASSERT_T(expected, "t ~22,~25", QUIET);
	ASSERT_T(expected, "t ~22", "t ~25", QUIET);
	ASSERT_T("127.0.0.1/all=23-32767>23 127.0.0.1/all=61000-65535>61000", "t 127.0.0.1/~1-22",
		 QUIET);
}

static void test_fwd_rules_exclusions_elsewhere_still_mean_all_others(void **state)
{
	(void)state;
	ASSERT_T("192.0.2.1/80=80-80>80 127.0.0.1/all=23-32767>23 127.0.0.1/all=61000-65535>61000",
		 "t 127.0.0.1/~1-22", "t 192.0.2.1/80", QUIET);
}

static void test_fwd_rules_exclusion_never_opens_more_than_its_includes(void **state)
{
	(void)state;
	ASSERT_T("127.0.0.1/80-90=80-84>80 127.0.0.1/80-90=86-90>86", "t 127.0.0.1/80-90", "t ~85",
		 QUIET);
}

static void test_fwd_rules_auto_limited_by_list(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 8000-8010,auto,~8005", "t 80", QUIET);

	(void)state;
	assert_ports(rules, 't',
		     "8000-8010,auto=8000-8004>8000 8000-8010,auto=8006-8010>8006 80=80-80>80");
	assert_true(rules->rule[0].automatic);
	assert_false(rules->rule[2].automatic);
	free(rules);
}

static void test_fwd_rules_auto_without_excluded(void **state)
{
	(void)state;
	ASSERT_T("auto=1-21>1 auto=23-32767>23 auto=61000-65535>61000", "t auto,~22", QUIET);
	ASSERT_T("auto=1-21>1 auto=23-32767>23 auto=61000-65535>61000", "t auto", "t ~22", QUIET);
}

static void test_fwd_rules_wide_takes_what_ranges_leave(void **state)
{
	(void)state;
	ASSERT_T("auto=1-8079>1 auto=8081-32767>8081 auto=61000-65535>61000 8080:80=8080-8080>80",
		 "t auto", "t 8080-8080:80-80", QUIET);
	ASSERT_T("all=1-8079>1 all=8081-32767>8081 all=61000-65535>61000 8080:80=8080-8080>80",
		 "t all,8080:80", QUIET);
	ASSERT_T("8080:80,auto=8080-8080>80 all,auto=1-8079>1 all,auto=8081-32767>8081 "
		 "all,auto=61000-65535>61000",
		 "t 8080:80,all,auto", QUIET);
}

static void test_fwd_rules_wide_does_not_open_a_port_elsewhere(void **state)
{
	(void)state;
	ASSERT_T("auto=1-79>1 auto=81-32767>81 auto=61000-65535>61000 127.0.0.1/80=80-80>80",
		 "t auto", "t 127.0.0.1/80", QUIET);
}

static void test_fwd_rules_wide_keeps_what_others_cannot_get(void **state)
{
	(void)state;
	ASSERT_T("127.0.0.1/auto=1-32767>1 127.0.0.1/auto=61000-65535>61000 [::1]/80=80-80>80 "
		 "192.0.2.1/81=81-81>81",
		 "t 127.0.0.1/auto", "t ::1/80", "t 192.0.2.1/81", QUIET);
	ASSERT_T("%eth0/auto=1-32767>1 %eth0/auto=61000-65535>61000 %eth1/80=80-80>80",
		 "t %eth0/auto", "t %eth1/80", QUIET);
}

static void test_fwd_rules_same_port_on_disjoint_listeners(void **state)
{
	(void)state;
	ASSERT_T("0.0.0.0/80=80-80>80 [::]/80=80-80>80", "t 0.0.0.0/80", "t ::/80", QUIET);
	ASSERT_T("127.0.0.1/80=80-80>80 127.0.0.2/80:81=80-80>81", "t 127.0.0.1/80",
		 "t 127.0.0.2/80:81", QUIET);
	ASSERT_T("%eth0/80=80-80>80 %eth1/80=80-80>80", "t %eth0/80", "t %eth1/80", QUIET);
	ASSERT_T("0.0.0.0/80:192.0.2.1=80-80>80 [::]/80:[fd00::1]=80-80>80", "t 80:192.0.2.1",
		 "t 80:fd00::1", QUIET);
}

static void test_fwd_rules_same_port_in_other_directions(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 80", "u 80", "T 80", "U 80");

	(void)state;
	assert_int_equal(rules->count, 4);
	free(rules);
}

static void test_fwd_rules_overlap_rejected(void **state)
{
	(void)state;
	REFUSE(NS "'80' overlap with '80'" ONCE, "t 80,80");
	REFUSE(NS "'80-90' overlap with '90-100'" ONCE, "t 80-90", "t 90-100");
	REFUSE(NS "'80:8080' overlap with '80:8081'" ONCE, "t 80:8080", "t 80:8081");
	REFUSE(NS "'80' overlap with '127.0.0.1/80'" ONCE, "t 80", "t 127.0.0.1/80");
	REFUSE(NS "'80' overlap with '0.0.0.0/80'" ONCE, "t 80", "t 0.0.0.0/80");
	REFUSE(NS "'[::1]%lo/80' overlap with '[::1]/80'" ONCE, "t ::1%lo/80", "t ::1/80");
	REFUSE(NS "'%lo/80' overlap with '127.0.0.1/80'" ONCE, "t %lo/80", "t 127.0.0.1/80");
	REFUSE(NS "'80-85,auto' overlap with '81'" ONCE, "t 80-85,auto", "t 81");
	REFUSE("udp to host: ports '53' overlap with '53:54'" ONCE, "U 53", "U 53:54");
}

static void test_fwd_rules_wide_overlap_rejected(void **state)
{
	(void)state;
	REFUSE(NS "'all' overlap with 'auto'" ONCE, "t all", "t auto");
	REFUSE(NS "'all' overlap with '[::]/all:[::1]'" ONCE, "t all", "t all:::1");
	REFUSE(NS "'127.0.0.1/all' overlap with 'auto'" ONCE, "t 127.0.0.1/", "t auto");
}

static void test_fwd_rules_partial_exclusion_rejected(void **state)
{
	(void)state;
	REFUSE(NS "'auto' contradict '127.0.0.1/~22'" PART, "t auto", "t 127.0.0.1/80,~22");
	REFUSE(NS "'80-90' contradict '%lo/~85'" PART, "t %lo/22,~85", "t 80-90");
	REFUSE(NS "'80' contradict '0.0.0.0/~80'" PART, "t 80", "t 0.0.0.0/~80");
}

static void test_fwd_rules_partial_exclusion_of_other_ports(void **state)
{
	(void)state;
	ASSERT_T("80-90=80-90>80 127.0.0.1/21=21-21>21", "t 80-90", "t 127.0.0.1/21,~22", QUIET);
}

static void test_fwd_rules_nothing_left_rejected(void **state)
{
	static const char text[] =
		"tcp to namespace: no port is left to forward ('none' asks for that)";

	(void)state;
	REFUSE(text, "t 80,~80");
	REFUSE(text, "t ~1-65535");
	REFUSE(text, "t ~1-32767,~61000-65535");
	REFUSE(text, "t auto,~1-65535");
}

static void test_fwd_rules_ids_are_stable(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 80,~22", "T 53", "U none");
	struct err err;

	(void)state;
	assert_int_equal(rules->count, 5);
	for (uint32_t i = 0; i < rules->count; i++)
		assert_int_equal(rules->rule[i].id, i + 1);
	assert_int_equal(add(rules, "t 90", &err), 0);
	assert_int_equal(fwd_rules_finish(rules, ephemeral, &err), 0);
	assert_int_equal(rules->count, 6);
	assert_int_equal(rules->rule[5].id, 6);
	assert_int_equal(rules->rule[0].id, 1);
	assert_ports(rules, 't', "80=80-80>80 90=90-90>90");
	free(rules);
}

static void test_fwd_rules_added_later_cut_what_was_implied(void **state)
{
	struct fwd_rules *rules = ACCEPT("t ~22", "T none", "u none");
	struct err err;

	(void)state;
	assert_int_equal(add(rules, "t 100:80", &err), 0);
	assert_int_equal(add(rules, "t ~1-99", &err), 0);
	assert_int_equal(fwd_rules_finish(rules, ephemeral, &err), 0);
	assert_ports(rules, 't', "all=101-32767>101 all=61000-65535>61000 100:80=100-100>80");
	free(rules);
}

static void test_fwd_rules_match_by_port(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 80-90:8080-8090,~85", "t auto", QUIET);
	const struct fwd_rule *rule;

	(void)state;
	rule = fwd_rules_match(rules, FWD_TCP_TO_NS, NULL, NULL, 86);
	assert_non_null(rule);
	assert_int_equal(rule->id, 1);
	assert_int_equal(fwd_rule_to_port(rule, 86), 8086);
	assert_null(fwd_rules_match(rules, FWD_TCP_TO_NS, NULL, NULL, 85));
	assert_int_equal(fwd_rules_match(rules, FWD_TCP_TO_NS, NULL, NULL, 79)->kind,
			 FWD_RULE_AUTO);
	assert_null(fwd_rules_match(rules, FWD_UDP_TO_NS, NULL, NULL, 80));
	free(rules);
}

static void test_fwd_rules_match_by_address_and_interface(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 127.0.0.1/80:1", "t ::1%lo/80:2", "t %eth0/81:3",
					 "t 0.0.0.0/82:4", QUIET);
	struct in6_addr lo4 = addr_loopback(AF_INET), lo6 = addr_loopback(AF_INET6), other;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &other), 0);
	assert_int_equal(fwd_rules_match(rules, FWD_TCP_TO_NS, &lo4, "lo", 80)->to_first, 1);
	assert_int_equal(fwd_rules_match(rules, FWD_TCP_TO_NS, &lo6, "lo", 80)->to_first, 2);
	assert_int_equal(fwd_rules_match(rules, FWD_TCP_TO_NS, &lo6, NULL, 80)->to_first, 2);
	assert_null(fwd_rules_match(rules, FWD_TCP_TO_NS, &lo6, "eth0", 80));
	assert_null(fwd_rules_match(rules, FWD_TCP_TO_NS, &other, NULL, 80));
	assert_int_equal(fwd_rules_match(rules, FWD_TCP_TO_NS, &other, "eth0", 81)->to_first, 3);
	assert_null(fwd_rules_match(rules, FWD_TCP_TO_NS, &other, "eth1", 81));
	assert_int_equal(fwd_rules_match(rules, FWD_TCP_TO_NS, &other, "eth1", 82)->to_first, 4);
	assert_null(fwd_rules_match(rules, FWD_TCP_TO_NS, &lo6, "lo", 82));
	free(rules);
}

static void test_fwd_rules_portmap(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 63-64,auto", "t 65535,1", QUIET);
	struct fwd_portmap map;
	uint32_t members = 0;

	(void)state;
	memset(&map, 0xa5, sizeof(map));
	fwd_rules_portmap(rules, FWD_TCP_TO_NS, false, &map);
	for (uint32_t port = 0; port <= 65535; port++)
		members += fwd_portmap_test(&map, (uint16_t)port);
	assert_int_equal(members, 4);
	assert_true(fwd_portmap_test(&map, 1) && fwd_portmap_test(&map, 65535));
	fwd_rules_portmap(rules, FWD_TCP_TO_NS, true, &map);
	assert_true(fwd_portmap_test(&map, 63) && fwd_portmap_test(&map, 64));
	assert_false(fwd_portmap_test(&map, 1) || fwd_portmap_test(&map, 65));
	fwd_rules_portmap(rules, FWD_UDP_TO_NS, false, &map);
	for (uint32_t port = 0; port <= 65535; port++)
		assert_false(fwd_portmap_test(&map, (uint16_t)port));
	free(rules);
}

static void test_fwd_rules_one_line_each(void **state)
{
	static const char *const expected[] = {
		"1 tcp to namespace 127.0.0.1%lo/80-90:192.0.2.1/8080-8090,auto (10 ports)",
		"2 tcp to namespace 127.0.0.1%lo/~85",
		"3 udp to namespace [2001:db8::1]/53 (1 port)",
		"4 tcp to host auto (65535 ports)",
		"5 udp to host [::]/all:[::1] (37303 ports)",
	};
	struct fwd_rules *rules = ACCEPT("t 127.0.0.1%lo/80-90:192.0.2.1/8080-8090,~85,auto",
					 "u 2001:db8::1/53", "T auto", "U all:::1");
	char text[FWD_RULE_TEXT_MAX];

	(void)state;
	assert_int_equal(rules->count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(fwd_rule_format(rules, &rules->rule[i], text), expected[i]);
	free(rules);
}

static void test_fwd_rules_longest_rule_fits(void **state)
{
	static const char spec[] =
		"t [2001:db80:1111:2222:3333:4444:5555:6666]%fifteen-letters/10000-20000:"
		"[2001:db80:1111:2222:3333:4444:5555:7777]/10001-20001,auto";
	struct fwd_rules *rules = ACCEPT(spec, QUIET);
	char text[FWD_RULE_TEXT_MAX];

	(void)state;
	assert_string_equal(fwd_rule_format_spec(&rules->rule[0], text), spec + 2);
	rules->rule[0].id = UINT32_MAX;
	fwd_rule_format(rules, &rules->rule[0], text);
	assert_string_equal(text + strlen(text) - strlen(",auto (10001 ports)"),
			    ",auto (10001 ports)");
	free(rules);
}

/* @count rules of one form (a format for a number), for the multiples of @step */
static void add_many(struct fwd_rules *rules, const char *form, int count, int step)
{
	struct err err = { "" };
	char text[32];

	for (int i = 1; i <= count; i++) {
		snprintf(text, sizeof(text), form, i * step);
		assert_int_equal(add(rules, text, &err), 0);
	}
}

static void test_fwd_rules_full_table(void **state)
{
	struct fwd_rules *rules = empty();
	struct err err = { "" };

	(void)state;
	add_many(rules, "t %d", FWD_RULES_MAX, 2);
	assert_int_equal(add(rules, "t 1", &err), -E2BIG);
	assert_string_equal(err.text, "tcp to namespace: more than 4096 port forwarding rules");
	free(rules);
}

static void test_fwd_rules_too_many_ranges(void **state)
{
	struct fwd_rules *rules = empty();
	struct err err = { "" };

	(void)state;
	assert_int_equal(add(rules, "u none", &err), 0);
	add_many(rules, "t ~%d", 4000, 2);
	add_many(rules, "t 127.0.0.%d/", 5, 1);
	assert_int_equal(fwd_rules_finish(rules, ephemeral, &err), -E2BIG);
	assert_string_equal(err.text, "tcp to namespace: more than 16384 separate port ranges");
	free(rules);
}

static void test_fwd_rules_table_size_is_as_promised(void **state)
{
	(void)state;
	assert_true(sizeof(struct fwd_rules) < 512 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fwd_rules_default_is_auto_for_all_four),
		cmocka_unit_test(test_fwd_rules_none),
		cmocka_unit_test(test_fwd_rules_none_takes_away_what_was_before_it),
		cmocka_unit_test(test_fwd_rules_udp_follows_tcp),
		cmocka_unit_test(test_fwd_rules_udp_follows_none),
		cmocka_unit_test(test_fwd_rules_tcp_does_not_follow_udp),
		cmocka_unit_test(test_fwd_rules_specs_add_up_in_order),
		cmocka_unit_test(test_fwd_rules_exclusions_win),
		cmocka_unit_test(test_fwd_rules_cut_range_keeps_its_mapping),
		cmocka_unit_test(test_fwd_rules_wide_leaves_out_ephemeral),
		cmocka_unit_test(test_fwd_rules_no_ephemeral_range),
		cmocka_unit_test(test_fwd_rules_auto_keeps_low_ports_where_clients_get_all),
		cmocka_unit_test(test_fwd_rules_only_exclusions_mean_all_others),
		cmocka_unit_test(test_fwd_rules_exclusions_elsewhere_still_mean_all_others),
		cmocka_unit_test(test_fwd_rules_exclusion_never_opens_more_than_its_includes),
		cmocka_unit_test(test_fwd_rules_auto_limited_by_list),
		cmocka_unit_test(test_fwd_rules_auto_without_excluded),
		cmocka_unit_test(test_fwd_rules_wide_takes_what_ranges_leave),
		cmocka_unit_test(test_fwd_rules_wide_does_not_open_a_port_elsewhere),
		cmocka_unit_test(test_fwd_rules_wide_keeps_what_others_cannot_get),
		cmocka_unit_test(test_fwd_rules_same_port_on_disjoint_listeners),
		cmocka_unit_test(test_fwd_rules_same_port_in_other_directions),
		cmocka_unit_test(test_fwd_rules_overlap_rejected),
		cmocka_unit_test(test_fwd_rules_wide_overlap_rejected),
		cmocka_unit_test(test_fwd_rules_partial_exclusion_rejected),
		cmocka_unit_test(test_fwd_rules_partial_exclusion_of_other_ports),
		cmocka_unit_test(test_fwd_rules_nothing_left_rejected),
		cmocka_unit_test(test_fwd_rules_ids_are_stable),
		cmocka_unit_test(test_fwd_rules_added_later_cut_what_was_implied),
		cmocka_unit_test(test_fwd_rules_match_by_port),
		cmocka_unit_test(test_fwd_rules_match_by_address_and_interface),
		cmocka_unit_test(test_fwd_rules_portmap),
		cmocka_unit_test(test_fwd_rules_one_line_each),
		cmocka_unit_test(test_fwd_rules_longest_rule_fits),
		cmocka_unit_test(test_fwd_rules_full_table),
		cmocka_unit_test(test_fwd_rules_too_many_ranges),
		cmocka_unit_test(test_fwd_rules_table_size_is_as_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
