/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams that go together: in one system call with UDP_SEGMENT, or in one frame of UDP_L4. Its
 * rules are the kernel's, whichever way they go: all are of one size but the last, which may be
 * shorter; none is empty; both their number and their bytes are bounded. Whoever sends them knows
 * what else has to be equal (ends, header fields), and starts another train where it isn't.
 *
 * Pure, and inline where it's done for each datagram. A train has no bytes of its own: those that
 * it points to must stay until it has been sent.
 */
#ifndef COMMON_UDP_TRAIN_H
#define COMMON_UDP_TRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/util.h"

#define TRAIN_SEGMENTS_MAX 64 /* the kernel's UDP_MAX_SEGMENTS before Linux 6.9 */
#define TRAIN_BYTES_MAX 65507 /* payload of one UDP datagram over IPv4, as which it starts */
#define TRAIN_HEADERS 2

struct train {
	uint32_t limit; /* datagrams of that size, and larger ones, go alone; 0: all */
	uint32_t size; /* of every datagram but the last */
	uint32_t bytes, count; /* @count 0: it's empty */
	uint32_t pieces;
	bool complete; /* nothing may follow */
	/* For whoever writes frames: virtio-net header and protocol headers; then the pieces */
	struct iovec iov[TRAIN_HEADERS + TRAIN_SEGMENTS_MAX];
};

/* What a socket or a frame has at once: a datagram of @size bytes, or several, of which the last
 * may be shorter
 */
struct datagrams {
	const uint8_t *data;
	uint32_t len, size;
};

/* train_init() - an empty one; @limit: as in struct train, UINT32_MAX for none */
void train_init(struct train *train, uint32_t limit);

/* train_fit_count() - how many of several datagrams go into an empty train */
uint32_t train_fit_count(const struct train *train, uint32_t len, uint32_t size);

static inline struct iovec *train_pieces(struct train *train)
{
	return train->iov + TRAIN_HEADERS;
}

/* Unless it's complete there is room for one more of its size */
static inline bool train_goes_with(const struct train *train, uint32_t size, uint32_t len,
				   uint32_t count)
{
	if (train->complete || !size || size > train->size)
		return false;
	return count == 1 || (size == train->size && train->bytes + len <= TRAIN_BYTES_MAX &&
			      train->count + count <= TRAIN_SEGMENTS_MAX);
}

/* train_take() - move datagrams to the train: all of them, or as many as ever fit into one
 *
 * Return: true if that was the last of them; false if the train has to be sent, and train_take()
 *	   called again with what is left
 */
static inline bool train_take(struct train *train, struct datagrams *datagrams)
{
	uint32_t size = datagrams->size, len = datagrams->len, count = 1;

	if (len > size) {
		count = train_fit_count(train, len, size);
		len = MIN(len, count * size);
	}
	if (!train->count) {
		train->size = size;
		train->bytes = 0;
		train->pieces = 0;
		train->complete = !size || size >= train->limit;
	} else if (!train_goes_with(train, size, len, count)) {
		return false;
	}
	train_pieces(train)[train->pieces++] = (struct iovec){ (void *)datagrams->data, len };
	train->bytes += len;
	train->count += count;
	if (len < count * train->size || train->count == TRAIN_SEGMENTS_MAX ||
	    train->bytes + train->size > TRAIN_BYTES_MAX)
		train->complete = true;
	datagrams->data += len;
	datagrams->len -= len;
	return !datagrams->len;
}

/* Where train_next() is; starts as 0 */
struct train_place {
	uint32_t piece, offset;
};

/* train_next() - for what doesn't take trains: one datagram after the other
 *
 * Return: false after the last one
 */
static inline bool train_next(const struct train *train, struct train_place *place,
			      struct iovec *ret_datagram)
{
	const struct iovec *piece = train->iov + TRAIN_HEADERS + place->piece;
	size_t left;

	if (place->piece == train->pieces)
		return false;
	left = piece->iov_len - place->offset;
	*ret_datagram = (struct iovec){ (uint8_t *)piece->iov_base + place->offset,
					MIN(left, (size_t)train->size) };
	place->offset += train->size;
	if (left <= train->size) {
		place->piece++;
		place->offset = 0;
	}
	return true;
}

#endif
