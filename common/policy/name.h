/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules by DNS name: NAME is that name, *.NAME every one below it. Rules are found by the name's
 * hash, once for it and once for each domain that it is in, however many rules there are. Names are
 * compared in lower case.
 */
#ifndef COMMON_POLICY_NAME_H
#define COMMON_POLICY_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire/name.h"

/* A name of the rules', or all below it */
struct policy_name {
	const char *text; /* lower case */
	bool below;
	uint32_t first, count; /* its rules, in ->rules */
};

struct policy_names {
	struct policy_name *names;
	uint32_t count;
	uint32_t *
		slots; /* by hash: a name's index + 1, 0: none. A power of two, half of them free */
	uint32_t slot_mask;
	uint32_t *rules; /* their numbers, ascending for each name */
	char *texts; /* all names', one behind another */
};

/* policy_name_check() - whether @len bytes are a name: letters, digits, '-', '_', labels with one
 * dot between them. Return: NULL, or what is wrong with it
 */
const char *policy_name_check(const char *text, size_t len);

/* policy_name_copy() - a checked name in lower case, with a terminator */
void policy_name_copy(char *to, const char *text, size_t len);

/* What a rule is for, if it is for names */
struct policy_named {
	const char *text; /* checked, in any case, no terminator */
	uint8_t len;
	bool below;
	uint32_t rule; /* its number */
};

/* policy_names_make() - an index of rules for names, ascending
 *
 * Return: 0 or -ENOMEM; then, too, it's the caller's until policy_names_free()
 */
int policy_names_make(struct policy_names *names, const struct policy_named *named, uint32_t count);
void policy_names_free(struct policy_names *names);

/* One by one what the rules have for a name: itself, and all that it is below of */
struct policy_name_walk {
	const struct policy_names *names;
	const char *rest; /* of the name, to be looked up next; NULL: that was all */
	bool below; /* it's a domain that the name is in */
};

/* policy_name_walk() - begin at @name, in lower case */
struct policy_name_walk policy_name_walk(const struct policy_names *names, const char *name);

/* policy_name_next() - Return: NULL: no more */
const struct policy_name *policy_name_next(struct policy_name_walk *walk);

#endif
