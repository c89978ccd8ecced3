/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames on a stream socket, each with its length before it in 4 bytes (QEMU's "-netdev stream").
 * Unlike a tap such a socket can be full: what it doesn't take now stays here and goes first later;
 * while much of it is here, the stream is full, and who has more to send had better wait.
 *
 * The peer is a virtual machine, so what it sends is hostile. A length that no frame has leaves no
 * way to find the next one: that ends the stream. The descriptor is not owned.
 */
#ifndef COMMON_LINK_STREAM_H
#define COMMON_LINK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/link/backlog.h"
#include "common/link/offload.h"

/* Largest frame: Ethernet and a 64 KiB IP packet */
#define STREAM_FRAME_MAX (14 + 65536)

struct stream {
	int fd; /* non-blocking; -1: there is no peer now */
	uint8_t *rx; /* one mapping with the backlog's */
	size_t rx_at, rx_end; /* what was received and is not read yet */
	bool blocked; /* the socket takes nothing now */
	struct backlog tx; /* what was written and is not sent yet */
};

/* stream_init() - Return: 0 or -ENOMEM */
int stream_init(struct stream *stream);
void stream_fini(struct stream *stream);

/* stream_connect() - a new peer, with nothing of the last one left; -1: none */
void stream_connect(struct stream *stream, int fd);

/* stream_read() - the next frame, valid until the next call that returns another value than 1, or
 * for ever if @held
 * @held:	earlier frames are still needed: nothing may move
 *
 * Return: 1; -EAGAIN if there is none yet; -EPROTO for a length that can't be; -ENOTCONN once the
 *	   peer has gone; another -errno of recv(2)
 */
int stream_read(struct stream *stream, bool held, const uint8_t **ret_data, size_t *ret_len);

/* stream_peek() - the frame that stream_read() returns next, if it has a whole one already
 *
 * Return: whether it has
 */
bool stream_peek(const struct stream *stream, const uint8_t **ret_data, size_t *ret_len);

/* stream_has_frame() - whether stream_read() returns one, or an error, without asking the kernel */
bool stream_has_frame(const struct stream *stream);

/* stream_find_room() - see link_find_room() */
int stream_find_room(struct stream *stream, const struct link_room *room, struct iovec *iov,
		     int max);

/* stream_write() - one frame, which is sent in its turn
 * @offload:	done here, so that the peer gets plain frames
 *
 * Return: bytes of frames, or -ENOBUFS if there is no room; nothing was written then
 */
int stream_write(struct stream *stream, const struct iovec *iov, int count,
		 const struct link_offload *offload);

/* stream_flush() - send what the socket takes. Return: 0, -EAGAIN if something is left; an error of
 * send(2) is the next stream_read()'s business
 */
int stream_flush(struct stream *stream);

/* stream_is_full() - whether so much waits to be sent that more should not be written */
bool stream_is_full(const struct stream *stream);

#endif
