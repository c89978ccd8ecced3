/* SPDX-License-Identifier: Apache-2.0
 *
 * A stock that is found empty was too small: its target doubles. It's refilled from half on, in
 * one go, so that the thread wakes up once for many sockets.
 */
#include "netns/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/util.h"
#include "netns/remedy.h"

#define THREAD_STACK_BYTES (64 * 1024)
#define STOCK_TARGET_MIN 4

static uint32_t kind_of(int family, int type)
{
	return (family == AF_INET6 ? 2u : 0u) + (type == SOCK_DGRAM ? 1u : 0u);
}

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

/* Called and returning with the lock held, which is given up meanwhile */
static void refill(struct ns_sockets *sockets, uint32_t kind)
{
	struct ns_sockets_stock *stock = &sockets->stock[kind];
	int fds[NS_SOCKETS_STOCK_MAX], rc = 0;
	uint32_t missing = stock->target - stock->count, made = 0;

	stock->wanted = false;
	pthread_mutex_unlock(&sockets->lock);
	while (made < missing) {
		rc = make_socket(kind);
		if (rc < 0)
			break;
		fds[made++] = rc;
	}
	pthread_mutex_lock(&sockets->lock);
	/* Only this thread adds to it */
	for (uint32_t i = 0; i < made; i++)
		stock->fd[stock->count++] = fds[i];
	stock->error = rc < 0 ? rc : 0;
	pthread_cond_broadcast(&sockets->filled);
}

static bool wanted_stock(const struct ns_sockets *sockets, uint32_t *ret_kind)
{
	for (uint32_t kind = 0; kind < NS_SOCKETS_KINDS; kind++) {
		*ret_kind = kind;
		if (sockets->stock[kind].wanted)
			return true;
	}
	return false;
}

static int enter(struct ns_sockets *sockets)
{
	int rc;

	if (setns(sockets->net_fd, CLONE_NEWNET)) {
		rc = -errno;
		return err_set(sockets->err, rc, "cannot enter network namespace: %s (%s)",
			       strerror(-rc), remedy_join(rc));
	}
	return lockin_thread(&sockets->lockin, sockets->err);
}

/* With the lock held, for as long as the process lives */
static void serve(struct ns_sockets *sockets)
{
	uint32_t kind;

	for (;;) {
		if (wanted_stock(sockets, &kind))
			refill(sockets, kind);
		else
			pthread_cond_wait(&sockets->asked, &sockets->lock);
	}
}

static void *thread_main(void *arg)
{
	struct ns_sockets *sockets = arg;
	int rc = enter(sockets);

	pthread_mutex_lock(&sockets->lock);
	sockets->started = rc;
	pthread_cond_broadcast(&sockets->filled);
	if (!rc)
		serve(sockets);
	pthread_mutex_unlock(&sockets->lock);
	return NULL;
}

/* Signals are for the thread that reads them, by descriptor */
static int start_thread(struct ns_sockets *sockets)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = -pthread_create(&thread, &attr, thread_main, sockets);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int ns_sockets_start(struct ns_sockets *sockets, int net_fd, const struct lockin_request *lockin,
		     struct err *err)
{
	int rc;

	*sockets = (struct ns_sockets){
		.net_fd = net_fd, .lockin = *lockin, .started = 1, .err = err,
	};
	pthread_mutex_init(&sockets->lock, NULL);
	pthread_cond_init(&sockets->asked, NULL);
	pthread_cond_init(&sockets->filled, NULL);
	rc = start_thread(sockets);
	if (rc)
		return err_set(err, rc, "cannot start a thread: %s", strerror(-rc));
	pthread_mutex_lock(&sockets->lock);
	while (sockets->started > 0)
		pthread_cond_wait(&sockets->filled, &sockets->lock);
	rc = sockets->started;
	pthread_mutex_unlock(&sockets->lock);
	return rc;
}

static void ask(struct ns_sockets *sockets, struct ns_sockets_stock *stock)
{
	if (stock->wanted)
		return;
	stock->wanted = true;
	pthread_cond_signal(&sockets->asked);
}

int ns_sockets_get(void *arg, int family, int type)
{
	struct ns_sockets *sockets = arg;
	struct ns_sockets_stock *stock = &sockets->stock[kind_of(family, type)];
	int fd;

	pthread_mutex_lock(&sockets->lock);
	if (!stock->count) {
		stock->target = MIN(MAX(stock->target * 2, STOCK_TARGET_MIN),
				    NS_SOCKETS_STOCK_MAX);
		stock->error = 0;
		ask(sockets, stock);
	}
	while (!stock->count && !stock->error)
		pthread_cond_wait(&sockets->filled, &sockets->lock);
	fd = stock->count ? stock->fd[--stock->count] : stock->error;
	if (fd >= 0 && stock->count < stock->target / 2)
		ask(sockets, stock);
	pthread_mutex_unlock(&sockets->lock);
	return fd;
}
