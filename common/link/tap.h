/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames by a tap, whose other side is a kernel: one read(2) or write(2) a frame, whatever the MTU,
 * since with the virtio-net header a frame can be a whole TCP super-frame. A tap is never full:
 * what its queue has no room for, the kernel drops.
 */
#ifndef COMMON_LINK_TAP_H
#define COMMON_LINK_TAP_H

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Largest frame: virtio-net header, Ethernet, a 64 KiB IP packet */
#define TAP_FRAME_MAX (sizeof(struct virtio_net_hdr) + ETH_HLEN + 65536)

/* tap_read() - the next frame, with its header before it, to @at, where TAP_FRAME_MAX have room
 *
 * Return: 1 with the header, not checked yet, and the length without it; 0 if what came was no
 *	   frame; -EAGAIN if there is none; another -errno if the tap is gone
 */
int tap_read(int fd, uint8_t *at, struct virtio_net_hdr *ret_header, size_t *ret_len);

/* tap_write() - one frame
 * @iov:	iov[0] is for @header and is filled in here; the frame is in the following ones
 *
 * Return: bytes of the frame, or -errno
 */
ssize_t tap_write(int fd, struct iovec *iov, int count, struct virtio_net_hdr *header);

#endif
