/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-2-4 against the reference vectors of its authors: key 00 01 ... 0f, message 00 01 02 ...,
 * those lengths that are whole words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/siphash.h"

#define VECTORS 8

/* Hash of a message of so many words */
static const uint64_t vectors[VECTORS] = {
	0x726fdb47dd0e0e31, 0x93f5f5799a932462, 0x3f2acc7f57c29bdb, 0xb8ad50c6f649af94,
	0x7127512f72f27cce, 0x0e3ea96b5304a7d0, 0xe612a3cb9ecba951, 0xb78dbfaf3a8d83bd,
};

static uint64_t word_of_bytes(unsigned int first)
{
	uint64_t word = 0;

	for (unsigned int i = 0; i < 8; i++)
		word |= (uint64_t)(first + i) << (8 * i);
	return word;
}

static void test_siphash_reference_vectors(void **state)
{
	struct siphash_key key = { { word_of_bytes(0), word_of_bytes(8) } };
	uint64_t words[VECTORS];

	(void)state;
	for (unsigned int i = 0; i < VECTORS; i++)
		words[i] = word_of_bytes(8 * i);
	for (unsigned int i = 0; i < VECTORS; i++)
		assert_true(siphash_words(&key, words, i) == vectors[i]);
}

static void test_siphash_key_matters(void **state)
{
	struct siphash_key a = { { 1, 2 } }, b = { { 1, 3 } }, c = { { 0, 2 } };
	uint64_t word = 7;

	(void)state;
	assert_true(siphash_words(&a, &word, 1) != siphash_words(&b, &word, 1));
	assert_true(siphash_words(&a, &word, 1) != siphash_words(&c, &word, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_reference_vectors),
		cmocka_unit_test(test_siphash_key_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
