/* SPDX-License-Identifier: Apache-2.0
 *
 * probe: one attempt to reach a port, and what the kernel says about it, by name.
 *
 *	probe tcp ADDR PORT [TIMEOUT_MS [TTL]]
 *		"connected", or the error: "ECONNREFUSED", ...; with a TTL also who reported it, if
 *		anybody did: "EHOSTUNREACH from 198.51.100.3"
 *	probe udp ADDR PORT [size=N] [ttl=N] [df] [wait=MS] [from=ADDR] [by=PORT]
 *		"answer N bytes", or the error with who reported it and the path MTU if it carries
 *		one: "EHOSTUNREACH from 198.51.100.3", "EMSGSIZE from 198.51.100.3 mtu 1400"
 *
 * "timeout" when nothing came. The exit status is 0 whatever the outcome is.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* takes struct timespec for granted */

#include "test/tools/tool.h"

struct probe_udp {
	long size, ttl, wait_ms;
	int df;
	const char *from, *port; /* bound to; NULL: not */
};

static void probe_set(int fd, int family, const struct probe_udp *opt)
{
	int v6 = family == AF_INET6, level = v6 ? IPPROTO_IPV6 : IPPROTO_IP, one = 1;
	int ttl = (int)opt->ttl;
	int discover = opt->df ? (v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO) :
				 (v6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT);

	if (setsockopt(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof(one)) ||
	    setsockopt(fd, level, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &discover,
		       sizeof(discover)) ||
	    (ttl && setsockopt(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, &ttl, sizeof(ttl))))
		tool_fail("setsockopt");
}

/* Print what the error queue tells, or @code alone if it's empty */
static void probe_print_error(int fd, int code)
{
	char control[512], data[1], name[16], from[INET6_ADDRSTRLEN] = "";
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct sock_extended_err *e = NULL;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
			if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
			    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
				e = (struct sock_extended_err *)CMSG_DATA(c);
	if (!e) {
		puts(tool_errno_name(code, name));
		return;
	}
	if (SO_EE_OFFENDER(e)->sa_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)SO_EE_OFFENDER(e))->sin_addr, from,
			  sizeof(from));
	else if (SO_EE_OFFENDER(e)->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)SO_EE_OFFENDER(e))->sin6_addr, from,
			  sizeof(from));
	fputs(tool_errno_name((int)e->ee_errno, name), stdout);
	if (*from)
		printf(" from %s", from);
	if (e->ee_errno == EMSGSIZE)
		printf(" mtu %u", e->ee_info);
	putchar('\n');
}

static int probe_tcp(const struct tool_addr *to, int timeout_ms, long ttl)
{
	const struct probe_udp opt = { .ttl = ttl };
	int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int), peer_len = sizeof(peer);
	char buf[16];
	int code = 0;

	if (fd < 0)
		tool_fail("socket");
	if (ttl)
		probe_set(fd, to->sa.ss_family, &opt);
	if (connect(fd, (const struct sockaddr *)&to->sa, to->len)) {
		code = errno;
		if (code == EINPROGRESS) {
			if (poll(&p, 1, timeout_ms) == 0)
				return puts("timeout") < 0;
			if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len))
				tool_fail("SO_ERROR");
		}
	}
	/* What has no peer is not connected, even if nobody knows why */
	if (!code && getpeername(fd, (struct sockaddr *)&peer, &peer_len))
		code = errno;
	if (code && ttl)
		probe_print_error(fd, code);
	else
		puts(code ? tool_errno_name(code, buf) : "connected");
	close(fd);
	return 0;
}

static int probe_udp(const struct tool_addr *to, const struct probe_udp *opt)
{
	int fd = socket(to->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char *data = calloc(1, 65536);
	ssize_t n;

	if (fd < 0 || !data)
		tool_fail("socket");
	probe_set(fd, to->sa.ss_family, opt);
	if (opt->from) {
		struct tool_addr own = tool_addr_parse(opt->from, opt->port);

		if (bind(fd, (const struct sockaddr *)&own.sa, own.len))
			tool_fail("bind");
	}
	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) ||
	    send(fd, data, (size_t)opt->size, 0) < 0) {
		probe_print_error(fd, errno);
	} else if (poll(&p, 1, (int)opt->wait_ms) == 0) {
		puts("timeout");
	} else {
		n = recv(fd, data, 65536, MSG_DONTWAIT);
		if (n < 0)
			probe_print_error(fd, errno);
		else
			printf("answer %zd bytes\n", n);
	}
	free(data);
	close(fd);
	return 0;
}

static int usage(void)
{
	fputs("usage: probe tcp ADDR PORT [TIMEOUT_MS [TTL]]\n"
	      "       probe udp ADDR PORT [size=N] [ttl=N] [df] [wait=MS]\n"
	      "             [from=ADDR] [by=PORT]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct probe_udp opt = { .size = 1, .ttl = 0, .wait_ms = 3000, .port = "0" };
	struct tool_addr to;

	if (argc < 4)
		return usage();
	to = tool_addr_parse(argv[2], argv[3]);
	if (!strcmp(argv[1], "tcp"))
		return probe_tcp(&to, argc > 4 ? (int)tool_number(argv[4]) : 10000,
				 argc > 5 ? tool_number(argv[5]) : 0);
	if (strcmp(argv[1], "udp"))
		return usage();
	for (int i = 4; i < argc; i++) {
		if (!strncmp(argv[i], "size=", 5))
			opt.size = tool_number(argv[i] + 5);
		else if (!strncmp(argv[i], "ttl=", 4))
			opt.ttl = tool_number(argv[i] + 4);
		else if (!strncmp(argv[i], "wait=", 5))
			opt.wait_ms = tool_number(argv[i] + 5);
		else if (!strncmp(argv[i], "from=", 5))
			opt.from = argv[i] + 5;
		else if (!strncmp(argv[i], "by=", 3))
			opt.port = argv[i] + 3;
		else if (!strcmp(argv[i], "df"))
			opt.df = 1;
		else
			return usage();
	}
	if (opt.size > 65507)
		return usage();
	return probe_udp(&to, &opt);
}
