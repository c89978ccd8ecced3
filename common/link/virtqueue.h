/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's side of a virtio split ring (virtio 1.2, 2.7) in a guest's memory: chains of
 * buffers that the driver makes available, with indirect tables, and the ring of those used up.
 *
 * All of it is hostile, and may change while it is read: each word is read once, an index is
 * checked against the ring's size, the steps along a chain are counted, and buffers come out as
 * addresses of ours, all within the guest's memory. What a driver can't mean is -EPROTO.
 */
#ifndef COMMON_LINK_VIRTQUEUE_H
#define COMMON_LINK_VIRTQUEUE_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/link/guest_memory.h"

/* QEMU's own limit for a ring; a power of two */
#define VIRTQUEUE_MAX 1024

/* Where the front end says that the ring is, in its own addresses */
struct virtqueue_place {
	uint64_t desc, avail, used;
	uint32_t num; /* entries of each */
};

/* Pieces of buffers, of one chain or of several */
struct virtqueue_list {
	struct iovec iov[VIRTQUEUE_MAX];
	uint32_t count;
	uint64_t bytes;
};

struct virtqueue {
	struct vring_desc *desc; /* NULL: there is no ring now */
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t num;
	uint16_t next; /* number of the next chain to be taken */
	uint16_t seen; /* of the one behind the last that is known to be available */
	uint16_t used_next; /* number of the next entry of the used ring */
	uint16_t signalled; /* of the one behind the last that the driver was told of */
	bool event_idx; /* VIRTIO_RING_F_EVENT_IDX was negotiated */
	bool tell; /* it's not known what the driver was told of: it has to be, once */
	bool armed; /* it was asked for a kick */
};

/* virtqueue_map() - find the ring in memory; the number of the next chain is kept
 *
 * Return: 0, or -EPROTO if it's not there, or of a size or at an address that no ring has: there is
 *	   no ring then
 */
int virtqueue_map(struct virtqueue *queue, const struct guest_memory *memory,
		  const struct virtqueue_place *place);

static inline void virtqueue_unmap(struct virtqueue *queue)
{
	queue->desc = NULL;
}

/* virtqueue_available() - Return: number of chains that can be taken, or -EPROTO */
int virtqueue_available(struct virtqueue *queue);

/* virtqueue_chain() - add a chain's buffers to @list
 * @ahead:	how many chains it is behind the next one, below virtqueue_available()
 * @writable:	whether they are to be written to by us
 *
 * Return: 0 with @ret_head set, by which the chain is returned; or -EPROTO
 */
int virtqueue_chain(const struct virtqueue *queue, const struct guest_memory *memory,
		    uint16_t ahead, bool writable, struct virtqueue_list *list, uint16_t *ret_head);

/* virtqueue_use() - take the next chain, and return it with so many bytes written; the driver may
 * see it after virtqueue_publish() only
 */
void virtqueue_use(struct virtqueue *queue, uint16_t head, uint32_t bytes);
void virtqueue_publish(struct virtqueue *queue);

/* virtqueue_must_signal() - whether the driver wants to be told of what was published since it was
 * asked last
 */
bool virtqueue_must_signal(struct virtqueue *queue);

/* virtqueue_arm() - have the driver kick when it makes more available than virtqueue_available()
 * has seen. Return: whether there is more already
 */
bool virtqueue_arm(struct virtqueue *queue);

/* virtqueue_disarm() - kicks are not needed for now */
void virtqueue_disarm(struct virtqueue *queue);

#endif
