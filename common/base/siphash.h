/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for tables and sequence numbers that
 * hostile input can't steer. Pure.
 */
#ifndef COMMON_BASE_SIPHASH_H
#define COMMON_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k[2];
};

/* siphash_words() - hash of @count 64-bit words, in host byte order */
uint64_t siphash_words(const struct siphash_key *key, const uint64_t *words, size_t count);

#endif
