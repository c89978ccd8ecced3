/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies have decided: how often each rule did, and a log of JSON lines for programs:
 *
 *	{"time":"2026-11-30T12:00:00.000Z","verdict":"deny","rule":"tcp/any:25","proto":"tcp",
 *	 "src":"192.0.2.15","sport":40000,"dst":"192.0.2.25","dport":25,"count":1}
 *
 * and of a policy that narrows another one (pair.h), "policy":"narrow" behind the rule.
 *
 * The first decision of a kind is a line at once. Equal ones (all but the source port) that follow
 * within a second are counted, and the number is in the next line. So a program that tries in a
 *loop makes a line a second; none is lost.
 */
#ifndef COMMON_POLICY_AUDIT_H
#define COMMON_POLICY_AUDIT_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/policy/pair.h"

/* Kinds that are remembered; what doesn't fit is a line each */
#define POLICY_AUDIT_KINDS 1024

struct policy_event {
	struct policy_answer answer; /* the decider's */
	enum policy_part part; /* who that is */
	uint8_t protocol; /* as in IP */
	struct in6_addr src, dst;
	uint16_t src_port, dst_port; /* host order */
};

struct policy_kind {
	struct policy_event event; /* the last one, its name is here: */
	char name[NAME_TEXT_MAX + 1];
	uint64_t line_ns; /* when its last line was; 0: the place is free */
	uint64_t count; /* since then */
};

struct policy_audit {
	/* It is another one's, which is told of what would be noted here; NULL: it isn't. Return:
	 * whether it could be told
	 */
	bool (*pass)(void *arg, const struct policy_decision *decision,
		     const struct policy_event *event);
	struct policy_pair policies;
	/* Of each that there is: a rule each, and what no rule has fitted */
	uint64_t *hits[POLICY_PARTS];
	struct policy_kind *kinds; /* NULL: no log */
	uint32_t waiting; /* of them with a count */
	/* A line, with its newline */
	void (*write)(void *arg, const char *line, size_t len);
	/* There is one to be written by policy_audit_flush(), a second from now */
	void (*wait)(void *arg);
	void *arg;
};

/* policy_audit_init() - count the decisions of policies
 * @policies:	finished; must outlive it
 *
 * Return: 0 or -ENOMEM
 */
int policy_audit_init(struct policy_audit *audit, const struct policy_pair *policies);

/* policy_audit_log() - and write them
 *
 * Return: 0 or -ENOMEM
 */
int policy_audit_log(struct policy_audit *audit,
		     void (*write)(void *arg, const char *line, size_t len),
		     void (*wait)(void *arg), void *arg);

/* policy_audit_change() - another POLICY_GIVEN from now on, whose rules have decided nothing yet;
 * what was counted for lines is written first. Return: 0 or -ENOMEM, and then nothing has changed
 */
int policy_audit_change(struct policy_audit *audit, const struct policy *policy);

void policy_audit_fini(struct policy_audit *audit);

/* policy_audit_note() - a decision, which counts for all that were asked, and what it was about
 *
 * Return: whether it could be noted
 */
bool policy_audit_note(struct policy_audit *audit, const struct policy_decision *decision,
		       const struct policy_event *event);

/* policy_audit_flush() - a line for all that are counted and have none yet */
void policy_audit_flush(struct policy_audit *audit);

#endif
