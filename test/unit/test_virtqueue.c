/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's side of a split ring: chains in all their forms, what no driver can mean, and who
 * has to be told when. The memory is two regions that follow one another in the guest's addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/base/util.h"
#include "common/link/virtqueue.h"

#define NUM 8
#define BASE 0x10000
#define USER 0x7f0000000000
#define REGION 8192

/* Offsets in the first region */
#define DESC 0
#define AVAIL 1024
#define USED 2048
#define TABLE 4096

static _Alignas(16) uint8_t bytes[2][REGION];
static struct guest_memory memory;
static struct virtqueue queue;
static struct virtqueue_list list;
static const struct virtqueue_place place = { USER + DESC, USER + AVAIL, USER + USED, NUM };

static int setup(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	memory = (struct guest_memory){
		.count = 2,
		.regions = { { .place = { BASE, REGION, USER, 0 }, .data = bytes[0] },
			     { .place = { BASE + REGION, REGION, USER + 0x100000, 0 },
			       .data = bytes[1] } },
	};
	list.count = 0;
	list.bytes = 0;
	queue = (struct virtqueue){ 0 };
	return virtqueue_map(&queue, &memory, &place);
}

static struct vring_desc *desc_at(size_t offset, int i)
{
	return (struct vring_desc *)(bytes[0] + offset) + i;
}

static void describe(int i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	*desc_at(DESC, i) = (struct vring_desc){ addr, len, flags, next };
}

static void offer(uint16_t head)
{
	struct vring_avail *avail = (struct vring_avail *)(bytes[0] + AVAIL);

	avail->ring[avail->idx % NUM] = head;
	avail->idx++;
}

/* Return: virtqueue_chain()'s, of the next one */
static int chain(bool writable)
{
	uint16_t head = 0xffff;
	int rc;

	assert_true(virtqueue_available(&queue) > 0);
	rc = virtqueue_chain(&queue, &memory, 0, writable, &list, &head);
	if (!rc)
		virtqueue_use(&queue, head, 0);
	return rc;
}

static void test_virtqueue_chain_of_buffers(void **state)
{
	(void)state;
	assert_int_equal(virtqueue_available(&queue), 0);
	describe(3, BASE + 100, 12, VRING_DESC_F_NEXT, 5);
	describe(5, BASE + 200, 0, VRING_DESC_F_NEXT, 1);
	describe(1, BASE + REGION - 10, 30, 0, 7);
	offer(3);
	assert_int_equal(virtqueue_available(&queue), 1);
	assert_int_equal(chain(false), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.bytes, 42);
	assert_ptr_equal(list.iov[0].iov_base, bytes[0] + 100);
	assert_ptr_equal(list.iov[1].iov_base, bytes[0] + REGION - 10);
	assert_int_equal(list.iov[1].iov_len, 10);
	assert_ptr_equal(list.iov[2].iov_base, bytes[1]);
	assert_int_equal(list.iov[2].iov_len, 20);
	assert_int_equal(virtqueue_available(&queue), 0);
}

static void test_virtqueue_indirect_table_after_a_buffer(void **state)
{
	(void)state;
	describe(0, BASE + 100, 12, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
	describe(2, BASE + TABLE, 2 * sizeof(struct vring_desc), VRING_DESC_F_INDIRECT, 0);
	*desc_at(TABLE, 0) =
		(struct vring_desc){ BASE + 300, 5, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1 };
	*desc_at(TABLE, 1) = (struct vring_desc){ BASE + 400, 6, VRING_DESC_F_WRITE, 0 };
	offer(0);
	assert_int_equal(chain(true), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.bytes, 23);
}

static void test_virtqueue_nonsense_is_refused(void **state)
{
	const struct vring_desc bad[] = {
		{ BASE - 1, 1, 0, 0 }, /* outside */
		{ BASE + 2 * REGION - 1, 2, 0, 0 },
		{ UINT64_MAX, 2, 0, 0 },
		{ BASE, UINT32_MAX, 0, 0 },
		{ BASE, 1, VRING_DESC_F_WRITE, 0 }, /* of the other direction */
		{ BASE, 1, VRING_DESC_F_NEXT, NUM }, /* beyond the table */
		{ BASE, 1, VRING_DESC_F_NEXT, 0 }, /* a loop */
		{ BASE, 0, VRING_DESC_F_NEXT, 0 },
		{ BASE + TABLE, 0, VRING_DESC_F_INDIRECT, 0 }, /* tables */
		{ BASE + TABLE, 15, VRING_DESC_F_INDIRECT, 0 },
		{ BASE + TABLE, 16, VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 1 },
		{ BASE + DESC, 16, VRING_DESC_F_INDIRECT, 0 }, /* itself */
		{ BASE + 2 * REGION, 16, VRING_DESC_F_INDIRECT, 0 },
		{ BASE, 16 * (VIRTQUEUE_MAX + 1), VRING_DESC_F_INDIRECT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		setup(NULL);
		*desc_at(DESC, 0) = bad[i];
		offer(0);
		assert_int_equal(chain(false), -EPROTO);
	}
	setup(NULL);
	offer(NUM);
	assert_int_equal(chain(false), -EPROTO);
	((struct vring_avail *)(bytes[0] + AVAIL))->idx = NUM + 1;
	assert_int_equal(virtqueue_available(&queue), -EPROTO);
}

static void test_virtqueue_places_that_no_ring_has(void **state)
{
	const struct virtqueue_place bad[] = {
		{ USER, USER + AVAIL, USER + USED, 0 },
		{ USER, USER + AVAIL, USER + USED, 7 },
		{ USER, USER + AVAIL, USER + USED, 2 * VIRTQUEUE_MAX },
		{ USER + 8, USER + AVAIL, USER + USED, NUM },
		{ USER, USER + AVAIL + 1, USER + USED, NUM },
		{ USER, USER + AVAIL, USER + USED + 2, NUM },
		{ USER - 16, USER + AVAIL, USER + USED, NUM },
		{ USER + REGION - 16, USER + AVAIL, USER + USED, NUM },
		{ USER, USER + REGION - 20, USER + USED, NUM },
		{ USER, USER + AVAIL, UINT64_MAX - 3, NUM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(virtqueue_map(&queue, &memory, &bad[i]), -EPROTO);
		assert_null(queue.desc);
	}
}

static void test_virtqueue_numbers_wrap(void **state)
{
	const struct vring_used *used = (const struct vring_used *)(bytes[0] + USED);

	(void)state;
	describe(2, BASE + 100, 1, 0, 0);
	((struct vring_avail *)(bytes[0] + AVAIL))->idx = 0xfffe;
	((struct vring_used *)(bytes[0] + USED))->idx = 0xfffe;
	queue.next = 0xfffe;
	assert_int_equal(virtqueue_map(&queue, &memory, &place), 0);
	for (int i = 0; i < 4; i++) {
		offer(2);
		assert_int_equal(chain(false), 0);
		virtqueue_publish(&queue);
	}
	assert_int_equal(used->idx, 2);
	assert_int_equal(used->ring[1].id, 2);
	assert_int_equal(virtqueue_available(&queue), 0);
}

/* As by virtio 1.2, 2.7.7: at the index that the driver waits for, and not before */
static void test_virtqueue_signals_at_the_event(void **state)
{
	struct vring_avail *avail = (struct vring_avail *)(bytes[0] + AVAIL);

	(void)state;
	queue.event_idx = true;
	describe(0, BASE + 100, 1, 0, 0);
	for (int i = 0; i < 4; i++) {
		offer(0);
		assert_int_equal(chain(false), 0);
		virtqueue_publish(&queue);
		avail->ring[NUM] = 2;
		/* After the ring was found, and the one that was waited for */
		assert_int_equal(virtqueue_must_signal(&queue), i == 0 || i == 2);
		assert_false(virtqueue_must_signal(&queue));
	}
}

/* It may have been used by somebody else before, who told of that or not */
static void test_virtqueue_signals_once_without_a_reason(void **state)
{
	(void)state;
	queue.event_idx = true;
	assert_true(virtqueue_must_signal(&queue));
	assert_false(virtqueue_must_signal(&queue));
}

static void test_virtqueue_signals_unless_told_not_to(void **state)
{
	struct vring_avail *avail = (struct vring_avail *)(bytes[0] + AVAIL);

	(void)state;
	describe(0, BASE + 100, 1, 0, 0);
	for (int i = 0; i < 2; i++) {
		avail->flags = i ? VRING_AVAIL_F_NO_INTERRUPT : 0;
		offer(0);
		assert_int_equal(chain(false), 0);
		virtqueue_publish(&queue);
		assert_int_equal(virtqueue_must_signal(&queue), !i);
	}
}

static void test_virtqueue_asks_for_kicks(void **state)
{
	const struct vring_used *used = (const struct vring_used *)(bytes[0] + USED);
	const uint16_t one = 1;

	(void)state;
	describe(0, BASE + 100, 1, 0, 0);
	assert_false(virtqueue_arm(&queue));
	assert_int_equal(used->flags, 0);
	virtqueue_disarm(&queue);
	assert_int_equal(used->flags, VRING_USED_F_NO_NOTIFY);
	offer(0);
	assert_true(virtqueue_arm(&queue)); /* there is something already */
	assert_int_equal(used->flags, 0);
	queue.event_idx = true;
	assert_int_equal(virtqueue_available(&queue), 1);
	assert_false(virtqueue_arm(&queue));
	assert_memory_equal(&used->ring[NUM], &one, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_virtqueue_chain_of_buffers, setup),
		cmocka_unit_test_setup(test_virtqueue_indirect_table_after_a_buffer, setup),
		cmocka_unit_test_setup(test_virtqueue_nonsense_is_refused, setup),
		cmocka_unit_test_setup(test_virtqueue_places_that_no_ring_has, setup),
		cmocka_unit_test_setup(test_virtqueue_numbers_wrap, setup),
		cmocka_unit_test_setup(test_virtqueue_signals_at_the_event, setup),
		cmocka_unit_test_setup(test_virtqueue_signals_once_without_a_reason, setup),
		cmocka_unit_test_setup(test_virtqueue_signals_unless_told_not_to, setup),
		cmocka_unit_test_setup(test_virtqueue_asks_for_kicks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
