/* SPDX-License-Identifier: Apache-2.0
 *
 * Splitting the options of an annotation into words, without a shell.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hooks/words.h"

/* @expected: the words, each between < and > */
static void assert_split(const char *text, const char *expected)
{
	struct hook_err err = { "" };
	struct words words;
	char joined[512] = "";
	size_t at = 0;

	words_init(&words);
	assert_int_equal(words_split(&words, text, &err), 0);
	for (size_t i = 0; i < words.count; i++)
		at += (size_t)snprintf(joined + at, sizeof(joined) - at, "<%s>", words.word[i]);
	assert_string_equal(joined, expected);
	if (words.count)
		assert_null(words.word[words.count]);
	words_fini(&words);
}

static void test_words_are_separated_by_blanks(void **state)
{
	(void)state;
	assert_split("", "");
	assert_split(" \t\r\n ", "");
	assert_split("--mtu=1400", "<--mtu=1400>");
	assert_split("  a b\tc\nd ", "<a><b><c><d>");
}

static void test_words_in_quotes_keep_blanks(void **state)
{
	(void)state;
	assert_split("'a b' \"c d\"", "<a b><c d>");
	assert_split("--search='a b'c", "<--search=a bc>");
	assert_split("'\"' \"'\" ''", "<\"><'><>");
}

static void test_words_nothing_else_has_a_meaning(void **state)
{
	(void)state;
	assert_split("$HOME `id` $(id) a\\ b * ; & | > #x",
		     "<$HOME><`id`><$(id)><a\\><b><*><;><&><|><>><#x>");
}

static void test_words_open_quote_is_refused(void **state)
{
	const char *const texts[] = { "'", "a 'b", "\"x'", "a\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hook_err err = { "" };
		struct words words;

		words_init(&words);
		assert_int_equal(words_split(&words, texts[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "is not closed"));
		words_fini(&words);
	}
}

static void test_words_are_kept_in_order_until_there_is_no_room(void **state)
{
	struct words words;
	char text[16];

	(void)state;
	words_init(&words);
	for (int i = 0; i < WORDS_MAX; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(words_add(&words, text), 0);
	}
	assert_int_equal(words_add(&words, "x"), -E2BIG);
	assert_int_equal(words.count, WORDS_MAX);
	for (int i = 0; i < WORDS_MAX; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(words.word[i], text);
	}
	assert_null(words.word[WORDS_MAX]);
	words_fini(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_separated_by_blanks),
		cmocka_unit_test(test_words_in_quotes_keep_blanks),
		cmocka_unit_test(test_words_nothing_else_has_a_meaning),
		cmocka_unit_test(test_words_open_quote_is_refused),
		cmocka_unit_test(test_words_are_kept_in_order_until_there_is_no_room),
	};

	return cmocka_run_group_tests_name("hook_words", tests, NULL, NULL);
}
