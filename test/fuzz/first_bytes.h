/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds for every reader of first bytes: a name is a name and its own canonical form; without
 * one nothing is written; what is said of a part is said of the whole.
 */
#ifndef TEST_FUZZ_FIRST_BYTES_H
#define TEST_FUZZ_FIRST_BYTES_H

#include <string.h>

#include "common/wire/first_bytes.h"
#include "common/wire/name.h"
#include "test/fuzz/fuzz.h"

/* Parts of a whole that are tried, its first bytes one by one beside them */
#define FIRST_BYTES_PARTS 16

typedef enum first_bytes (*first_bytes_fn)(const uint8_t *data, size_t len,
					   char ret_name[NAME_TEXT_MAX + 1]);

static inline enum first_bytes first_bytes_check(first_bytes_fn fn, const uint8_t *data, size_t len,
						 char name[NAME_TEXT_MAX + 1])
{
	char again[NAME_TEXT_MAX + 1], untouched[NAME_TEXT_MAX + 1];
	enum first_bytes outcome;

	memset(name, 0x5a, NAME_TEXT_MAX + 1);
	memset(untouched, 0x5a, NAME_TEXT_MAX + 1);
	outcome = fn(data, len, name);
	if (outcome == FIRST_BYTES_NAME)
		REQUIRE(!name_canonical(name, strlen(name), again) && !strcmp(name, again));
	else
		REQUIRE(!memcmp(name, untouched, sizeof(untouched)));
	REQUIRE(outcome != FIRST_BYTES_MORE || len < FIRST_BYTES_MAX);
	return outcome;
}

static inline void first_bytes_fuzz(first_bytes_fn fn, const uint8_t *data, size_t size)
{
	char whole[NAME_TEXT_MAX + 1], part[NAME_TEXT_MAX + 1];
	enum first_bytes outcome = first_bytes_check(fn, data, size, whole);

	for (size_t i = 0; i < 2 * FIRST_BYTES_PARTS; i++) {
		size_t len = i < FIRST_BYTES_PARTS
				     ? i
				     : size * (i - FIRST_BYTES_PARTS) / FIRST_BYTES_PARTS;
		enum first_bytes early;

		if (len > size)
			continue;
		early = first_bytes_check(fn, data, len, part);
		REQUIRE(early == FIRST_BYTES_MORE || early == outcome);
		REQUIRE(early != FIRST_BYTES_NAME || !strcmp(part, whole));
	}
}

#endif
