/* SPDX-License-Identifier: Apache-2.0
 *
 * Splitting is done into one buffer as long as the text: no word is longer.
 */
#include "hooks/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

void words_init(struct words *words)
{
	*words = (struct words){ 0 };
}

void words_fini(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->word[i]);
	words_init(words);
}

int words_add(struct words *words, const char *text)
{
	char *word;

	if (words->count == WORDS_MAX)
		return -E2BIG;
	word = strdup(text);
	if (!word)
		return -ENOMEM;
	words->word[words->count++] = word;
	return 0;
}

int words_add_all(struct words *words, const struct words *more)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < more->count; i++)
		rc = words_add(words, more->word[i]);
	return rc;
}

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

/* split_one() - copy the word at *@cursor to @word, which has room for it. Return: the quote that
 * isn't closed, or 0
 */
static char split_one(const char **cursor, char *word)
{
	char quote = 0;
	const char *c = *cursor;

	for (; *c && (quote || !is_blank(*c)); c++) {
		if (quote && *c == quote)
			quote = 0;
		else if (!quote && (*c == '\'' || *c == '"'))
			quote = *c;
		else
			*word++ = *c;
	}
	*word = '\0';
	*cursor = c;
	return quote;
}

int words_split(struct words *words, const char *text, struct hook_err *err)
{
	char *word = malloc(strlen(text) + 1), quote;
	const char *c = text;
	int rc = word ? 0 : -ENOMEM;

	while (!rc) {
		while (is_blank(*c))
			c++;
		if (!*c)
			break;
		quote = split_one(&c, word);
		if (quote)
			rc = hook_err_set(err, -EINVAL, "%c is not closed in '%s'", quote, text);
		else
			rc = words_add(words, word);
	}
	free(word);
	return rc;
}
