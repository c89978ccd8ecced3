/* SPDX-License-Identifier: Apache-2.0
 *
 * One's complement addition is associative and commutative, and does not care about byte order
 * (RFC 1071, 2): 64-bit words are added in memory order with the carry brought around (2^64 is 1
 * modulo 2^16 - 1), and everything narrower happens once, in checksum_fold().
 */
#include "common/wire/checksum.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/addr.h"

static inline uint64_t word_at(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t add_carry(uint64_t sum, uint64_t word)
{
	unsigned long long all;
	bool carry = __builtin_add_overflow(sum, word, &all);

	return all + carry; /* by the carry flag: a comparison takes longer */
}

uint64_t checksum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t a = 0, b = 0, c = 0;

	/* Four chains, so that an addition need not wait for the carry of the one before */
	for (; len >= 64; p += 64, len -= 64) {
		sum = add_carry(sum, word_at(p));
		a = add_carry(a, word_at(p + 8));
		b = add_carry(b, word_at(p + 16));
		c = add_carry(c, word_at(p + 24));
		sum = add_carry(sum, word_at(p + 32));
		a = add_carry(a, word_at(p + 40));
		b = add_carry(b, word_at(p + 48));
		c = add_carry(c, word_at(p + 56));
	}
	sum = add_carry(add_carry(sum, a), add_carry(b, c));
	for (; len >= 8; p += 8, len -= 8)
		sum = add_carry(sum, word_at(p));
	if (len) {
		uint64_t tail = 0;

		memcpy(&tail, p, len);
		sum = add_carry(sum, tail);
	}
	return sum;
}

uint64_t checksum_pseudo(const struct in6_addr *src, const struct in6_addr *dst, uint8_t protocol,
			 uint32_t len)
{
	uint64_t sum = (uint64_t)htonl(len) + htons(protocol);

	if (addr_is_ipv4(src))
		return sum + addr_be32(src) + addr_be32(dst);
	for (int i = 0; i < 4; i++)
		sum += (uint64_t)src->s6_addr32[i] + dst->s6_addr32[i];
	return sum;
}

struct be16 checksum_fold(uint64_t sum)
{
	struct be16 folded;
	uint16_t half;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	half = (uint16_t)((sum & 0xffff) + (sum >> 16));
	memcpy(&folded, &half, sizeof(folded));
	return folded;
}

struct be16 checksum_finish(uint64_t sum)
{
	struct be16 csum = checksum_fold(sum);

	csum.b[0] = (uint8_t)~csum.b[0];
	csum.b[1] = (uint8_t)~csum.b[1];
	return csum;
}
