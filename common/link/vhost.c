/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest is told of what it got at the end of a batch, or when it has nothing more to get it in.
 */
#include "common/link/vhost.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/base/iov.h"
#include "common/base/linux_compat.h"
#include "common/base/util.h"
#include "common/link/soft_offload.h"
#include "common/link/tcp_run.h"

/* What waits is a super-frame or two, when TCP has learnt that it has to, and then answers that
 * nobody will repeat, and datagrams
 */
#define VHOST_BACKLOG_BYTES ((size_t)512 * 1024)
#define VHOST_MAP_BYTES                                                                            \
	(VHOST_BACKLOG_BYTES + sizeof(struct virtqueue_list) + sizeof(struct vhost_room))

/* Messages handled in one go */
#define VHOST_MESSAGES_MAX 32

/* Payload from here on is not copied. Less is no work, and may wait for long: the guest has its
 * buffers back the earlier
 */
#define VHOST_LENT_MIN 4096

/* Buffers for a frame, one chain or, if they can be merged, several */
struct vhost_room {
	struct virtqueue_list list;
	uint16_t heads[VIRTQUEUE_MAX];
	uint64_t ends[VIRTQUEUE_MAX]; /* of each in the list's bytes */
	uint16_t count;
	const uint8_t *payload; /* where that of the next frame may be already; NULL: nowhere */
};

static const char nonsense[] = "a ring that makes no sense";

/* Before each frame in the backlog */
struct waiting {
	uint32_t len;
	struct virtio_net_hdr header;
};

int vhost_init(struct vhost *vhost, uint64_t features)
{
	void *map = mmap(NULL, VHOST_MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	vhost->fd = -1;
	vhost_device_init(&vhost->device, features);
	if (map == MAP_FAILED)
		return -ENOMEM;
	vhost->backlog = (struct backlog){ .bytes = map, .size = VHOST_BACKLOG_BYTES };
	vhost->from_guest = (void *)(vhost->backlog.bytes + VHOST_BACKLOG_BYTES);
	vhost->to_guest = (void *)(vhost->from_guest + 1);
	return 0;
}

void vhost_fini(struct vhost *vhost)
{
	if (!vhost->backlog.bytes)
		return;
	vhost_connect(vhost, -1);
	munmap(vhost->backlog.bytes, VHOST_MAP_BYTES);
	vhost->backlog.bytes = NULL;
}

void vhost_connect(struct vhost *vhost, int fd)
{
	vhost_device_reset(&vhost->device);
	vhost->lent = false;
	if (vhost->to_guest)
		vhost->to_guest->payload = NULL;
	backlog_reset(&vhost->backlog);
	fd_list_close(&vhost->fds);
	vhost->received = 0;
	vhost->fd = fd;
}

static int end(struct vhost *vhost, const char *reason)
{
	vhost->device.reason = reason;
	return -EPROTO;
}

/* Return: 0, or -EAGAIN if the rest is still to come */
static int receive(struct vhost *vhost, size_t size)
{
	struct fd_list fds;
	ssize_t n;

	if (vhost->received >= size)
		return 0;
	n = fd_message_receive(vhost->fd, MSG_DONTWAIT, vhost->message + vhost->received,
			       size - vhost->received, &fds);
	if (n <= 0)
		return !n ? -ENOTCONN : n == -EINTR ? -EAGAIN : (int)n;
	vhost->received += (size_t)n;
	if (fds.count && vhost->fds.count) {
		fd_list_close(&fds);
		return end(vhost, "descriptors twice in a message");
	}
	if (fds.count)
		vhost->fds = fds;
	if (fds.cut)
		return end(vhost, "more descriptors than there can be");
	return vhost->received < size ? -EAGAIN : 0;
}

static int send_reply(struct vhost *vhost, uint32_t request, const struct vhost_reply *reply)
{
	uint8_t out[VHOST_HEADER_BYTES + sizeof(*reply)];
	size_t len = vhost_reply_emit(request, &reply->number, reply->size, out);

	if (send(vhost->fd, out, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		return end(vhost, "an answer that it doesn't take");
	return 0;
}

/* Answers are short, and a front end waits for each */
static int carry_out(struct vhost *vhost, const struct vhost_header *header)
{
	struct vhost_reply reply = { .size = 0 };
	struct vhost_message message;
	int rc = vhost_message_parse(header, vhost->message + VHOST_HEADER_BYTES, &message);

	if (rc == -EOPNOTSUPP && header->need_reply)
		reply = (struct vhost_reply){ .size = sizeof(reply.number), .number = 1 };
	else if (rc == -EOPNOTSUPP)
		return end(vhost, "a request that is not known");
	else if (rc)
		return end(vhost, "a message of a wrong size");
	else
		rc = vhost_device_request(&vhost->device, &message, &vhost->fds, &reply);
	if (rc == -EPROTO)
		return rc;
	return reply.size ? send_reply(vhost, header->request, &reply) : 0;
}

static int next_message(struct vhost *vhost)
{
	struct vhost_header header;
	int rc = receive(vhost, VHOST_HEADER_BYTES);

	if (!rc && vhost_header_parse(vhost->message, &header))
		return end(vhost, "what is no message");
	if (!rc)
		rc = receive(vhost, VHOST_HEADER_BYTES + header.size);
	if (rc)
		return rc;
	rc = carry_out(vhost, &header);
	fd_list_close(&vhost->fds);
	vhost->received = 0;
	return rc;
}

static bool guest_receives(const struct vhost_device *device)
{
	const struct vhost_queue *queue = &device->queues[VHOST_TO_GUEST];

	return vhost_queue_runs(queue) && vhost_queue_is_enabled(device, queue);
}

/* What waits for a queue that has stopped waits for nothing */
int vhost_control(struct vhost *vhost)
{
	int rc = 0;

	for (int i = 0; i < VHOST_MESSAGES_MAX && !rc; i++)
		rc = next_message(vhost);
	if (!guest_receives(&vhost->device))
		backlog_reset(&vhost->backlog);
	return rc == -EAGAIN ? 0 : rc;
}

/* Before virtio 1.0, and without buffers that can be merged, their number is not there
 * (virtio 1.2, 5.1.6.1)
 */
static size_t header_bytes(const struct vhost_device *device)
{
	return vhost_device_has(device, VIRTIO_F_VERSION_1) ||
			       vhost_device_has(device, VIRTIO_NET_F_MRG_RXBUF)
		       ? sizeof(struct virtio_net_hdr_mrg_rxbuf)
		       : sizeof(struct virtio_net_hdr);
}

/* Between the guest's byte order and ours, which is the same one way and the other */
static struct virtio_net_hdr header_swap(const struct virtio_net_hdr *header)
{
	return (struct virtio_net_hdr){
		.flags = header->flags,
		.gso_type = header->gso_type,
		.hdr_len = htole16(header->hdr_len),
		.gso_size = htole16(header->gso_size),
		.csum_start = htole16(header->csum_start),
		.csum_offset = htole16(header->csum_offset),
	};
}

/* Return: number of chains; -EAGAIN if there is none */
static int available_from_guest(struct virtqueue *ring)
{
	int count = virtqueue_available(ring);

	if (!count && virtqueue_arm(ring))
		count = virtqueue_available(ring);
	if (count > 0)
		virtqueue_disarm(ring);
	return count ? count : -EAGAIN;
}

/* The next chain, into its list. Return: 0, -EAGAIN or -EPROTO */
static int next_chain(struct vhost *vhost, struct vhost_queue *queue, uint16_t *ret_head)
{
	struct virtqueue_list *list = vhost->from_guest;
	int rc;

	if (vhost->device.reason)
		return -EPROTO;
	if (!vhost_queue_runs(queue))
		return -EAGAIN;
	rc = available_from_guest(&queue->ring);
	if (rc == -EAGAIN)
		return rc;
	list->count = 0;
	list->bytes = 0;
	if (rc < 0 ||
	    virtqueue_chain(&queue->ring, &vhost->device.memory, 0, false, list, ret_head))
		return end(vhost, nonsense);
	return 0;
}

/* Copy a frame, or its headers: what they are is looked up in the copy. Return: what is left */
static struct vhost_rest take_frame(struct virtqueue_list *list, struct iov_cursor *from,
				    const struct virtio_net_hdr *header, uint8_t *out, size_t len)
{
	const size_t first = MIN(len, (size_t)TCP_RUN_HEADER_MAX);
	struct vhost_rest rest = { list->iov, (int)list->count };
	size_t header_len = 0;

	iov_take(from, out, first);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID) &&
	    len >= VHOST_LENT_MIN)
		header_len = tcp_run_header(out, first, len);
	if (!header_len) {
		iov_take(from, out + first, len - first);
		return (struct vhost_rest){ .count = 0 };
	}
	iov_narrow(&rest.pieces, &rest.count, (size_t)list->bytes - len + header_len,
		   len - header_len);
	return rest;
}

void vhost_release(struct vhost *vhost)
{
	struct virtqueue *ring = &vhost->device.queues[VHOST_FROM_GUEST].ring;

	if (!vhost->lent)
		return;
	vhost->lent = false;
	if (!vhost_queue_runs(&vhost->device.queues[VHOST_FROM_GUEST]))
		return;
	virtqueue_use(ring, vhost->lent_head, 0);
	virtqueue_publish(ring);
}

int vhost_read(struct vhost *vhost, uint8_t *out, struct virtio_net_hdr *ret_header,
	       size_t *ret_len, struct vhost_rest *ret_rest)
{
	struct vhost_device *device = &vhost->device;
	struct vhost_queue *queue = &device->queues[VHOST_FROM_GUEST];
	struct virtqueue_list *list = vhost->from_guest;
	struct iov_cursor from = { list->iov, 0 };
	size_t skip = header_bytes(device);
	struct virtio_net_hdr_mrg_rxbuf header;
	bool taken = false;
	int rc;

	vhost_release(vhost);
	rc = next_chain(vhost, queue, &vhost->lent_head);
	if (rc)
		return rc;
	vhost->lent = true;
	if (vhost_queue_is_enabled(device, queue) && list->bytes > skip &&
	    list->bytes - skip <= VHOST_FRAME_MAX) {
		iov_take(&from, &header, skip);
		*ret_header = header_swap(&header.hdr);
		*ret_len = (size_t)list->bytes - skip;
		*ret_rest = take_frame(list, &from, ret_header, out, *ret_len);
		taken = true;
	}
	if (!taken || !ret_rest->count)
		vhost_release(vhost);
	return taken;
}

/* Return: 0; -ENOBUFS if there are not enough now; -EMSGSIZE if one is too small, which is all that
 * there can be then, and taken; -EPROTO
 */
static int find_room(struct vhost *vhost, struct virtqueue *ring, size_t bytes)
{
	bool merge = vhost_device_has(&vhost->device, VIRTIO_NET_F_MRG_RXBUF);
	int available = (uint16_t)(ring->seen - ring->next);
	struct vhost_room *room = vhost->to_guest;
	struct virtqueue_list *list = &room->list;

	list->count = 0;
	list->bytes = 0;
	room->count = 0;
	do {
		if (room->count >= available)
			available = virtqueue_available(ring);
		if (available < 0 || room->count == VIRTQUEUE_MAX)
			return end(vhost, nonsense);
		if (room->count >= available)
			return -ENOBUFS;
		if (virtqueue_chain(ring, &vhost->device.memory, room->count, true, list,
				    &room->heads[room->count]))
			return end(vhost, nonsense);
		room->ends[room->count++] = list->bytes;
	} while (merge && list->bytes < bytes);
	return list->bytes < bytes ? -EMSGSIZE : 0;
}

/* The payload may be where vhost_find_room() said, in more room than it turned out to take. Return:
 * 0, -ENOBUFS, -EMSGSIZE or -EPROTO
 */
static int write_now(struct vhost *vhost, const struct iovec *iov, int count, size_t len,
		     const struct virtio_net_hdr *header)
{
	struct virtqueue *ring = &vhost->device.queues[VHOST_TO_GUEST].ring;
	struct virtio_net_hdr_mrg_rxbuf out = { .hdr = header_swap(header) };
	struct vhost_room *room = vhost->to_guest;
	size_t before = header_bytes(&vhost->device), left = len, n;
	bool is_there = room->payload && count > 1 && iov[1].iov_base == room->payload;
	struct iov_cursor from = { iov, 0 }, to = { room->list.iov, 0 };
	uint64_t start = 0, all = before + len;
	uint16_t buffers = 0;
	int rc = is_there ? 0 : find_room(vhost, ring, before + len);

	room->payload = NULL;
	if (rc)
		return rc;
	while (room->ends[buffers++] < all)
		;
	out.num_buffers = htole16(buffers);
	iov_put(&to, &out, before);
	if (is_there)
		left = iov[0].iov_len;
	for (; left; left -= n) {
		const uint8_t *piece = iov_run(&from, left, &n);

		iov_put(&to, piece, n);
	}
	for (int i = 0; i < buffers; i++) {
		uint64_t behind = MIN(room->ends[i], all);

		virtqueue_use(ring, room->heads[i], (uint32_t)(behind - start));
		start = behind;
	}
	virtqueue_publish(ring);
	return 0;
}

/* Whether the guest's driver does what is left to do for a frame */
static bool guest_does(const struct vhost_device *device, const struct link_offload *offload)
{
	if (!offload->needs_csum)
		return true;
	if (!vhost_device_has(device, VIRTIO_NET_F_GUEST_CSUM))
		return false;
	switch (offload->gso) {
	case LINK_GSO_TCP:
		return vhost_device_has(device, offload->ipv6 ? VIRTIO_NET_F_GUEST_TSO6
							      : VIRTIO_NET_F_GUEST_TSO4);
	case LINK_GSO_UDP:
		return vhost_device_has(device, VIRTIO_NET_F_GUEST_USO4) &&
		       vhost_device_has(device, VIRTIO_NET_F_GUEST_USO6);
	case LINK_GSO_NONE:
		break;
	}
	return true;
}

/* Without what waits before it, which would go first */
int vhost_find_room(struct vhost *vhost, const struct link_room *room, struct iovec *iov, int max)
{
	const struct link_offload offload = {
		.gso = room->payload_len > room->mss ? LINK_GSO_TCP : LINK_GSO_NONE,
		.ipv6 = room->ipv6,
		.needs_csum = true,
	};
	size_t before = header_bytes(&vhost->device) + room->header_len;
	struct vhost_room *found = vhost->to_guest;
	struct iovec *pieces = found->list.iov;
	int count;

	found->payload = NULL;
	if (vhost->device.reason || !guest_receives(&vhost->device) ||
	    backlog_waiting(&vhost->backlog) || !guest_does(&vhost->device, &offload) ||
	    find_room(vhost, &vhost->device.queues[VHOST_TO_GUEST].ring,
		      before + room->payload_len))
		return 0;
	count = (int)found->list.count;
	if (count > max)
		return 0;
	memcpy(iov, pieces, (size_t)count * sizeof(*iov));
	pieces = iov;
	iov_narrow(&pieces, &count, before, room->payload_len);
	memmove(iov, pieces, (size_t)count * sizeof(*iov));
	found->payload = iov[0].iov_base;
	return count;
}

/* Write frames to the backlog, done with what @offload says is left to do; with none, a frame as
 * it is. Return: bytes of frames, or -ENOBUFS
 */
static int write_later(struct vhost *vhost, const struct iovec *iov, int count,
		       const struct virtio_net_hdr *header, const struct link_offload *offload)
{
	struct waiting waiting = { .header = *header };
	struct backlog *backlog = &vhost->backlog;
	struct soft_offload cut;
	size_t written = 0, len;

	soft_offload_init(&cut, iov, count, offload);
	if (!backlog_make_room(backlog,
			       soft_offload_bytes(&cut) + cut.frames_left * sizeof(waiting)))
		return -ENOBUFS;
	while ((len = soft_offload_next(&cut, backlog->bytes + backlog->end + sizeof(waiting)))) {
		waiting.len = (uint32_t)len;
		memcpy(backlog->bytes + backlog->end, &waiting, sizeof(waiting));
		backlog->end += sizeof(waiting) + len;
		written += len;
	}
	return (int)written;
}

/* Return: 0, -ENOBUFS if something is left, -EPROTO */
static int write_waiting(struct vhost *vhost)
{
	struct backlog *backlog = &vhost->backlog;
	struct waiting waiting;
	int rc = 0;

	while (backlog_waiting(backlog) && (!rc || rc == -EMSGSIZE)) {
		uint8_t *at = backlog->bytes + backlog->at;
		struct iovec iov = { .iov_base = at + sizeof(waiting) };

		memcpy(&waiting, at, sizeof(waiting));
		iov.iov_len = waiting.len;
		rc = write_now(vhost, &iov, 1, waiting.len, &waiting.header);
		if (!rc || rc == -EMSGSIZE)
			backlog->at += sizeof(waiting) + waiting.len;
	}
	if (!backlog_waiting(backlog)) {
		backlog_reset(backlog);
		return 0;
	}
	return rc;
}

int vhost_write(struct vhost *vhost, const struct iovec *iov, int count,
		const struct virtio_net_hdr *header, const struct link_offload *offload)
{
	static const struct link_offload nothing = { .gso = LINK_GSO_NONE };
	static const struct virtio_net_hdr plain = { .flags = 0 };
	struct vhost_device *device = &vhost->device;
	size_t len = 0;
	int rc = -ENOBUFS;

	if (!guest_receives(device))
		return -ENOTCONN;
	if (device->reason)
		return -EPROTO;
	if (!guest_does(device, offload)) {
		rc = write_later(vhost, iov, count, &plain, offload);
		write_waiting(vhost);
		return rc;
	}
	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	if (!backlog_waiting(&vhost->backlog))
		rc = write_now(vhost, iov, count, len, header);
	if (rc == -ENOBUFS)
		rc = write_later(vhost, iov, count, header, &nothing);
	return rc ? rc : (int)len;
}

/* As often as the guest has more buffers than a moment before, but not for ever. Return: as
 * vhost_flush()
 */
static int flush_waiting(struct vhost *vhost, struct virtqueue *ring)
{
	for (int i = 0; i <= VIRTQUEUE_MAX; i++) {
		int rc = write_waiting(vhost);

		if (!rc)
			virtqueue_disarm(ring);
		if (rc != -ENOBUFS)
			return rc;
		if (!virtqueue_arm(ring))
			return -EAGAIN;
	}
	return end(vhost, nonsense);
}

int vhost_flush(struct vhost *vhost)
{
	int rc = 0;

	if (backlog_waiting(&vhost->backlog))
		rc = flush_waiting(vhost, &vhost->device.queues[VHOST_TO_GUEST].ring);
	for (int i = 0; i < VHOST_QUEUES; i++)
		vhost_queue_signal(&vhost->device, &vhost->device.queues[i]);
	return vhost->device.reason ? -EPROTO : rc;
}
