/* SPDX-License-Identifier: Apache-2.0
 *
 * Two buffers, each used from its front to its end and then from the front again: a frame is never
 * in two pieces, so it can be read and written in place. Many frames are received with one call,
 * and sent with one.
 */
#include "common/link/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/link/soft_offload.h"
#include "common/wire/cursor.h"

#define STREAM_LENGTH_BYTES sizeof(struct be32)
#define STREAM_FRAME_MIN 14 /* an Ethernet header */

/* The largest frame, and room to receive many small ones behind it */
#define STREAM_RX_BYTES ((size_t)192 * 1024)

/* So much is sent at once, so that whoever reads it can begin while there's more to write. A
 * socket's own buffer has 208 KiB by default, and twice that if asked for more. Waiting frames are
 * up to the second figure, a super-frame more, and then answers that nobody will repeat
 */
#define STREAM_TX_EAGER ((size_t)120 * 1024)
#define STREAM_TX_FULL ((size_t)512 * 1024)
#define STREAM_TX_BYTES ((size_t)1024 * 1024)

int stream_init(struct stream *stream)
{
	void *map = mmap(NULL, STREAM_RX_BYTES + STREAM_TX_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*stream = (struct stream){ .fd = -1 };
	if (map == MAP_FAILED)
		return -ENOMEM;
	stream->rx = map;
	stream->tx =
		(struct backlog){ .bytes = stream->rx + STREAM_RX_BYTES, .size = STREAM_TX_BYTES };
	return 0;
}

void stream_fini(struct stream *stream)
{
	if (stream->rx)
		munmap(stream->rx, STREAM_RX_BYTES + STREAM_TX_BYTES);
	stream->rx = NULL;
}

void stream_connect(struct stream *stream, int fd)
{
	stream->fd = fd;
	stream->blocked = false;
	stream->rx_at = stream->rx_end = 0;
	backlog_reset(&stream->tx);
	/* The kernel gives as much of it as it may, and less is no failure */
	if (fd >= 0)
		socket_set(fd, SOL_SOCKET, SO_SNDBUF, (int)STREAM_TX_FULL);
}

/* Return: bytes of the next frame as it says itself; 0 if not even that is there */
static size_t next_length(const struct stream *stream)
{
	struct be32 length;

	if (stream->rx_end - stream->rx_at < STREAM_LENGTH_BYTES)
		return 0;
	memcpy(&length, stream->rx + stream->rx_at, sizeof(length));
	return be32_get(length);
}

static bool is_possible(size_t length)
{
	return length >= STREAM_FRAME_MIN && length <= STREAM_FRAME_MAX;
}

bool stream_has_frame(const struct stream *stream)
{
	size_t have = stream->rx_end - stream->rx_at, length = next_length(stream);

	if (have < STREAM_LENGTH_BYTES)
		return false;
	return !is_possible(length) || have - STREAM_LENGTH_BYTES >= length;
}

bool stream_peek(const struct stream *stream, const uint8_t **ret_data, size_t *ret_len)
{
	size_t length = next_length(stream);

	if (!stream_has_frame(stream) || !is_possible(length))
		return false;
	*ret_data = stream->rx + stream->rx_at + STREAM_LENGTH_BYTES;
	*ret_len = length;
	return true;
}

/* Return: bytes, or -errno */
static ssize_t receive(struct stream *stream)
{
	size_t have = stream->rx_end - stream->rx_at;
	ssize_t n;

	/* To the front when there's nothing to move, or no room for the largest frame behind it */
	if (!have || STREAM_RX_BYTES - stream->rx_at < STREAM_LENGTH_BYTES + STREAM_FRAME_MAX) {
		memmove(stream->rx, stream->rx + stream->rx_at, have);
		stream->rx_at = 0;
		stream->rx_end = have;
	}
	if (stream->fd < 0)
		return -ENOTCONN;
	n = recv(stream->fd, stream->rx + stream->rx_end, STREAM_RX_BYTES - stream->rx_end,
		 MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	stream->rx_end += (size_t)n;
	return n ? n : -ENOTCONN;
}

int stream_read(struct stream *stream, bool held, const uint8_t **ret_data, size_t *ret_len)
{
	ssize_t n;

	if (!stream_has_frame(stream)) {
		if (held)
			return -EAGAIN;
		n = receive(stream);
		if (n < 0)
			return (int)n;
		if (!stream_has_frame(stream))
			return -EAGAIN;
	}
	if (!stream_peek(stream, ret_data, ret_len))
		return -EPROTO;
	stream->rx_at += STREAM_LENGTH_BYTES + *ret_len;
	return 1;
}

int stream_find_room(struct stream *stream, const struct link_room *room, struct iovec *iov,
		     int max)
{
	size_t before = STREAM_LENGTH_BYTES + room->header_len, left = room->payload_len;
	size_t count = (left + room->mss - 1) / room->mss;
	uint8_t *at;

	if (stream->fd < 0 || count > (size_t)max ||
	    !backlog_make_room(&stream->tx, left + count * before))
		return 0;
	at = stream->tx.bytes + stream->tx.end;
	for (size_t i = 0; i < count; i++) {
		iov[i] = (struct iovec){ at + before, MIN(left, room->mss) };
		at += before + iov[i].iov_len;
		left -= iov[i].iov_len;
	}
	return (int)count;
}

int stream_write(struct stream *stream, const struct iovec *iov, int count,
		 const struct link_offload *offload)
{
	struct soft_offload cut;
	size_t bytes, written = 0, len;

	if (stream->fd < 0)
		return -ENOTCONN;
	soft_offload_init(&cut, iov, count, offload);
	bytes = soft_offload_bytes(&cut);
	if (!backlog_make_room(&stream->tx, bytes + cut.frames_left * STREAM_LENGTH_BYTES)) {
		stream_flush(stream);
		if (!backlog_make_room(&stream->tx, bytes + cut.frames_left * STREAM_LENGTH_BYTES))
			return -ENOBUFS;
	}
	while ((len = soft_offload_next(&cut,
					stream->tx.bytes + stream->tx.end + STREAM_LENGTH_BYTES))) {
		struct be32 length = be32_make((uint32_t)len);

		memcpy(stream->tx.bytes + stream->tx.end, &length, sizeof(length));
		stream->tx.end += STREAM_LENGTH_BYTES + len;
		written += len;
	}
	if (backlog_waiting(&stream->tx) >= STREAM_TX_EAGER && !stream->blocked)
		stream_flush(stream);
	return (int)written;
}

int stream_flush(struct stream *stream)
{
	while (backlog_waiting(&stream->tx)) {
		ssize_t n = send(stream->fd, stream->tx.bytes + stream->tx.at,
				 backlog_waiting(&stream->tx), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		stream->blocked = n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM);
		if (stream->blocked)
			return -EAGAIN;
		if (n < 0)
			break;
		stream->tx.at += (size_t)n;
	}
	backlog_reset(&stream->tx);
	return 0;
}

bool stream_is_full(const struct stream *stream)
{
	return backlog_waiting(&stream->tx) >= STREAM_TX_FULL;
}
