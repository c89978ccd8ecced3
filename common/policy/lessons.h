/* SPDX-License-Identifier: Apache-2.0
 *
 * What was reached, as the policy that would have allowed it: each destination by its name, if it
 * was asked for by one, else by its address; each port once. Bounded: what no room was left for is
 * counted.
 */
#ifndef COMMON_POLICY_LESSONS_H
#define COMMON_POLICY_LESSONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/siphash.h"
#include "common/policy/policy.h"

/* Destinations with their protocol and port */
#define POLICY_LESSONS_MAX 8192

struct policy_lesson {
	uint8_t protocol; /* as in IP, ICMPv6 being ICMP; 0: the place is free */
	uint16_t port; /* 0 for ICMP */
	struct in6_addr addr; /* for those without a name */
	char name[NAME_TEXT_MAX + 1]; /* or "" */
};

struct policy_lessons {
	/* They are another one's, which is told of what would be noted here; NULL: they aren't */
	void (*pass)(void *arg, const struct policy_query *query, const char *name);
	void *arg;
	struct policy_lesson *lessons; /* twice POLICY_LESSONS_MAX places, found by hash */
	uint32_t *order; /* places that are in use */
	uint32_t count;
	uint64_t lost; /* flows that no lesson was made of */
	bool named; /* one has a name */
	bool resolvers; /* were asked */
	struct siphash_key secret;
};

/* policy_lessons_init() - Return: 0 or -errno */
int policy_lessons_init(struct policy_lessons *lessons, const struct siphash_key *secret);
void policy_lessons_fini(struct policy_lessons *lessons);

/* policy_lessons_note() - a flow that was let out
 * @name:	that its destination was asked for by; NULL: by none
 */
void policy_lessons_note(struct policy_lessons *lessons, const struct policy_query *query,
			 const char *name);

/* Protocol, brackets, a name, and as many ports as a rule has */
#define POLICY_LESSONS_LINE_MAX (NAME_TEXT_MAX + 32 + POLICY_PORTS_MAX * sizeof("65535"))

/* policy_lessons_sort() - before the first line is asked for */
void policy_lessons_sort(struct policy_lessons *lessons);

/* policy_lessons_line() - the policy's next line, a destination's; without its newline
 * @at:		0 for the first one; changed
 *
 * What is noted between one line and the next is in it, or not, and where it's sorted anew
 * meanwhile, what was there already may be so twice, but is never missing.
 *
 * Return: false: that was all
 */
bool policy_lessons_line(const struct policy_lessons *lessons, uint32_t *at,
			 char line[POLICY_LESSONS_LINE_MAX]);

#endif
