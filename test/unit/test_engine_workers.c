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

#include <errno.h>
#include <sys/mman.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/engine/engine.h"
#include "test/unit/team_peer.h"

static void test_workers_connection_is_one_whatever_queue_its_frames_come_by(void **state)
{
	struct running r;
	struct ns_peer peer;
	uint32_t seq = ISN + 1;
	int fd;

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 40000), 0);
	start(&r, &peer.ns, &peer.gateway);
	go(&r);
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
	start(&r, &peer.ns, &peer.gateway);
	go(&r);
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
	start(&r, &peer.ns, &peer.gateway);
	go(&r);
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
		start(&r[i], &peer[i].ns, &peer[i].gateway);
		go(&r[i]);
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

static void test_workers_take_turns_at_what_was_accepted(void **state)
{
	struct running r;
	struct ns_peer peer;
	uint16_t port;
	int clients[2 * WORKERS];

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 40004), 0);
	start(&r, &peer.ns, &peer.gateway);
	port = listen_on_loopback(&r);
	go(&r);
	for (int i = 0; i < 2 * WORKERS; i++)
		clients[i] = connect_to(port);
	for (int i = 0; i < WORKERS; i++) { /* SYNs of two connections at least, by each */
		uint16_t first = 0;

		do {
			assert_true(receive_by(&r, i, 1, &peer));
			first = first ? first : peer.got.src_port;
			assert_int_equal(peer.got.dst_port, 80);
			assert_int_equal(peer.got.flags, TCP_SYN);
		} while (peer.got.src_port == first);
	}
	for (int i = 0; i < 2 * WORKERS; i++)
		close(clients[i]);
	stop(&r);
	ns_peer_fini(&peer);
}

/* What clients of a running instance, and the host's network, have it do */
struct visitor {
	struct running *running;
	struct timer timer;
	uint32_t visits;
};

static void look_at_all(struct engine *engine, uint64_t now_ns)
{
	struct engine_stats stats;
	struct flow_report report;
	uint32_t flows = 0, end;

	engine_stats(engine, &stats);
	engine_pause(engine);
	end = engine_flows_end(engine);
	for (uint32_t i = 0; i < end; i++)
		flows += engine_flow_at(engine, i, now_ns, &report);
	engine_resume(engine);
	assert_in_range(flows, 0, 100);
}

static void capture_or_stop(struct engine *engine)
{
	const struct pcap_wanted wanted = { .frames = 20 };
	struct live_capture *capture = engine_live_capture(engine);
	struct err err;

	engine_pause(engine);
	if (live_capture_is_running(capture))
		live_capture_stop(capture);
	else
		live_capture_start(capture, memfd_create("capture", MFD_CLOEXEC), &wanted, &err);
	engine_resume(engine);
}

static void visit(struct timer *timer, uint64_t now_ns)
{
	struct visitor *visitor = container_of(timer, struct visitor, timer);
	struct engine *engine = visitor->running->engine;
	static const struct host_state states[2] = { { .links = 1 }, { .links = 2, .routes = 1 } };
	const struct resolv resolv = { .server_count = visitor->visits % 2 };

	look_at_all(engine, now_ns);
	capture_or_stop(engine);
	engine_host_changed(engine, &states[visitor->visits % 2], now_ns);
	engine_set_resolv(engine, &resolv);
	engine_awake(engine, now_ns);
	engine_log_level(engine, visitor->visits % 2 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING);
	visitor->visits++;
	timer_set(engine_timers(engine), timer, now_ns, 1);
}

static void test_workers_go_on_while_all_is_looked_at_and_changed(void **state)
{
	struct running r;
	struct ns_peer peer;
	struct visitor visitor = { &r, { .fn = visit }, 0 };
	uint32_t seq = ISN + 1;
	int fd;

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 40005), 0);
	start(&r, &peer.ns, &peer.gateway);
	timer_set(engine_timers(r.engine), &visitor.timer, clock_now_ns(), 1);
	go(&r);
	fd = open_connection(&r, &peer, 3);
	for (int i = 0; i < 500; i++, seq += 100) {
		ns_peer_send(&peer, r.queues[i % WORKERS], seq, TCP_ACK, 100);
		await_ack(&r, &peer, seq + 100);
		expect_bytes(fd, 100);
	}
	close(fd);
	stop(&r);
	assert_true(visitor.visits > 0);
	ns_peer_fini(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers_connection_is_one_whatever_queue_its_frames_come_by),
		cmocka_unit_test(test_workers_answer_no_segment_of_others_by_a_reset),
		cmocka_unit_test(test_workers_same_syn_on_all_queues_opens_one_connection),
		cmocka_unit_test(test_workers_of_two_engines_are_apart),
		cmocka_unit_test(test_workers_take_turns_at_what_was_accepted),
		cmocka_unit_test(test_workers_go_on_while_all_is_looked_at_and_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
