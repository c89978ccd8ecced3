/* SPDX-License-Identifier: Apache-2.0
 *
 * load: many connections or transactions of one byte each way.
 *
 *	load serve PORT                 TCP and UDP echo on every address, until killed
 *	load open ADDR PORT N           open N connections at once, have a byte echoed on each while
 *	                                all are open, say "N open", hold them until stdin ends
 *	load twice ADDR PORT N          the same, and when there is a line of stdin, another byte
 *	                                on each: "N twice"
 *	load churn ADDR PORT N FLOWS    N connections, FLOWS at a time: open, echo, close with FIN
 *	load tcp_rr ADDR PORT SECONDS FLOWS
 *	load tcp_crr ADDR PORT SECONDS FLOWS
 *	load udp_rr ADDR PORT SECONDS FLOWS
 *	                                transactions a second, median and 99th percentile latency:
 *	                                "rate=N p50=US p99=US"; crr: a connection a transaction,
 *	                                closed with RST
 *	load udp_flows ADDR PORT N      a datagram and its echo on each of N sockets, all kept open
 *	load udp_twice ADDR PORT N      the same, and another one as for "twice"
 *
 * Exit status 1 if a connection fails, or if nothing comes for 10 seconds.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define EVENTS 256
#define SAMPLES (1u << 22)

enum load_state {
	LOAD_CONNECTING,
	LOAD_WAITING, /* for the echo */
	LOAD_DONE,
};

struct load_flow {
	int fd;
	enum load_state state;
	double since;
};

struct load {
	struct tool_addr to;
	int epoll_fd, type;
	bool again; /* a new connection for each transaction */
	bool hold; /* one transaction on each, then leave it open */
	long limit; /* transactions to start, 0: until @until */
	double until;
	long started, finished;
	struct load_flow *flows;
	float *samples;
};

static void watch(int epoll_fd, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	if (epoll_ctl(epoll_fd, op, fd, &ev))
		tool_fail("epoll_ctl");
}

static void serve_accept(int epoll_fd, int listener)
{
	int one = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(epoll_fd, EPOLL_CTL_ADD, fd, EPOLLIN, (uint64_t)fd);
	}
}

static void serve_datagram(int fd, char *buf, size_t size)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, buf, size, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n >= 0)
		sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static void serve_stream(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size);

	if (n <= 0 || write(fd, buf, (size_t)n) != n)
		close(fd);
}

static _Noreturn void serve(const char *port)
{
	struct tool_addr any = tool_addr_parse("::", port);
	int tcp = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, zero = 0;
	int udp = socket(AF_INET6, SOCK_DGRAM, 0), epoll_fd = epoll_create1(0);
	struct epoll_event ev[EVENTS];
	char buf[65536];

	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(tcp, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	setsockopt(udp, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(udp, (struct sockaddr *)&any.sa, any.len) ||
	    bind(tcp, (struct sockaddr *)&any.sa, any.len) || listen(tcp, 4096))
		tool_fail("bind");
	watch(epoll_fd, EPOLL_CTL_ADD, tcp, EPOLLIN, (uint64_t)tcp);
	watch(epoll_fd, EPOLL_CTL_ADD, udp, EPOLLIN, (uint64_t)udp);
	for (;;) {
		int n = epoll_wait(epoll_fd, ev, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = (int)ev[i].data.u64;

			if (fd == tcp)
				serve_accept(epoll_fd, tcp);
			else if (fd == udp)
				serve_datagram(udp, buf, sizeof(buf));
			else
				serve_stream(fd, buf, sizeof(buf));
		}
	}
}

static void flow_dial(struct load *l, struct load_flow *f)
{
	/* as fast as it goes there would soon be no port left that is not in TIME_WAIT */
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int one = 1;

	l->started++;
	f->since = tool_now();
	f->state = LOAD_CONNECTING;
	f->fd = socket(l->to.sa.ss_family, l->type | SOCK_NONBLOCK, 0);
	if (f->fd < 0)
		tool_fail("socket");
	if (connect(f->fd, (struct sockaddr *)&l->to.sa, l->to.len) && errno != EINPROGRESS)
		tool_fail("connect");
	if (l->type == SOCK_STREAM)
		setsockopt(f->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (l->again && !l->limit)
		setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	watch(l->epoll_fd, EPOLL_CTL_ADD, f->fd, EPOLLOUT, (uint64_t)(f - l->flows));
}

static void flow_send(struct load *l, struct load_flow *f)
{
	if (!l->again && !l->hold)
		f->since = tool_now();
	if (write(f->fd, "x", 1) != 1)
		tool_fail("write");
}

static bool load_over(const struct load *l)
{
	if (l->limit)
		return l->finished >= l->limit;
	return tool_now() >= l->until || l->finished >= (long)SAMPLES;
}

static void flow_answered(struct load *l, struct load_flow *f)
{
	char b;

	if (read(f->fd, &b, 1) != 1)
		tool_fail("read");
	if (l->samples)
		l->samples[l->finished] = (float)((tool_now() - f->since) * 1e6);
	l->finished++;
	if (l->hold) {
		f->state = LOAD_DONE;
	} else if (l->again) {
		close(f->fd);
		f->state = LOAD_DONE;
		if (!l->limit || l->started < l->limit)
			flow_dial(l, f);
	} else {
		flow_send(l, f);
	}
}

/* The answer to a datagram that was sent again, though the first had only been late */
static void flow_forget(struct load_flow *f)
{
	char b;

	recv(f->fd, &b, 1, MSG_DONTWAIT);
}

static void flow_event(struct load *l, struct load_flow *f, uint64_t index)
{
	if (f->state == LOAD_CONNECTING) {
		f->state = LOAD_WAITING;
		watch(l->epoll_fd, EPOLL_CTL_MOD, f->fd, EPOLLIN, index);
		flow_send(l, f);
	} else if (f->state == LOAD_WAITING) {
		flow_answered(l, f);
	} else if (l->type == SOCK_DGRAM) {
		flow_forget(f);
	}
}

/* Datagrams may get lost in a burst */
static void load_send_again(struct load *l, long flows)
{
	for (long i = 0; i < flows; i++)
		if (l->flows[i].state == LOAD_WAITING)
			flow_send(l, &l->flows[i]);
}

/* Until all is over */
static void load_go_on(struct load *l, long flows)
{
	struct epoll_event ev[EVENTS];
	int tries = 0;

	while (!load_over(l)) {
		int n = epoll_wait(l->epoll_fd, ev, EVENTS, l->type == SOCK_DGRAM ? 500 : 10000);

		if (n == 0 && l->type == SOCK_DGRAM && tries++ < 20) {
			load_send_again(l, flows);
			continue;
		}
		if (n <= 0) {
			fprintf(stderr, "nothing for 10 s, after %ld of %ld\n", l->finished,
				l->started);
			exit(1);
		}
		for (int i = 0; i < n && !(l->samples && load_over(l)); i++)
			flow_event(l, &l->flows[ev[i].data.u64], ev[i].data.u64);
	}
}

static void load_run(struct load *l, long flows)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->flows = calloc((size_t)flows, sizeof(*l->flows));
	if (l->epoll_fd < 0 || !l->flows)
		tool_fail("start");
	for (long i = 0; i < flows; i++)
		flow_dial(l, &l->flows[i]);
	load_go_on(l, flows);
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static int load_rate(struct load *l, long seconds, long flows)
{
	double begin = tool_now();
	size_t n;

	l->samples = malloc(SAMPLES * sizeof(*l->samples));
	if (!l->samples)
		tool_fail("malloc");
	l->until = begin + (double)seconds;
	load_run(l, flows);
	n = (size_t)l->finished;
	qsort(l->samples, n, sizeof(*l->samples), by_size);
	printf("rate=%.0f p50=%.1f p99=%.1f\n", (double)n / (tool_now() - begin),
	       n ? (double)l->samples[n / 2] : 0.0, n ? (double)l->samples[n * 99 / 100] : 0.0);
	return n ? 0 : 1;
}

/* A byte on each, and then they stay open */
static void load_hold(struct load *l, long count)
{
	l->hold = true;
	l->limit = count;
	load_run(l, count);
	printf("%ld open\n", l->finished);
	fflush(stdout);
}

static int load_open(struct load *l, long count)
{
	char c;

	load_hold(l, count);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}

static int load_twice(struct load *l, long count)
{
	char c;

	load_hold(l, count);
	if (read(STDIN_FILENO, &c, 1) != 1)
		return 1;
	l->limit = 2 * count;
	for (long i = 0; i < count; i++) {
		l->flows[i].state = LOAD_WAITING;
		flow_send(l, &l->flows[i]);
	}
	load_go_on(l, count);
	printf("%ld twice\n", l->finished - count);
	return 0;
}

static int usage(void)
{
	fputs("usage: load serve PORT | load open|twice|udp_flows|udp_twice ADDR PORT N |\n"
	      "       load churn ADDR PORT N FLOWS |\n"
	      "       load tcp_rr|tcp_crr|udp_rr ADDR PORT SECONDS FLOWS\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct load l = { .type = SOCK_STREAM };
	struct rlimit files;
	const char *mode = argv[1];

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 3 && !strcmp(mode, "serve"))
		serve(argv[2]);
	if (argc < 5)
		return usage();
	l.to = tool_addr_parse(argv[2], argv[3]);
	if (!strncmp(mode, "udp_", 4))
		l.type = SOCK_DGRAM;
	if (!strcmp(mode, "open") || !strcmp(mode, "udp_flows"))
		return load_open(&l, tool_number(argv[4]));
	if (!strcmp(mode, "twice") || !strcmp(mode, "udp_twice"))
		return load_twice(&l, tool_number(argv[4]));
	if (argc < 6)
		return usage();
	l.again = !strcmp(mode, "tcp_crr") || !strcmp(mode, "churn");
	if (!strcmp(mode, "churn")) {
		l.limit = tool_number(argv[4]);
		load_run(&l, tool_number(argv[5]));
		printf("%ld connections\n", l.finished);
		return 0;
	}
	if (strcmp(mode, "tcp_rr") && strcmp(mode, "tcp_crr") && strcmp(mode, "udp_rr"))
		return usage();
	return load_rate(&l, tool_number(argv[4]), tool_number(argv[5]));
}
