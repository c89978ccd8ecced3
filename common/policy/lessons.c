/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing, half of the places free; an array of those in use is what is sorted.
 */
#include "common/policy/lessons.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/map.h"
#include "common/base/sort.h"
#include "common/base/util.h"

#define PLACES (2 * POLICY_LESSONS_MAX)
/* What stands before the lessons */
#define HEADS 2
#define END UINT32_MAX

int policy_lessons_init(struct policy_lessons *lessons, const struct siphash_key *secret)
{
	*lessons = (struct policy_lessons){
		.lessons = map_lazily(PLACES * sizeof(*lessons->lessons)),
		.order = map_lazily(POLICY_LESSONS_MAX * sizeof(*lessons->order)),
		.secret = *secret,
	};
	if (lessons->lessons && lessons->order)
		return 0;
	policy_lessons_fini(lessons);
	return -ENOMEM;
}

void policy_lessons_fini(struct policy_lessons *lessons)
{
	map_drop(lessons->lessons, PLACES * sizeof(*lessons->lessons));
	map_drop(lessons->order, POLICY_LESSONS_MAX * sizeof(*lessons->order));
	lessons->lessons = NULL;
	lessons->order = NULL;
}

static bool same(const struct policy_lesson *a, const struct policy_lesson *b)
{
	return a->protocol == b->protocol && a->port == b->port && addr_equal(&a->addr, &b->addr) &&
	       !strcmp(a->name, b->name);
}

static uint64_t hash_of(const struct policy_lessons *lessons, const struct policy_lesson *lesson)
{
	uint64_t words[35] = { (uint64_t)lesson->protocol << 16 | lesson->port };

	static_assert(sizeof(words) >= 3 * sizeof(*words) + NAME_TEXT_MAX, "all of it");
	memcpy(words + 1, &lesson->addr, sizeof(lesson->addr));
	memcpy(words + 3, lesson->name, strlen(lesson->name));
	return siphash_words(&lessons->secret, words, ARRAY_SIZE(words));
}

void policy_lessons_note(struct policy_lessons *lessons, const struct policy_query *query,
			 const char *name)
{
	struct policy_lesson lesson = {
		.protocol = query->protocol == IPPROTO_ICMPV6 ? IPPROTO_ICMP : query->protocol,
		.port = query->port,
	};
	uint32_t at;

	if (lessons->pass) {
		lessons->pass(lessons->arg, query, name);
		return;
	}
	if (query->dns) {
		lessons->resolvers = true;
		return;
	}
	if (name)
		snprintf(lesson.name, sizeof(lesson.name), "%s", name);
	else
		lesson.addr = query->addr;
	at = (uint32_t)(hash_of(lessons, &lesson) % PLACES);
	while (lessons->lessons[at].protocol && !same(&lessons->lessons[at], &lesson))
		at = (at + 1) % PLACES;
	if (lessons->lessons[at].protocol)
		return;
	if (lessons->count == POLICY_LESSONS_MAX) {
		lessons->lost++;
		return;
	}
	lessons->named |= name != NULL;
	lessons->lessons[at] = lesson;
	lessons->order[lessons->count++] = at;
}

/* --- writing -------------------------------------------------------------- */

/* Names first; what can share a line one behind another */
static int compare_destination(const struct policy_lesson *a, const struct policy_lesson *b)
{
	int order = strcmp(a->name, b->name);

	if (order)
		return a->name[0] && b->name[0] ? order : a->name[0] ? -1 : 1;
	order = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return order ? order : (int)a->protocol - (int)b->protocol;
}

static bool lesson_before(uint32_t a, uint32_t b, const void *arg)
{
	const struct policy_lesson *lessons = arg, *left = &lessons[a], *right = &lessons[b];
	int order = compare_destination(left, right);

	return order ? order < 0 : left->port < right->port;
}

/* Room for one more port is always there */
static size_t put_destination(char *line, const struct policy_lesson *lesson)
{
	const char *protocol = lesson->protocol == IPPROTO_TCP	 ? "tcp"
			       : lesson->protocol == IPPROTO_UDP ? "udp"
								 : "icmp";
	bool brackets = !lesson->name[0] && !addr_is_ipv4(&lesson->addr);
	char addr[ADDR_TEXT_MAX];

	return (size_t)snprintf(line, POLICY_LESSONS_LINE_MAX, "allow %s/%s%s%s", protocol,
				brackets ? "[" : "",
				lesson->name[0] ? lesson->name : addr_format(&lesson->addr, addr),
				brackets ? "]" : "");
}

/* A line for the lesson at @i in the order, and those behind it that it can have. Return: how many
 */
static uint32_t put_line(const struct policy_lessons *lessons, uint32_t i, char *line)
{
	const struct policy_lesson *first = &lessons->lessons[lessons->order[i]];
	size_t len = put_destination(line, first);
	uint32_t n = 0;

	for (; i + n < lessons->count && n < POLICY_PORTS_MAX; n++) {
		const struct policy_lesson *next = &lessons->lessons[lessons->order[i + n]];

		if (compare_destination(first, next))
			break;
		if (next->port)
			len += (size_t)snprintf(line + len, POLICY_LESSONS_LINE_MAX - len, "%c%u",
						n ? ',' : ':', next->port);
	}
	return n;
}

void policy_lessons_sort(struct policy_lessons *lessons)
{
	sort_u32_by(lessons->order, lessons->count, lesson_before, lessons->lessons);
}

bool policy_lessons_line(const struct policy_lessons *lessons, uint32_t *at,
			 char line[POLICY_LESSONS_LINE_MAX])
{
	if (!*at && ++*at && lessons->lost) {
		snprintf(line, POLICY_LESSONS_LINE_MAX,
			 "# Not complete: there was no room for %llu flows",
			 (unsigned long long)lessons->lost);
		return true;
	}
	/* With names, that goes without saying */
	if (*at == 1 && ++*at && lessons->resolvers && !lessons->named) {
		snprintf(line, POLICY_LESSONS_LINE_MAX, "allow @dns:53");
		return true;
	}
	if (*at == END)
		return false;
	if (*at - HEADS < lessons->count) {
		*at += put_line(lessons, *at - HEADS, line);
		return true;
	}
	/* Without a line, nothing is allowed either */
	snprintf(line, POLICY_LESSONS_LINE_MAX, "default deny");
	*at = END;
	return true;
}
