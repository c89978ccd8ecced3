/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest's memory with anything in it, its ring included: whatever buffers a chain has are within
 * that memory, and nothing else is touched.
 */
#include "test/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "common/base/util.h"
#include "common/link/virtqueue.h"

#define BASE 0x1000
#define USER 0x7f0000000000
#define REGION 2048

static bool is_within(const uint8_t (*regions)[REGION], const struct iovec *iov)
{
	for (int i = 0; i < 2; i++) {
		const uint8_t *at = iov->iov_base;

		if (at >= regions[i] && at < regions[i] + REGION)
			return iov->iov_len <= (size_t)(regions[i] + REGION - at);
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(16) uint8_t regions[2][REGION];
	static struct virtqueue_list list;
	const struct guest_memory memory = {
		.count = 2,
		.regions = { { .place = { BASE, REGION, USER, 0 }, .data = regions[0] },
			     { .place = { BASE + REGION, REGION, USER + 0x10000, 0 },
			       .data = regions[1] } },
	};
	struct virtqueue_place place = { USER, USER + 512, USER + 1024, 16 };
	struct virtqueue queue = { .event_idx = size & 1 };
	bool writable = size & 2;
	uint16_t head;
	int count;

	if (size >= 4 && data[0] & 1)
		place.desc += data[1];
	memset(regions, 0, sizeof(regions));
	memcpy(regions, data, MIN(size, sizeof(regions)));
	if (virtqueue_map(&queue, &memory, &place))
		return 0;
	count = virtqueue_available(&queue);
	REQUIRE(count == -EPROTO || (count >= 0 && count <= 16));
	for (int i = 0; i < count; i++) {
		list.count = 0;
		list.bytes = 0;
		if (virtqueue_chain(&queue, &memory, 0, writable, &list, &head))
			break;
		REQUIRE(list.count <= VIRTQUEUE_MAX);
		for (uint32_t j = 0; j < list.count; j++)
			REQUIRE(is_within(regions, &list.iov[j]));
		virtqueue_use(&queue, head, (uint32_t)list.bytes);
		virtqueue_publish(&queue);
		virtqueue_must_signal(&queue);
		virtqueue_arm(&queue);
		virtqueue_disarm(&queue);
	}
	return 0;
}
