/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines with several workers on threads of their own, each with a socket pair as its queue of the
 * tap: frames come to any of them. Built with -fsanitize=thread, this is the test that the workers
 * share no more than they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/engine/engine.h"
#include "test/unit/ns_peer.h"

#define WORKERS 4
#define ISN 1000u

/* One engine, on a thread; the test is the namespace */
struct running {
	struct config config;
	struct engine *engine;
	int queues[WORKERS]; /* the namespace's ends */
	int first_fd; /* the first worker's link, which is not the engine's */
	struct watch stop;
	pthread_t thread;
	int result;
};

static void on_stop(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)events;
	(void)now_ns;
	engine_stop(container_of(watch, struct running, stop)->engine);
}

static void *run(void *arg)
{
	struct running *r = arg;

	r->result = engine_run(r->engine);
	return NULL;
}

static void make_queue(int *ret_ns, int *ret_engine)
{
	int fds[2], size = 4 << 20;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*ret_engine = fds[0];
	*ret_ns = fds[1];
}

static void start(struct running *r, const struct in6_addr *gateway)
{
	struct err err;
	int fd;

	*r = (struct running){
		.config.link = { .mtu = NS_PEER_MTU },
		.config.max_flows = 100,
		.config.fwd.tcp = true,
		.config.fwd.ip4 = { .enabled = true, .map_host_loopback = *gateway },
	};
	make_queue(&r->queues[0], &r->first_fd);
	assert_int_equal(engine_new(&r->config, r->first_fd, &r->engine, &err), 0);
	for (int i = 1; i < WORKERS; i++) {
		make_queue(&r->queues[i], &fd);
		assert_int_equal(engine_add_worker(r->engine, fd, &err), 0);
	}
	assert_int_equal(engine_start(r->engine, NULL, NULL, &err), 0);
	assert_int_equal(engine_workers(r->engine), WORKERS);
	r->stop = (struct watch){ on_stop, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	assert_int_equal(loop_add(engine_loop(r->engine), &r->stop, EPOLLIN), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

static void stop(struct running *r)
{
	eventfd_write(r->stop.fd, 1);
	pthread_join(r->thread, NULL);
	assert_int_equal(r->result, 0);
	engine_free(r->engine);
	close(r->stop.fd);
	close(r->first_fd);
	for (int i = 0; i < WORKERS; i++)
		close(r->queues[i]);
}

/* The engine's next segment by any queue, whatever comes before it. Return: false: none has come */
static bool receive(struct running *r, struct ns_peer *peer, int timeout_ms)
{
	uint8_t raw[sizeof(struct virtio_net_hdr) + 2 * NS_PEER_MTU];
	struct pollfd p[WORKERS];
	ssize_t n;

	for (;;) {
		for (int i = 0; i < WORKERS; i++)
			p[i] = (struct pollfd){ r->queues[i], POLLIN, 0 };
		if (poll(p, WORKERS, timeout_ms) <= 0)
			return false;
		for (int i = 0; i < WORKERS; i++) {
			n = p[i].revents ? recv(p[i].fd, raw, sizeof(raw), 0) : 0;
			if (n > (ssize_t)sizeof(struct virtio_net_hdr) &&
			    ns_peer_take(peer, raw + sizeof(struct virtio_net_hdr),
					 (size_t)n - sizeof(struct virtio_net_hdr)))
				return true;
		}
	}
}

static void await_ack(struct running *r, struct ns_peer *peer, uint32_t ack)
{
	do {
		assert_true(receive(r, peer, 20000));
		assert_false(peer->got.flags & TCP_RST);
	} while (peer->got.ack != ack);
}

static int open_connection(struct running *r, struct ns_peer *peer, int queue)
{
	int fd;

	ns_peer_send(peer, r->queues[queue], ISN, TCP_SYN, 0);
	await_ack(r, peer, ISN + 1);
	assert_int_equal(peer->got.flags, TCP_SYN | TCP_ACK);
	fd = accept(peer->server, NULL, NULL);
	assert_true(fd >= 0);
	ns_peer_send(peer, r->queues[queue], ISN + 1, TCP_ACK, 0);
	return fd;
}

static void expect_bytes(int fd, size_t count)
{
	uint8_t buf[4096];
	ssize_t n;

	for (; count; count -= (size_t)n) {
		n = recv(fd, buf, MIN(count, sizeof(buf)), 0);
		assert_true(n > 0);
	}
}

static void test_workers_connection_is_one_whatever_queue_its_frames_come_by(void **state)
{
	struct running r;
	struct ns_peer peer;
	uint32_t seq = ISN + 1;
	int fd;

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 40000), 0);
	start(&r, &peer.gateway);
	fd = open_connection(&r, &peer, 1);
	for (int i = 0; i < 100; i++, seq += 1000) {
		ns_peer_send(&peer, r.queues[i % WORKERS], seq, TCP_ACK, 1000);
		await_ack(&r, &peer, seq + 1000);
		expect_bytes(fd, 1000);
	}
	close(fd);
	stop(&r);
	ns_peer_fini(&peer);
}

/* All at once; nobody must answer to a segment of a connection that another one has */
static void test_workers_answer_no_segment_of_others_by_a_reset(void **state)
{
	struct running r;
	struct ns_peer peer;
	int fd;

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 40001), 0);
	start(&r, &peer.gateway);
	fd = open_connection(&r, &peer, 2);
	for (uint32_t i = 0; i < 400; i++)
		ns_peer_send(&peer, r.queues[i % WORKERS], ISN + 1 + i / WORKERS * 100, TCP_ACK,
			     100);
	await_ack(&r, &peer, ISN + 1 + 100 * 100);
	expect_bytes(fd, 100 * 100);
	close(fd);
	stop(&r);
	ns_peer_fini(&peer);
}

static void test_workers_same_syn_on_all_queues_opens_one_connection(void **state)
{
	struct running r;
	struct ns_peer peer;
	struct pollfd p;
	int fd;

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 40002), 0);
	start(&r, &peer.gateway);
	for (int i = 0; i < WORKERS; i++)
		ns_peer_send(&peer, r.queues[i], ISN, TCP_SYN, 0);
	await_ack(&r, &peer, ISN + 1);
	fd = accept(peer.server, NULL, NULL);
	assert_true(fd >= 0);
	ns_peer_send(&peer, r.queues[3], ISN + 1, TCP_ACK, 100);
	await_ack(&r, &peer, ISN + 101);
	p = (struct pollfd){ peer.server, POLLIN, 0 };
	assert_int_equal(poll(&p, 1, 0), 0);
	close(fd);
	stop(&r);
	ns_peer_fini(&peer);
}

static void test_workers_of_two_engines_are_apart(void **state)
{
	struct running r[2];
	struct ns_peer peer[2];
	int fds[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ns_peer_init(&peer[i], 40003), 0);
		start(&r[i], &peer[i].gateway);
		fds[i] = open_connection(&r[i], &peer[i], i);
	}
	for (int i = 0; i < 2; i++) {
		ns_peer_send(&peer[i], r[i].queues[3 - i], ISN + 1, TCP_ACK, 10);
		await_ack(&r[i], &peer[i], ISN + 11);
		expect_bytes(fds[i], 10);
		close(fds[i]);
		stop(&r[i]);
		ns_peer_fini(&peer[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers_connection_is_one_whatever_queue_its_frames_come_by),
		cmocka_unit_test(test_workers_answer_no_segment_of_others_by_a_reset),
		cmocka_unit_test(test_workers_same_syn_on_all_queues_opens_one_connection),
		cmocka_unit_test(test_workers_of_two_engines_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
