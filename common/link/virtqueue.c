/* SPDX-License-Identifier: Apache-2.0
 *
 * Order of memory: entries are read after the index that announces them, and an index is written
 * after its entries. Asking the other side to tell, and looking whether it has something already,
 * must not change places, neither here nor there: that takes a full fence (virtio 1.2, 2.7.10 and
 * 2.7.13.4).
 */
#include "common/link/virtqueue.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>

#include "common/base/util.h"

/* Offsets within the rings, and what they take besides their entries (virtio 1.2, 2.7) */
#define RING_EXTRA 6 /* flags and index before them, an event's index behind */

/* An event's index is behind a ring of something else */
typedef __virtio16 __attribute__((may_alias)) ring_word;

static uint16_t load16(const ring_word *at)
{
	return le16toh(__atomic_load_n(at, __ATOMIC_RELAXED));
}

static void store16(ring_word *at, uint16_t value)
{
	__atomic_store_n(at, htole16(value), __ATOMIC_RELAXED);
}

static ring_word *used_event(const struct virtqueue *queue)
{
	return &queue->avail->ring[queue->num];
}

static ring_word *avail_event(const struct virtqueue *queue)
{
	return (ring_word *)&queue->used->ring[queue->num];
}

static bool is_aligned(const void *at, uintptr_t to)
{
	return !((uintptr_t)at % to);
}

int virtqueue_map(struct virtqueue *queue, const struct guest_memory *memory,
		  const struct virtqueue_place *place)
{
	const uint64_t num = place->num;

	queue->desc = NULL;
	if (!num || num > VIRTQUEUE_MAX || num & (num - 1))
		return -EPROTO;
	queue->avail = guest_memory_at_user(memory, place->avail,
					    RING_EXTRA + num * sizeof(queue->avail->ring[0]));
	queue->used = guest_memory_at_user(memory, place->used,
					   RING_EXTRA + num * sizeof(queue->used->ring[0]));
	queue->desc = guest_memory_at_user(memory, place->desc, num * sizeof(*queue->desc));
	if (!queue->avail || !queue->used || !is_aligned(queue->desc, VRING_DESC_ALIGN_SIZE) ||
	    !is_aligned(queue->avail, VRING_AVAIL_ALIGN_SIZE) ||
	    !is_aligned(queue->used, VRING_USED_ALIGN_SIZE))
		queue->desc = NULL;
	if (!queue->desc)
		return -EPROTO;
	queue->num = (uint16_t)num;
	queue->seen = queue->next;
	queue->used_next = queue->signalled = load16(&queue->used->idx);
	queue->tell = true;
	queue->armed = false;
	return 0;
}

int virtqueue_available(struct virtqueue *queue)
{
	uint16_t idx = le16toh(__atomic_load_n(&queue->avail->idx, __ATOMIC_ACQUIRE));
	uint16_t count = (uint16_t)(idx - queue->next);

	if (count > queue->num)
		return -EPROTO;
	queue->seen = idx;
	return count;
}

/* A table that descriptors are read from */
struct table {
	const struct vring_desc *ring; /* NULL: an indirect one */
	uint64_t addr;
	uint32_t num;
};

static int read_desc(const struct guest_memory *memory, const struct table *table, uint32_t index,
		     struct vring_desc *ret_desc)
{
	struct vring_desc desc;
	int rc = 0;

	if (index >= table->num)
		return -EPROTO;
	if (table->ring) {
		desc = table->ring[index];
		/* The copy is what is looked at from here on */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	} else {
		rc = guest_memory_copy(memory, table->addr + index * sizeof(desc), &desc,
				       sizeof(desc));
	}
	if (rc)
		return -EPROTO;
	*ret_desc = (struct vring_desc){
		.addr = le64toh(desc.addr),
		.len = le32toh(desc.len),
		.flags = le16toh(desc.flags),
		.next = le16toh(desc.next),
	};
	return 0;
}

/* A buffer may be in more than one region */
static int add_buffer(const struct guest_memory *memory, const struct vring_desc *desc,
		      struct virtqueue_list *list)
{
	uint64_t addr = desc->addr, left = desc->len, n;

	for (; left; left -= n, addr += n) {
		uint8_t *at = guest_memory_at(memory, addr, left, &n);

		if (!at || list->count == ARRAY_SIZE(list->iov))
			return -EPROTO;
		list->iov[list->count++] = (struct iovec){ at, (size_t)n };
	}
	list->bytes += desc->len;
	return 0;
}

/* No table in a table, no chain behind one (virtio 1.2, 2.7.5.3) */
static int enter_table(const struct vring_desc *desc, struct table *table)
{
	if (!table->ring || desc->flags & VRING_DESC_F_NEXT || desc->len % sizeof(*desc) ||
	    desc->len > VIRTQUEUE_MAX * sizeof(*desc))
		return -EPROTO;
	*table = (struct table){ .addr = desc->addr, .num = desc->len / sizeof(*desc) };
	return 0;
}

int virtqueue_chain(const struct virtqueue *queue, const struct guest_memory *memory,
		    uint16_t ahead, bool writable, struct virtqueue_list *list, uint16_t *ret_head)
{
	uint16_t head =
		load16(&queue->avail->ring[(uint16_t)(queue->next + ahead) & (queue->num - 1)]);
	struct table table = { .ring = queue->desc, .num = queue->num };
	struct vring_desc desc = { .flags = VRING_DESC_F_NEXT, .next = head };

	for (int steps = 0; desc.flags & VRING_DESC_F_NEXT; steps++) {
		int rc = read_desc(memory, &table, desc.next, &desc);

		if (!rc && desc.flags & VRING_DESC_F_INDIRECT) {
			rc = enter_table(&desc, &table);
			desc = (struct vring_desc){ .flags = VRING_DESC_F_NEXT };
		} else if (!rc) {
			if (!(desc.flags & VRING_DESC_F_WRITE) == writable)
				return -EPROTO;
			rc = add_buffer(memory, &desc, list);
		}
		if (rc || steps > VIRTQUEUE_MAX)
			return -EPROTO;
	}
	*ret_head = head;
	return 0;
}

void virtqueue_use(struct virtqueue *queue, uint16_t head, uint32_t bytes)
{
	queue->used->ring[queue->used_next & (queue->num - 1)] =
		(struct vring_used_elem){ .id = htole32(head), .len = htole32(bytes) };
	queue->used_next++;
	queue->next++;
}

void virtqueue_publish(struct virtqueue *queue)
{
	__atomic_store_n(&queue->used->idx, htole16(queue->used_next), __ATOMIC_RELEASE);
}

bool virtqueue_must_signal(struct virtqueue *queue)
{
	uint16_t before = queue->signalled;
	bool tell = queue->tell;

	if (queue->used_next == before && !tell)
		return false;
	queue->signalled = queue->used_next;
	queue->tell = false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!queue->event_idx)
		return !(load16(&queue->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	return tell || vring_need_event(load16(used_event(queue)), queue->used_next, before);
}

bool virtqueue_arm(struct virtqueue *queue)
{
	if (queue->event_idx)
		store16(avail_event(queue), queue->seen);
	else if (!queue->armed)
		store16(&queue->used->flags, 0);
	queue->armed = true;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load16(&queue->avail->idx) != queue->seen;
}

void virtqueue_disarm(struct virtqueue *queue)
{
	if (!queue->event_idx && queue->armed)
		store16(&queue->used->flags, VRING_USED_F_NO_NOTIFY);
	queue->armed = false;
}
