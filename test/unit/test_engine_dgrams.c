/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP of an engine with several workers: frames of a flow, and of a port, come to any of them.
 * Built with -fsanitize=thread, this is the test that they share no more of it than they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/wire/ip.h"
#include "common/wire/udp.h"
#include "test/unit/team_fixture.h"

#define DATAGRAM_BYTES 100
#define NS_PORT 50000

/* A server on the loopback interface, as the namespace sees it: at the gateway */
struct server {
	int fd;
	uint16_t port;
	struct in6_addr ns, gateway;
	struct in6_addr outside; /* where there's nothing */
};

static void server_open(struct server *s)
{
	struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, 0, 0, &sa);
	const struct timeval patience = { PATIENCE_MS / 1000, 0 };
	int size = 1 << 20;

	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
			 0);
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(s->fd, &sa.sa, len), 0);
	assert_int_equal(getsockname(s->fd, &sa.sa, &len), 0);
	addr_from_sockaddr(&sa, &loopback, &s->port);
	assert_int_equal(addr_parse("192.0.2.15", &s->ns), 0);
	assert_int_equal(addr_parse("192.0.2.1", &s->gateway), 0);
	assert_int_equal(addr_parse("192.0.2.99", &s->outside), 0);
}

/* The port that the next datagram has come from */
static uint16_t server_answer(const struct server *s)
{
	uint8_t buf[DATAGRAM_BYTES];
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	struct in6_addr addr;
	uint16_t port;

	assert_int_equal(recvfrom(s->fd, buf, sizeof(buf), 0, &sa.sa, &len), sizeof(buf));
	assert_int_equal(sendto(s->fd, buf, sizeof(buf), 0, &sa.sa, len), sizeof(buf));
	addr_from_sockaddr(&sa, &addr, &port);
	return port;
}

/* The namespace sends a datagram by a queue */
static void send_by(const struct running *r, int queue, const struct server *s,
		    const struct in6_addr *to, uint16_t ns_port)
{
	uint8_t frame[sizeof(struct virtio_net_hdr) + TEAM_MTU] = { VIRTIO_NET_HDR_F_DATA_VALID };
	struct writer w = { frame + sizeof(struct virtio_net_hdr), TEAM_MTU };
	const struct eth_header eth = { .type = ETH_P_IP };
	const struct udp_datagram datagram = { ns_port, s->port, false, NULL, DATAGRAM_BYTES };
	const struct ip_packet ip = {
		.src = s->ns,
		.dst = *to,
		.protocol = IPPROTO_UDP,
		.ttl = 64,
		.payload_len = UDP_HEADER_LEN + DATAGRAM_BYTES,
	};

	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, &ip), 0);
	assert_int_equal(udp_emit(&w, &datagram, be16_make(0)), 0);
	assert_true(send(r->queues[queue], frame, (size_t)(w.data - frame) + DATAGRAM_BYTES, 0) >
		    0);
}

/* Datagrams in a frame that has come to the namespace from @port. Return: 0: it is none of these */
static uint32_t datagrams_in(const uint8_t *raw, size_t len, uint16_t port)
{
	struct reader r = { raw + sizeof(struct virtio_net_hdr),
			    len - sizeof(struct virtio_net_hdr) };
	struct udp_datagram datagram;
	struct eth_header eth;
	struct ip_packet ip;

	if (eth_parse(&r, &eth) || eth.type != ETH_P_IP || ip_parse(&r, eth.type, true, &ip) ||
	    ip.protocol != IPPROTO_UDP)
		return 0;
	r = (struct reader){ ip.payload, ip.payload_len };
	if (udp_parse(&r, true, &datagram) || datagram.src_port != port)
		return 0;
	return datagram.payload_len / DATAGRAM_BYTES;
}

static void expect_answers(const struct running *r, const struct server *s, uint32_t count)
{
	static uint8_t raw[65536 + 256];
	struct pollfd p[WORKERS];

	for (int i = 0; i < WORKERS; i++)
		p[i] = (struct pollfd){ r->queues[i], POLLIN, 0 };
	for (uint32_t got = 0; got < count;) {
		assert_true(poll(p, WORKERS, PATIENCE_MS) > 0);
		for (int i = 0; i < WORKERS; i++) {
			ssize_t n = p[i].revents ? recv(p[i].fd, raw, sizeof(raw), 0) : 0;

			if (n > (ssize_t)sizeof(struct virtio_net_hdr))
				got += datagrams_in(raw, (size_t)n, s->port);
		}
	}
}

static void test_dgrams_of_a_flow_are_one_flow_whatever_queue_they_come_by(void **state)
{
	struct engine_stats stats;
	struct server s;
	struct running r;
	uint16_t port;

	(void)state;
	server_open(&s);
	start(&r, &s.ns, &s.gateway);
	go(&r);
	send_by(&r, 2, &s, &s.gateway, NS_PORT);
	port = server_answer(&s);
	for (int i = 0; i < 400; i++)
		send_by(&r, i % WORKERS, &s, &s.gateway, NS_PORT);
	for (int i = 0; i < 400; i++)
		assert_int_equal(server_answer(&s), port);
	expect_answers(&r, &s, 401);
	end_run(&r);
	engine_stats(r.engine, &stats);
	assert_int_equal(stats.flows, 1);
	stop(&r);
	close(s.fd);
}

/* A datagram that begins a flow, by all queues at once */
static void test_dgrams_race_for_a_flow_is_lost_by_all_but_one(void **state)
{
	struct engine_stats stats;
	struct server s;
	struct running r;

	(void)state;
	server_open(&s);
	start(&r, &s.ns, &s.gateway);
	go(&r);
	for (uint16_t n = 0; n < 20; n++) {
		uint16_t port;

		for (int i = 0; i < WORKERS; i++)
			send_by(&r, i, &s, &s.gateway, (uint16_t)(NS_PORT + n));
		port = server_answer(&s);
		for (int i = 1; i < WORKERS; i++)
			assert_int_equal(server_answer(&s), port);
	}
	expect_answers(&r, &s, 20 * WORKERS);
	end_run(&r);
	engine_stats(r.engine, &stats);
	assert_int_equal(stats.flows, 20);
	stop(&r);
	close(s.fd);
}

/* What leaves goes by the loopback interface, where nobody takes it */
static void start_by_lo(struct running *r, const struct server *s)
{
	configure(r, &s->ns, &s->gateway);
	memcpy(r->config.fwd.ip4.outbound_ifname, "lo", 3);
	start_configured(r);
}

/* From @ports ports of the namespace, in turn */
static void send_to_many(struct running *r, const struct server *s, int count, uint16_t ports)
{
	for (int i = 0; i < count; i++) {
		struct in6_addr to = s->ns;

		to.s6_addr[15] = (uint8_t)(100 + i / ports);
		send_by(r, i % WORKERS, s, &to, (uint16_t)(NS_PORT + i % ports));
	}
}

/* Flows, and the ports of the host's that they have, in the order of the namespace's */
static uint32_t look(struct running *r, uint16_t ns_ports, uint16_t *ret_ports)
{
	struct flow_report report;
	uint32_t count = 0, end = engine_flows_end(r->engine);

	for (uint32_t i = 0; i < end; i++) {
		uint16_t *port;

		if (!engine_flow_at(r->engine, i, clock_now_ns(), &report))
			continue;
		count++;
		assert_in_range(report.ns.port, NS_PORT, NS_PORT + ns_ports - 1);
		port = &ret_ports[report.ns.port - NS_PORT];
		assert_true(!*port || *port == report.own.port);
		*port = report.own.port;
	}
	return count;
}

/* Ends the engine's run once there are no more records of flows and mappings than that, and no less
 * flows opened and displaced
 */
struct looker {
	struct engine *engine;
	struct timer timer;
	uint32_t flows, opened, displaced;
};

static uint64_t counter(const struct engine_stats *stats, const char *name)
{
	unsigned int i = 0;

	while (strcmp(counter_name(i), name) != 0)
		i++;
	return stats->counters[i];
}

static void look_on(struct timer *timer, uint64_t now_ns)
{
	struct looker *looker = container_of(timer, struct looker, timer);
	struct engine_stats stats;

	engine_stats(looker->engine, &stats);
	if (stats.flows <= looker->flows && counter(&stats, "UDP opened") >= looker->opened &&
	    stats.displaced >= looker->displaced)
		engine_stop(looker->engine);
	else
		timer_set(engine_timers(looker->engine), timer, now_ns, 1);
}

static void go_until(struct running *r, uint32_t flows, uint32_t opened, uint32_t displaced)
{
	struct looker looker = { r->engine, { .fn = look_on }, flows, opened, displaced };

	timer_set(engine_timers(r->engine), &looker.timer, clock_now_ns(), 1);
	go(r);
	pthread_join(r->thread, NULL);
	assert_int_equal(r->result, 0);
	r->is_running = false;
}

static void test_dgrams_from_a_port_leave_by_one_socket(void **state)
{
	uint16_t ports[10] = { 0 };
	struct server s;
	struct running r;

	(void)state;
	server_open(&s);
	start_by_lo(&r, &s);
	send_to_many(&r, &s, 20, ARRAY_SIZE(ports));
	go_until(&r, 20 + ARRAY_SIZE(ports), 20, 0);
	assert_int_equal(look(&r, ARRAY_SIZE(ports), ports), 20);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		assert_int_not_equal(ports[i], 0);
	stop(&r);
	close(s.fd);
}

/* A quarter of 100; one worker has all of them at first */
static void test_dgrams_share_is_kept_by_all_together(void **state)
{
	uint16_t ports[100] = { 0 };
	struct server s;
	struct running r;

	(void)state;
	server_open(&s);
	start_by_lo(&r, &s);
	for (int i = 0; i < 25; i++)
		send_by(&r, 1, &s, &s.outside, (uint16_t)(NS_PORT + i));
	go_until(&r, 50, 25, 0);
	for (int i = 25; i < 100; i++)
		send_by(&r, i % WORKERS, &s, &s.outside, (uint16_t)(NS_PORT + i));
	go_until(&r, 50, 100, 75);
	assert_in_range(look(&r, ARRAY_SIZE(ports), ports), 20, 25);
	stop(&r);
	close(s.fd);
}

static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

/* The last that a program sends, by a queue that changes hands with most of it still in there */
static void send_last(const struct server *s)
{
	uint8_t buf[DATAGRAM_BYTES];
	struct running r;

	configure(&r, &s->ns, &s->gateway);
	r.config.workers_rest = true;
	start_configured(&r);
	go(&r);
	for (uint16_t i = 0; i < 2; i++) {
		send_by(&r, 0, s, &s->gateway, NS_PORT + i);
		server_answer(s);
	}
	expect_answers(&r, s, 2);
	end_run(&r);
	assert_int_equal(eventfd_read(r.stop.fd, &(eventfd_t){ 0 }), 0); /* or it stops again */
	for (uint16_t i = 2; i < 10; i++)
		send_by(&r, 3, s, &s->gateway, NS_PORT + i);
	assert_int_equal(engine_run_until(r.engine, at_once, NULL, PATIENCE_MS), 0);
	for (int i = 2; i < 10; i++)
		assert_int_equal(recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT), sizeof(buf));
	stop(&r);
}

static void test_dgrams_at_the_end_are_sent_by_who_comes_on_duty(void **state)
{
	struct server s;

	(void)state;
	server_open(&s);
	for (int i = 0; i < 20; i++)
		send_last(&s);
	close(s.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dgrams_of_a_flow_are_one_flow_whatever_queue_they_come_by),
		cmocka_unit_test(test_dgrams_race_for_a_flow_is_lost_by_all_but_one),
		cmocka_unit_test(test_dgrams_from_a_port_leave_by_one_socket),
		cmocka_unit_test(test_dgrams_share_is_kept_by_all_together),
		cmocka_unit_test(test_dgrams_at_the_end_are_sent_by_who_comes_on_duty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
