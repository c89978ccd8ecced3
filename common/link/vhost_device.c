/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue runs from the moment on that it has a ring in memory, and a kick. Whatever changes of
 * that, it is looked up anew: nothing keeps an address that memory went away from.
 */
#include "common/link/vhost_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/linux_compat.h"
#include "common/base/util.h"

#define BIT(n) (1ULL << (n))

#define PROTOCOL_FEATURES                                                                          \
	(BIT(VHOST_PROTOCOL_MQ) | BIT(VHOST_PROTOCOL_REPLY_ACK) |                                  \
	 BIT(VHOST_PROTOCOL_CONFIGURE_MEM_SLOTS) | BIT(VHOST_PROTOCOL_STATUS))

/* The MTU and the announcement after a migration are between the front end and the guest: it only
 * has to know that we don't mind
 */
uint64_t vhost_device_features(bool tso, bool uso)
{
	uint64_t features = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			    BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VHOST_FEATURE_PROTOCOL) |
			    BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
			    BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_MTU) |
			    BIT(VIRTIO_NET_F_GUEST_ANNOUNCE);

	if (tso)
		features |= BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) |
			    BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6);
	if (uso)
		features |= BIT(VIRTIO_NET_F_HOST_USO) | BIT(VIRTIO_NET_F_GUEST_USO4) |
			    BIT(VIRTIO_NET_F_GUEST_USO6);
	return features;
}

static int refuse(struct vhost_device *device, const char *reason)
{
	device->reason = reason;
	return -EPROTO;
}

/* Return: 0, or -EPROTO if it is not where it should be: it doesn't run then */
static int queue_look_up(struct vhost_device *device, struct vhost_queue *queue)
{
	virtqueue_unmap(&queue->ring);
	if (queue->kick.fd < 0 || !queue->place.desc)
		return 0;
	queue->ring.event_idx = vhost_device_has(device, VIRTIO_RING_F_EVENT_IDX);
	return virtqueue_map(&queue->ring, &device->memory, &queue->place);
}

static void look_up_all(struct vhost_device *device)
{
	for (int i = 0; i < VHOST_QUEUES; i++)
		queue_look_up(device, &device->queues[i]);
}

static void queue_stop(struct vhost_device *device, struct vhost_queue *queue)
{
	virtqueue_unmap(&queue->ring);
	if (queue->kick.fd < 0)
		return;
	loop_remove(device->loop, &queue->kick);
	close(queue->kick.fd);
	queue->kick.fd = -1;
}

static void queue_set_call(struct vhost_queue *queue, int fd)
{
	if (queue->call_fd >= 0)
		close(queue->call_fd);
	queue->call_fd = fd;
}

void vhost_device_init(struct vhost_device *device, uint64_t features)
{
	*device = (struct vhost_device){ .offered = features };
	for (int i = 0; i < VHOST_QUEUES; i++)
		device->queues[i].call_fd = device->queues[i].kick.fd = -1;
}

void vhost_device_reset(struct vhost_device *device)
{
	for (int i = 0; i < VHOST_QUEUES; i++) {
		struct vhost_queue *queue = &device->queues[i];

		queue_stop(device, queue);
		queue_set_call(queue, -1);
		queue->place = (struct virtqueue_place){ 0 };
		queue->ring.next = 0;
		queue->enabled = false;
	}
	guest_memory_clear(&device->memory);
	device->features = device->protocol = 0;
	device->status = 0;
	device->reason = NULL;
}

/* A full one is as good: the guest has not looked yet. That it is non-blocking can't be relied on:
 * it is the front end's as well, which can take that back at any time, fill it, and leave us here
 */
void vhost_queue_signal(struct vhost_device *device, struct vhost_queue *queue)
{
	const uint64_t one = 1;

	if (device->reason || !vhost_queue_runs(queue) || !virtqueue_must_signal(&queue->ring) ||
	    queue->call_fd < 0)
		return;
	if (write(queue->call_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		refuse(device, "a descriptor that has us wait");
}

/* What there is one of is written to, and may be somebody else's file: only what has no type is,
 * as eventfd(2) and its like have. Return: 0 or -EPROTO
 */
static int take_eventfd(struct vhost_device *device, struct fd_list *fds, int *ret_fd)
{
	struct stat st;
	int fd = fds->fd[0];

	if (fds->count != 1)
		return refuse(device, "not one descriptor with a message that takes one");
	if (fstat(fd, &st) || st.st_mode & S_IFMT || fcntl(fd, F_SETFL, O_NONBLOCK))
		return refuse(device, "a descriptor that is no eventfd");
	fds->count = 0;
	*ret_fd = fd;
	return 0;
}

static struct vhost_queue *queue_at(struct vhost_device *device, uint32_t index)
{
	if (index < VHOST_QUEUES)
		return &device->queues[index];
	refuse(device, "a queue that it has not");
	return NULL;
}

static int set_features(struct vhost_device *device, uint64_t features)
{
	if (features & ~device->offered)
		return refuse(device, "features that were not offered");
	device->features = features;
	look_up_all(device);
	return 0;
}

static int add_region(struct vhost_device *device, const struct guest_region_place *place, int fd)
{
	switch (guest_memory_add(&device->memory, place, fd)) {
	case 0:
		return 0;
	case -EPERM:
		return refuse(device,
			      "its memory is not of memfd_create(), sealed against shrinking, "
			      "in pages of usual size (QEMU: -object memory-backend-memfd,"
			      "share=on)");
	case -ENOSPC:
		return refuse(device, "too many regions of memory");
	case -EINVAL:
	case -ERANGE:
		return refuse(device, "a region of memory that can't be");
	default:
		return refuse(device, "its memory can't be mapped");
	}
}

static int set_table(struct vhost_device *device, const struct vhost_message *message,
		     const struct fd_list *fds)
{
	int rc = 0;

	if (fds->count != message->table.count)
		return refuse(device, "not one descriptor for each region of memory");
	guest_memory_clear(&device->memory);
	for (uint32_t i = 0; i < message->table.count && !rc; i++)
		rc = add_region(device, &message->table.places[i], fds->fd[i]);
	look_up_all(device);
	return rc;
}

static int change_region(struct vhost_device *device, const struct vhost_message *message,
			 const struct fd_list *fds)
{
	int rc;

	if (message->header.request == VHOST_ADD_MEM_REG)
		rc = fds->count == 1 ? add_region(device, &message->place, fds->fd[0])
				     : refuse(device, "not one descriptor with a region of memory");
	else if (guest_memory_remove(&device->memory, &message->place))
		rc = refuse(device, "a region of memory that is not there is removed");
	else
		rc = 0;
	look_up_all(device);
	return rc;
}

static int start(struct vhost_device *device, struct vhost_queue *queue)
{
	if (queue_look_up(device, queue))
		return refuse(device, "a ring that can't be, or is not in its memory");
	return 0;
}

static int set_kick(struct vhost_device *device, struct vhost_queue *queue, struct fd_list *fds)
{
	int fd, rc = take_eventfd(device, fds, &fd);

	if (rc)
		return rc;
	queue_stop(device, queue);
	queue->kick = (struct watch){
		.fn = device->on_kick[queue - device->queues],
		.fd = fd,
	};
	if (loop_add(device->loop, &queue->kick, EPOLLIN | EPOLLET)) {
		close(fd);
		queue->kick.fd = -1;
		return refuse(device, "a descriptor that can't be watched");
	}
	return start(device, queue);
}

/* A descriptor for a queue, or none */
static int set_vring_fd(struct vhost_device *device, const struct vhost_message *message,
			struct fd_list *fds)
{
	struct vhost_queue *queue = queue_at(device, message->number & VHOST_VRING_INDEX_MASK);
	bool none = message->number & VHOST_VRING_NO_FD;
	int fd = -1, rc = 0;

	if (!queue)
		return -EPROTO;
	if (message->header.request == VHOST_SET_VRING_ERR)
		return 0; /* what goes wrong here ends the connection */
	if (message->header.request == VHOST_SET_VRING_KICK)
		return none ? refuse(device, "a ring that was to be looked at all the time")
			    : set_kick(device, queue, fds);
	if (!none)
		rc = take_eventfd(device, fds, &fd);
	if (!rc)
		queue_set_call(queue, fd);
	return rc;
}

static int set_vring_addr(struct vhost_device *device, const struct vhost_vring_addr *addr)
{
	struct vhost_queue *queue = queue_at(device, addr->index);

	if (!queue)
		return -EPROTO;
	queue->place.desc = addr->desc;
	queue->place.avail = addr->avail;
	queue->place.used = addr->used;
	return start(device, queue);
}

static int set_vring_state(struct vhost_device *device, const struct vhost_message *message,
			   struct vhost_reply *reply)
{
	const struct vhost_vring_state *state = &message->state;
	struct vhost_queue *queue = queue_at(device, state->index);

	if (!queue)
		return -EPROTO;
	switch (message->header.request) {
	case VHOST_SET_VRING_NUM:
		queue->place.num = state->value;
		return start(device, queue);
	case VHOST_SET_VRING_BASE:
		queue->ring.next = (uint16_t)state->value;
		return start(device, queue);
	case VHOST_SET_VRING_ENABLE:
		queue->enabled = state->value;
		return 0;
	default: /* VHOST_GET_VRING_BASE, which ends it */
		queue_stop(device, queue);
		queue->place.desc = 0;
		reply->state = (struct vhost_vring_state){ state->index, queue->ring.next };
		reply->size = sizeof(reply->state);
		return 0;
	}
}

static int set_protocol(struct vhost_device *device, uint64_t features)
{
	if (features & ~PROTOCOL_FEATURES)
		return refuse(device, "features of the protocol that were not offered");
	device->protocol = features;
	return 0;
}

/* Return: what a question without arguments is answered with */
static uint64_t answer(const struct vhost_device *device, uint32_t request)
{
	switch (request) {
	case VHOST_GET_FEATURES:
		return device->offered;
	case VHOST_GET_PROTOCOL_FEATURES:
		return PROTOCOL_FEATURES;
	case VHOST_GET_QUEUE_NUM:
		return VHOST_QUEUES / 2; /* pairs */
	case VHOST_GET_MAX_MEM_SLOTS:
		return GUEST_MEMORY_REGIONS;
	default: /* VHOST_GET_STATUS */
		return device->status;
	}
}

static int carry_out(struct vhost_device *device, const struct vhost_message *message,
		     struct fd_list *fds, struct vhost_reply *reply)
{
	switch (message->header.request) {
	case VHOST_GET_FEATURES:
	case VHOST_GET_PROTOCOL_FEATURES:
	case VHOST_GET_QUEUE_NUM:
	case VHOST_GET_MAX_MEM_SLOTS:
	case VHOST_GET_STATUS:
		reply->number = answer(device, message->header.request);
		reply->size = sizeof(reply->number);
		return 0;
	case VHOST_SET_FEATURES:
		return set_features(device, message->number);
	case VHOST_SET_PROTOCOL_FEATURES:
		return set_protocol(device, message->number);
	case VHOST_SET_STATUS:
		device->status = (uint8_t)message->number;
		return 0;
	case VHOST_SET_MEM_TABLE:
		return set_table(device, message, fds);
	case VHOST_ADD_MEM_REG:
	case VHOST_REM_MEM_REG:
		return change_region(device, message, fds);
	case VHOST_SET_VRING_ADDR:
		return set_vring_addr(device, &message->addr);
	case VHOST_SET_VRING_KICK:
	case VHOST_SET_VRING_CALL:
	case VHOST_SET_VRING_ERR:
		return set_vring_fd(device, message, fds);
	case VHOST_SET_VRING_NUM:
	case VHOST_SET_VRING_BASE:
	case VHOST_SET_VRING_ENABLE:
	case VHOST_GET_VRING_BASE:
		return set_vring_state(device, message, reply);
	default: /* VHOST_SET_OWNER, VHOST_RESET_OWNER: there is one, that of the connection */
		return 0;
	}
}

int vhost_device_request(struct vhost_device *device, const struct vhost_message *message,
			 struct fd_list *fds, struct vhost_reply *ret_reply)
{
	struct vhost_reply reply = { .size = 0 };
	int rc = carry_out(device, message, fds, &reply);

	if (rc)
		return rc;
	if (!reply.size && message->header.need_reply &&
	    device->protocol & BIT(VHOST_PROTOCOL_REPLY_ACK))
		reply = (struct vhost_reply){ .size = sizeof(reply.number), .number = 0 };
	*ret_reply = reply;
	return 0;
}
