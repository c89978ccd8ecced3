/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules as text and what they decide; the lookup against trying every rule in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/util.h"
#include "common/policy/audit.h"
#include "common/policy/rule.h"
#include "test/unit/addr_text.h"
#include "test/unit/policy_rules.h"

static const struct policy_network connected = { { { { 0x20, 0x01, 0x0d, 0xb8, 0, 7 } } }, 48 };

#define RULES(...) RULES_OF(&connected, __VA_ARGS__)

static enum policy_verdict judge(const struct policy *policy, uint8_t protocol, const char *text,
				 uint16_t port)
{
	const struct policy_query query = { .protocol = protocol,
					    .addr = addr(text),
					    .port = port };

	return policy_judge(policy, &query).verdict;
}

static enum policy_verdict judge_host(const struct policy *policy, const char *text, uint16_t port)
{
	const struct policy_query query = {
		.protocol = IPPROTO_TCP,
		.addr = addr(text),
		.port = port,
		.host = true,
	};

	return policy_judge(policy, &query).verdict;
}

static void parsed(const char *text, const char *meaning)
{
	char buf[POLICY_RULE_TEXT_MAX];
	struct policy_rule rule;
	struct err err;

	assert_int_equal(policy_rule_parse(text, POLICY_ALLOW, &rule, &err), 0);
	assert_string_equal(policy_rule_format(&rule, buf), meaning);
}

static void refused(const char *text, const char *why)
{
	struct policy_rule rule;
	struct err err;

	assert_int_not_equal(policy_rule_parse(text, POLICY_ALLOW, &rule, &err), 0);
	assert_string_equal(err.text, why);
}

static void test_rules_are_read(void **state)
{
	(void)state;
	parsed("any", "allow TCP, UDP, ICMP to everything but the host");
	parsed("tcp/192.0.2.1", "allow TCP to 192.0.2.1");
	parsed("192.0.2.0/24:80,443-445", "allow TCP, UDP to 192.0.2.0/24, port 80, 443-445");
	parsed("0.0.0.0/0", "allow TCP, UDP, ICMP to 0.0.0.0/0");
	parsed("[2001:db8::1]:22", "allow TCP, UDP to 2001:db8::1, port 22");
	parsed("udp/[2001:db8::/32]", "allow UDP to 2001:db8::/32");
	parsed("2001:db8::/32:53", "allow TCP, UDP to 2001:db8::/32, port 53");
	parsed("::/0", "allow TCP, UDP, ICMP to ::/0");
	parsed("icmp/@lan",
	       "allow ICMP to the networks that the host is directly connected to (@lan)");
	parsed("example.org", "allow TCP, UDP, ICMP to example.org");
	parsed("example.org.", "allow TCP, UDP, ICMP to example.org");
	parsed("tcp/a.:1", "allow TCP to a, port 1");
	parsed("tcp/*.Example.org.:443", "allow TCP to all names below Example.org, port 443");
	parsed("a:1", "allow TCP, UDP to a, port 1");
	parsed("@dns:53", "allow TCP, UDP to the host's resolvers (@dns), port 53");
}

static void test_mistakes_are_said(void **state)
{
	(void)state;
	refused("", "'': not 'any', an address, a network, a group or a DNS name");
	refused("192.0.2:443",
		"'192.0.2': not 'any', an address, a network, a group or a DNS name");
	refused("example..org", "'example..org': something is missing beside a dot");
	refused("*.*.org", "'*.*.org': a '*' stands for all below a name, and only in front: "
			   "*.example.org");
	refused("*", "'*': a '*' stands for all below a name, and only in front: *.example.org");
	refused("b\xc3\xbc"
		"cher.example",
		"'b??cher.example': names have letters, digits, '-' and '_', "
		"with dots between them");
	refused("2001:db8::1", "'2001:db8::1': IPv6 addresses stand in brackets, as [2001:db8::1]");
	refused("[192.0.2.1]", "'192.0.2.1': only IPv6 addresses stand in brackets");
	refused("[2001:db8::1", "'[2001:db8::1': the closing bracket after the address is missing");
	refused("192.0.2.1/24", "'192.0.2.1/24': there are bits behind the network's length");
	refused("192.0.2.0/33", "'192.0.2.0/33': the length is a number from 0 to 32");
	refused("@you",
		"'@you': the groups are @host, @lan, @private, @metadata, @internet and @dns");
	refused("192.0.2.1:", "':': ports are numbers or ranges, separated by commas");
	refused("192.0.2.1:1,", "':1,': ports are numbers or ranges, separated by commas");
	refused("192.0.2.1:65536", "':65536': the highest port is 65535");
	refused("192.0.2.1:0", "':0': the lowest port is 1");
	refused("192.0.2.1:9-8", "':9-8': the range ends before it starts");
	refused("any:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
		"':1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17': a rule has 16 ports and ranges at "
		"most");
	refused("icmp/any:7", "':7': ICMP has no ports");
	refused("[2001:db8::1]22", "'22': ports come behind a colon");
}

static void test_the_first_rule_that_fits_decides(void **state)
{
	struct policy *policy = RULES("-tcp/192.0.2.7:25", "+192.0.2.0/24:25,80-90", "!any:80",
				      "+icmp/any", "-192.0.2.7");

	(void)state;
	assert_int_equal(judge(policy, IPPROTO_TCP, "192.0.2.7", 25), POLICY_DENY);
	assert_int_equal(judge(policy, IPPROTO_UDP, "192.0.2.7", 25), POLICY_ALLOW);
	assert_int_equal(judge(policy, IPPROTO_TCP, "192.0.2.7", 85), POLICY_ALLOW);
	assert_int_equal(judge(policy, IPPROTO_TCP, "192.0.3.7", 80), POLICY_DROP);
	assert_int_equal(judge(policy, IPPROTO_TCP, "2001:db8::1", 80), POLICY_DROP);
	assert_int_equal(judge(policy, IPPROTO_ICMP, "192.0.2.7", 0), POLICY_ALLOW);
	assert_int_equal(judge(policy, IPPROTO_TCP, "192.0.2.7", 99), POLICY_DENY);
	policy_free(policy);
}

static void test_without_a_rule_that_fits_the_default_decides(void **state)
{
	struct policy *allows = RULES("+192.0.2.1"), *denies = RULES("-192.0.2.1");
	struct policy *said = policy_new();

	(void)state;
	assert_int_equal(judge(allows, IPPROTO_TCP, "192.0.2.2", 1), POLICY_DENY);
	assert_int_equal(judge(denies, IPPROTO_TCP, "192.0.2.2", 1), POLICY_ALLOW);
	assert_non_null(said);
	assert_int_equal(policy_default(said, POLICY_DENY), 0);
	assert_int_not_equal(policy_default(said, POLICY_ALLOW), 0);
	assert_int_equal(policy_finish(said, NULL, 0), 0);
	assert_int_equal(judge(said, IPPROTO_TCP, "192.0.2.2", 1), POLICY_DENY);
	policy_free(allows);
	policy_free(denies);
	policy_free(said);
}

static void test_ipv6_networks_have_no_ipv4_addresses(void **state)
{
	struct policy *policy = RULES("+::/0", "+::/64");

	(void)state;
	assert_int_equal(judge(policy, IPPROTO_TCP, "192.0.2.2", 1), POLICY_DENY);
	assert_int_equal(judge(policy, IPPROTO_TCP, "2001:db8::1", 1), POLICY_ALLOW);
	policy_free(policy);
}

static void test_the_host_is_opened_by_name_or_address_only(void **state)
{
	struct policy *wide = RULES("+any", "+10.0.0.0/8", "+@private", "+@internet");
	struct policy *group = RULES("+@host:80"), *exact = RULES("+10.0.2.2:80");
	struct policy *closed = RULES("-any"), *network = RULES("-10.0.0.0/8", "-@private");

	(void)state;
	assert_int_equal(judge_host(wide, "10.0.2.2", 80), POLICY_DENY);
	assert_int_equal(judge_host(group, "10.0.2.2", 80), POLICY_ALLOW);
	assert_int_equal(judge_host(group, "10.0.2.2", 81), POLICY_DENY);
	assert_int_equal(judge_host(exact, "10.0.2.2", 80), POLICY_ALLOW);
	assert_int_equal(judge_host(exact, "10.0.2.3", 80), POLICY_DENY);
	assert_int_equal(judge_host(closed, "10.0.2.2", 80), POLICY_DENY);
	assert_int_equal(judge_host(network, "10.0.2.2", 80), POLICY_ALLOW);
	policy_free(wide);
	policy_free(group);
	policy_free(exact);
	policy_free(closed);
	policy_free(network);
}

static void test_groups_have_their_networks(void **state)
{
	static const struct {
		const char *addr;
		bool lan, private, metadata, internet;
	} cases[] = {
		{ "10.255.255.255", false, true, false, false },
		{ "11.0.0.0", false, false, false, true },
		{ "172.15.255.255", false, false, false, true },
		{ "172.31.255.255", false, true, false, false },
		{ "192.168.0.1", false, true, false, false },
		{ "100.127.0.1", false, true, false, false },
		{ "100.128.0.1", false, false, false, true },
		{ "169.254.169.254", false, true, true, false },
		{ "169.254.170.2", false, true, true, false },
		{ "100.100.100.200", false, true, true, false },
		{ "fd00:ec2::254", false, true, true, false },
		{ "fd20:ce::254", false, true, true, false },
		{ "fe80::1", false, true, false, false },
		{ "2001:db8:7:1::1", true, false, false, false },
		{ "2001:db8:8::1", false, false, false, true },
		{ "0.1.2.3", false, false, false, false },
		{ "250.0.0.1", false, false, false, false },
	};
	struct policy *lan = RULES("+@lan"), *private = RULES("+@private");
	struct policy *metadata = RULES("+@metadata"), *internet = RULES("+@internet");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *a = cases[i].addr;

		assert_int_equal(judge(lan, IPPROTO_TCP, a, 1) == POLICY_ALLOW, cases[i].lan);
		assert_int_equal(judge(private, IPPROTO_TCP, a, 1) == POLICY_ALLOW,
				 cases[i].private);
		assert_int_equal(judge(metadata, IPPROTO_TCP, a, 1) == POLICY_ALLOW,
				 cases[i].metadata);
		assert_int_equal(judge(internet, IPPROTO_TCP, a, 1) == POLICY_ALLOW,
				 cases[i].internet);
	}
	policy_free(lan);
	policy_free(private);
	policy_free(metadata);
	policy_free(internet);
}

static void test_resolvers_are_a_group(void **state)
{
	struct policy *dns = RULES("+@dns"), *internet = RULES("+@internet"), *any = RULES("+any");
	struct policy_query query = {
		.protocol = IPPROTO_UDP,
		.addr = addr("192.0.2.53"),
		.port = 53,
		.dns = true,
	};

	(void)state;
	assert_int_equal(policy_judge(dns, &query).verdict, POLICY_ALLOW);
	assert_int_equal(policy_judge(internet, &query).verdict, POLICY_DENY);
	assert_int_equal(policy_judge(any, &query).verdict, POLICY_ALLOW);
	query.dns_only = true;
	assert_int_equal(policy_judge(dns, &query).verdict, POLICY_ALLOW);
	assert_int_equal(policy_judge(any, &query).verdict, POLICY_ALLOW);
	query.dns = query.dns_only = false;
	assert_int_equal(policy_judge(dns, &query).verdict, POLICY_DENY);
	policy_free(dns);
	policy_free(internet);
	policy_free(any);
}

static void test_what_a_translator_makes_an_ipv4_address_is_that_address(void **state)
{
	struct policy *policy = RULES("-10.0.0.0/8", "-@metadata", "+any");
	struct policy *meant = RULES("+64:ff9b::/96", "-any"), *wide = RULES("+::/0");

	(void)state;
	assert_int_equal(judge(policy, IPPROTO_TCP, "64:ff9b::a00:1", 1), POLICY_DENY);
	assert_int_equal(judge(policy, IPPROTO_TCP, "64:ff9b:1::a00:1", 1), POLICY_DENY);
	assert_int_equal(judge(policy, IPPROTO_TCP, "64:ff9b::a9fe:a9fe", 1), POLICY_DENY);
	assert_int_equal(judge(policy, IPPROTO_TCP, "2002:a00:1::1", 1), POLICY_DENY);
	assert_int_equal(judge(policy, IPPROTO_TCP, "64:ff9b::b00:1", 1), POLICY_ALLOW);
	assert_int_equal(judge(policy, IPPROTO_TCP, "2002:b00:1::1", 1), POLICY_ALLOW);
	assert_int_equal(judge(meant, IPPROTO_TCP, "64:ff9b::a00:1", 1), POLICY_ALLOW);
	assert_int_equal(judge(wide, IPPROTO_TCP, "64:ff9b::a00:1", 1), POLICY_DENY);
	policy_free(policy);
	policy_free(meant);
	policy_free(wide);
}

/* --- networks within networks, at random ---------------------------------- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Few addresses, so that networks meet: 10.0.0.0/24, and 2001:db8::/120 */
static struct in6_addr random_addr(uint32_t *state)
{
	struct in6_addr a = addr(next_random(state) % 2 ? "10.0.0.0" : "2001:db8::");

	a.s6_addr[15] = (uint8_t)next_random(state);
	return a;
}

static struct policy_rule random_rule(uint32_t *state)
{
	struct policy_rule rule = {
		.verdict = next_random(state) % 3,
		.protocols = 1 + next_random(state) % 7,
		.destination = next_random(state) % 20 ? POLICY_TO_NETWORK : POLICY_TO_ANY,
		.network = { random_addr(state), (uint8_t)(128 - next_random(state) % 33) },
		.ports_count = next_random(state) % 2,
		.ports = { { (uint16_t)(1 + next_random(state) % 4), 4 } },
	};

	policy_network_trim(&rule.network);
	return rule;
}

static bool fits(const struct policy_rule *rule, const struct policy_query *query)
{
	unsigned int bit = query->protocol == IPPROTO_TCP   ? POLICY_TCP
			   : query->protocol == IPPROTO_UDP ? POLICY_UDP
							    : POLICY_ICMP;

	if (!(rule->protocols & bit) || (rule->destination == POLICY_TO_NETWORK &&
					 !policy_network_has(&rule->network, &query->addr)))
		return false;
	return !rule->ports_count ||
	       (bit != POLICY_ICMP && query->port >= rule->ports[0].first && query->port <= 4);
}

static void test_the_lookup_finds_what_trying_all_finds(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct policy *policy = policy_new();
		uint32_t count = next_random(&seed) % 60;

		for (uint32_t i = 0; i < count; i++) {
			struct policy_rule rule = random_rule(&seed);

			assert_int_equal(policy_add(policy, &rule), 0);
		}
		assert_int_equal(policy_finish(policy, NULL, 0), 0);
		for (int i = 0; i < 200; i++) {
			const struct policy_query query = {
				.protocol = protocols[next_random(&seed) % 3],
				.addr = random_addr(&seed),
				.port = (uint16_t)(1 + next_random(&seed) % 5),
			};
			uint32_t wanted = 0;

			while (wanted < count && !fits(&policy->rules[wanted], &query))
				wanted++;
			assert_int_equal(policy_judge(policy, &query).rule,
					 wanted < count ? wanted : POLICY_NONE);
		}
		policy_free(policy);
	}
}

/* --- what is written ------------------------------------------------------ */

struct written {
	unsigned int lines, waits;
	uint64_t count;
};

static void write_line(void *arg, const char *line, size_t len)
{
	struct written *written = arg;
	const char *count = strstr(line, "\"count\":");

	assert_int_equal(line[len - 1], '\n');
	assert_non_null(count);
	written->lines++;
	written->count += strtoull(count + strlen("\"count\":"), NULL, 10);
}

static void wait_for_more(void *arg)
{
	((struct written *)arg)->waits++;
}

static void test_every_decision_is_in_some_line(void **state)
{
	struct policy *policy = RULES("+192.0.2.0/24", "-10.0.0.0/8");
	const struct policy_pair policies = { { policy, NULL } };
	struct written written = { 0 };
	struct policy_audit audit;
	uint32_t seed = 7, events = 200000;

	(void)state;
	for (uint32_t i = 0; i < policy->count; i++)
		policy->rules[i].text = "text";
	assert_int_equal(policy_audit_init(&audit, &policies), 0);
	assert_int_equal(policy_audit_log(&audit, write_line, wait_for_more, &written), 0);
	for (uint32_t i = 0; i < events; i++) {
		struct policy_event event = {
			.answer = { .verdict = POLICY_DENY,
				    .rule = next_random(&seed) % 2 ? 1 : POLICY_NONE },
			.protocol = IPPROTO_TCP,
			.src = addr("10.1.1.1"),
			.dst = random_addr(&seed),
			.src_port = (uint16_t)next_random(&seed),
			.dst_port = (uint16_t)(next_random(&seed) % 4),
		};

		struct policy_decision decision = {
			.answer = { event.answer },
			.asked = { true },
		};

		policy_audit_note(&audit, &decision, &event);
	}
	assert_int_equal(audit.hits[POLICY_GIVEN][0], 0);
	assert_int_equal(audit.hits[POLICY_GIVEN][1] + audit.hits[POLICY_GIVEN][policy->count],
			 events);
	assert_null(audit.hits[POLICY_NARROW]);
	assert_true(written.waits > 0);
	policy_audit_flush(&audit);
	assert_int_equal(written.count, events);
	assert_true(written.lines < events);
	assert_int_equal(audit.waiting, 0);
	policy_audit_fini(&audit);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_are_read),
		cmocka_unit_test(test_mistakes_are_said),
		cmocka_unit_test(test_the_first_rule_that_fits_decides),
		cmocka_unit_test(test_without_a_rule_that_fits_the_default_decides),
		cmocka_unit_test(test_ipv6_networks_have_no_ipv4_addresses),
		cmocka_unit_test(test_the_host_is_opened_by_name_or_address_only),
		cmocka_unit_test(test_groups_have_their_networks),
		cmocka_unit_test(test_resolvers_are_a_group),
		cmocka_unit_test(test_what_a_translator_makes_an_ipv4_address_is_that_address),
		cmocka_unit_test(test_the_lookup_finds_what_trying_all_finds),
		cmocka_unit_test(test_every_decision_is_in_some_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
