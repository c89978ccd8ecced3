/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinds are in a table by their hash, one a place: another one that comes to a place writes what is
 * counted there, and has it.
 */
#include "common/policy/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/siphash.h"
#include "common/base/util.h"
#include "common/policy/rule.h"

/* Longer than any line with a rule's text of RULE_SHOWN */
#define LINE_MAX_BYTES 1280
#define RULE_SHOWN 512

/* Return: NULL: no memory */
static uint64_t *hits_new(const struct policy *policy)
{
	return calloc((size_t)policy->count + 1, sizeof(uint64_t));
}

int policy_audit_init(struct policy_audit *audit, const struct policy_pair *policies)
{
	*audit = (struct policy_audit){ .policies = *policies };
	for (int i = 0; i < POLICY_PARTS; i++) {
		if (!policies->of[i])
			continue;
		audit->hits[i] = hits_new(policies->of[i]);
		if (!audit->hits[i]) {
			policy_audit_fini(audit);
			return -ENOMEM;
		}
	}
	return 0;
}

int policy_audit_log(struct policy_audit *audit,
		     void (*write)(void *arg, const char *line, size_t len),
		     void (*wait)(void *arg), void *arg)
{
	audit->kinds = calloc(POLICY_AUDIT_KINDS, sizeof(*audit->kinds));
	audit->write = write;
	audit->wait = wait;
	audit->arg = arg;
	return audit->kinds ? 0 : -ENOMEM;
}

int policy_audit_change(struct policy_audit *audit, const struct policy *policy)
{
	uint64_t *hits = hits_new(policy);

	if (!hits)
		return -ENOMEM;
	policy_audit_flush(audit);
	if (audit->kinds) /* they have numbers of rules */
		memset(audit->kinds, 0, POLICY_AUDIT_KINDS * sizeof(*audit->kinds));
	free(audit->hits[POLICY_GIVEN]);
	audit->hits[POLICY_GIVEN] = hits;
	audit->policies.of[POLICY_GIVEN] = policy;
	return 0;
}

void policy_audit_fini(struct policy_audit *audit)
{
	for (int i = 0; i < POLICY_PARTS; i++)
		free(audit->hits[i]);
	free(audit->kinds);
	*audit = (struct policy_audit){ 0 };
}

static const char *protocol_text(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "icmp";
}

/* RFC 3339, in UTC */
static void put_time(struct json *json)
{
	char text[sizeof("2026-11-30T12:00:00.000Z") + 16];
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03uZ", (unsigned int)(now.tv_nsec / 1000000));
	json_put_string(json, "time", text);
}

static void put_rule(struct json *json, const struct policy *policy, uint32_t rule)
{
	char text[RULE_SHOWN];

	if (rule == POLICY_NONE) {
		json_put_string(json, "rule", "default");
		return;
	}
	snprintf(text, sizeof(text), "%s", policy->rules[rule].text);
	json_put_string(json, "rule", text);
}

/* For the @count that are noted there */
static void write_line(struct policy_audit *audit, struct policy_kind *kind, uint64_t now_ns)
{
	const struct policy_event *event = &kind->event;
	bool has_ports = event->protocol == IPPROTO_TCP || event->protocol == IPPROTO_UDP;
	char line[LINE_MAX_BYTES];
	struct json json;

	json_start(&json, line, sizeof(line), false);
	json_put_object(&json, NULL);
	put_time(&json);
	json_put_string(&json, "verdict", policy_verdict_text(event->answer.verdict));
	put_rule(&json, audit->policies.of[event->part], event->answer.rule);
	if (event->part == POLICY_NARROW)
		json_put_string(&json, "policy", "narrow");
	json_put_string(&json, "proto", protocol_text(event->protocol));
	json_put_addr(&json, "src", &event->src);
	json_put_uint(&json, "sport", has_ports ? event->src_port : 0); /* an echo has an id */
	json_put_addr(&json, "dst", &event->dst);
	json_put_uint(&json, "dport", event->dst_port);
	if (event->answer.name)
		json_put_string(&json, "name", event->answer.name);
	json_put_uint(&json, "count", kind->count);
	json_end_object(&json);
	json_put_newline(&json);
	kind->count = 0;
	kind->line_ns = now_ns;
	audit->write(audit->arg, line, json.len);
}

static const char *name_text(const struct policy_event *event)
{
	return event->answer.name ? event->answer.name : "";
}

static bool same_kind(const struct policy_event *a, const struct policy_event *b)
{
	return a->answer.verdict == b->answer.verdict && a->answer.rule == b->answer.rule &&
	       a->part == b->part && a->protocol == b->protocol && a->dst_port == b->dst_port &&
	       addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst) &&
	       !strcmp(name_text(a), name_text(b));
}

/* With no secret: who makes kinds meet on purpose gets a line each, as for different ones */
static struct policy_kind *kind_of(struct policy_audit *audit, const struct policy_event *event)
{
	static const struct siphash_key key;
	uint64_t words[6];

	memcpy(words, &event->src, sizeof(event->src));
	memcpy(words + 2, &event->dst, sizeof(event->dst));
	words[4] = (uint64_t)event->answer.rule << 32 | (uint32_t)event->dst_port << 8 |
		   event->protocol;
	words[5] = event->part;
	for (const char *c = name_text(event); *c; c++)
		words[5] = 31 * words[5] + (uint8_t)*c;
	return &audit->kinds[siphash_words(&key, words, ARRAY_SIZE(words)) % POLICY_AUDIT_KINDS];
}

static void keep(struct policy_kind *kind, const struct policy_event *event)
{
	kind->event = *event;
	snprintf(kind->name, sizeof(kind->name), "%s", name_text(event));
	if (event->answer.name)
		kind->event.answer.name = kind->name;
}

static void write_counted(struct policy_audit *audit, struct policy_kind *kind, uint64_t now_ns)
{
	if (!kind->count)
		return;
	audit->waiting--;
	write_line(audit, kind, now_ns);
}

static void count_hits(struct policy_audit *audit, const struct policy_decision *decision)
{
	for (int i = 0; i < POLICY_PARTS; i++) {
		uint32_t rule = decision->answer[i].rule;

		if (decision->asked[i])
			audit->hits[i][rule == POLICY_NONE ? audit->policies.of[i]->count : rule]++;
	}
}

bool policy_audit_note(struct policy_audit *audit, const struct policy_decision *decision,
		       const struct policy_event *event)
{
	struct policy_kind *kind;
	uint64_t now_ns;
	bool same;

	if (audit->pass)
		return audit->pass(audit->arg, decision, event);
	count_hits(audit, decision);
	if (!audit->kinds)
		return true;
	now_ns = clock_now_ns();
	kind = kind_of(audit, event);
	same = kind->line_ns && same_kind(&kind->event, event);
	if (same && now_ns - kind->line_ns < NS_PER_S) {
		keep(kind, event);
		if (!kind->count++ && !audit->waiting++)
			audit->wait(audit->arg);
		return true;
	}
	if (!same)
		write_counted(audit, kind, now_ns);
	else if (kind->count)
		audit->waiting--;
	keep(kind, event);
	kind->count++;
	write_line(audit, kind, now_ns);
	return true;
}

void policy_audit_flush(struct policy_audit *audit)
{
	uint64_t now_ns = clock_now_ns();

	for (uint32_t i = 0; audit->waiting && i < POLICY_AUDIT_KINDS; i++)
		write_counted(audit, &audit->kinds[i], now_ns);
}
