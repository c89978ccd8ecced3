/* SPDX-License-Identifier: Apache-2.0
 *
 * stall: connections that get stuck because nobody reads.
 *
 *	stall deaf PORT          listen on every address and accept nothing, until killed
 *	stall fill ADDR PORT N   open N connections, write into each until nothing has gone into any
 *	                         for half a second, say "N stalled", hold them until stdin ends
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define STALL_QUIET_S 0.5

static int deaf(const char *port)
{
	struct tool_addr any = tool_addr_parse("::", port);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1, zero = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, (struct sockaddr *)&any.sa, any.len) || listen(fd, 4096))
		tool_fail("bind");
	pause();
	return 0;
}

static int dial(const struct tool_addr *to)
{
	int fd = socket(to->sa.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to->sa, to->len) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK))
		tool_fail("connect");
	return fd;
}

/* Return: whether something went */
static bool fill_all(const int *fds, long count)
{
	static const char data[65536];
	bool any = false;

	for (long i = 0; i < count; i++) {
		if (write(fds[i], data, sizeof(data)) > 0)
			any = true;
		else if (errno != EAGAIN)
			tool_fail("write");
	}
	return any;
}

static int fill(const struct tool_addr *to, long count)
{
	int *fds = calloc((size_t)count, sizeof(*fds));
	double quiet_since;
	char c;

	if (!fds)
		tool_fail("calloc");
	for (long i = 0; i < count; i++)
		fds[i] = dial(to);
	quiet_since = tool_now();
	while (tool_now() - quiet_since < STALL_QUIET_S) {
		if (fill_all(fds, count))
			quiet_since = tool_now();
		else
			usleep(10000);
	}
	printf("%ld stalled\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	struct tool_addr to;

	if (argc == 3 && !strcmp(argv[1], "deaf"))
		return deaf(argv[2]);
	if (argc != 5 || strcmp(argv[1], "fill")) {
		fputs("usage: stall deaf PORT | stall fill ADDR PORT N\n", stderr);
		return 2;
	}
	to = tool_addr_parse(argv[2], argv[3]);
	return fill(&to, tool_number(argv[4]));
}
