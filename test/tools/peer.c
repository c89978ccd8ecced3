/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: one end of one TCP connection that does what its arguments say, in that order.
 *
 *	peer connect|listen ADDR PORT ACTION...
 *
 *	send N       send N bytes of a pattern that depends on the position
 *	recv N       receive N bytes and check the pattern
 *	drain        receive until the other end's FIN, check the pattern, print the byte count
 *	eof          the next thing received must be a FIN
 *	shut         half-close: no more data from us
 *	reset        close with RST, by SO_LINGER 0
 *	is-reset     the next thing that happens must be ECONNRESET
 *	tos N        from now on, the IP header's TOS or traffic class is N; as the buffer sizes
 *	ttl N        the same with its TTL or hop limit
 *	urgent       send one byte of the pattern as urgent
 *	mark N       receive N bytes, and find the urgent byte to be the next one then
 *	oob N        the same, and take that byte out of line
 *	rcvbuf N     set the receive buffer; before connecting or listening if it comes first
 *	sndbuf N     set the send buffer
 *	keepalive N  probe after N seconds of silence, every second, give up after three
 *	silent N     for N milliseconds nothing may arrive, neither data nor an end
 *	pause N      read nothing for N milliseconds
 *	until FILE   read nothing until FILE is there
 *	retrans      print how many segments this end sent again
 *
 * Exit status 0 if all went as told; else 1 with the action that failed.
 */
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define CHUNK 65536

struct peer {
	int fd;
	uint64_t sent, received;
	uint8_t buf[CHUNK];
};

static uint8_t pattern(uint64_t pos)
{
	return (uint8_t)(pos ^ (pos >> 8) * 31 ^ (pos >> 16) * 77 ^ (pos >> 24) * 131);
}

static int peer_send(struct peer *p, long count)
{
	while (count > 0) {
		size_t n = (size_t)(count < CHUNK ? count : CHUNK);
		ssize_t k;

		for (size_t i = 0; i < n; i++)
			p->buf[i] = pattern(p->sent + i);
		k = send(p->fd, p->buf, n, MSG_NOSIGNAL);
		if (k < 0)
			return -errno;
		p->sent += (uint64_t)k;
		count -= k;
	}
	return 0;
}

/* Receive up to @count bytes. Return: 0 when done, 1 at the end of the stream, or -errno */
static int peer_recv(struct peer *p, long count)
{
	while (count > 0) {
		ssize_t k = recv(p->fd, p->buf, (size_t)(count < CHUNK ? count : CHUNK), 0);

		if (k < 0)
			return -errno;
		if (!k)
			return 1;
		for (ssize_t i = 0; i < k; i++)
			if (p->buf[i] != pattern(p->received + (uint64_t)i))
				return -EBADMSG;
		p->received += (uint64_t)k;
		count -= k;
	}
	return 0;
}

static int peer_urgent(struct peer *p)
{
	uint8_t byte = pattern(p->sent);

	if (send(p->fd, &byte, 1, MSG_OOB | MSG_NOSIGNAL) != 1)
		return -errno;
	p->sent++;
	return 0;
}

static int peer_mark(struct peer *p, long before)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLPRI };
	int one = 1, at = 0;

	if (setsockopt(p->fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one)))
		return -errno;
	if (peer_recv(p, before))
		return -EBADMSG;
	if (poll(&pfd, 1, 10000) != 1)
		return -ETIMEDOUT;
	if (ioctl(p->fd, SIOCATMARK, &at))
		return -errno;
	return at ? 0 : -EBADMSG;
}

static int peer_oob(struct peer *p, long before)
{
	int rc = peer_mark(p, before), off = 0;
	uint8_t byte;

	if (rc)
		return rc;
	if (setsockopt(p->fd, SOL_SOCKET, SO_OOBINLINE, &off, sizeof(off)) ||
	    recv(p->fd, &byte, 1, MSG_OOB) != 1)
		return -errno;
	return byte == pattern(p->received++) ? 0 : -EBADMSG;
}

static int peer_drain(struct peer *p)
{
	int rc = peer_recv(p, LONG_MAX);

	if (rc < 0)
		return rc;
	printf("%llu\n", (unsigned long long)p->received);
	return 0;
}

static int peer_is_reset(struct peer *p)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };

	if (poll(&pfd, 1, 10000) != 1)
		return -ETIMEDOUT;
	if (recv(p->fd, p->buf, 1, 0) >= 0)
		return -EBADMSG;
	return errno == ECONNRESET ? 0 : -errno;
}

static int peer_silent(struct peer *p, long ms)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN | POLLRDHUP };

	return poll(&pfd, 1, (int)ms) ? -EBADMSG : 0;
}

static int peer_keepalive(struct peer *p, long idle_s)
{
	int on = 1, idle = (int)idle_s, every = 1, times = 3;

	if (setsockopt(p->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) ||
	    setsockopt(p->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)) ||
	    setsockopt(p->fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every)) ||
	    setsockopt(p->fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times)))
		return -errno;
	return 0;
}

static int peer_reset(struct peer *p)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	if (setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)))
		return -errno;
	close(p->fd);
	p->fd = -1;
	return 0;
}

static int peer_retrans(struct peer *p)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -errno;
	printf("%u\n", info.tcpi_total_retrans);
	return 0;
}

/* Of both families, if it may be either. Return: 0 or -errno */
static int peer_field(int fd, int name4, int name6, long value)
{
	int n = (int)value, rc4, rc6;

	rc4 = setsockopt(fd, IPPROTO_IP, name4, &n, sizeof(n));
	rc6 = setsockopt(fd, IPPROTO_IPV6, name6, &n, sizeof(n));
	return rc4 && rc6 ? -errno : 0;
}

static int peer_tos(int fd, long tos) { return peer_field(fd, IP_TOS, IPV6_TCLASS, tos); }
static int peer_ttl(int fd, long ttl) { return peer_field(fd, IP_TTL, IPV6_UNICAST_HOPS, ttl); }

static int peer_buffer(int fd, int option, long bytes)
{
	int n = (int)bytes;

	return setsockopt(fd, SOL_SOCKET, option, &n, sizeof(n)) ? -errno : 0;
}

/* Carry out the action at @argv. Return: arguments used, or -errno */
static int peer_act(struct peer *p, char **argv)
{
	const char *verb = argv[0];
	long n = argv[1] && argv[1][0] >= '0' && argv[1][0] <= '9' ? tool_number(argv[1]) : -1;
	int rc;

	if (argv[1] && !strcmp(verb, "until")) {
		while (access(argv[1], F_OK))
			poll(NULL, 0, 10);
		return 2;
	}
	if (n < 0) {
		rc = !strcmp(verb, "drain")    ? peer_drain(p) :
		     !strcmp(verb, "eof")      ? (peer_recv(p, 1) == 1 ? 0 : -EBADMSG) :
		     !strcmp(verb, "shut")     ? (shutdown(p->fd, SHUT_WR) ? -errno : 0) :
		     !strcmp(verb, "reset")    ? peer_reset(p) :
		     !strcmp(verb, "urgent")   ? peer_urgent(p) :
		     !strcmp(verb, "is-reset") ? peer_is_reset(p) :
		     !strcmp(verb, "retrans")  ? peer_retrans(p) :
						 -ENOSYS;
		return rc < 0 ? rc : 1;
	}
	rc = !strcmp(verb, "send")	? peer_send(p, n) :
	     !strcmp(verb, "recv")	? (peer_recv(p, n) ? -EBADMSG : 0) :
	     !strcmp(verb, "rcvbuf")	? peer_buffer(p->fd, SO_RCVBUF, n) :
	     !strcmp(verb, "sndbuf")	? peer_buffer(p->fd, SO_SNDBUF, n) :
	     !strcmp(verb, "mark")	? peer_mark(p, n) :
	     !strcmp(verb, "oob")	? peer_oob(p, n) :
	     !strcmp(verb, "tos")	? peer_tos(p->fd, n) :
	     !strcmp(verb, "ttl")	? peer_ttl(p->fd, n) :
	     !strcmp(verb, "keepalive") ? peer_keepalive(p, n) :
	     !strcmp(verb, "silent")	? peer_silent(p, n) :
	     !strcmp(verb, "pause")	? (poll(NULL, 0, (int)n) < 0 ? -errno : 0) :
					  -ENOSYS;
	return rc < 0 ? rc : 2;
}

/* What may lead, and is set before the handshake then */
static int peer_lead(int fd, char **argv)
{
	long n = tool_number(argv[1]);

	return !strcmp(argv[0], "tos") ? peer_tos(fd, n) :
	       !strcmp(argv[0], "ttl") ? peer_ttl(fd, n) :
	       !strcmp(argv[0], "rcvbuf") ? peer_buffer(fd, SO_RCVBUF, n) :
					   peer_buffer(fd, SO_SNDBUF, n);
}

static int peer_leads(const char *verb)
{
	return !strcmp(verb, "tos") || !strcmp(verb, "ttl") || !strcmp(verb, "rcvbuf") || !strcmp(verb, "sndbuf");
}

/* A connected socket; what leads in @argv is set before the handshake */
static int peer_open(int listening, const struct tool_addr *addr, char **argv)
{
	int fd = socket(addr->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, conn;

	if (fd < 0)
		tool_fail("socket");
	for (; argv[0] && argv[1] && peer_leads(argv[0]); argv += 2)
		if (peer_lead(fd, argv))
			tool_fail(argv[0]);
	if (!listening) {
		if (connect(fd, (const struct sockaddr *)&addr->sa, addr->len))
			tool_fail("connect");
		return fd;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&addr->sa, addr->len) || listen(fd, 1))
		tool_fail("listen");
	conn = accept(fd, NULL, NULL);
	if (conn < 0)
		tool_fail("accept");
	close(fd);
	return conn;
}

int main(int argc, char **argv)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct tool_addr addr;
	int used;

	if (argc < 4 || !p || (strcmp(argv[1], "connect") && strcmp(argv[1], "listen"))) {
		fputs("usage: peer connect|listen ADDR PORT ACTION...\n", stderr);
		return 2;
	}
	addr = tool_addr_parse(argv[2], argv[3]);
	p->fd = peer_open(!strcmp(argv[1], "listen"), &addr, argv + 4);
	for (argv += 4; *argv; argv += used) {
		used = peer_act(p, argv);
		if (used < 0) {
			fprintf(stderr, "%s: %s, after %llu bytes sent and %llu received\n", *argv,
				strerror(-used), (unsigned long long)p->sent,
				(unsigned long long)p->received);
			return 1;
		}
		fflush(stdout);
	}
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	return 0;
}
