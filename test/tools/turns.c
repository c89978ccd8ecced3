/* SPDX-License-Identifier: Apache-2.0
 *
 * turns: requests and answers, one at a time. One side's messages are of one byte, the other's are
 * written in two parts 1 ms apart, as by programs that send a header and then a body.
 *
 *	turns serve PORT              serve one connection on every address, then exit
 *	turns ask ADDR PORT COUNT     COUNT turns with answers in two parts
 *	turns tell ADDR PORT COUNT    COUNT turns with requests in two parts
 *	turns wait ADDR PORT COUNT    COUNT turns of one byte each, answered after 5 ms
 *
 * The client prints the median of the turns' times, and how many took 30 ms or more, as when one
 * kernel waits for the other's delayed acknowledgement: "median=US slow=N".
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define TURNS_MAX 10000
#define SLOW_S 0.03
#define PART_BYTES 100
#define PATIENCE_S 20

/* What a request starts with */
#define ASK 'a'
#define TELL 't'
#define WAIT 'w'
#define WAIT_MS 5

static void prepare(int fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		tool_fail("setsockopt");
}

static void say(int fd, char byte, bool parts)
{
	char message[PART_BYTES] = { byte };
	ssize_t len = parts ? PART_BYTES : 1;

	for (int i = 0; i <= parts; i++) {
		if (i)
			poll(NULL, 0, 1);
		if (send(fd, message, (size_t)len, MSG_NOSIGNAL) != len)
			tool_fail("send");
	}
}

/* Return: the message's first byte, 0 at the end of the stream */
static char hear(int fd, bool parts)
{
	char message[2 * PART_BYTES];
	ssize_t want = parts ? 2 * PART_BYTES : 1, n = recv(fd, message, 1, 0);

	if (n == 1 && want > 1)
		n += recv(fd, message + 1, (size_t)want - 1, MSG_WAITALL);
	if (n && n != want)
		tool_fail("recv");
	return n ? message[0] : 0;
}

static int serve(const char *port)
{
	struct tool_addr any = tool_addr_parse("::", port);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1, zero = 0, peer;
	char kind = ASK;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, (struct sockaddr *)&any.sa, any.len) || listen(fd, 1))
		tool_fail("bind");
	peer = accept(fd, NULL, NULL);
	if (peer < 0)
		tool_fail("accept");
	prepare(peer);
	if (recv(peer, &kind, 1, MSG_PEEK) < 0)
		tool_fail("recv");
	while (hear(peer, kind == TELL)) {
		if (kind == WAIT)
			poll(NULL, 0, WAIT_MS);
		say(peer, kind, kind == ASK);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int take_turns(const struct tool_addr *to, char kind, long count)
{
	static double took[TURNS_MAX];
	int fd = socket(to->sa.ss_family, SOCK_STREAM, 0), slow = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to->sa, to->len))
		tool_fail("connect");
	prepare(fd);
	for (long i = 0; i < count; i++) {
		double start = tool_now();

		say(fd, kind, kind == TELL);
		if (!hear(fd, kind == ASK))
			tool_fail("the connection ended");
		took[i] = tool_now() - start;
		slow += took[i] >= SLOW_S;
	}
	qsort(took, (size_t)count, sizeof(took[0]), compare);
	printf("median=%.0f slow=%d\n", took[count / 2] * 1e6, slow);
	return 0;
}

int main(int argc, char **argv)
{
	long count = argc == 5 ? tool_number(argv[4]) : 0;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	if (count > 0 && count <= TURNS_MAX &&
	    (!strcmp(argv[1], "ask") || !strcmp(argv[1], "tell") || !strcmp(argv[1], "wait"))) {
		const struct tool_addr to = tool_addr_parse(argv[2], argv[3]);

		return take_turns(&to, argv[1][0], count);
	}
	fprintf(stderr, "usage: turns serve PORT | turns ask|tell|wait ADDR PORT COUNT\n");
	return 2;
}
