/* SPDX-License-Identifier: Apache-2.0
 *
 * Who reads which queue of the tap: while a few connections are all that there is, the first worker
 * reads all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "test/unit/team_peer.h"

#define PEERS 4

struct several {
	struct running r;
	struct ns_peer peers[PEERS];
	int fds[PEERS];
};

static void start_several(struct several *s)
{
	for (uint16_t i = 0; i < PEERS; i++)
		assert_int_equal(ns_peer_init(&s->peers[i], (uint16_t)(41000 + i)), 0);
	configure(&s->r, &s->peers[0].ns, &s->peers[0].gateway);
	s->r.config.workers_rest = true;
	start_configured(&s->r);
}

static void stop_several(struct several *s)
{
	stop(&s->r);
	for (int i = 0; i < PEERS; i++)
		ns_peer_fini(&s->peers[i]);
}

/* Have a connection by @queue. Return: the queue by which it's answered; its worker's, that is */
static int open_by(struct several *s, int number, int queue)
{
	struct ns_peer *peer = &s->peers[number];
	int by;

	ns_peer_send(peer, s->r.queues[queue], ISN, TCP_SYN, 0);
	do {
		by = receive_by(&s->r, 0, WORKERS, peer);
		assert_true(by >= 0);
	} while (peer->got.flags != (TCP_SYN | TCP_ACK));
	s->fds[number] = accept(peer->server, NULL, NULL);
	assert_true(s->fds[number] >= 0);
	ns_peer_send(peer, s->r.queues[queue], ISN + 1, TCP_ACK, 0);
	return by;
}

static void reset_by(struct several *s, int number, int queue)
{
	ns_peer_send(&s->peers[number], s->r.queues[queue], ISN + 1, TCP_RST | TCP_ACK, 0);
	/* It has got there when the server's end says so */
	assert_int_equal(recv(s->fds[number], &(char){ 0 }, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(s->fds[number]);
}

static void test_duty_first_worker_alone_has_a_few(void **state)
{
	struct several s;

	(void)state;
	start_several(&s);
	go(&s.r);
	assert_int_equal(open_by(&s, 0, 3), 0);
	assert_int_equal(open_by(&s, 1, 2), 0);
	assert_int_equal(open_by(&s, 2, 1), 0);
	assert_int_equal(open_by(&s, 3, 3), 3); /* since there are more than a few */
	for (int i = 0; i < PEERS; i++)
		reset_by(&s, i, i);
	stop_several(&s);
}

static void test_duty_connections_go_on_while_it_changes(void **state)
{
	struct several s;
	uint32_t seq = ISN + 1;

	(void)state;
	start_several(&s);
	go(&s.r);
	for (int i = 0; i < PEERS; i++)
		open_by(&s, i, i);
	for (int i = 0; i < 100; i++, seq += 100) {
		for (int n = 0; n < PEERS; n++) {
			ns_peer_send(&s.peers[n], s.r.queues[(n + i) % WORKERS], seq, TCP_ACK, 100);
			await_ack(&s.r, &s.peers[n], seq + 100);
			expect_bytes(s.fds[n], 100);
		}
	}
	for (int i = 0; i < PEERS; i++)
		close(s.fds[i]);
	stop_several(&s);
}

static void test_duty_first_worker_is_alone_again_after_a_while(void **state)
{
	const uint64_t end_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
	struct several s;
	int by;

	(void)state;
	start_several(&s);
	go(&s.r);
	for (int i = 0; i < PEERS; i++)
		open_by(&s, i, 3);
	for (int i = 0; i < PEERS; i++)
		reset_by(&s, i, 3);
	do { /* one after the other: what others have for a while, the first one has in the end */
		assert_int_equal(open_by(&s, 0, 0), 0);
		reset_by(&s, 0, 0);
		by = open_by(&s, 1, 3);
		reset_by(&s, 1, 3);
	} while (by && clock_now_ns() < end_ns);
	assert_int_equal(by, 0);
	stop_several(&s);
}

static void test_duty_accepted_connections_are_first_ones_while_they_are_few(void **state)
{
	struct several s;
	int clients[2];
	uint16_t port;

	(void)state;
	start_several(&s);
	port = listen_on_loopback(&s.r, FWD_TCP_TO_NS, 80);
	go(&s.r);
	for (int i = 0; i < 2; i++) {
		clients[i] = connect_to(port);
		assert_int_equal(receive_by(&s.r, 0, 1, &s.peers[0]), 0);
		assert_int_equal(s.peers[0].got.flags, TCP_SYN);
	}
	for (int i = 0; i < 2; i++)
		close(clients[i]);
	stop_several(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duty_first_worker_alone_has_a_few),
		cmocka_unit_test(test_duty_connections_go_on_while_it_changes),
		cmocka_unit_test(test_duty_first_worker_is_alone_again_after_a_while),
		cmocka_unit_test(test_duty_accepted_connections_are_first_ones_while_they_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
