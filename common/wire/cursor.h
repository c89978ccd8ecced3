/* SPDX-License-Identifier: Apache-2.0
 *
 * Checked reading and writing of packets. A reader never goes beyond what remains; a writer that
 * runs out of room fails for good. Fields in network order are types of their own (byte arrays,
 * alignment 1), so that mixing them with host integers does not compile.
 */
#ifndef COMMON_WIRE_CURSOR_H
#define COMMON_WIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct be16 {
	uint8_t b[2];
};

struct be32 {
	uint8_t b[4];
};

static inline uint16_t be16_get(struct be16 v)
{
	return (uint16_t)(v.b[0] << 8 | v.b[1]);
}

static inline uint32_t be32_get(struct be32 v)
{
	return (uint32_t)v.b[0] << 24 | (uint32_t)v.b[1] << 16 | (uint32_t)v.b[2] << 8 | v.b[3];
}

static inline struct be16 be16_make(uint16_t v)
{
	return (struct be16){ { (uint8_t)(v >> 8), (uint8_t)v } };
}

static inline struct be32 be32_make(uint32_t v)
{
	return (struct be32){
		{ (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v }
	};
}

struct reader {
	const uint8_t *data;
	size_t left;
};

/* reader_take() - the next @len bytes, or NULL (and nothing is consumed) if fewer remain */
static inline const void *reader_take(struct reader *r, size_t len)
{
	const uint8_t *p = r->data;

	if (len > r->left)
		return NULL;
	r->data += len;
	r->left -= len;
	return p;
}

struct writer {
	uint8_t *data; /* where the next byte goes */
	size_t left;
};

/* writer_take() - room for @len bytes, or NULL (and nothing is consumed) if there is less */
static inline void *writer_take(struct writer *w, size_t len)
{
	uint8_t *p = w->data;

	if (len > w->left)
		return NULL;
	w->data += len;
	w->left -= len;
	return p;
}

#endif
