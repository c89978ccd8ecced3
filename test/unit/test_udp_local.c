/* SPDX-License-Identifier: Apache-2.0
 *
 * Local UDP flows, between real sockets on the loopback: a client, the listening socket that it
 * sends to, and the server that its datagrams are sent on to. What is checked is when flows end,
 * and which ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/udp/udp_local.h"

#define CAPACITY 8192
#define MANY 5000

struct fixture {
	struct flow_table flows;
	struct loop loop;
	struct timer_wheel timers;
	struct socket_source sockets;
	struct fwd_table fwd;
	struct fwd_refusals refusals;
	struct udp_local local;
	struct dgram_shares shares;
	struct fwd_listener listener;
	int client, server;
	struct local_message message; /* the client's */
	struct udp_local_target target; /* the server */
	union sockaddr_inany peer; /* of the datagram last received by the server */
	socklen_t peer_len;
	uint64_t now_ns;
};

/* A socket on the loopback. Return: descriptor */
static int bound(struct in6_addr *ret_addr, uint16_t *ret_port)
{
	struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, 0, 0, &sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &sa.sa, len), 0);
	assert_int_equal(getsockname(fd, &sa.sa, &len), 0);
	assert_int_equal(addr_from_sockaddr(&sa, ret_addr, ret_port), 0);
	return fd;
}

static int setup(void **state)
{
	struct siphash_key secret = { { 1, 2 } };
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || flow_table_init(&f->flows, CAPACITY, &secret) || loop_init(&f->loop))
		return -1;
	f->now_ns = 1000 * NS_PER_S;
	timer_wheel_init(&f->timers, f->now_ns);
	f->client = bound(&f->message.peer, &f->message.peer_port);
	f->server = bound(&f->target.addr, &f->target.port);
	f->target.side = SOCKET_HOST;
	f->listener.family = AF_INET;
	f->listener.serial = 1;
	f->listener.watch.fd = bound(&f->message.local, &f->listener.port);
	f->message.data = (struct iovec){ "x", 1 };
	f->message.size = 1;
	f->shares = (struct dgram_shares){ .max_fds = 4 * CAPACITY, .max_flows = 4 * CAPACITY };
	f->local = (struct udp_local){
		.flows = &f->flows,
		.loop = &f->loop,
		.timers = &f->timers,
		.sockets = &f->sockets,
		.fwd = &f->fwd,
		.refusals = &f->refusals,
		.shares = &f->shares,
	};
	*state = f;
	return udp_local_init(&f->local);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	udp_local_fini(&f->local);
	assert_int_equal(f->flows.used, 0);
	close(f->client);
	close(f->server);
	close(f->listener.watch.fd);
	loop_fini(&f->loop);
	flow_table_fini(&f->flows);
	free(f);
	return 0;
}

/* A datagram of the client's, which reaches the server */
static void ask(struct fixture *f)
{
	char data[8];

	udp_local_input(&f->local, &f->listener, &f->message, &f->target, f->now_ns);
	udp_local_flush(&f->local);
	f->peer_len = sizeof(f->peer);
	assert_int_equal(recvfrom(f->server, data, sizeof(data), 0, &f->peer.sa, &f->peer_len), 1);
}

static void answer(struct fixture *f)
{
	struct epoll_event events[LOOP_BATCH];

	assert_int_equal(sendto(f->server, "yes", 3, 0, &f->peer.sa, f->peer_len), 3);
	loop_dispatch(events, loop_wait(&f->loop, events, 0), f->now_ns);
}

static void expect_at_client(struct fixture *f)
{
	union sockaddr_inany from;
	socklen_t len = sizeof(from);
	struct in6_addr addr;
	uint16_t port;
	char data[8];

	assert_int_equal(recvfrom(f->client, data, sizeof(data), 0, &from.sa, &len), 3);
	assert_int_equal(addr_from_sockaddr(&from, &addr, &port), 0);
	assert_int_equal(port, f->listener.port);
}

/* Whether the only flow lives until @seconds from now, and not a second longer */
static void expect_end_after(struct fixture *f, uint64_t seconds)
{
	timer_run(&f->timers, f->now_ns + (seconds - 1) * NS_PER_S);
	assert_int_equal(f->flows.used, 1);
	timer_run(&f->timers, f->now_ns + (seconds + 1) * NS_PER_S);
	assert_int_equal(f->flows.used, 0);
	f->now_ns += (seconds + 1) * NS_PER_S;
	flow_table_reap(&f->flows);
}

static void test_udp_local_one_way_ends_after_30_seconds(void **state)
{
	struct fixture *f = *state;

	ask(f);
	expect_end_after(f, 30);
}

static void test_udp_local_answered_once_ends_after_30_seconds(void **state)
{
	struct fixture *f = *state;

	ask(f);
	f->now_ns += 20 * NS_PER_S;
	answer(f);
	expect_at_client(f);
	expect_end_after(f, 30);
}

static void test_udp_local_stream_ends_after_120_seconds(void **state)
{
	struct fixture *f = *state;

	ask(f);
	answer(f);
	expect_at_client(f);
	f->now_ns += 3 * NS_PER_S;
	ask(f);
	timer_run(&f->timers, f->now_ns + 28 * NS_PER_S);
	expect_end_after(f, 120);
}

static void test_udp_local_traffic_keeps_a_flow(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		ask(f);
		f->now_ns += 25 * NS_PER_S;
		timer_run(&f->timers, f->now_ns);
		assert_int_equal(f->flows.used, 1);
	}
	assert_int_equal(f->local.stats.opened, 1);
}

static void test_udp_local_answers_alone_keep_a_flow(void **state)
{
	struct fixture *f = *state;

	ask(f);
	for (int i = 0; i < 20; i++) {
		answer(f);
		expect_at_client(f);
		f->now_ns += (i ? 110 : 3) * NS_PER_S;
		timer_run(&f->timers, f->now_ns);
		assert_int_equal(f->flows.used, 1);
	}
}

static void test_udp_local_ended_flow_is_opened_anew(void **state)
{
	struct fixture *f = *state;

	ask(f);
	expect_end_after(f, 30);
	ask(f);
	answer(f);
	expect_at_client(f);
	assert_int_equal(f->local.stats.opened, 2);
}

static void test_udp_local_answer_after_the_listener_is_gone_ends_the_flow(void **state)
{
	struct fixture *f = *state;

	ask(f);
	f->listener.serial++;
	answer(f);
	assert_int_equal(f->flows.used, 0);
}

/* A datagram of another client's. Return: whether it opened a flow */
static bool ask_opens(struct fixture *f, uint16_t peer_port)
{
	uint64_t before = f->local.stats.opened;

	f->message.peer_port = peer_port;
	ask(f);
	flow_table_reap(&f->flows);
	return f->local.stats.opened != before;
}

static void test_udp_local_beyond_the_share_the_least_recently_used_ends(void **state)
{
	struct fixture *f = *state;

	f->shares.max_fds = 2 * 4;
	ask_opens(f, 1001);
	ask_opens(f, 1002);
	f->now_ns += NS_PER_MS;
	assert_false(ask_opens(f, 1001));
	assert_int_equal(f->local.share.displaced, 0);
	assert_true(ask_opens(f, 1003));
	assert_int_equal(f->local.share.displaced, 1);
	assert_int_equal(f->flows.used, 2);
	assert_false(ask_opens(f, 1001));
	assert_false(ask_opens(f, 1003));
	assert_true(ask_opens(f, 1002));
	assert_true(ask_opens(f, 1001));
	assert_int_equal(f->flows.used, 2);
}

static void test_udp_local_beyond_the_share_half_is_for_flows_that_were_answered(void **state)
{
	struct fixture *f = *state;

	f->shares.max_fds = 8 * 4;
	for (uint16_t port = 1001; port <= 1008; port++) {
		ask_opens(f, port);
		answer(f);
	}
	for (uint16_t port = 2001; port < 2100; port++)
		assert_true(ask_opens(f, port));
	assert_int_equal(flow_share_count(&f->local.share), 8);
	for (uint16_t port = 1005; port <= 1008; port++)
		assert_false(ask_opens(f, port));
	assert_false(ask_opens(f, 2099));
}

static void test_udp_local_share_follows_listening_sockets(void **state)
{
	struct fwd_listeners listeners = { .used = 0 };
	struct fixture *f = *state;

	f->shares.max_fds = 8 * 4;
	f->shares.listeners = &listeners;
	for (uint16_t port = 1001; port <= 1008; port++)
		ask_opens(f, port);
	assert_int_equal(flow_share_count(&f->local.share), 8);
	listeners.used = 4 * 4; /* have been opened since */
	for (uint16_t port = 2001; port <= 2008; port++)
		ask_opens(f, port);
	assert_int_equal(flow_share_count(&f->local.share), 4);
	listeners.used = 0;
	for (uint16_t port = 3001; port <= 3008; port++)
		ask_opens(f, port);
	assert_int_equal(flow_share_count(&f->local.share), 8);
}

static void test_udp_local_many_flows_end_together(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (uint16_t i = 0; i < MANY; i++)
		assert_true(ask_opens(f, 10000 + i));
	assert_int_equal(f->flows.used, MANY);
	timer_run(&f->timers, f->now_ns + 31 * NS_PER_S);
	assert_int_equal(f->flows.used, 0);
	assert_int_equal(flow_share_count(&f->local.share), 0);
	assert_null(f->local.share.queues[FLOW_ONE_WAY].oldest);
	assert_null(f->local.share.queues[FLOW_ONE_WAY].newest);
}

static int lines_of(int fd)
{
	char text[4096];
	ssize_t len = pread(fd, text, sizeof(text), 0);
	int lines = 0;

	for (ssize_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static void test_udp_local_without_sockets_says_so_once_a_second(void **state)
{
	const struct log_output usual = { .to_stderr = true, .syslog_fd = -1, .file_fd = -1 };
	struct log_output output = { .syslog_fd = -1, .file_bytes = 1 << 20 };
	struct fixture *f = *state;

	f->target.side = SOCKET_NS; /* to which there's no way */
	output.file_fd = memfd_create("log", 0);
	log_set_output(&output);
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 100; j++)
			udp_local_input(&f->local, &f->listener, &f->message, &f->target,
					f->now_ns);
		f->now_ns += 2 * NS_PER_S;
	}
	log_set_output(&usual);
	assert_int_equal(f->local.stats.no_room, 200);
	assert_int_equal(flow_share_count(&f->local.share), 0);
	assert_int_equal(lines_of(output.file_fd), 2);
	close(output.file_fd);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_udp_local_one_way_ends_after_30_seconds),
		TEST(test_udp_local_answered_once_ends_after_30_seconds),
		TEST(test_udp_local_stream_ends_after_120_seconds),
		TEST(test_udp_local_traffic_keeps_a_flow),
		TEST(test_udp_local_answers_alone_keep_a_flow),
		TEST(test_udp_local_ended_flow_is_opened_anew),
		TEST(test_udp_local_answer_after_the_listener_is_gone_ends_the_flow),
		TEST(test_udp_local_beyond_the_share_the_least_recently_used_ends),
		TEST(test_udp_local_beyond_the_share_half_is_for_flows_that_were_answered),
		TEST(test_udp_local_share_follows_listening_sockets),
		TEST(test_udp_local_many_flows_end_together),
		TEST(test_udp_local_without_sockets_says_so_once_a_second),
	};

	log_set_level(LOG_LEVEL_WARNING);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
