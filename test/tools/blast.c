/* SPDX-License-Identifier: Apache-2.0
 *
 * blast: datagrams as fast as they go, and how many of them the sender was told are lost.
 *
 *	blast ADDR PORT SIZE COUNT|SECONDSs [SEGMENTS]
 *
 * Sends COUNT datagrams of SIZE bytes, or for that many seconds ("2s"), SEGMENTS of them in a call
 * (UDP_SEGMENT). By IP_RECVERR the kernel says ENOBUFS when a queue on the way out was full. Prints
 * "sent N" in the end, without those. Any other error ends the program with exit status 1.
 */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define CALL_BYTES_MAX 65507

static int blast_socket(const struct tool_addr *to, int size)
{
	int fd = socket(to->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	int v6 = to->sa.ss_family == AF_INET6;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to->sa, to->len) ||
	    setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &one,
		       sizeof(one)) ||
	    (size && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size))))
		tool_fail("socket");
	return fd;
}

/* Return: how many were sent. @count: 0 for no limit; @until: 0 for no limit */
static long blast(int fd, long size, long segments, long count, double until)
{
	static const char data[CALL_BYTES_MAX];
	long sent = 0, tried = 0;

	while (count ? tried < count : tool_now() < until) {
		long n = count && count - tried < segments ? count - tried : segments;

		if (send(fd, data, (size_t)(n * size), 0) >= 0)
			sent += n;
		else if (errno != ENOBUFS)
			tool_fail("send");
		tried += n;
	}
	return sent;
}

int main(int argc, char **argv)
{
	long size, segments, count = 0;
	struct tool_addr to;
	double until = 0;
	char *unit;

	if (argc < 5 || argc > 6) {
		fputs("usage: blast ADDR PORT SIZE COUNT|SECONDSs [SEGMENTS]\n", stderr);
		return 2;
	}
	to = tool_addr_parse(argv[1], argv[2]);
	size = tool_number(argv[3]);
	segments = argc > 5 ? tool_number(argv[5]) : 1;
	if (segments < 1 || size * segments > CALL_BYTES_MAX) {
		fputs("blast: too much for one call\n", stderr);
		return 2;
	}
	unit = strchr(argv[4], 's');
	if (unit) {
		*unit = '\0';
		until = tool_now() + (double)tool_number(argv[4]);
	} else {
		count = tool_number(argv[4]);
	}
	printf("sent %ld\n", blast(blast_socket(&to, segments > 1 ? (int)size : 0), size, segments,
				   count, until));
	return 0;
}
