/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames by the rings in a virtual machine's memory, as the back end of a vhost-user network card.
 * As by a tap, each has a virtio-net header, and can be a whole TCP super-frame; what the guest
 * does not take of that is done here. A frame is copied once, from the guest's buffers to the
 * caller's or the other way, which is what the kernel does for a tap: so nobody can change what
 * was checked. Large payload of TCP is not, which is only passed on: if the guest changes that
 * after all, it's as if it had sent something else.
 *
 * While the guest offers no buffers, frames wait here; that is when the link is full.
 */
#ifndef COMMON_LINK_VHOST_H
#define COMMON_LINK_VHOST_H

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/fd_message.h"
#include "common/link/backlog.h"
#include "common/link/offload.h"
#include "common/link/vhost_device.h"
#include "common/link/vhost_message.h"

/* Largest frame: Ethernet and a 64 KiB IP packet */
#define VHOST_FRAME_MAX (ETH_HLEN + 65536)

struct vhost {
	int fd; /* non-blocking, not owned; -1: there is no front end now */
	struct vhost_device device;
	struct backlog backlog;
	/* Of the frame at hand, behind the backlog, as they are large */
	struct virtqueue_list *from_guest;
	struct vhost_room *to_guest;
	bool lent; /* buffers of the guest's that are still looked at */
	uint16_t lent_head;
	size_t received; /* bytes of a message */
	struct fd_list fds; /* that came with it */
	uint8_t message[VHOST_HEADER_BYTES + VHOST_PAYLOAD_MAX];
};

/* vhost_init() - offering these features. Return: 0 or -ENOMEM */
int vhost_init(struct vhost *vhost, uint64_t features);
void vhost_fini(struct vhost *vhost);

/* vhost_connect() - a new front end, with nothing of the last one left; -1: none */
void vhost_connect(struct vhost *vhost, int fd);

/* vhost_control() - do what the front end asks for, when its socket is readable
 *
 * Return: 0; -EPROTO for nonsense, with vhost->device.reason set; -ENOTCONN once it has gone;
 *	   another -errno of recvmsg(2)
 */
int vhost_control(struct vhost *vhost);

/* The part of a frame that is left in the guest's memory */
struct vhost_rest {
	struct iovec *pieces;
	int count; /* 0: nothing */
};

/* vhost_read() - the next frame, copied to @out, which has room for VHOST_FRAME_MAX
 * @ret_rest:	TCP's payload, not copied, if it's large and needs no look: the next vhost_read() or
 *		vhost_release() gives it back to the guest
 *
 * Return: 1; 0 if it was dropped; -EAGAIN if there is none, and the next one comes with a kick;
 *	   -EPROTO for nonsense, as above
 */
int vhost_read(struct vhost *vhost, uint8_t *out, struct virtio_net_hdr *ret_header,
	       size_t *ret_len, struct vhost_rest *ret_rest);
void vhost_release(struct vhost *vhost);

/* vhost_find_room() - see link_find_room() */
int vhost_find_room(struct vhost *vhost, const struct link_room *room, struct iovec *iov, int max);

/* vhost_write() - one frame
 * @header:	says the same as @offload
 *
 * Return: bytes of frames, -ENOTCONN if the guest receives nothing now, -ENOBUFS if there is no
 *	   room, -EMSGSIZE if the guest's buffers are too small for it, -EPROTO as above
 */
int vhost_write(struct vhost *vhost, const struct iovec *iov, int count,
		const struct virtio_net_hdr *header, const struct link_offload *offload);

/* vhost_flush() - write what waits, tell the guest. Return: 0; -EAGAIN if something is left, and
 * room comes with a kick; -EPROTO as above
 */
int vhost_flush(struct vhost *vhost);

/* vhost_is_full() - whether more should not be written before vhost_flush() returns 0 */
static inline bool vhost_is_full(const struct vhost *vhost)
{
	return backlog_waiting(&vhost->backlog);
}

#endif
