/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests of what reads the first bytes of connections: all prefixes of everything that is
 * expected to say something are read, too. They say the same, or nothing yet.
 */
#ifndef TEST_UNIT_FIRST_BYTES_H
#define TEST_UNIT_FIRST_BYTES_H

#include <string.h>

#include "common/wire/first_bytes.h"
#include "common/wire/name.h"

/* Of large ones, not every prefix */
#define FIRST_BYTES_ALL 1024
#define FIRST_BYTES_STEP 509

typedef enum first_bytes (*first_bytes_fn)(const uint8_t *data, size_t len,
					   char ret_name[NAME_TEXT_MAX + 1]);

/* first_bytes_outcome() - and that @name is untouched if there is none */
static inline enum first_bytes first_bytes_outcome(first_bytes_fn fn, const void *data, size_t len,
						   char name[NAME_TEXT_MAX + 1])
{
	enum first_bytes outcome;

	memset(name, 0xa5, NAME_TEXT_MAX + 1);
	outcome = fn(data, len, name);
	if (outcome != FIRST_BYTES_NAME)
		assert_int_equal(name[0], (char)0xa5);
	return outcome;
}

/* first_bytes_expect() - @name: NULL: of no interest */
static inline void first_bytes_expect(first_bytes_fn fn, const void *data, size_t len,
				      enum first_bytes outcome, const char *name)
{
	size_t step = len < FIRST_BYTES_ALL ? 1 : FIRST_BYTES_STEP;
	char said[NAME_TEXT_MAX + 1];

	assert_int_equal(first_bytes_outcome(fn, data, len, said), outcome);
	if (name)
		assert_string_equal(said, name);
	for (size_t part = 0; part < len; part += step) {
		enum first_bytes early = first_bytes_outcome(fn, data, part, said);

		if (early != FIRST_BYTES_MORE)
			assert_int_equal(early, outcome);
		if (name && early == FIRST_BYTES_NAME)
			assert_string_equal(said, name);
	}
}

#endif
