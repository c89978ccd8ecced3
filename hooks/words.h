/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of words: what an annotation splits into, and what a command line is made of. The list
 * owns its words, has room for a sane number of them, and always ends with NULL, so that it can be
 * given to execve().
 */
#ifndef HOOKS_WORDS_H
#define HOOKS_WORDS_H

#include <stddef.h>

#include "hooks/error.h"

#define WORDS_MAX 255

struct words {
	char *word[WORDS_MAX + 1];
	size_t count;
};

void words_init(struct words *words);
void words_fini(struct words *words);

/* words_add() - add a copy. Return: 0, -ENOMEM, or -E2BIG if the list is full */
int words_add(struct words *words, const char *text);

/* words_add_all() - add copies of all words of another list. Return: likewise */
int words_add_all(struct words *words, const struct words *more);

/* words_split() - add the words of a text, as a person would type them
 *
 * Blanks separate words, also line breaks. '...' and "..." keep blanks in a word; nothing else has
 * a meaning: no variables, no escapes, no wildcards.
 *
 * Return: 0, -EINVAL with @err set if a quote isn't closed, or as words_add()
 */
int words_split(struct words *words, const char *text, struct hook_err *err);

#endif
