/* SPDX-License-Identifier: Apache-2.0
 *
 * A network card of one pair of queues, as its vhost-user front end sets it up: features, memory,
 * rings, and the descriptors by which both sides tell each other that there is something in a ring.
 * It owns the mappings and those descriptors.
 *
 * The front end is hostile, too. What it must not do ends it, with a reason, and only it. Its
 * descriptors are used only if they can be what they are to be: eventfds, made non-blocking. They
 * are never read: the loop tells of each write (EPOLLET).
 */
#ifndef COMMON_LINK_VHOST_DEVICE_H
#define COMMON_LINK_VHOST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/fd_message.h"
#include "common/base/loop.h"
#include "common/link/guest_memory.h"
#include "common/link/vhost_message.h"
#include "common/link/virtqueue.h"

/* The guest receives by one queue and sends by the other (virtio 1.2, 5.1.2) */
enum vhost_queue_index {
	VHOST_TO_GUEST,
	VHOST_FROM_GUEST,
	VHOST_QUEUES,
};

/* Descriptors that a front end makes us keep: two for each queue; and its messages' for a moment */
#define VHOST_FDS (2 * VHOST_QUEUES + FD_MESSAGE_MAX)

struct vhost_queue {
	struct virtqueue ring;
	struct virtqueue_place place;
	bool enabled; /* the front end says: vhost_queue_is_enabled() */
	int call_fd; /* -1: the guest looks by itself */
	struct watch kick; /* fd -1: the queue is stopped */
};

struct vhost_device {
	uint64_t offered; /* features */
	uint64_t features, protocol; /* as negotiated */
	struct loop *loop; /* to be told of kicks by; the watch is the queue's */
	watch_fn on_kick[VHOST_QUEUES];
	uint8_t status; /* of the device, as its driver says */
	struct guest_memory memory;
	struct vhost_queue queues[VHOST_QUEUES];
	const char *reason; /* why it can't go on; NULL: it can */
};

/* What is to be answered */
struct vhost_reply {
	size_t size; /* of the payload; 0: no answer */
	union {
		uint64_t number;
		struct vhost_vring_state state;
	};
};

/* vhost_device_features() - all that there are
 * @tso:	TCP segmentation may be left to the other side, both ways
 * @uso:	UDP segmentation likewise
 */
uint64_t vhost_device_features(bool tso, bool uso);

/* vhost_device_init() - without a loop, which has to be there before the first message */
void vhost_device_init(struct vhost_device *device, uint64_t features);

/* vhost_device_reset() - forget all that a front end has set up */
void vhost_device_reset(struct vhost_device *device);

/* vhost_device_request() - do what a message says
 * @fds:	came with it; what is not taken is left in there
 *
 * Return: 0, or -EPROTO with the device's reason set
 */
int vhost_device_request(struct vhost_device *device, const struct vhost_message *message,
			 struct fd_list *fds, struct vhost_reply *ret_reply);

/* vhost_device_has() - whether a feature was negotiated, by its bit's number */
static inline bool vhost_device_has(const struct vhost_device *device, unsigned int bit)
{
	return device->features >> bit & 1;
}

/* vhost_queue_runs() - whether there is a ring to look at */
static inline bool vhost_queue_runs(const struct vhost_queue *queue)
{
	return queue->ring.desc;
}

/* vhost_queue_is_enabled() - without the feature, a ring is so from the start */
static inline bool vhost_queue_is_enabled(const struct vhost_device *device,
					  const struct vhost_queue *queue)
{
	return queue->enabled || !vhost_device_has(device, VHOST_FEATURE_PROTOCOL);
}

/* vhost_queue_signal() - tell the guest of what was used, if it wants to know. Waits if the front
 * end has it wait, until there is a signal with a handler: the device has a reason to end then
 */
void vhost_queue_signal(struct vhost_device *device, struct vhost_queue *queue);

#endif
