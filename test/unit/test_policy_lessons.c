/* SPDX-License-Identifier: Apache-2.0
 *
 * What was reached, as a policy: what is written reads back, and allows just that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/policy/lessons.h"
#include "common/policy/rule.h"
#include "test/unit/addr_text.h"

static const struct siphash_key secret = { { 3, 4 } };

struct text {
	char buf[1 << 20];
	size_t len;
};

static const char *written(struct policy_lessons *lessons)
{
	static struct text text;
	char line[POLICY_LESSONS_LINE_MAX];
	uint32_t at = 0;

	text.len = 0;
	policy_lessons_sort(lessons);
	while (policy_lessons_line(lessons, &at, line)) {
		assert_true(text.len + strlen(line) + 2 < sizeof(text.buf));
		text.len += (size_t)sprintf(text.buf + text.len, "%s\n", line);
	}
	return text.buf;
}

static void note(struct policy_lessons *lessons, uint8_t protocol, const char *text, uint16_t port,
		 const char *name)
{
	const struct policy_query query = { .protocol = protocol,
					    .addr = addr(text),
					    .port = port };

	policy_lessons_note(lessons, &query, name);
}

static void test_lessons_are_sorted_and_put_together(void **state)
{
	struct policy_lessons lessons;

	(void)state;
	assert_int_equal(policy_lessons_init(&lessons, &secret), 0);
	note(&lessons, IPPROTO_TCP, "192.0.2.7", 443, NULL);
	note(&lessons, IPPROTO_TCP, "192.0.2.7", 80, NULL);
	note(&lessons, IPPROTO_TCP, "192.0.2.7", 443, NULL);
	note(&lessons, IPPROTO_ICMPV6, "2001:db8::1", 0, NULL);
	note(&lessons, IPPROTO_TCP, "192.0.2.8", 9, "b.test");
	note(&lessons, IPPROTO_TCP, "192.0.2.9", 8, "b.test");
	note(&lessons, IPPROTO_UDP, "192.0.2.8", 8, "b.test");
	note(&lessons, IPPROTO_ICMP, "192.0.2.8", 0, "a.test");
	assert_string_equal(written(&lessons), "allow icmp/a.test\n"
					       "allow tcp/b.test:8,9\n"
					       "allow udp/b.test:8\n"
					       "allow tcp/192.0.2.7:80,443\n"
					       "allow icmp/[2001:db8::1]\n"
					       "default deny\n");
	policy_lessons_fini(&lessons);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Each line is a rule, and with all of them what was noted is allowed: each of many ports, too */
static void test_what_is_written_allows_what_was_noted(void **state)
{
	struct policy *policy = policy_new();
	struct policy_lessons lessons;
	char addr_text[32], name[32], *text, *line, *rest;
	uint32_t seed = 9;

	(void)state;
	assert_int_equal(policy_lessons_init(&lessons, &secret), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(addr_text, sizeof(addr_text), "192.0.2.%u", next_random(&seed) % 20);
		snprintf(name, sizeof(name), "n%u.test", next_random(&seed) % 20);
		note(&lessons, next_random(&seed) % 2 ? IPPROTO_TCP : IPPROTO_UDP, addr_text,
		     (uint16_t)(1 + next_random(&seed) % 100),
		     next_random(&seed) % 2 ? name : NULL);
	}
	text = strdup(written(&lessons));
	assert_non_null(text);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct policy_rule rule;
		struct err err;

		if (!strcmp(line, "default deny"))
			continue;
		assert_memory_equal(line, "allow ", 6);
		assert_int_equal(policy_rule_parse(line + 6, POLICY_ALLOW, &rule, &err), 0);
		assert_int_equal(policy_add(policy, &rule), 0);
	}
	assert_int_equal(policy_finish(policy, NULL, 0), 0);
	for (uint32_t i = 0; i < lessons.count; i++) {
		const struct policy_lesson *lesson = &lessons.lessons[lessons.order[i]];
		const char *learnt = lesson->name;
		const struct policy_query query = {
			.protocol = lesson->protocol,
			.addr = lesson->name[0] ? addr("203.0.113.1") : lesson->addr,
			.port = lesson->port,
			.names = &learnt,
			.name_count = !!lesson->name[0],
		};

		assert_int_equal(policy_judge(policy, &query).verdict, POLICY_ALLOW);
	}
	policy_free(policy);
	free(text);
	policy_lessons_fini(&lessons);
}

static void test_there_are_so_many_lessons_and_no_more(void **state)
{
	struct policy_lessons lessons;

	(void)state;
	assert_int_equal(policy_lessons_init(&lessons, &secret), 0);
	for (uint32_t i = 0; i < POLICY_LESSONS_MAX + 5; i++)
		note(&lessons, IPPROTO_TCP, "192.0.2.1", (uint16_t)(i + 1), NULL);
	assert_int_equal(lessons.count, POLICY_LESSONS_MAX);
	assert_int_equal(lessons.lost, 5);
	assert_memory_equal(written(&lessons), "# Not complete: there was no room for 5 flows\n",
			    46);
	policy_lessons_fini(&lessons);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lessons_are_sorted_and_put_together),
		cmocka_unit_test(test_what_is_written_allows_what_was_noted),
		cmocka_unit_test(test_there_are_so_many_lessons_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
