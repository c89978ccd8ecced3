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
#include "common/tcp/accept.h"
#include "test/unit/link_pair.h"
#include "test/unit/ns_peer.h"

#define NS_PORT 40000
#define ISN 1000u

/* More than the worker may wait, less than the namespace's retransmission timer */
#define ACK_LIMIT_NS (100 * NS_PER_MS)

struct fixture {
	struct config config;
	struct worker worker;
	struct link_pair pair;
	struct ns_peer peer;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, NS_PEER_MTU) || ns_peer_init(&f->peer, NS_PORT))
		return -1;
	f->config.link = f->pair.link.config;
	f->config.max_flows = 4;
	f->config.fwd.tcp = true;
	f->config.fwd.ip4.enabled = true;
	f->config.fwd.ip4.map_host_loopback = f->peer.gateway;
	*state = f;
	return worker_init(&f->worker, &f->config, f->pair.link.fd);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	worker_fini(&f->worker);
	link_pair_fini(&f->pair);
	ns_peer_fini(&f->peer);
	free(f);
	return 0;
}

static void send_segment(struct fixture *f, uint32_t seq, uint8_t flags, uint32_t payload_len)
{
	ns_peer_send(&f->peer, f->pair.peer, seq, flags, payload_len);
}

/* Return: whether the worker had a segment for the namespace, which is in f->peer.got then */
static bool receive_segment(struct fixture *f)
{
	const uint8_t *frame;
	size_t len = link_pair_receive(&f->pair, &frame);

	return len && ns_peer_take(&f->peer, frame, len);
}

/* A connection, whose SYN-ACK stays in f->peer.got, and a byte that nobody will answer */
static void open_and_send(struct fixture *f)
{
	uint64_t give_up_ns = clock_now_ns() + NS_PER_S;

	send_segment(f, ISN, TCP_SYN, 0);
	while (!receive_segment(f)) {
		assert_true(clock_now_ns() < give_up_ns);
		assert_true(worker_batch(&f->worker, 10) >= 0);
	}
	assert_int_equal(f->peer.got.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(f->peer.got.ack, ISN + 1);
	send_segment(f, ISN + 1, TCP_ACK, 1);
}

static void test_worker_idle_acknowledges_before_it_sleeps(void **state)
{
	struct fixture *f = *state;

	open_and_send(f);
	while (worker_batch(&f->worker, 0) > 0)
		;
	assert_true(receive_segment(f));
	assert_int_equal(f->peer.got.flags, TCP_ACK);
	assert_int_equal(f->peer.got.ack, ISN + 2);
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
	assert_int_equal(f->peer.got.flags, TCP_ACK);
	assert_int_equal(f->peer.got.ack, ISN + 2);
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
	send_segment(f, ISN + 2, TCP_ACK, 1);
	while (!receive_segment(f))
		assert_true(worker_batch(&f->worker, 10) >= 0);
	assert_int_equal(f->peer.got.ack, ISN + 3);
	assert_true(has_no_delay(f));
}

/* As of another worker, which takes what was wanted first, and looked free before */
static bool first_is_lost(void *arg, uint32_t index, const struct flow_key *key, uint32_t hash)
{
	uint32_t *claims = arg;

	(void)index;
	(void)key;
	(void)hash;
	return (*claims)++ > 0;
}

static void release_nothing(void *arg, uint32_t index, const struct flow_key *key)
{
	(void)arg;
	(void)index;
	(void)key;
}

static bool is_nowhere(void *arg, const struct flow_key *key, uint32_t hash)
{
	(void)arg;
	(void)key;
	(void)hash;
	return false;
}

static void test_worker_syn_for_whom_another_was_faster_is_not_one_that_found_no_room(void **state)
{
	struct fixture *f = *state;
	uint32_t claims = 0;

	f->worker.flows.claims =
		(struct flow_claims){ first_is_lost, release_nothing, is_nowhere, &claims };
	send_segment(f, ISN, TCP_SYN, 0);
	while (!claims)
		assert_true(worker_batch(&f->worker, 10) >= 0);
	assert_int_equal(f->worker.tcp.stats.unopened, 0);
	open_and_send(f); /* it wasn't, after all */
	assert_int_equal(claims, 2);
	f->worker.flows.claims = (struct flow_claims){ 0 };
}

/* A client of the server's, as it was accepted */
static int accept_client(const struct ns_peer *peer, int *ret_client)
{
	struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, peer->port, 0, &sa);

	*ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*ret_client, &sa.sa, len), 0);
	return accept4(peer->server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void test_worker_accepted_takes_other_ends_when_another_has_taken_its_own(void **state)
{
	struct fixture *f = *state;
	const uint64_t give_up_ns = clock_now_ns() + NS_PER_S;
	uint32_t claims = 0;
	int client;
	const struct tcp_accepted accepted = {
		.fd = accept_client(&f->peer, &client),
		.arrival = { .peer_port = 5000 },
		.way = { .ns = f->peer.ns,
			 .remote = f->peer.gateway,
			 .ns_port = 80,
			 .remote_port = 5000 },
	};

	f->worker.flows.claims =
		(struct flow_claims){ first_is_lost, release_nothing, is_nowhere, &claims };
	tcp_accepted_open(&f->worker.tcp, &accepted, clock_now_ns());
	while (!receive_segment(f)) { /* questions for addresses may come before it */
		assert_true(clock_now_ns() < give_up_ns);
		assert_true(worker_batch(&f->worker, 10) >= 0);
	}
	assert_int_equal(f->peer.got.flags, TCP_SYN);
	assert_int_equal(f->peer.got.dst_port, 80);
	assert_int_equal(f->peer.got.src_port, tcp_accepted_key(&accepted, 1).remote_port);
	assert_int_equal(claims, 2);
	f->worker.flows.claims = (struct flow_claims){ 0 };
	close(client);
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
		cmocka_unit_test_setup_teardown(
			test_worker_syn_for_whom_another_was_faster_is_not_one_that_found_no_room,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_worker_accepted_takes_other_ends_when_another_has_taken_its_own, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
