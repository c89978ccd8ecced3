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
	port = listen_on_loopback(&r, FWD_TCP_TO_NS, 80);
	go(&r);
	for (int i = 0; i < 2 * WORKERS; i++)
		clients[i] = connect_to(port);
	for (int i = 0; i < WORKERS; i++) { /* SYNs of two connections at least, by each */
		uint16_t first = 0;

		do {
			assert_int_equal(receive_by(&r, i, 1, &peer), i);
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

/* Ends the engine's run once so many flows are there */
struct counter {
	struct engine *engine;
	struct timer timer;
	uint32_t flows;
};

static void count_flows(struct timer *timer, uint64_t now_ns)
{
	struct counter *counter = container_of(timer, struct counter, timer);
	struct engine_stats stats;

	engine_stats(counter->engine, &stats);
	if (stats.flows == counter->flows)
		engine_stop(counter->engine);
	else
		timer_set(engine_timers(counter->engine), timer, now_ns, 1);
}

/* By connections of the namespace's, one worker's table has no more room */
static void fill_table(struct running *r, struct ns_peer *peer, int queue)
{
	/* With what is for mappings, see worker_init_tables() */
	const uint32_t records = r->config.max_flows + r->config.max_flows / 4;
	struct counter counter = { r->engine, { .fn = count_flows }, records };

	for (uint32_t i = 0; i < records; i++, peer->ns_port++)
		ns_peer_send(peer, r->queues[queue], ISN, TCP_SYN, 0);
	timer_set(engine_timers(r->engine), &counter.timer, clock_now_ns(), 1);
	go(r);
	pthread_join(r->thread, NULL);
	assert_int_equal(r->result, 0);
	r->is_running = false;
	close(r->stop.fd);
}

/* Return: from how many ports SYNs of accepted connections came to the namespace's port 80, by any
 * queue, once there are @count
 */
static uint32_t await_syns(struct running *r, struct ns_peer *peer, uint32_t count)
{
	uint16_t ports[4 * WORKERS];
	uint32_t have = 0, i;

	assert_in_range(count, 1, ARRAY_SIZE(ports));
	while (have < count && receive(r, peer)) {
		if (peer->got.flags != TCP_SYN || peer->got.dst_port != 80)
			continue;
		for (i = 0; i < have && ports[i] != peer->got.src_port; i++)
			;
		if (i == have)
			ports[have++] = peer->got.src_port;
	}
	return have;
}

static void accept_beside_a_full_table(int queue, uint16_t ns_port)
{
	struct running r;
	struct ns_peer peer;
	uint16_t port;
	int clients[4 * WORKERS];

	assert_int_equal(ns_peer_init(&peer, ns_port), 0);
	configure(&r, &peer.ns, &peer.gateway);
	r.config.max_flows = 8;
	start_configured(&r);
	port = listen_on_loopback(&r, FWD_TCP_TO_NS, 80);
	fill_table(&r, &peer, queue);
	go(&r);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_to(port);
	assert_int_equal(await_syns(&r, &peer, ARRAY_SIZE(clients)), ARRAY_SIZE(clients));
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
	stop(&r);
	ns_peer_fini(&peer);
}

static void test_workers_take_what_one_of_them_has_no_room_for(void **state)
{
	(void)state;
	accept_beside_a_full_table(2, 41000);
}

static void test_workers_take_what_the_one_that_accepts_has_no_room_for(void **state)
{
	(void)state;
	accept_beside_a_full_table(0, 42000);
}

/* From a port of the loopback's; 0: from any. Return: that port */
static uint16_t connect_from(uint16_t from, uint16_t port, int *ret_fd)
{
	struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, from, 0, &sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, &sa.sa, len), 0);
	len = addr_to_sockaddr(&loopback, port, 0, &sa);
	assert_int_equal(connect(fd, &sa.sa, len), 0);
	assert_int_equal(getsockname(fd, &sa.sa, &len), 0);
	assert_int_equal(addr_from_sockaddr(&sa, &loopback, &from), 0);
	*ret_fd = fd;
	return from;
}

/* All are accepted before any of them has its ends on the tap */
static void test_workers_same_port_of_clients_by_two_listeners_is_two_connections(void **state)
{
	struct running r;
	struct ns_peer peer;
	uint16_t ports[2], from;
	int clients[4 * WORKERS];

	(void)state;
	assert_int_equal(ns_peer_init(&peer, 43000), 0);
	start(&r, &peer.ns, &peer.gateway);
	ports[0] = listen_on_loopback(&r, FWD_TCP_TO_NS, 80);
	ports[1] = listen_on_loopback(&r, FWD_TCP_TO_NS, 80);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i += 2) {
		from = connect_from(0, ports[0], &clients[i]);
		connect_from(from, ports[1], &clients[i + 1]);
	}
	go(&r);
	assert_int_equal(await_syns(&r, &peer, ARRAY_SIZE(clients)), ARRAY_SIZE(clients));
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
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
		cmocka_unit_test(test_workers_take_what_one_of_them_has_no_room_for),
		cmocka_unit_test(test_workers_take_what_the_one_that_accepts_has_no_room_for),
		cmocka_unit_test(
			test_workers_same_port_of_clients_by_two_listeners_is_two_connections),
		cmocka_unit_test(test_workers_go_on_while_all_is_looked_at_and_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
