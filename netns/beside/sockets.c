/* SPDX-License-Identifier: Apache-2.0
 *
 * A stock that is found empty was too small: its target doubles. It's refilled from half on, in
 * one go, so that the thread wakes up once for many sockets.
 *
 * The thread has its own table of descriptors, and sockets come from it in messages. While a table
 * has only one user, the kernel counts no references in each system call of the worker's, which
 * is worth some 3 % of all it does for small packets.
 */
#include "netns/beside/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fd_message.h"
#include "common/base/fds.h"
#include "common/base/thread.h"
#include "common/base/util.h"
#include "netns/base/remedy.h"

#define THREAD_STACK_BYTES (64 * 1024)
#define STOCK_TARGET_MIN 4

/* To the thread */
struct question {
	uint32_t kind;
	uint32_t count;
};

/* And back, with the descriptors. The first one tells what the thread's start came to */
struct answer {
	uint32_t kind;
	int32_t error; /* -errno of the first socket that could not be made, or 0 */
};

/* What the starting thread knows until the other one has begun */
struct start {
	struct lockin_request lockin;
	struct err *err;
	int net_fd;
	int channel; /* the new thread's end */
};

static int make_socket(uint32_t kind)
{
	int type = kind & 1 ? SOCK_DGRAM : SOCK_STREAM, one = 1;
	int fd = socket(kind & 2 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Return: 0, or -errno if nobody is there any more to be answered */
static int make_sockets(int channel, const struct question *question)
{
	struct answer answer = { .kind = question->kind };
	int fds[NS_SOCKETS_STOCK_MAX] = { -1 }, fd, rc;
	uint32_t made = 0;

	while (made < question->count) {
		fd = make_socket(question->kind);
		if (fd < 0) {
			answer.error = fd;
			break;
		}
		fds[made++] = fd;
	}
	rc = fd_message_send(channel, &answer, sizeof(answer), fds, made);
	if (rc && made) { /* too many on their way, of all processes of this user */
		answer.error = rc;
		rc = fd_message_send(channel, &answer, sizeof(answer), NULL, 0);
	}
	while (made)
		close(fds[--made]);
	return rc;
}

/* Of the common table nothing stays but the channel: what is closed there has to be gone */
static int leave_table(int channel, struct err *err)
{
	if (unshare(CLONE_FILES))
		return err_set(err, -errno, "cannot make a table of descriptors: unshare(2): %s",
			       strerror(errno));
	fds_keep_only(0, &channel, 1);
	return 0;
}

static int enter(const struct start *start)
{
	int rc;

	if (setns(start->net_fd, CLONE_NEWNET)) {
		rc = -errno;
		err_set(start->err, rc, "cannot enter network namespace: %s", strerror(-rc));
		return err_remedy(start->err, rc, remedy_join(rc));
	}
	rc = lockin_thread(&start->lockin, start->err);
	return rc ? rc : leave_table(start->channel, start->err);
}

/* After the first answer, what @arg points at is gone */
static void *thread_main(void *arg)
{
	const struct start *start = arg;
	int channel = start->channel;
	const struct answer started = { .error = enter(start) };
	struct question question;
	int rc = fd_message_send(channel, &started, sizeof(started), NULL, 0);

	while (!rc && !started.error) {
		ssize_t n = recv(channel, &question, sizeof(question), 0);

		if (n == sizeof(question))
			rc = make_sockets(channel, &question);
		else if (n >= 0 || errno != EINTR)
			break;
	}
	return NULL;
}

/* Take in one answer. Return: 0 or -errno */
static int receive(struct ns_sockets *sockets, int flags, struct answer *ret_answer)
{
	struct ns_sockets_stock *stock;
	struct answer answer;
	struct fd_list fds;
	ssize_t n;

	n = fd_message_receive(sockets->channel, flags, &answer, sizeof(answer), &fds);
	if (n != sizeof(answer))
		return n < 0 ? (int)n : -EPIPE;
	stock = &sockets->stock[answer.kind];
	memcpy(stock->fd + stock->count, fds.fd, fds.count * sizeof(int));
	stock->count += fds.count;
	stock->asked = false;
	stock->error = fds.count ? 0 : answer.error;
	if (!fds.count && fds.cut)
		stock->error = -EMFILE; /* there are some, but no room in our table */
	*ret_answer = answer;
	return 0;
}

int ns_sockets_start(struct ns_sockets *sockets, int net_fd, const struct lockin_request *lockin,
		     struct err *err)
{
	struct start start = { .lockin = *lockin, .err = err, .net_fd = net_fd };
	struct answer started = { 0 };
	pthread_t thread;
	int ends[2], rc;

	*sockets = (struct ns_sockets){ .channel = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	sockets->channel = ends[0];
	start.channel = ends[1];
	rc = thread_start(&thread, THREAD_STACK_BYTES, thread_main, &start);
	if (rc) {
		close(ends[1]);
		err_set(err, rc, "cannot start a thread: %s", strerror(-rc));
		return err_remedy(err, rc, remedy_thread(rc));
	}
	pthread_detach(thread);
	rc = receive(sockets, 0, &started);
	close(ends[1]);
	return rc ? err_set(err, rc, "the socket thread has ended: %s", strerror(-rc))
		  : started.error;
}

static uint32_t kind_of(int family, int type)
{
	return (family == AF_INET6 ? 2u : 0u) + (type == SOCK_DGRAM ? 1u : 0u);
}

static int ask(struct ns_sockets *sockets, uint32_t kind)
{
	struct ns_sockets_stock *stock = &sockets->stock[kind];
	const struct question question = { kind, stock->target - stock->count };

	if (stock->asked)
		return 0;
	if (send(sockets->channel, &question, sizeof(question), MSG_NOSIGNAL) < 0)
		return -errno;
	stock->asked = true;
	return 0;
}

/* The stock is empty: wait for the thread, which takes as long as a few sockets do */
static int wait_for(struct ns_sockets *sockets, uint32_t kind)
{
	struct ns_sockets_stock *stock = &sockets->stock[kind];
	struct answer answer;
	int rc;

	stock->target = MIN(MAX(stock->target * 2, STOCK_TARGET_MIN), NS_SOCKETS_STOCK_MAX);
	rc = ask(sockets, kind);
	while (stock->asked && (!rc || rc == -EINTR))
		rc = receive(sockets, 0, &answer);
	return rc ? rc : stock->error;
}

static int take(struct ns_sockets *sockets, uint32_t kind)
{
	struct ns_sockets_stock *stock = &sockets->stock[kind];
	struct answer answer;
	int fd, rc = 0;

	if (stock->asked && stock->count < stock->target / 2)
		while (!receive(sockets, MSG_DONTWAIT, &answer))
			;
	if (!stock->count)
		rc = wait_for(sockets, kind);
	if (!stock->count)
		return rc ? rc : -EMFILE;
	fd = stock->fd[--stock->count];
	if (stock->count < stock->target / 2)
		ask(sockets, kind); /* if it can't be told now, it's asked again when it is empty */
	return fd;
}

int ns_sockets_get(void *arg, int family, int type)
{
	struct ns_sockets *sockets = arg;
	int fd;

	pthread_mutex_lock(&sockets->lock);
	fd = take(sockets, kind_of(family, type));
	pthread_mutex_unlock(&sockets->lock);
	return fd;
}
