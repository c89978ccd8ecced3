/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: an engine with several workers on threads of their own, each with a socket pair
 * as its queue of the tap; the test is the namespace. Include <cmocka.h> first.
 */
#ifndef TEST_UNIT_TEAM_FIXTURE_H
#define TEST_UNIT_TEAM_FIXTURE_H

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/engine/engine.h"
#include "common/fwd/listeners.h"

#define WORKERS 4
#define PATIENCE_MS 20000
#define TEAM_MTU 1500

static const struct socket_source no_sockets;

/* One engine, on a thread; the test is the namespace */
struct running {
	struct config config;
	struct fwd_listeners listeners;
	struct engine *engine;
	int queues[WORKERS]; /* the namespace's ends */
	int first_fd; /* the first worker's link, which is not the engine's */
	struct watch stop;
	bool is_running;
	pthread_t thread;
	int result;
};

static inline void on_stop(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)events;
	(void)now_ns;
	engine_stop(container_of(watch, struct running, stop)->engine);
}

static inline void *run(void *arg)
{
	struct running *r = arg;

	r->result = engine_run(r->engine);
	return NULL;
}

static inline void make_queue(int *ret_ns, int *ret_engine)
{
	int fds[2], size = 4 << 20;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*ret_engine = fds[0];
	*ret_ns = fds[1];
}

static inline void configure(struct running *r, const struct in6_addr *ns,
			     const struct in6_addr *gateway)
{
	*r = (struct running){
		.config.link = { .mtu = TEAM_MTU },
		.config.max_flows = 100,
		.config.max_fds = 100,
		.config.fwd.tcp = true,
		.config.fwd.udp = true,
		.config.fwd.no_splice = true,
		.config.fwd.ip4 = { .enabled = true,
				    .map_host_loopback = *gateway,
				    .ns_addr = *ns },
	};
}

/* As it's configured */
static inline void start_configured(struct running *r)
{
	struct err err;
	int fd;

	assert_int_equal(fwd_listeners_init(&r->listeners, &no_sockets), 0);
	r->listeners.ip4 = true;
	r->config.listeners = &r->listeners;
	make_queue(&r->queues[0], &r->first_fd);
	assert_int_equal(engine_new(&r->config, r->first_fd, &r->engine, &err), 0);
	for (int i = 1; i < WORKERS; i++) {
		make_queue(&r->queues[i], &fd);
		assert_int_equal(engine_add_worker(r->engine, fd, &err), 0);
	}
	assert_int_equal(engine_start(r->engine, NULL, NULL, &err), 0);
	assert_int_equal(engine_workers(r->engine), WORKERS);
}

static inline void start(struct running *r, const struct in6_addr *ns,
			 const struct in6_addr *gateway)
{
	configure(r, ns, gateway);
	start_configured(r);
}

/* A listening socket of the host's loopback, which leads to the namespace's @to by the tap. Return:
 * its port, the first that nobody has
 */
static inline uint16_t listen_on_loopback(struct running *r, enum fwd_direction direction,
					  uint16_t to)
{
	const struct fwd_listen at = { .family = AF_INET, .addr = addr_loopback(AF_INET) };
	uint16_t port = 21000;
	int rc;

	do {
		const struct fwd_rule rule = {
			.id = 1,
			.direction = direction,
			.ports = { port, port },
			.to_first = to,
		};

		rc = fwd_listeners_add(&r->listeners, &rule, port, &at);
	} while (rc == -EADDRINUSE && ++port);
	assert_int_equal(rc, 0);
	return port;
}

static inline void go(struct running *r)
{
	r->stop = (struct watch){ on_stop, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	assert_int_equal(loop_add(engine_loop(r->engine), &r->stop, EPOLLIN), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
	r->is_running = true;
}

/* From here on, the engine may be looked at */
static inline void end_run(struct running *r)
{
	if (!r->is_running)
		return;
	eventfd_write(r->stop.fd, 1);
	pthread_join(r->thread, NULL);
	assert_int_equal(r->result, 0);
	r->is_running = false;
}

static inline void stop(struct running *r)
{
	end_run(r);
	engine_free(r->engine);
	fwd_listeners_fini(&r->listeners);
	close(r->stop.fd);
	close(r->first_fd);
	for (int i = 0; i < WORKERS; i++)
		close(r->queues[i]);
}

#endif
