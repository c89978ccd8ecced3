/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams that came together are cut only where they are more than one train: to fill up the one
 * that is there would cost a piece, and often a call, more than it saves.
 */
#include "common/udp/train.h"

#include "common/base/util.h"

void train_init(struct train *train, uint32_t limit)
{
	train->limit = limit;
	train->count = 0;
}

/* How many of several datagrams go into an empty train */
static uint32_t fit_count(const struct train *train, uint32_t len, uint32_t size)
{
	uint32_t count = (len + size - 1) / size;

	if (size >= train->limit)
		return 1;
	if (count <= TRAIN_SEGMENTS_MAX && len <= TRAIN_BYTES_MAX)
		return count;
	return MAX(1U, MIN((uint32_t)TRAIN_SEGMENTS_MAX, (uint32_t)TRAIN_BYTES_MAX / size));
}

/* Unless it's complete there is room for one more of its size */
static bool goes_with(const struct train *train, uint32_t size, uint32_t len, uint32_t count)
{
	if (train->complete || !size || size > train->size)
		return false;
	return count == 1 || (size == train->size && train->bytes + len <= TRAIN_BYTES_MAX &&
			      train->count + count <= TRAIN_SEGMENTS_MAX);
}

bool train_take(struct train *train, struct datagrams *datagrams)
{
	uint32_t size = datagrams->size, len = datagrams->len, count = 1;

	if (len > size) {
		count = fit_count(train, len, size);
		len = MIN(len, count * size);
	}
	if (!train->count) {
		train->size = size;
		train->bytes = 0;
		train->pieces = 0;
		train->complete = !size || size >= train->limit;
	} else if (!goes_with(train, size, len, count)) {
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

bool train_next(const struct train *train, struct train_place *place, struct iovec *ret_datagram)
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
