/* SPDX-License-Identifier: Apache-2.0
 *
 * guest: a virtual machine as passt sees one, whose kernel is this namespace's. Frames of a new tap
 * go over a UNIX stream socket, each with its length before it in 4 bytes, and back.
 *
 *	guest [-r] SOCKET|FD IFNAME
 *
 * Ends with status 0 when the other side closes; with -r it connects again instead, for ever.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>

#include "test/tools/guest.h"

#define FRAME_MAX (14 + 65536)
#define LENGTH_BYTES 4

struct stream {
	int fd;
	size_t have;
	uint8_t bytes[4 * (LENGTH_BYTES + FRAME_MAX)];
};

static struct stream stream; /* too large for a stack */

static bool send_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool to_stream(int tap)
{
	static uint8_t frame[LENGTH_BYTES + FRAME_MAX];
	ssize_t n = read(tap, frame + LENGTH_BYTES, FRAME_MAX);
	uint32_t length = htonl((uint32_t)n);

	if (n < 0)
		return true;
	memcpy(frame, &length, LENGTH_BYTES);
	return send_all(stream.fd, frame, LENGTH_BYTES + (size_t)n);
}

static bool to_tap(int tap)
{
	ssize_t n =
		recv(stream.fd, stream.bytes + stream.have, sizeof(stream.bytes) - stream.have, 0);
	size_t at = 0;
	uint32_t length;

	if (n <= 0)
		return false;
	stream.have += (size_t)n;
	while (stream.have - at >= LENGTH_BYTES) {
		memcpy(&length, stream.bytes + at, LENGTH_BYTES);
		length = ntohl(length);
		if (length > FRAME_MAX) {
			fprintf(stderr, "a frame of %u bytes\n", length);
			exit(1);
		}
		if (stream.have - at - LENGTH_BYTES < length)
			break;
		/* While the interface is down nobody takes it */
		if (write(tap, stream.bytes + at + LENGTH_BYTES, length) < 0 && errno != EIO)
			tool_fail("write");
		at += LENGTH_BYTES + length;
	}
	stream.have -= at;
	memmove(stream.bytes, stream.bytes + at, stream.have);
	return true;
}

static void carry(int tap, int fd)
{
	struct pollfd fds[] = { { .fd = tap, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	stream.fd = fd;
	stream.have = 0;
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			tool_fail("poll");
		if (fds[1].revents && !to_tap(tap))
			break;
		if (fds[0].revents && !to_stream(tap))
			break;
	}
	close(stream.fd);
}

int main(int argc, char **argv)
{
	bool again = argc > 1 && !strcmp(argv[1], "-r");

	if (argc != 3 + again) {
		fputs("usage: guest [-r] SOCKET|FD IFNAME\n", stderr);
		return 2;
	}
	guest_run(argv[1 + again], again, guest_tap(argv[2 + again], 0), carry);
	return 0;
}
