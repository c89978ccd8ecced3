/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest sends, in pieces of a size that the first byte says: frames come out as they are in
 * there, whatever the pieces, until a length that can't be; nothing else is said of it than that.
 */
#include "test/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/util.h"
#include "common/link/stream.h"

/* Return: whether @data starts with a whole frame that can be; @ret_len: its bytes */
static bool frame_at(const uint8_t *data, size_t size, size_t *ret_len)
{
	if (size < 4)
		return false;
	*ret_len = (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
	return *ret_len >= 14 && *ret_len <= STREAM_FRAME_MAX && size - 4 >= *ret_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stream stream; /* its buffers are large: one for all inputs */
	size_t piece = size ? data[0] + 1U : 1, read = 1, sent = 1, len, n;
	const uint8_t *frame;
	int fds[2], rc = -EAGAIN;

	if (!stream.rx)
		REQUIRE(!stream_init(&stream));
	REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	stream_connect(&stream, fds[0]);
	while (sent < size && rc == -EAGAIN) {
		n = MIN(piece, size - sent);
		REQUIRE(send(fds[1], data + sent, n, 0) == (ssize_t)n);
		sent += n;
		while ((rc = stream_read(&stream, false, &frame, &n)) == 1) {
			REQUIRE(frame_at(data + read, sent - read, &len) && len == n);
			REQUIRE(!memcmp(frame, data + read + 4, n));
			read += 4 + n;
		}
		REQUIRE(rc == -EAGAIN || rc == -EPROTO);
		REQUIRE(!frame_at(data + read, sent - read, &len));
	}
	close(fds[0]);
	close(fds[1]);
	return 0;
}
