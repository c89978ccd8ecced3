/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fuzzer consists of: one entry point, called by libFuzzer with random bytes or by
 * replay.c with the contents of files. A broken invariant ends the process.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
