/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing. Names come from who wrote the rules, and who asks can't choose what is in the
 * table: the hash needs no secret.
 */
#include "common/policy/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/sort.h"

#define LABEL_MAX 63

/* --- text ----------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	c = name_lower(c);
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

const char *policy_name_check(const char *text, size_t len)
{
	bool digits = true;
	size_t label = 0;

	if (!len || len > NAME_TEXT_MAX)
		return "a name has 1 to 253 characters";
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (!label || i + 1 == len)
				return "something is missing beside a dot";
			label = 0;
			digits = true;
			continue;
		}
		if (!is_name_char(text[i]))
			return "names have letters, digits, '-' and '_', with dots between them";
		if (++label > LABEL_MAX)
			return "there are at most 63 characters between two dots";
		digits &= is_digit(text[i]);
	}
	/* RFC 1123, 2.1: so that it can't be taken for an address */
	return digits ? "no name ends with a number" : NULL;
}

void policy_name_copy(char *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = name_lower(text[i]);
	to[len] = '\0';
}

/* --- index ---------------------------------------------------------------- */

/* FNV-1a */
static uint32_t name_hash(const char *text, bool below)
{
	uint32_t hash = 2166136261U ^ below;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619U;
	return hash;
}

/* Where a name is, or would be. There is a free slot */
static uint32_t *slot_of(const struct policy_names *names, const char *text, bool below)
{
	uint32_t at = name_hash(text, below) & names->slot_mask;

	while (names->slots[at]) {
		const struct policy_name *name = &names->names[names->slots[at] - 1];

		if (name->below == below && !strcmp(name->text, text))
			break;
		at = (at + 1) & names->slot_mask;
	}
	return &names->slots[at];
}

static int make_room(struct policy_names *names, uint32_t count, size_t bytes)
{
	uint32_t slots = 2;

	while (slots < 2 * count)
		slots *= 2;
	names->slot_mask = slots - 1;
	names->names = calloc((size_t)count + 1, sizeof(*names->names));
	names->rules = calloc((size_t)count + 1, sizeof(*names->rules));
	names->slots = calloc(slots, sizeof(*names->slots));
	names->texts = malloc(bytes + 1);
	return names->names && names->rules && names->slots && names->texts ? 0 : -ENOMEM;
}

/* Rules of one name, one behind another; then in the order that they were given in */
static bool named_before(uint32_t a, uint32_t b, const void *arg)
{
	const struct policy_named *named = arg, *left = &named[a], *right = &named[b];
	int order;

	if (left->len != right->len)
		return left->len < right->len;
	order = strncasecmp(left->text, right->text, left->len);
	if (order)
		return order < 0;
	return left->below != right->below ? left->below < right->below : a < b;
}

int policy_names_make(struct policy_names *names, const struct policy_named *named, uint32_t count)
{
	size_t bytes = 0;
	char *text;

	for (uint32_t i = 0; i < count; i++)
		bytes += named[i].len + 1U;
	*names = (struct policy_names){ .count = 0 };
	if (make_room(names, count, bytes))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		names->rules[i] = i;
	sort_u32_by(names->rules, count, named_before, named);
	text = names->texts;
	for (uint32_t i = 0; i < count; i++) {
		const struct policy_named *of = &named[names->rules[i]];
		uint32_t *slot;

		names->rules[i] = of->rule;
		policy_name_copy(text, of->text, of->len);
		slot = slot_of(names, text, of->below);
		if (!*slot) {
			names->names[names->count++] =
				(struct policy_name){ text, of->below, i, 0 };
			*slot = names->count;
			text += of->len + 1;
		}
		names->names[*slot - 1].count++;
	}
	return 0;
}

void policy_names_free(struct policy_names *names)
{
	free(names->names);
	free(names->slots);
	free(names->rules);
	free(names->texts);
}

/* --- looking up ----------------------------------------------------------- */

struct policy_name_walk policy_name_walk(const struct policy_names *names, const char *name)
{
	return (struct policy_name_walk){ names, names->count ? name : NULL, false };
}

const struct policy_name *policy_name_next(struct policy_name_walk *walk)
{
	while (walk->rest) {
		const uint32_t slot = *slot_of(walk->names, walk->rest, walk->below);

		walk->rest = strchr(walk->rest, '.');
		if (walk->rest)
			walk->rest++;
		walk->below = true;
		if (slot)
			return &walk->names->names[slot - 1];
	}
	return NULL;
}
