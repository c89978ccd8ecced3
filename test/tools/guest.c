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
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define FRAME_MAX (14 + 65536)
#define LENGTH_BYTES 4
#define RETRY_US 20000

struct stream {
	int fd;
	size_t have;
	uint8_t bytes[4 * (LENGTH_BYTES + FRAME_MAX)];
};

static struct stream stream; /* too large for a stack */

static int open_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		tool_fail("/dev/net/tun");
	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &ifr))
		tool_fail(name);
	return fd;
}

/* Return: -1 if nobody listens there */
static int connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (path[0] != '/' && path[0] != '.')
		return (int)tool_number(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	if (fd < 0)
		tool_fail("socket");
	if (!connect(fd, (const struct sockaddr *)&at, sizeof(at)))
		return fd;
	close(fd);
	return -1;
}

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
	ssize_t n = recv(stream.fd, stream.bytes + stream.have, sizeof(stream.bytes) - stream.have,
			 0);
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

static void carry(int tap)
{
	struct pollfd fds[] = { { .fd = tap, .events = POLLIN },
				{ .fd = stream.fd, .events = POLLIN } };

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
	int tap;

	if (argc != 3 + again) {
		fputs("usage: guest [-r] SOCKET|FD IFNAME\n", stderr);
		return 2;
	}
	tap = open_tap(argv[2 + again]);
	do {
		stream.fd = connect_to(argv[1 + again]);
		if (stream.fd >= 0)
			carry(tap);
		else if (!again)
			tool_fail(argv[1]);
		else
			usleep(RETRY_US);
	} while (again);
	return 0;
}
