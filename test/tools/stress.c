/* SPDX-License-Identifier: Apache-2.0
 *
 * stress: many TCP connections at once, each with its own random plan: how much goes each way, by
 * which buffers and in what pieces, with pauses, and who ends it how. Every byte is checked at both
 * ends: it depends on the connection and its position.
 *
 *	stress serve ADDR PORT
 *		serve one run, then exit 1 if anything was wrong
 *	stress run ADDR PORT COUNT AT_ONCE MIB SEED
 *		COUNT connections, MIB in all, both ways
 *
 * A connection starts with its plan. The client ends first, or the server, or each when it's done,
 * or one of them resets half way, which the other must see as a reset. The last connection asks
 * the server for its sums.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define AT_ONCE_MAX 1000
#define CHUNK_MAX 262144
#define PATIENCE_MS 20000
#define SMALL_BYTES 131072

enum mode {
	CLIENT_ENDS,
	SERVER_ENDS,
	BOTH_END,
	CLIENT_RESETS,
	SERVER_RESETS,
	MODES,
	REPORT, /* not a test: the server answers with its sums */
};

struct plan {
	uint64_t seed;
	uint64_t bytes[2]; /* by the client, by the server */
	uint32_t mode;
	uint32_t chunk[2];
	uint32_t buffer[2]; /* SO_RCVBUF and SO_SNDBUF, 0: the kernel's */
};

struct end {
	int fd; /* -1: free */
	int role; /* 0: client, 1: server */
	size_t plan_got; /* server: bytes of the plan that have arrived */
	struct plan plan;
	uint64_t sent, received;
	bool sent_end, got_end;
	uint64_t random; /* what is random but need not be the same at the other end */
};

struct sums {
	uint64_t good, bad;
};

struct stress {
	struct end end[AT_ONCE_MAX];
	struct sums sums;
	uint8_t buf[CHUNK_MAX];
};

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static uint64_t end_random(struct end *e, uint64_t limit)
{
	e->random = mix(e->random);
	return e->random % limit;
}

/* Bytes of what @role sends, from @pos on */
static void fill(uint8_t *buf, const struct end *e, int role, uint64_t pos, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++, pos++) {
		if (!i || pos % 8 == 0)
			word = mix(e->plan.seed + (uint64_t)role + pos / 8 * 2);
		buf[i] = (uint8_t)(word >> pos % 8 * 8);
	}
}

static bool check(const struct end *e, const uint8_t *buf, uint64_t pos, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++, pos++) {
		if (!i || pos % 8 == 0)
			word = mix(e->plan.seed + (uint64_t)!e->role + pos / 8 * 2);
		if (buf[i] != (uint8_t)(word >> pos % 8 * 8))
			return false;
	}
	return true;
}

static void apply_plan(struct end *e)
{
	int size = (int)e->plan.buffer[e->role];

	e->random = mix(e->plan.seed ^ (uint64_t)e->role);
	if (size) {
		setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		setsockopt(e->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
}

static void finish(struct stress *s, struct end *e, const char *wrong)
{
	if (wrong)
		fprintf(stderr,
			"%s, seed %llu, mode %u: %s (sent %llu of %llu, received %llu of %llu)\n",
			e->role ? "server" : "client", (unsigned long long)e->plan.seed,
			e->plan.mode, wrong, (unsigned long long)e->sent,
			(unsigned long long)e->plan.bytes[e->role], (unsigned long long)e->received,
			(unsigned long long)e->plan.bytes[!e->role]);
	if (e->plan.mode != REPORT) {
		s->sums.good += !wrong;
		s->sums.bad += !!wrong;
	}
	close(e->fd);
	e->fd = -1;
}

static bool we_reset(const struct end *e)
{
	return e->plan.mode == (e->role ? SERVER_RESETS : CLIENT_RESETS);
}

static bool they_reset(const struct end *e)
{
	return e->plan.mode == (e->role ? CLIENT_RESETS : SERVER_RESETS);
}

static bool wants_to_send(const struct end *e)
{
	return e->sent < e->plan.bytes[e->role];
}

/* Whether it's our turn to say that no more will come */
static bool wants_to_end(const struct end *e)
{
	if (wants_to_send(e) || e->sent_end || they_reset(e))
		return false;
	return e->plan.mode == BOTH_END || e->got_end ||
	       e->plan.mode == (e->role ? SERVER_ENDS : CLIENT_ENDS);
}

static void on_error(struct stress *s, struct end *e)
{
	if (they_reset(e) && (errno == ECONNRESET || errno == EPIPE))
		finish(s, e, NULL);
	else
		finish(s, e, strerror(errno));
}

static void do_reset(struct stress *s, struct end *e)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	finish(s, e, NULL);
}

static void do_send(struct stress *s, struct end *e)
{
	uint64_t left = e->plan.bytes[e->role] - e->sent;
	size_t n = 1 + end_random(e, e->plan.chunk[e->role]);
	ssize_t k;

	if (n > left)
		n = left;
	fill(s->buf, e, e->role, e->sent, n);
	k = send(e->fd, s->buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (k >= 0)
		e->sent += (uint64_t)k;
	else if (errno != EAGAIN)
		on_error(s, e);
}

static void do_receive(struct stress *s, struct end *e)
{
	size_t n = 1 + end_random(e, e->plan.chunk[e->role]);
	ssize_t k = recv(e->fd, s->buf, n, MSG_DONTWAIT);

	if (k < 0) {
		if (errno != EAGAIN)
			on_error(s, e);
		return;
	}
	if (k && !check(e, s->buf, e->received, (size_t)k)) {
		finish(s, e, "wrong data");
		return;
	}
	e->received += (uint64_t)k;
	if (k)
		return;
	e->got_end = true;
	if (they_reset(e))
		finish(s, e, "an end in place of a reset");
	else if (e->received != e->plan.bytes[!e->role])
		finish(s, e, "an early end");
}

static void report(struct stress *s, struct end *e)
{
	if (send(e->fd, &s->sums, sizeof(s->sums), 0) != sizeof(s->sums))
		tool_fail("send");
	exit(s->sums.bad ? 1 : 0);
}

static int active(const struct stress *s)
{
	int n = 0;

	for (int i = 0; i < AT_ONCE_MAX; i++)
		n += s->end[i].fd >= 0;
	return n;
}

static void receive_plan(struct stress *s, struct end *e)
{
	ssize_t k = recv(e->fd, (uint8_t *)&e->plan + e->plan_got, sizeof(e->plan) - e->plan_got,
			 MSG_DONTWAIT);

	if (k < 0 && errno == EAGAIN)
		return;
	if (k <= 0) {
		finish(s, e, "no plan");
		return;
	}
	e->plan_got += (size_t)k;
	if (e->plan_got == sizeof(e->plan))
		apply_plan(e);
}

static void step(struct stress *s, struct end *e, short events)
{
	if (e->plan_got < sizeof(e->plan)) {
		receive_plan(s, e);
		return;
	}
	if (e->plan.mode == REPORT) {
		if (active(s) == 1)
			report(s, e);
		return;
	}
	if (we_reset(e) && e->sent >= e->plan.bytes[e->role] / 2) {
		do_reset(s, e);
		return;
	}
	if ((events & (POLLIN | POLLHUP | POLLERR)) && !e->got_end && end_random(e, 8))
		do_receive(s, e);
	if (e->fd >= 0 && (events & POLLOUT) && wants_to_send(e) && end_random(e, 8))
		do_send(s, e);
	if (e->fd >= 0 && wants_to_end(e)) {
		e->sent_end = true;
		if (shutdown(e->fd, SHUT_WR))
			on_error(s, e);
	}
	if (e->fd >= 0 && e->sent_end && e->got_end)
		finish(s, e, NULL);
}

static short wanted_events(const struct end *e)
{
	short events = e->got_end ? 0 : POLLIN;

	if (e->plan_got == sizeof(e->plan) && (wants_to_send(e) || we_reset(e)))
		events |= POLLOUT;
	return events;
}

/* One round. @listen_fd: -1 if there is none. Return: whether there is a new connection */
static bool round_once(struct stress *s, int listen_fd)
{
	struct pollfd fds[AT_ONCE_MAX + 1];
	int index[AT_ONCE_MAX + 1], n = 0, timeout = PATIENCE_MS;
	bool full = active(s) == AT_ONCE_MAX;

	for (int i = 0; i < AT_ONCE_MAX; i++) {
		struct end *e = &s->end[i];

		if (e->fd < 0)
			continue;
		index[n] = i;
		fds[n++] = (struct pollfd){ e->fd, wanted_events(e), 0 };
		if (e->plan_got == sizeof(e->plan) && e->plan.mode == REPORT)
			timeout = 1;
	}
	fds[n] = (struct pollfd){ full ? -1 : listen_fd, POLLIN, 0 };
	if (!poll(fds, (nfds_t)n + 1, timeout) && timeout == PATIENCE_MS) {
		for (int i = 0; i < n; i++)
			finish(s, &s->end[index[i]], "nothing happens any more");
		exit(1);
	}
	for (int i = 0; i < n; i++)
		step(s, &s->end[index[i]], fds[i].revents);
	return fds[n].revents & POLLIN;
}

static struct end *free_end(struct stress *s)
{
	for (int i = 0; i < AT_ONCE_MAX; i++) {
		if (s->end[i].fd < 0) {
			s->end[i] = (struct end){ .fd = -1 };
			return &s->end[i];
		}
	}
	return NULL;
}

static void serve(struct stress *s, const struct tool_addr *addr)
{
	int fd = socket(addr->sa.ss_family, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&addr->sa, addr->len) || listen(fd, AT_ONCE_MAX))
		tool_fail("listen");
	for (;;) {
		struct end *e;

		if (!round_once(s, fd))
			continue;
		e = free_end(s);
		e->fd = accept(fd, NULL, NULL);
		e->role = 1;
		if (e->fd < 0)
			tool_fail("accept");
	}
}

static struct plan make_plan(uint64_t seed, uint64_t mean_bytes)
{
	struct plan p = { .seed = seed, .mode = (uint32_t)(mix(seed + 1) % MODES) };

	for (uint64_t i = 0; i < 2; i++) {
		uint64_t r = mix(seed + 2 + i);

		/* Nothing, a few bytes, or up to twice the mean */
		p.bytes[i] = r % 8 == 0 ? 0 : r % 8 == 1 ? mix(r) % 100 : mix(r) % (2 * mean_bytes);
		p.chunk[i] = r >> 8 & 1 ? CHUNK_MAX : 1 + (uint32_t)(mix(r + 1) % 4096);
		p.buffer[i] = r >> 9 & 1 ? 0 : 2048 + (uint32_t)(mix(r + 2) % 16384);
	}
	/* Megabytes by tiny pieces and windows take the kernel's timers too long */
	for (int i = 0; i < 2 && p.bytes[0] + p.bytes[1] > SMALL_BYTES; i++) {
		p.chunk[i] = p.chunk[i] < 1024 ? 1024 : p.chunk[i];
		p.buffer[i] *= 32;
	}
	return p;
}

static void start(struct end *e, const struct tool_addr *addr, const struct plan *plan)
{
	e->fd = socket(addr->sa.ss_family, SOCK_STREAM, 0);
	e->plan = *plan;
	e->plan_got = sizeof(*plan);
	if (e->fd < 0)
		tool_fail("socket");
	apply_plan(e);
	if (connect(e->fd, (const struct sockaddr *)&addr->sa, addr->len))
		tool_fail("connect");
	if (send(e->fd, plan, sizeof(*plan), MSG_NOSIGNAL) != sizeof(*plan))
		tool_fail("send");
}

static void ask_report(struct stress *s, const struct tool_addr *addr)
{
	const struct plan plan = { .mode = REPORT };
	struct end *e = free_end(s);
	struct sums theirs;

	start(e, addr, &plan);
	if (recv(e->fd, &theirs, sizeof(theirs), MSG_WAITALL) != sizeof(theirs))
		tool_fail("no report");
	printf("client: %llu good, %llu bad; server: %llu good, %llu bad\n",
	       (unsigned long long)s->sums.good, (unsigned long long)s->sums.bad,
	       (unsigned long long)theirs.good, (unsigned long long)theirs.bad);
	exit(s->sums.bad || theirs.bad || theirs.good != s->sums.good);
}

static void run(struct stress *s, const struct tool_addr *addr, char **args)
{
	uint64_t count = (uint64_t)tool_number(args[0]), seed = (uint64_t)tool_number(args[3]);
	int at_once = (int)tool_number(args[1]);
	uint64_t mean_bytes = ((uint64_t)tool_number(args[2]) << 20) / count / 2 * 4 / 3 + 1;

	for (uint64_t i = 0; i < count || active(s);) {
		while (i < count && active(s) < at_once && active(s) < AT_ONCE_MAX) {
			struct plan plan = make_plan(mix(seed) + i++ * 1000, mean_bytes);

			start(free_end(s), addr, &plan);
		}
		round_once(s, -1);
	}
	ask_report(s, addr);
}

int main(int argc, char **argv)
{
	struct stress *s = calloc(1, sizeof(*s));
	struct tool_addr addr;

	if (argc != 4 && argc != 8) {
		fputs("usage: stress serve ADDR PORT\n"
		      "       stress run ADDR PORT COUNT AT_ONCE MIB SEED\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < AT_ONCE_MAX; i++)
		s->end[i].fd = -1;
	addr = tool_addr_parse(argv[2], argv[3]);
	if (argc == 4)
		serve(s, &addr);
	run(s, &addr, argv + 4);
}
