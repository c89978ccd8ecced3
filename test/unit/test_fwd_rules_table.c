/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of forwarding rules: the questions that it answers, its text, its bounds.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/unit/fwd_rules_fixture.h"

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

static void test_fwd_rules_find_by_id(void **state)
{
	struct fwd_rules *rules = ACCEPT("t 80", "t none", "t 90:9090,~22", QUIET);

	(void)state;
	assert_null(fwd_rules_find(rules, 0));
	assert_null(fwd_rules_find(rules, 1)); /* taken away */
	assert_int_equal(fwd_rules_find(rules, 2)->to_first, 9090);
	assert_int_equal(fwd_rules_find(rules, 3)->kind, FWD_RULE_EXCLUDE);
	assert_null(fwd_rules_find(rules, 4));
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
		assert_string_equal(fwd_rules_format(rules, &rules->rule[i], text), expected[i]);
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
	fwd_rules_format(rules, &rules->rule[0], text);
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
		cmocka_unit_test(test_fwd_rules_ids_are_stable),
		cmocka_unit_test(test_fwd_rules_find_by_id),
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
