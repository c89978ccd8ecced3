/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole worker between a socket pair, as the tap, and a server on the loopback interface: when
 * the acknowledgements go out that wait for an answer to travel with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/engine/worker_batch.h"
#include "common/engine/worker_setup.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"
#include "test/unit/link_pair.h"

#define NS_PORT 40000
#define ISN 1000u
#define MTU 1500

/* More than the worker may wait, less than the namespace's retransmission timer */
#define ACK_LIMIT_NS (100 * NS_PER_MS)

struct fixture {
	struct config config;
	struct worker worker;
	struct link_pair pair;
	int server;
	uint16_t port;
	struct in6_addr ns, gateway;
	struct tcp_segment got; /* the worker's last segment */
};

static int server_open(struct fixture *f)
{
	struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, 0, 0, &sa);

	f->server = socket(AF_INET, SOCK_STREAM, 0);
	if (f->server < 0 || bind(f->server, &sa.sa, len) || listen(f->server, 1) ||
	    getsockname(f->server, &sa.sa, &len))
		return -1;
	return addr_from_sockaddr(&sa, &loopback, &f->port);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, MTU) || server_open(f) ||
	    addr_parse("192.0.2.15", &f->ns) || addr_parse("192.0.2.1", &f->gateway))
		return -1;
	f->config.link = f->pair.link.config;
	f->config.max_flows = 4;
	f->config.fwd.tcp = true;
	f->config.fwd.ip4.enabled = true;
	f->config.fwd.ip4.map_host_loopback = f->gateway;
	*state = f;
	return worker_init(&f->worker, &f->config, f->pair.link.fd);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	worker_fini(&f->worker);
	link_pair_fini(&f->pair);
	close(f->server);
	free(f);
	return 0;
}

/* The namespace sends a segment; payload bytes are all zero */
static void send_segment(struct fixture *f, uint32_t seq, uint8_t flags, uint32_t payload_len)
{
	uint8_t frame[sizeof(struct virtio_net_hdr) + MTU] = { VIRTIO_NET_HDR_F_DATA_VALID };
	struct writer w = { frame + sizeof(struct virtio_net_hdr), MTU };
	const struct eth_header eth = { .type = ETH_P_IP };
	const struct tcp_segment segment = {
		.src_port = NS_PORT,
		.dst_port = f->port,
		.seq = seq,
		.ack = f->got.seq + 1,
		.flags = flags,
		.window = 50000,
		.wscale = TCP_WSCALE_NONE,
		.payload_len = payload_len,
	};
	const struct ip_packet ip = {
		.src = f->ns,
		.dst = f->gateway,
		.protocol = IPPROTO_TCP,
		.ttl = 64,
		.payload_len = tcp_segment_header_len(&segment) + payload_len,
	};

	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, &ip), 0);
	assert_int_equal(tcp_segment_emit(&w, &segment, be16_make(0)), 0);
	assert_true(send(f->pair.peer, frame, (size_t)(w.data - frame) + payload_len, 0) > 0);
}

/* Return: whether the worker had a segment for the namespace, which is in f->got then */
static bool receive_segment(struct fixture *f)
{
	struct reader r;
	struct eth_header eth;
	struct ip_packet ip;

	r.left = link_pair_receive(&f->pair, &r.data);
	if (!r.left)
		return false;
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, &ip), 0);
	r = (struct reader){ ip.payload, ip.payload_len };
	assert_int_equal(tcp_segment_parse(&r, &f->got), 0);
	return true;
}

/* A connection, whose SYN-ACK stays in f->got, and a byte that nobody will answer */
static void open_and_send(struct fixture *f)
{
	uint64_t give_up_ns = clock_now_ns() + NS_PER_S;

	send_segment(f, ISN, TCP_SYN, 0);
	while (!receive_segment(f)) {
		assert_true(clock_now_ns() < give_up_ns);
		assert_true(worker_batch(&f->worker, 10) >= 0);
	}
	assert_int_equal(f->got.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(f->got.ack, ISN + 1);
	send_segment(f, ISN + 1, TCP_ACK, 1);
}

static void test_worker_idle_acknowledges_before_it_sleeps(void **state)
{
	struct fixture *f = *state;

	open_and_send(f);
	while (worker_batch(&f->worker, 0) > 0)
		;
	assert_true(receive_segment(f));
	assert_int_equal(f->got.flags, TCP_ACK);
	assert_int_equal(f->got.ack, ISN + 2);
}

static void test_worker_that_never_sleeps_acknowledges_in_time(void **state)
{
	static const uint8_t noise[sizeof(struct virtio_net_hdr) + 1];
	struct fixture *f = *state;
	uint64_t give_up_ns;

	open_and_send(f);
	give_up_ns = clock_now_ns() + ACK_LIMIT_NS;
	do {
		assert_true(clock_now_ns() < give_up_ns);
		assert_true(send(f->pair.peer, noise, sizeof(noise), 0) > 0);
		assert_true(worker_batch(&f->worker, -1) > 0); /* it can't have waited */
	} while (!receive_segment(f));
	assert_int_equal(f->got.flags, TCP_ACK);
	assert_int_equal(f->got.ack, ISN + 2);
}

static void find_fd(struct flow *flow, void *arg)
{
	*(int *)arg = flow->watch.fd;
}

/* Of the worker's only connection */
static bool has_no_delay(struct fixture *f)
{
	int fd = -1, value = -1;
	socklen_t len = sizeof(value);

	flow_table_each(&f->worker.flows, find_fd, &fd);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	return value;
}

static void test_worker_second_send_and_later_ones_are_not_delayed(void **state)
{
	struct fixture *f = *state;

	open_and_send(f);
	while (!receive_segment(f))
		assert_true(worker_batch(&f->worker, 10) >= 0);
	assert_false(has_no_delay(f));
	f->got.seq--; /* of a segment without a SYN */
	send_segment(f, ISN + 2, TCP_ACK, 1);
	while (!receive_segment(f))
		assert_true(worker_batch(&f->worker, 10) >= 0);
	assert_int_equal(f->got.ack, ISN + 3);
	assert_true(has_no_delay(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_worker_idle_acknowledges_before_it_sleeps,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_worker_that_never_sleeps_acknowledges_in_time,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_worker_second_send_and_later_ones_are_not_delayed, setup, teardown),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
