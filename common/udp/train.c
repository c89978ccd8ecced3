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

uint32_t train_fit_count(const struct train *train, uint32_t len, uint32_t size)
{
	uint32_t count = (len + size - 1) / size;

	if (size >= train->limit)
		return 1;
	if (count <= TRAIN_SEGMENTS_MAX && len <= TRAIN_BYTES_MAX)
		return count;
	return MAX(1U, MIN((uint32_t)TRAIN_SEGMENTS_MAX, (uint32_t)TRAIN_BYTES_MAX / size));
}
