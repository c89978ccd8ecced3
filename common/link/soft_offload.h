/* SPDX-License-Identifier: Apache-2.0
 *
 * What a kernel does for frames with a virtio-net header, for an inner side that takes plain frames
 * only: a frame with offloads becomes one or several without. TCP super-frames and trains of
 * datagrams are cut into segments, checksums are made complete. Pure.
 */
#ifndef COMMON_LINK_SOFT_OFFLOAD_H
#define COMMON_LINK_SOFT_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/iov.h"
#include "common/link/offload.h"

/* A frame that is being taken apart. What @iov points to must outlive it */
struct soft_offload {
	const struct link_offload *offload;
	struct iov_cursor rest; /* from the next byte of payload on */
	const uint8_t *header; /* Ethernet to transport; the whole frame if nothing is to be cut */
	size_t header_len;
	size_t payload_left, piece; /* bytes; a piece is a segment's payload */
	uint32_t offset; /* of the next piece in the payload */
	uint32_t frames_left;
};

/* soft_offload_init()
 * @iov:	the frame, from the Ethernet header on; with offloads, all headers are in iov[0]
 */
void soft_offload_init(struct soft_offload *cut, const struct iovec *iov, int count,
		       const struct link_offload *offload);

/* soft_offload_bytes() - of all the frames that are left, together */
size_t soft_offload_bytes(const struct soft_offload *cut);

/* soft_offload_next() - write the next frame to @out, which has room for it. Its payload may be in
 * its place already
 *
 * Return: its bytes; 0: there is none
 */
size_t soft_offload_next(struct soft_offload *cut, uint8_t *out);

#endif
