/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain names on the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/wire/name.h"

static uint8_t out[512];

static int emit(const char *text, size_t room, struct writer *w)
{
	memset(out, 0xa5, sizeof(out));
	*w = (struct writer){ out, room };
	return name_emit(w, text, strlen(text));
}

static void test_name_labels(void **state)
{
	static const uint8_t wire[] = "\3box\7example\3org";
	struct writer w;

	(void)state;
	assert_int_equal(emit("box.example.org", sizeof(wire), &w), 0);
	assert_memory_equal(out, wire, sizeof(wire));
	assert_int_equal(w.left, 0);
	assert_int_equal(emit("a", 3, &w), 0);
	assert_memory_equal(out, "\1a\0\xa5", 4);
}

static void test_name_odd_refused(void **state)
{
	static const char *const bad[] = { "", ".", ".a", "a.", "a..b" };
	struct writer w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(emit(bad[i], sizeof(out), &w), -EINVAL);
		assert_int_equal(w.left, sizeof(out));
	}
}

static void test_name_label_of_63_is_the_longest(void **state)
{
	char text[65];
	struct writer w;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[63] = '\0';
	assert_int_equal(emit(text, sizeof(out), &w), 0);
	assert_int_equal(out[0], 63);
	text[63] = 'x';
	text[64] = '\0';
	assert_int_equal(emit(text, sizeof(out), &w), -EINVAL);
}

static void test_name_without_room_consumes_nothing(void **state)
{
	struct writer w;

	(void)state;
	for (size_t room = 0; room < 5; room++) {
		assert_int_equal(emit("a.b", room, &w), -ENOBUFS);
		assert_int_equal(w.left, room);
		assert_ptr_equal(w.data, out);
	}
	assert_int_equal(emit("a.b", 5, &w), 0);
}

static void test_name_list_leaves_out_what_does_not_fit(void **state)
{
	struct writer w = { out, sizeof(out) };

	(void)state;
	name_list_emit(&w, "a b.c");
	assert_int_equal(w.data - out, 8);
	assert_memory_equal(out, "\1a\0\1b\1c\0", 8);
	w = (struct writer){ out, 7 };
	name_list_emit(&w, "a b.c d");
	assert_int_equal(w.data - out, 3);
	w = (struct writer){ out, 7 };
	name_list_emit(&w, "");
	assert_int_equal(w.left, 7);
}

static void test_name_canonical_small_letters_without_the_last_dot(void **state)
{
	char name[NAME_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(name_canonical("_A-z.EXAMPLE.Org.", 17, name), 0);
	assert_string_equal(name, "_a-z.example.org");
	assert_int_equal(name_canonical("0x", 1, name), 0);
	assert_string_equal(name, "0");
}

static void test_name_canonical_others_refused(void **state)
{
	static const char *const bad[] = { "",	  ".",	 "..",	      ".a",  "a..b", "a b",
					   "a:1", "a/b", "a\xc3\xa4", "*.a", "a@b" };
	char name[NAME_TEXT_MAX + 1] = "same";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(name_canonical(bad[i], strlen(bad[i]), name), -EINVAL);
	assert_int_equal(name_canonical("a\0b", 3, name), -EINVAL);
	assert_string_equal(name, "same");
}

static void test_name_canonical_longest(void **state)
{
	char text[NAME_TEXT_MAX + 2], name[NAME_TEXT_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(name_canonical(text, 63, name), 0);
	assert_int_equal(name_canonical(text, 64, name), -EINVAL);
	for (size_t i = 63; i < sizeof(text); i += 64)
		text[i] = '.';
	assert_int_equal(name_canonical(text, NAME_TEXT_MAX, name), 0);
	assert_int_equal(strlen(name), NAME_TEXT_MAX);
	assert_int_equal(name_canonical(text, NAME_TEXT_MAX + 1, name), -EINVAL);
	text[NAME_TEXT_MAX] = '.';
	assert_int_equal(name_canonical(text, NAME_TEXT_MAX + 1, name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_labels),
		cmocka_unit_test(test_name_odd_refused),
		cmocka_unit_test(test_name_label_of_63_is_the_longest),
		cmocka_unit_test(test_name_without_room_consumes_nothing),
		cmocka_unit_test(test_name_canonical_small_letters_without_the_last_dot),
		cmocka_unit_test(test_name_canonical_others_refused),
		cmocka_unit_test(test_name_canonical_longest),
		cmocka_unit_test(test_name_list_leaves_out_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
