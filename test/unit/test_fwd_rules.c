/* SPDX-License-Identifier: Apache-2.0
 *
 * What forwarding specs mean together, as text: which ports, in the order of the table.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/unit/fwd_rules_fixture.h"

/* Pieces of messages */
#define NS "tcp to namespace: ports "
#define ONCE " (name each port once)"
#define PART ", which excludes a part of where they listen"

static void refuse_specs(const char *text, const char *const *specs)
{
	struct fwd_rules *rules;
	struct err err = { "" };

	assert_int_equal(make(specs, &rules, &err), -EINVAL);
	assert_string_equal(err.text, text);
	free(rules);
}

#define REFUSE(text, ...) refuse_specs(text, (const char *const[]){ __VA_ARGS__, NULL })

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
		cmocka_unit_test(test_fwd_rules_added_later_cut_what_was_implied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
