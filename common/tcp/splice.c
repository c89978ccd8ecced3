/* SPDX-License-Identifier: Apache-2.0
 *
 * Each event makes both directions do what splice_dir_next() says until it says "wait". A small
 * read goes to a buffer and is sent from there; the first large one makes the direction go on by
 * pipe. What is sent optimistically to a socket that is still connecting just isn't taken, and that
 * no more will come is told only when it is connected: epoll says so even if the data has said it.
 *
 * A pipe that says EAGAIN on its way in is empty at that time, so it is the socket that had
 * nothing; on its way out it has something, so it is the socket that is full. Neither is ever
 * asked in another state, which is why no wake-up is lost.
 */
#include "common/tcp/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/util.h"
#include "common/tcp/splice_dir.h"
#include "common/tcp/timeout.h"

#define SPLICE_BUF_BYTES (64 * 1024)

/* Moved in one direction before others get their turn */
#define SPLICE_BUDGET_BYTES (8 * 1024 * 1024)

#define SPLICE_EVENTS (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET)

struct splice_conn {
	struct splice *splice;
	struct watch watch[2]; /* the accepted socket, the connected one */
	struct splice_dir dir[2]; /* from watch[i] to the other */
	uint32_t next; /* on a list of free ones, index + 1 */
	uint16_t port; /* for @other */
	uint8_t side;
	uint64_t opened_ns;
	struct in6_addr other; /* to connect to if this fails; unspecified: no (more) */
};

int splice_init(struct splice *splice, struct loop *loop, const struct socket_source *sockets,
		uint32_t capacity)
{
	size_t bytes = SPLICE_BUF_BYTES + capacity * sizeof(struct splice_conn);
	uint8_t *map = map_lazily(bytes);

	*splice = (struct splice){ .loop = loop, .sockets = sockets };
	splice_pipes_init(&splice->pipes);
	if (!map)
		return -ENOMEM;
	splice->buf = map;
	splice->conns = (struct splice_conn *)(void *)(map + SPLICE_BUF_BYTES);
	splice->capacity = capacity;
	return 0;
}

static void conn_close(struct splice_conn *conn)
{
	struct splice *splice = conn->splice;

	for (int i = 0; i < 2; i++) {
		loop_remove(splice->loop, &conn->watch[i]);
		close(conn->watch[i].fd);
		if (conn->dir[i].pipe)
			splice_pipe_put(&splice->pipes, conn->dir[i].pipe, conn->dir[i].held);
	}
	conn->splice = NULL;
	conn->next = splice->dying_first;
	splice->dying_first = (uint32_t)(conn - splice->conns) + 1;
	splice->used--;
}

void splice_fini(struct splice *splice)
{
	if (!splice->buf)
		return; /* never made, so nothing was */
	for (uint32_t i = 0; i < splice->touched; i++)
		if (splice->conns[i].splice)
			conn_close(&splice->conns[i]);
	map_drop(splice->buf, SPLICE_BUF_BYTES + splice->capacity * sizeof(struct splice_conn));
	splice->buf = NULL;
	splice_pipes_fini(&splice->pipes);
}

void splice_reap(struct splice *splice)
{
	while (splice->dying_first) {
		struct splice_conn *conn = &splice->conns[splice->dying_first - 1];
		uint32_t next = conn->next;

		conn->next = splice->free_first;
		splice->free_first = splice->dying_first;
		splice->dying_first = next;
	}
}

bool splice_at(const struct splice *splice, uint32_t index, struct splice_sockets *ret_sockets)
{
	const struct splice_conn *conn = &splice->conns[index];

	if (!conn->splice)
		return false;
	*ret_sockets = (struct splice_sockets){
		.to = (enum socket_side)conn->side,
		.accepted_fd = conn->watch[0].fd,
		.connected_fd = conn->watch[1].fd,
		.connecting = conn->dir[0].connecting,
		.opened_ns = conn->opened_ns,
	};
	return true;
}

bool splice_is_empty(const struct splice *splice)
{
	for (uint32_t i = 0; i < splice->touched; i++) {
		const struct splice_conn *conn = &splice->conns[i];

		if (conn->splice &&
		    (splice_dir_has_data(&conn->dir[0]) || splice_dir_has_data(&conn->dir[1])))
			return false;
	}
	return true;
}

static void reset_on_close(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void conn_reset(struct splice_conn *conn)
{
	conn->splice->stats.reset++;
	reset_on_close(conn->watch[0].fd);
	reset_on_close(conn->watch[1].fd);
	conn_close(conn);
}

void splice_reset_at(struct splice *splice, uint32_t index)
{
	conn_reset(&splice->conns[index]);
}

/* Send from memory, with @flags. Return: bytes taken, or -errno */
static ssize_t dir_send(struct splice_conn *conn, int i, size_t n, int flags)
{
	struct splice *splice = conn->splice;
	ssize_t sent;

	do
		sent = send(conn->watch[!i].fd, splice->buf, n,
			    flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		splice->stats.bytes += (uint64_t)sent;
		return sent;
	}
	if (errno != EAGAIN)
		return -errno;
	conn->dir[i].writable = false;
	return 0;
}

static int dir_nothing(struct splice_dir *dir)
{
	if (errno == EAGAIN)
		splice_dir_is_empty(dir);
	else if (errno != EINTR)
		return -errno;
	return 0;
}

/* Without a pipe: leave in the source what the sink doesn't take */
static int dir_read_peek(struct splice_conn *conn, int i)
{
	struct splice *splice = conn->splice;
	int fd = conn->watch[i].fd;
	ssize_t n = recv(fd, splice->buf, SPLICE_BUF_BYTES, MSG_DONTWAIT | MSG_PEEK), sent;

	splice->stats.no_pipe++;
	if (n < 0)
		return dir_nothing(&conn->dir[i]);
	sent = n ? dir_send(conn, i, (size_t)n, 0) : 0;
	if (sent < 0)
		return (int)sent;
	if (sent && recv(fd, NULL, (size_t)sent, MSG_DONTWAIT | MSG_TRUNC) != sent)
		return -EIO;
	splice_dir_was_read(&conn->dir[i], (uint32_t)n, 0, SPLICE_BUF_BYTES, sent == n);
	if (n == SPLICE_BUF_BYTES)
		conn->dir[i].urgent = true; /* a mark may be what comes next */
	return 0;
}

/* By memory; what the sink doesn't take goes to the pipe, which is empty and has room for it. Also
 * if the sink has failed: it may be replaced.
 */
static int dir_read_copy(struct splice_conn *conn, int i)
{
	struct splice *splice = conn->splice;
	struct splice_dir *dir = &conn->dir[i];
	ssize_t n = recv(conn->watch[i].fd, splice->buf, SPLICE_BULK_BYTES, MSG_DONTWAIT), sent;
	size_t left, taken;

	if (n < 0)
		return dir_nothing(dir);
	sent = n ? dir_send(conn, i, (size_t)n, 0) : 0;
	if (sent < 0 && !dir->connecting)
		return (int)sent;
	taken = (size_t)MAX(sent, 0);
	left = (size_t)n - taken;
	if (left && write(splice->pipes.pipe[dir->pipe - 1].write_fd, splice->buf + taken, left) !=
			    (ssize_t)left)
		return -EIO;
	splice_dir_was_read(dir, (uint32_t)n, (uint32_t)left, SPLICE_BULK_BYTES, true);
	return (int)MIN(sent, 0);
}

static int dir_read_pipe(struct splice_conn *conn, int i)
{
	struct splice_dir *dir = &conn->dir[i];
	const struct splice_pipe *pipe = &conn->splice->pipes.pipe[dir->pipe - 1];
	ssize_t n = splice(conn->watch[i].fd, NULL, pipe->write_fd, NULL, pipe->bytes,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0)
		return dir_nothing(dir);
	if (!n)
		dir->urgent = true; /* the end, or a mark before it that no event has told of yet */
	else
		splice_dir_was_read(dir, (uint32_t)n, (uint32_t)n, pipe->bytes, false);
	return 0;
}

/* The byte at the mark, which stays in the source until the sink has taken it as urgent, too */
static int dir_read_mark(struct splice_conn *conn, int i)
{
	struct splice_dir *dir = &conn->dir[i];
	int fd = conn->watch[i].fd;
	ssize_t n = recv(fd, conn->splice->buf, 1, MSG_DONTWAIT | MSG_PEEK), sent;

	if (n < 0)
		return dir_nothing(dir);
	sent = n ? dir_send(conn, i, 1, MSG_OOB) : 0;
	if (sent < 0)
		return (int)sent;
	if (sent && recv(fd, NULL, 1, MSG_DONTWAIT | MSG_TRUNC) != 1)
		return -EIO;
	if (sent || !n)
		splice_dir_was_read(dir, (uint32_t)n, 0, 1, false);
	return 0;
}

/* Whether the next byte to be read is the urgent one. From here on it is one of the stream
 * (tcp(7)), reads stop before it, and so does a pipe for good, of which none is in use now
 */
static bool dir_is_at_mark(const struct splice_conn *conn, int i)
{
	const int fd = conn->watch[i].fd;
	int at = 0;

	socket_set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	return !ioctl(fd, SIOCATMARK, &at) && at;
}

static int dir_read(struct splice_conn *conn, int i)
{
	struct splice_dir *dir = &conn->dir[i];

	if (dir->urgent && dir_is_at_mark(conn, i))
		return dir_read_mark(conn, i);
	if (!dir->pipe)
		dir->pipe = splice_pipe_get(&conn->splice->pipes);
	if (!dir->pipe)
		return dir_read_peek(conn, i);
	return dir->bulk && !dir->urgent ? dir_read_pipe(conn, i) : dir_read_copy(conn, i);
}

static int dir_write(struct splice_conn *conn, int i)
{
	struct splice_dir *dir = &conn->dir[i];
	const struct splice_pipe *pipe = &conn->splice->pipes.pipe[dir->pipe - 1];
	ssize_t n = splice(pipe->read_fd, NULL, conn->watch[!i].fd, NULL, dir->held,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		splice_dir_written(dir, (uint32_t)n);
		conn->splice->stats.bytes += (uint64_t)n;
	} else if (!n) {
		return -EIO;
	} else if (errno == EAGAIN) {
		dir->writable = false;
	} else if (errno != EINTR) {
		return -errno;
	}
	return 0;
}

/* The source's end may have been forgotten by its kernel soon (tcp_fin_timeout, 60 s): ask after
 * that */
static int dir_finish(struct splice_conn *conn, int i)
{
	conn->dir[i].finished = true;
	if (conn->dir[!i].finished)
		return 0; /* the socket is to be closed anyway */
	socket_set(conn->watch[i].fd, IPPROTO_TCP, TCP_KEEPIDLE, TCP_HALF_CLOSED_IDLE_MS / 1000);
	return shutdown(conn->watch[!i].fd, SHUT_WR) && errno != ENOTCONN ? -errno : 0;
}

/* Move what can be moved in one direction. Return: 0, or -errno that ends the connection */
static int dir_run(struct splice_conn *conn, int i)
{
	struct splice *splice = conn->splice;
	struct splice_dir *dir = &conn->dir[i];
	uint64_t until = splice->stats.bytes + SPLICE_BUDGET_BYTES;
	enum splice_step step;
	int rc = 0;

	while (!rc && (step = splice_dir_next(dir)) != SPLICE_WAIT) {
		switch (step) {
		case SPLICE_READ:
			rc = dir_read(conn, i);
			break;
		case SPLICE_WRITE:
			rc = dir_write(conn, i);
			break;
		case SPLICE_FINISH:
			rc = dir_finish(conn, i);
			break;
		case SPLICE_WAIT:
			break;
		}
		if (splice->stats.bytes > until) {
			/* What still holds of the events comes again at once */
			rc = loop_modify(splice->loop, &conn->watch[i], SPLICE_EVENTS);
			break;
		}
	}
	if (dir->pipe && !dir->held) {
		splice_pipe_put(&splice->pipes, dir->pipe, 0);
		dir->pipe = 0;
	}
	return rc;
}

/* An error that no call has met: there was nothing to read, or nothing is read any more */
static int socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return -error;
}

/* Nothing is congested in here, but the system's default may be bbr: it paces, by the clock and at
 * less than what the receiver takes, which more than halves the throughput. Every kernel has reno,
 * and anybody may choose it; without it, things are only slower.
 */
static void never_pace(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", strlen("reno"));
}

/* Either end may be gone without a word, as with its namespace */
static void keep_alive(int fd)
{
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* Connect the second socket, and watch it. Return: 0, also if it is still at it, or -errno */
static int conn_connect(struct splice_conn *conn, const struct in6_addr *addr, uint32_t scope_id)
{
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(addr, conn->port, scope_id, &sa);
	int fd = conn->watch[1].fd;

	never_pace(fd);
	keep_alive(fd);
	conn->dir[0].connecting = connect(fd, &sa.sa, len);
	if (conn->dir[0].connecting && errno != EINPROGRESS)
		return -errno;
	return loop_add(conn->splice->loop, &conn->watch[1], SPLICE_EVENTS);
}

/* A connection that was refused, or that can't be made by this family at all */
static bool is_refusal(int error)
{
	return error == ECONNREFUSED || error == EADDRNOTAVAIL || error == ENETUNREACH ||
	       error == EHOSTUNREACH || error == EAFNOSUPPORT;
}

/* The first address has said no: the other one gets what the client has sent, all of which is still
 * in the client's socket or in the pipe. Return: 0 if it's under way, or what is left to report
 */
static int conn_connect_other(struct splice_conn *conn, int rc)
{
	const struct in6_addr other = conn->other;
	int fd;

	if (addr_is_unspecified(&other) || !is_refusal(-rc))
		return rc;
	conn->other = in6addr_any;
	fd = socket_get(conn->splice->sockets, (enum socket_side)conn->side, addr_family(&other),
			SOCK_STREAM);
	if (fd < 0)
		return rc;
	close(conn->watch[1].fd); /* which is also the end of its being watched */
	conn->watch[1].fd = fd;
	conn->dir[0].writable = true;
	return conn_connect(conn, &other, 0);
}

/* From the client to the second socket, whose refusal may be met on the way */
static int conn_run_to_second(struct splice_conn *conn)
{
	int rc = dir_run(conn, 0);

	return rc && conn->dir[0].connecting ? conn_connect_other(conn, rc) : rc;
}

/* The second socket could not connect */
static int conn_refused(struct splice_conn *conn)
{
	int rc = socket_error(conn->watch[1].fd);

	if (!rc)
		return 0; /* in this batch, it was found out and replaced already */
	rc = conn_connect_other(conn, rc);
	return rc ? rc : conn_run_to_second(conn);
}

static int conn_run(struct splice_conn *conn, int i, uint32_t events)
{
	int rc;

	if (i && conn->dir[0].connecting && (events & (EPOLLERR | EPOLLHUP)))
		return conn_refused(conn);
	splice_dir_source(&conn->dir[i], events);
	splice_dir_sink(&conn->dir[!i], events);
	rc = i ? dir_run(conn, 1) : conn_run_to_second(conn);
	if (!rc)
		rc = i ? conn_run_to_second(conn) : dir_run(conn, 1);
	if (!rc && (events & EPOLLERR))
		rc = socket_error(conn->watch[i].fd);
	return rc;
}

static void conn_event(struct splice_conn *conn, int i, uint32_t events)
{
	if (conn_run(conn, i, events))
		conn_reset(conn);
	else if (conn->dir[0].finished && conn->dir[1].finished)
		conn_close(conn);
}

static void accepted_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)now_ns;
	conn_event(container_of(watch, struct splice_conn, watch[0]), 0, events);
}

static void connected_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)now_ns;
	conn_event(container_of(watch, struct splice_conn, watch[1]), 1, events);
}

static struct splice_conn *conn_alloc(struct splice *splice, uint64_t now_ns)
{
	struct splice_conn *conn;

	if (splice->free_first) {
		conn = &splice->conns[splice->free_first - 1];
		splice->free_first = conn->next;
	} else if (splice->touched < splice->capacity) {
		conn = &splice->conns[splice->touched++];
	} else {
		return NULL;
	}
	*conn = (struct splice_conn){
		.splice = splice,
		.opened_ns = now_ns,
		.watch = { { accepted_event, -1 }, { connected_event, -1 } },
	};
	splice_dir_init(&conn->dir[0]);
	splice_dir_init(&conn->dir[1]);
	splice->used++;
	return conn;
}

/* Once both sockets are there. What the client has sent meanwhile goes on at once. */
static void conn_open(struct splice_conn *conn, const struct splice_target *target)
{
	struct splice *splice = conn->splice;
	int rc;

	conn->side = (uint8_t)target->side;
	conn->port = target->port;
	conn->other = target->other;
	never_pace(conn->watch[0].fd);
	keep_alive(conn->watch[0].fd);
	rc = conn_connect(conn, &target->addr, target->scope_id);
	if (rc)
		rc = conn_connect_other(conn, rc);
	if (rc)
		splice->stats.refused++;
	else
		splice->stats.opened++;
	if (!rc)
		rc = loop_add(splice->loop, &conn->watch[0], SPLICE_EVENTS);
	if (!rc) {
		conn->dir[0].readable = true;
		rc = conn_run_to_second(conn);
	}
	if (rc)
		conn_reset(conn);
}

void splice_refuse(struct splice *splice, int fd)
{
	splice->stats.refused++;
	reset_on_close(fd);
	close(fd);
}

void splice_accept(struct splice *splice, int fd, const struct splice_target *target,
		   uint64_t now_ns)
{
	const enum socket_side side = target->side;
	struct splice_target way = *target;
	struct splice_conn *conn;
	int second = socket_get(splice->sockets, side, addr_family(&way.addr), SOCK_STREAM);

	(void)now_ns;
	if (second == -EAFNOSUPPORT && !addr_is_unspecified(&way.other)) {
		way = (struct splice_target){ .side = side, .addr = way.other, .port = way.port };
		second = socket_get(splice->sockets, side, addr_family(&way.addr), SOCK_STREAM);
	}
	conn = second < 0 ? NULL : conn_alloc(splice, now_ns);
	if (!conn) {
		splice->stats.no_room++;
		if (second >= 0)
			close(second);
		reset_on_close(fd);
		close(fd);
		return;
	}
	conn->watch[0].fd = fd;
	conn->watch[1].fd = second;
	conn_open(conn, &way);
}

void splice_place(struct splice *splice, int fd, const struct splice_target *target,
		  uint64_t now_ns)
{
	if (!splice->pass || !splice->pass(splice, fd, target))
		splice_accept(splice, fd, target, now_ns);
}
