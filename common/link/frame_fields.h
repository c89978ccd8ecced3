/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields of frames that are changed or compared in place, where a header is known to be there. What
 * is read from one is parsed by wire/.
 */
#ifndef COMMON_LINK_FRAME_FIELDS_H
#define COMMON_LINK_FRAME_FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/wire/cursor.h"

/* Offsets of fields (RFC 791, 3.1; RFC 8200, 3; RFC 9293, 3.1; RFC 768) */
#define IP4_TOTAL_LENGTH 2
#define IP4_FRAGMENT 6
#define IP4_PROTOCOL 9
#define IP4_CHECKSUM 10
#define IP4_SOURCE 12
#define IP6_PAYLOAD_LENGTH 4
#define IP6_NEXT_HEADER 6
#define IP6_SOURCE 8
#define TCP_SEQUENCE 4
#define TCP_ACKNOWLEDGEMENT 8
#define TCP_DATA_OFFSET 12
#define TCP_FLAGS 13
#define TCP_WINDOW 14
#define TCP_URGENT_POINTER 18
#define UDP_LENGTH 4

static inline uint16_t field_get16(const uint8_t *p)
{
	struct be16 v;

	memcpy(&v, p, sizeof(v));
	return be16_get(v);
}

static inline uint32_t field_get32(const uint8_t *p)
{
	struct be32 v;

	memcpy(&v, p, sizeof(v));
	return be32_get(v);
}

static inline void field_put16(uint8_t *p, size_t value)
{
	struct be16 v = be16_make((uint16_t)value);

	memcpy(p, &v, sizeof(v));
}

static inline void field_put32(uint8_t *p, uint32_t value)
{
	struct be32 v = be32_make(value);

	memcpy(p, &v, sizeof(v));
}

#endif
