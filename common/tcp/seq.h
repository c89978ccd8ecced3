/* SPDX-License-Identifier: Apache-2.0
 *
 * Sequence numbers of TCP: compared modulo 2^32 (RFC 9293, 3.4). Pure.
 */
#ifndef COMMON_TCP_SEQ_H
#define COMMON_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool tcp_seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool tcp_seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

#endif
