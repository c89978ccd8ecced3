/* SPDX-License-Identifier: Apache-2.0
 *
 * Socket calls of the TCP translation. Sockets are watched edge-triggered and registered once:
 * sock_state remembers what the last edge promised.
 *
 * The offset of snd_nxt in the socket's queue is undiscarded + (snd_nxt - snd_una). The kernel
 * moves SO_PEEK_OFF along with peeks and discards; it has to be set only after a retransmission,
 * and for the first offset that isn't 0.
 *
 * Options that a short connection does without are set once they are needed.
 */
#include "common/tcp/sock_side.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/iov.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/tcp/dns_stream.h"
#include "common/tcp/ip_fields.h"
#include "common/tcp/tap_side.h"
#include "common/tcp/timeout.h"
#include "common/tcp/window.h"

/* Small exchanges are discarded from the socket a few at a time, which saves a system call each.
 * Not so what came in larger pieces, or was looked at in pieces: a buffer of which a byte is left
 * counts as a whole towards the socket's limit, and could close its window.
 */
#define TCP_DISCARD_SMALL 512
#define TCP_DISCARD_BYTES 4096
#define TCP_DISCARD_PEEKS 32

/* Without SO_PEEK_OFF: bytes kept for retransmission, a flow */
#define TCP_COPIED_MAX (1024 * 1024)

#define TCP_SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

#define TCP_SOCK_EVENTS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* Whether what the namespace has not acknowledged is kept in the socket, not in a copy */
static bool tcp_sock_peeks(const struct tcp_flow *f)
{
	return f->tcp->peek_off_works && f->gate != TCP_GATE_DNS;
}

static int tcp_sock_set_inline_urgent(int fd, int on)
{
	return socket_set(fd, SOL_SOCKET, SO_OOBINLINE, on);
}

/* Urgent bytes are bytes: offsets into the queue must count them */
static int tcp_sock_inline_urgent(int fd)
{
	return tcp_sock_set_inline_urgent(fd, 1);
}

/* Return: 0 or -errno, -EADDRNOTAVAIL if the address isn't there */
static int tcp_sock_bind(int fd, const struct fwd_target *target)
{
	int rc = target->bind_ifname ? socket_set_device(fd, target->bind_ifname) : 0;
	union sockaddr_inany sa;
	socklen_t len;

	if (rc || addr_is_unspecified(&target->bind_addr))
		return rc;
	socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	len = addr_to_sockaddr(&target->bind_addr, 0, target->scope_id, &sa);
	return bind(fd, &sa.sa, len) ? -errno : 0;
}

/* connect() says EADDRNOTAVAIL when all source ports are in use (connect(2)), but also when there's
 * no address that could reach the destination. A datagram socket needs no port of its own to tell.
 */
static bool tcp_sock_has_source(const struct fwd_target *target, const union sockaddr_inany *sa,
				socklen_t len)
{
	int fd = socket(sa->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP), rc;

	if (fd < 0)
		return true;
	rc = tcp_sock_bind(fd, target);
	if (!rc && connect(fd, &sa->sa, len) && errno != EAGAIN)
		rc = -errno;
	close(fd);
	return !rc;
}

int tcp_sock_connect(struct tcp_flow *f, const struct fwd_target *target)
{
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&target->addr, target->port, target->scope_id, &sa);
	int fd = socket(sa.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	int rc;

	if (fd < 0)
		return -errno;
	f->flow.watch.fd = fd;
	f->peek_off = TCP_PEEK_OFF_NONE;
	rc = tcp_sock_inline_urgent(fd);
	if (!rc)
		rc = tcp_sock_bind(fd, target);
	if (rc)
		return rc;
	tcp_ip_fields_connecting(f);
	if (connect(fd, &sa.sa, len) && errno != EINPROGRESS) {
		rc = -errno;
		if (rc == -EADDRNOTAVAIL && tcp_sock_has_source(target, &sa, len))
			rc = -EADDRINUSE;
		return rc;
	}
	return loop_add(f->tcp->loop, &f->flow.watch, TCP_SOCK_EVENTS);
}

int tcp_sock_adopt(struct tcp_flow *f, int fd)
{
	int rc = tcp_sock_inline_urgent(fd);

	f->flow.watch.fd = fd;
	f->peek_off = TCP_PEEK_OFF_NONE;
	tcp_ip_fields_adopted(f);
	f->sends = TCP_SENDS_NO_DELAY; /* inherited from the listening socket */
	return rc ? rc : loop_add(f->tcp->loop, &f->flow.watch, TCP_SOCK_EVENTS);
}

uint16_t tcp_sock_mss(const struct tcp_flow *f)
{
	int mss;
	socklen_t len = sizeof(mss);

	if (getsockopt(f->flow.watch.fd, IPPROTO_TCP, TCP_MAXSEG, &mss, &len) || mss > UINT16_MAX)
		return 0;
	return (uint16_t)mss;
}

/* Return: bytes the socket took, 0 if it's full, or -errno; @n is what the call returned */
static ssize_t tcp_sock_taken(struct tcp_flow *f, ssize_t n)
{
	f->no_memory = n < 0 && (errno == ENOBUFS || errno == ENOMEM || errno == EINTR);
	if (n < 0 && errno != EAGAIN && !f->no_memory)
		return -errno;
	return MAX(n, 0);
}

/* Before a send. Nagle's algorithm delays only what follows something small (RFC 9293, 3.7.4): the
 * first bytes go out at once
 */
static void tcp_sock_no_delay(struct tcp_flow *f)
{
	if (f->sends == TCP_SENDS_ONE)
		socket_set(f->flow.watch.fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (f->sends < TCP_SENDS_NO_DELAY)
		f->sends++;
}

/* How the last @left bytes accepted are to be sent: where the first of them is in the stream, which
 * of them go together, and with what flags. The kernel makes the last byte sent with MSG_OOB urgent
 */
struct tcp_piece {
	uint32_t seq, len;
	int flags;
};

static struct tcp_piece tcp_sock_piece(const struct tcp_flow *f, uint32_t left)
{
	const struct tcp_conn *c = &f->conn;
	uint32_t seq = c->rcv_nxt - left - (c->to_host_state == TCP_TO_HOST_FIN_HELD);

	return (struct tcp_piece){
		.seq = seq,
		.len = tcp_urgent_piece(&c->to_host_urgent, seq, left),
		.flags = TCP_SEND_FLAGS | (tcp_urgent_is_at(&c->to_host_urgent, seq) ? MSG_OOB : 0),
	};
}

/* The part of what was accepted last that the socket has not taken yet */
struct tcp_unsent {
	struct iovec *iov;
	int count;
	uint32_t len;
};

static void tcp_unsent_skip(struct tcp_unsent *unsent, uint32_t len)
{
	unsent->len -= len;
	while (unsent->count && len >= unsent->iov->iov_len) {
		len -= (uint32_t)unsent->iov->iov_len;
		unsent->iov++;
		unsent->count--;
	}
	if (len) {
		unsent->iov->iov_base = (uint8_t *)unsent->iov->iov_base + len;
		unsent->iov->iov_len -= len;
	}
}

/* Return: 0, whether the socket took everything or not, or -errno */
static int tcp_sock_send(struct tcp_flow *f, struct tcp_unsent *unsent)
{
	while (unsent->len) {
		const struct tcp_piece piece = tcp_sock_piece(f, unsent->len);
		const bool all = piece.len == unsent->len;
		struct iovec cut = { unsent->iov->iov_base, MIN(piece.len, unsent->iov->iov_len) };
		const struct msghdr msg = { .msg_iov = all ? unsent->iov : &cut,
					    .msg_iovlen = all ? (size_t)unsent->count : 1 };
		const uint32_t asked = all ? piece.len : (uint32_t)cut.iov_len;
		ssize_t n;

		tcp_sock_no_delay(f);
		n = tcp_sock_taken(f, sendmsg(f->flow.watch.fd, &msg, piece.flags));
		if (n < 0)
			return (int)n;
		tcp_urgent_passed(&f->conn.to_host_urgent, piece.seq + (uint32_t)n);
		tcp_unsent_skip(unsent, (uint32_t)n);
		if (n < asked)
			break;
	}
	return 0;
}

/* Keep what the socket didn't take */
static void tcp_sock_hold(struct tcp_flow *f, const struct tcp_unsent *unsent)
{
	uint32_t kept = 0;

	f->tcp->backlogged += !f->backlog.length;
	f->tcp->stats.backlog_used += f->gate == TCP_GATE_OPEN;
	for (int i = 0; i < unsent->count; i++) {
		const struct iovec *iov = &unsent->iov[i];
		uint32_t n = chunk_append(&f->tcp->chunks, &f->backlog, iov->iov_base,
					  (uint32_t)iov->iov_len);

		kept += n;
		if (n < iov->iov_len)
			break;
	}
	if (kept < unsent->len) {
		f->tcp->stats.backlog_lost++;
		tcp_conn_refused(&f->conn, unsent->len - kept);
	}
	f->tcp->backlogged -= !f->backlog.length;
}

/* What waits for the rest of a name counts as taken: the rest might wait for its acknowledgement */
static void tcp_sock_note_taken(struct tcp_flow *f)
{
	tcp_conn_taken(&f->conn, f->gate == TCP_GATE_OPEN ? f->backlog.length : 0);
}

int tcp_sock_accept(struct tcp_flow *f, struct iovec *iov, int count, uint32_t len)
{
	struct tcp_unsent unsent = { iov, count, len };

	if (!f->backlog.length && f->gate == TCP_GATE_OPEN) {
		int rc = tcp_sock_send(f, &unsent);

		if (rc)
			return rc;
	}
	if (unsent.len)
		tcp_sock_hold(f, &unsent);
	tcp_sock_note_taken(f);
	return 0;
}

/* How much of the backlog the socket may have */
static uint32_t tcp_sock_may_send(const struct tcp_flow *f)
{
	if (f->gate == TCP_GATE_OPEN)
		return f->backlog.length;
	return f->gate == TCP_GATE_DNS ? *tcp_dns_stream_passes(f) : 0;
}

void tcp_sock_passed(struct tcp_flow *f, uint32_t len)
{
	chunk_consume(&f->tcp->chunks, &f->backlog, len);
	f->conn.ack_state = MAX(f->conn.ack_state, TCP_ACK_DUE);
	if (!f->backlog.length) {
		f->tcp->backlogged--;
		tcp_window_forget(f);
	}
}

int tcp_sock_drain(struct tcp_flow *f)
{
	struct iovec iov[TCP_SOCK_IOV];
	uint32_t len;

	while ((len = tcp_sock_may_send(f))) {
		const struct tcp_piece piece = tcp_sock_piece(f, f->backlog.length);
		int count = chunk_peek(&f->tcp->chunks, &f->backlog, 0, MIN(piece.len, len), iov,
				       TCP_SOCK_IOV);
		const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };
		ssize_t n;

		tcp_sock_no_delay(f);
		n = tcp_sock_taken(f, sendmsg(f->flow.watch.fd, &msg, piece.flags));

		if (n < 0)
			return (int)n;
		if (!n)
			break;
		tcp_urgent_passed(&f->conn.to_host_urgent, piece.seq + (uint32_t)n);
		if (f->gate == TCP_GATE_DNS)
			*tcp_dns_stream_passes(f) -= (uint32_t)n;
		tcp_sock_passed(f, (uint32_t)n);
	}
	tcp_sock_note_taken(f);
	return 0;
}

bool tcp_sock_finish(struct tcp_flow *f)
{
	struct tcp_action action;

	if (f->conn.to_host_state != TCP_TO_HOST_FIN_HELD || f->backlog.length)
		return false;
	shutdown(f->flow.watch.fd, SHUT_WR);
	tcp_conn_shut(&f->conn, &action);
	return action.closed;
}

void tcp_sock_discard_now(struct tcp_flow *f)
{
	while (f->undiscarded) {
		ssize_t n = recv(f->flow.watch.fd, NULL, f->undiscarded, MSG_TRUNC | MSG_DONTWAIT);

		if (n <= 0)
			break; /* reset by the peer: the next read says so */
		f->undiscarded -= (uint32_t)n;
		if (f->peek_off != TCP_PEEK_OFF_NONE)
			f->peek_off -= MIN((uint32_t)n, f->peek_off);
	}
	if (f->peeks != TCP_PEEKS_LARGE)
		f->peeks = 0;
	else if (f->sock_state == TCP_SOCK_DRAINED && f->conn.snd_nxt == f->conn.snd_una)
		f->peeks = TCP_DISCARD_PEEKS; /* what comes next may be in the same buffer */
}

void tcp_sock_discard(struct tcp_flow *f, uint32_t len)
{
	if (!tcp_sock_peeks(f)) {
		chunk_consume(&f->tcp->chunks, &f->copied, len);
		return;
	}
	f->undiscarded += len;
	if (f->undiscarded >= TCP_DISCARD_BYTES || f->peeks >= TCP_DISCARD_PEEKS)
		tcp_sock_discard_now(f);
}

/* Copy up to @len bytes from the socket, where they need not be copied again if there's such a
 * place. Return: as recv(2), with the @ret_count pieces that they are in
 */
static ssize_t tcp_sock_peek_at(struct tcp_flow *f, uint32_t len, struct iovec *iov, int *ret_count)
{
	struct msghdr msg = { .msg_iov = iov };
	int count = tcp_tap_find_room(f, len, iov);
	ssize_t n;

	msg.msg_iovlen = (size_t)count;
	n = count ? recvmsg(f->flow.watch.fd, &msg, MSG_PEEK | MSG_DONTWAIT)
		  : recv(f->flow.watch.fd, f->tcp->tx_buf, len, MSG_PEEK | MSG_DONTWAIT);
	if (!count)
		iov[0] = (struct iovec){ f->tcp->tx_buf, len };
	*ret_count = MAX(count, 1);
	if (n > 0)
		iov_narrow(&iov, ret_count, 0, (size_t)n);
	return n;
}

/* Look at up to @len bytes of the stream from snd_nxt on, in the socket
 *
 * Return: bytes, in @ret_count pieces; 0 at the end of the stream; or -errno
 */
static ssize_t tcp_sock_peek(struct tcp_flow *f, uint32_t len, struct iovec *iov, int *ret_count)
{
	uint32_t want = f->undiscarded + (f->conn.snd_nxt - f->conn.snd_una);
	ssize_t n;

	if (f->sock_state == TCP_SOCK_DRAINED && f->conn.snd_nxt == f->conn.snd_max)
		return -EAGAIN;
	if (f->peek_off != want && (want || f->peek_off != TCP_PEEK_OFF_NONE)) {
		int rc = socket_set(f->flow.watch.fd, SOL_SOCKET, SO_PEEK_OFF, (int)want);

		if (rc)
			return rc;
		f->peek_off = want;
	}
	n = tcp_sock_peek_at(f, len, iov, ret_count);
	if (n < 0)
		return -errno;
	if (f->peek_off != TCP_PEEK_OFF_NONE)
		f->peek_off += (uint32_t)n;
	f->filled = (uint32_t)n == len;
	if (f->filled || n > TCP_DISCARD_SMALL)
		f->peeks = TCP_PEEKS_LARGE;
	else if (f->peeks < TCP_DISCARD_PEEKS)
		f->peeks++;
	return n;
}

/* What was received. Return: bytes that there are to send with it, or -errno */
static ssize_t tcp_sock_keep_copy(struct tcp_flow *f, uint32_t len, uint64_t now_ns)
{
	uint32_t before = f->copied.length;
	int rc;

	if (f->gate != TCP_GATE_DNS)
		return chunk_append(&f->tcp->chunks, &f->copied, f->tcp->tx_buf, len);
	rc = tcp_dns_stream_take(f, f->tcp->tx_buf, len, now_ns);
	return rc ? -EIO : (ssize_t)(f->copied.length - before);
}

/* The same without SO_PEEK_OFF: what was received before is in f->copied, the rest is kept there.
 * The bytes that come back start at snd_nxt, in up to TCP_TAP_IOV_MAX pieces
 */
static ssize_t tcp_sock_copy(struct tcp_flow *f, uint32_t len, struct iovec *iov, int *ret_count,
			     uint64_t now_ns)
{
	uint32_t offset = f->conn.snd_nxt - f->conn.snd_una;
	ssize_t total = 0;

	if (offset >= f->copied.length) {
		uint32_t room = TCP_COPIED_MAX - MIN(f->copied.length, (uint32_t)TCP_COPIED_MAX);
		ssize_t n;

		/* A receive can't be undone, so there must be room first; half of the chunks are
		 * for backlogs
		 */
		if (f->sock_state == TCP_SOCK_DRAINED)
			return -EAGAIN;
		len = MIN(MIN(len, room), (uint32_t)TCP_BACKLOG_MAX);
		if (!len || !chunk_available(&f->tcp->chunks,
					     f->tcp->chunks.capacity / 2 + TCP_BACKLOG_CHUNKS))
			return -ENOBUFS;
		n = recv(f->flow.watch.fd, f->tcp->tx_buf, len, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		f->filled = n == len;
		/* What follows may be urgent, and an edge says so */
		if (n < len && f->sock_state == TCP_SOCK_READABLE)
			f->sock_state = TCP_SOCK_DRAINED;
		n = tcp_sock_keep_copy(f, (uint32_t)n, now_ns);
		if (n < 0)
			return n;
		len = MIN(len, (uint32_t)n); /* what else there is has its turn next */
	}
	*ret_count = chunk_peek(&f->tcp->chunks, &f->copied, offset, len, iov, TCP_TAP_IOV_MAX);
	for (int i = 0; i < *ret_count; i++)
		total += (ssize_t)iov[i].iov_len;
	return total;
}

void tcp_sock_find_urgent(struct tcp_flow *f)
{
	const struct tcp_conn *c = &f->conn;
	uint32_t first = c->snd_una + (c->tap_state != TCP_TAP_ESTABLISHED);
	const int fd = f->flow.watch.fd;
	int all, upto, rc;

	/* Only when urgent data isn't inline, SIOCINQ counts just up to it, if it's there */
	if (ioctl(fd, SIOCINQ, &all) || tcp_sock_set_inline_urgent(fd, 0))
		return;
	rc = ioctl(fd, SIOCINQ, &upto);
	tcp_sock_set_inline_urgent(fd, 1);
	if (!rc && upto < all)
		tcp_conn_urgent(&f->conn,
				first - f->undiscarded + f->copied.length + (uint32_t)upto);
}

/* A read ends before an urgent byte, but one that starts there runs through it. The last one may
 * have got all that it asked for, up to there, and the edge that tells of what came since may be on
 * its way
 */
static void tcp_sock_ask_for_urgent(struct tcp_flow *f)
{
	struct pollfd p = { .fd = f->flow.watch.fd, .events = POLLPRI };

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLPRI))
		return;
	f->sock_state = TCP_SOCK_URGENT;
	tcp_sock_find_urgent(f);
}

/* @n: what the read came to. Return: 0 or -errno */
static int tcp_sock_got_nothing(struct tcp_flow *f, ssize_t n, uint64_t now_ns)
{
	if (n == -ENOBUFS || n == -ENOMEM || n == -EINTR) { /* no edge tells: look soon */
		timer_set_by(f->tcp->timers, &f->flow.timer, now_ns, TCP_STARVED_MS);
		return 0;
	}
	if (n && n != -EAGAIN)
		return (int)n;
	f->sock_state = TCP_SOCK_DRAINED;
	if (!n)
		tcp_conn_eof(&f->conn);
	return 0;
}

/* Send data until the window, the socket or the tap says stop. Return: 0 or -errno */
static int tcp_sock_pull_data(struct tcp_flow *f, uint64_t now_ns)
{
	const uint32_t most = tcp_tap_payload_max(f);
	struct iovec iov[TCP_TAP_IOV_MAX];
	uint32_t room;

	if (f->filled && f->sock_state < TCP_SOCK_ENDING && tcp_conn_room(&f->conn))
		tcp_sock_ask_for_urgent(f);
	while ((room = tcp_conn_room(&f->conn))) {
		const struct tcp_urgent *urgent = &f->conn.to_ns_urgent;
		const uint8_t urg = tcp_urgent_is_at(urgent, f->conn.snd_nxt) ? TCP_URG : 0;
		uint32_t len = tcp_urgent_piece(urgent, f->conn.snd_nxt, MIN(room, most));
		int count = 1;
		ssize_t n;

		if (link_is_full(f->tcp->link)) {
			f->waits_for_room = true;
			return 0;
		}
		n = tcp_sock_peeks(f) ? tcp_sock_peek(f, len, iov, &count)
				      : tcp_sock_copy(f, len, iov, &count, now_ns);
		if (n <= 0)
			return tcp_sock_got_nothing(f, n, now_ns);
		if (!tcp_conn_fits(&f->conn, (uint32_t)n))
			return 0;
		if (tcp_tap_send(f, urg | (n < len ? TCP_PSH : 0), iov, count, (uint32_t)n)) {
			/* as good as lost: the timer sends it again */
			timer_set_by(f->tcp->timers, &f->flow.timer, now_ns, TCP_RTO_MIN_MS);
			return 0;
		}
		tcp_conn_sent(&f->conn, (uint32_t)n, false, now_ns);
		if (n < len && f->sock_state == TCP_SOCK_URGENT)
			tcp_sock_find_urgent(f);
		if (n < len && f->sock_state <= TCP_SOCK_READABLE && tcp_sock_peeks(f) &&
		    f->conn.snd_nxt == f->conn.snd_max) {
			f->sock_state = TCP_SOCK_DRAINED;
			return 0;
		}
	}
	return 0;
}

int tcp_sock_pull(struct tcp_flow *f, uint64_t now_ns)
{
	bool again = f->conn.snd_nxt != f->conn.snd_max; /* a retransmission needs no edge */

	f->waits_for_room = false;
	if (f->sock_state != TCP_SOCK_DRAINED || again) {
		int rc = tcp_sock_pull_data(f, now_ns);

		if (rc)
			return rc;
	}
	if (!tcp_conn_fin_due(&f->conn))
		return 0;
	if (tcp_tap_send(f, TCP_FIN, NULL, 0, 0))
		timer_set_by(f->tcp->timers, &f->flow.timer, now_ns, TCP_RTO_MIN_MS);
	else
		tcp_conn_sent(&f->conn, 0, true, now_ns);
	return 0;
}

static void tcp_sock_linger_hard(int fd)
{
	const struct linger hard = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

void tcp_sock_reset(int fd)
{
	tcp_sock_linger_hard(fd);
	close(fd);
}

void tcp_sock_close(struct tcp_flow *f, bool reset)
{
	if (f->flow.watch.fd >= 0) {
		if (reset)
			tcp_sock_linger_hard(f->flow.watch.fd);
		else
			tcp_sock_discard_now(f); /* unread data would turn close() into a RST */
		f->flow.watch.fn = NULL;
		close(f->flow.watch.fd);
		f->flow.watch.fd = -1;
	}
	if (f->backlog.length)
		f->tcp->backlogged--;
	chunk_consume(&f->tcp->chunks, &f->backlog, f->backlog.length);
	chunk_consume(&f->tcp->chunks, &f->copied, f->copied.length);
}
