/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP towards the namespace: answers, errors that come instead of them, and the end of flows. For
 * the way out see test_udp.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "common/wire/icmp.h"
#include "common/udp/arrivals.h"
#include "test/unit/udp_fixture.h"

static void test_udp_answers_read_together(void **state)
{
	struct fixture *f = *state;
	uint8_t *data = f->data + 1000;

	open_flow(f);
	f->pair.link.config.uso = true;
	for (size_t i = 0; i < 5; i++)
		server_send(f, data + i * 400, 400);
	server_send(f, data + 2000, 7);
	server_send(f, data + 3000, 400);
	events(f);
	expect_frame(f, data, 5 * 400 + 7);
	assert_int_equal(f->pair.header.gso_type, VIRTIO_NET_HDR_GSO_UDP_L4);
	assert_int_equal(f->pair.header.gso_size, 400);
	expect_frame(f, data + 3000, 400);
	assert_int_equal(f->pair.header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}

static void test_udp_answers_without_segmentation(void **state)
{
	struct fixture *f = *state;
	uint8_t *data = f->data + 1000;

	open_flow(f);
	for (size_t i = 0; i < 40; i++)
		server_send(f, data + i * 400, 400);
	events(f);
	for (size_t i = 0; i < 40; i++) {
		expect_frame(f, data + i * 400, 400);
		assert_int_equal(f->pair.header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	}
	assert_false(frame_receive(f));
}

static void test_udp_large_answer_is_fragmented(void **state)
{
	struct fixture *f = *state;
	uint8_t whole[UDP_HEADER_LEN + 9000];
	size_t len = 0;
	uint64_t sum;
	bool more = true;

	open_flow(f);
	f->pair.link.config.uso = true;
	server_send(f, f->data, 9000);
	events(f);
	while (more) {
		assert_true(frame_receive(f));
		assert_int_equal(f->pair.header.flags, 0);
		assert_true(f->ip.is_fragment);
		assert_int_equal(f->ip.fragment_offset, len);
		assert_true(f->ip.header_len + f->ip.payload_len <= 1500);
		memcpy(whole + len, f->ip.payload, f->ip.payload_len);
		len += f->ip.payload_len;
		more = f->ip.more_fragments;
	}
	assert_int_equal(len, sizeof(whole));
	assert_memory_equal(whole + UDP_HEADER_LEN, f->data, 9000);
	sum = checksum_pseudo(&f->ip.src, &f->ip.dst, IPPROTO_UDP, sizeof(whole));
	assert_int_equal(be16_get(checksum_finish(checksum_add(sum, whole, sizeof(whole)))), 0);
}

static void test_udp_refused_becomes_port_unreachable(void **state)
{
	struct fixture *f = *state;
	bool ipv4 = addr_is_ipv4(&f->ns);
	struct icmp_message message;
	struct reader r;

	close(f->server);
	f->server = -1;
	input(f, f->data, 33);
	udp_flush(&f->udp, f->now_ns);
	events(f);
	assert_true(frame_receive(f));
	assert_int_equal(f->ip.protocol, ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	assert_true(addr_equal(&f->ip.src, &f->gateway));
	r = (struct reader){ f->ip.payload, f->ip.payload_len };
	assert_int_equal(icmp_parse(&r, &message), 0);
	assert_int_equal(message.type << 8 | message.code, ipv4 ? 0x303 : 0x104);
	/* the datagram that it is about, with the namespace's ports */
	assert_memory_equal(message.payload + (ipv4 ? 20 : 40), f->data - UDP_HEADER_LEN, 4);
	assert_memory_equal(message.payload + (ipv4 ? 20 : 40) + UDP_HEADER_LEN, f->data, 33);
	assert_false(frame_receive(f));
}

/* Sends what doesn't fit the loopback interface's MTU, takes it off the server, and the ICMPv6
 * error about it, if any, off the tap. Return: the protocol of the packet that the error quotes, 0:
 * none
 */
static uint8_t send_too_big(struct fixture *f)
{
	const uint32_t len = 65500;
	struct icmp_message message;
	struct reader r;

	f->now_ns += NS_PER_S / 10;
	input(f, f->data, len);
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, len);
	if (!frame_receive(f))
		return 0;
	r = (struct reader){ f->ip.payload, f->ip.payload_len };
	assert_int_equal(icmp_parse(&r, &message), 0);
	assert_int_equal(message.type, 2);
	assert_int_equal(message.rest, 65536);
	assert_false(frame_receive(f));
	return message.payload[6];
}

static void test_udp_too_big_tells_kernel_then_sender(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send_too_big(f), IPPROTO_ICMPV6);
	assert_int_equal(send_too_big(f), IPPROTO_UDP);
	assert_int_equal(send_too_big(f), IPPROTO_UDP);
	f->now_ns += 10 * NS_PER_S;
	assert_int_equal(send_too_big(f), 0);
	assert_int_equal(send_too_big(f), IPPROTO_ICMPV6);
}

static void test_udp_too_big_stream_is_told_nothing(void **state)
{
	struct fixture *f = *state;

	open_flow(f);
	for (int i = 0; i < 100; i++) {
		f->now_ns -= NS_PER_S / 10 - 20 * 1000;
		assert_int_equal(send_too_big(f), 0);
	}
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_UNREACHABLE], 0);
}

static void test_udp_flow_ages_one_way_and_both_ways(void **state)
{
	struct fixture *f = *state;
	uint64_t start_ns = f->now_ns;

	open_flow(f);
	timer_run(&f->timers, start_ns + 29 * NS_PER_S);
	assert_int_equal(f->flows.used, 1);
	timer_run(&f->timers, start_ns + 31 * NS_PER_S);
	assert_int_equal(f->flows.used, 0);
	flow_table_reap(&f->flows);

	f->now_ns = start_ns + 40 * NS_PER_S;
	open_flow(f);
	server_send(f, "x", 1);
	f->now_ns += 20 * NS_PER_S;
	events(f);
	expect_frame(f, "x", 1);
	timer_run(&f->timers, f->now_ns + 29 * NS_PER_S);
	assert_int_equal(f->flows.used, 1);
	f->now_ns += 29 * NS_PER_S;
	open_flow(f); /* again, so it's a stream now */
	timer_run(&f->timers, f->now_ns + 119 * NS_PER_S);
	assert_int_equal(f->flows.used, 1);
	timer_run(&f->timers, f->now_ns + 121 * NS_PER_S);
	assert_int_equal(f->flows.used, 0);
	assert_int_equal(f->udp.env.closed, 2);
}

static void test_udp_traffic_keeps_a_flow(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		open_flow(f);
		f->now_ns += 25 * NS_PER_S;
		timer_run(&f->timers, f->now_ns);
		assert_int_equal(f->flows.used, 1);
	}
	assert_int_equal(f->udp.env.opened, 1);
}

/* A flow that has come to the server's socket as if that were a listener, from a client
 * who is f->gateway in the namespace, to its address @ns
 */
static struct udp_flow *flow_from_outside(struct fixture *f, struct fwd_listener *listener,
					  const struct in6_addr *ns,
					  const struct dgram_origin *origin)
{
	const struct flow_key key = {
		.ns = *ns,
		.remote = f->gateway,
		.ns_port = NS_PORT,
		.remote_port = f->port,
		.protocol = IPPROTO_UDP,
	};
	struct in6_addr loopback = addr_loopback(addr_is_ipv4(ns) ? AF_INET : AF_INET6);
	struct udp_flow *flow;

	*listener = (struct fwd_listener){
		.watch.fd = f->server,
		.serial = 1,
		.family = addr_is_ipv4(ns) ? AF_INET : AF_INET6,
	};
	flow = (void *)dgram_flow_accept(&f->udp.env, &key, &loopback, origin, f->now_ns);
	assert_non_null(flow);
	flow->gso_limit = UINT16_MAX;
	return flow;
}

static void test_udp_answer_from_another_address_leaves_from_where_it_was_asked(void **state)
{
	struct fixture *f = *state;
	const struct in6_addr own = f->ns;
	struct in6_addr asked = own;
	struct fwd_listener listener;
	/* the client is the server's own socket: what comes there shows where it was sent from */
	const struct dgram_origin origin = { .listener = &listener,
					     .serial = 1,
					     .peer_port = f->port };
	struct udp_flow *flow;
	struct in6_addr from;
	uint16_t port;

	asked.s6_addr[15] ^= 1;
	f->fwd.ns_addrs_set = true;
	f->fwd.ip4.ns_addr_count = f->fwd.ip6.ns_addr_count = 2;
	f->fwd.ip4.ns_addr = f->fwd.ip6.ns_addr = f->ns;
	f->fwd.ip4.ns_addrs[0] = f->fwd.ip6.ns_addrs[0] = f->ns;
	f->fwd.ip4.ns_addrs[1] = f->fwd.ip6.ns_addrs[1] = asked;
	flow = flow_from_outside(f, &listener, &asked, &origin);
	input(f, f->data, 4);
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, 4);
	assert_int_equal(addr_from_sockaddr(&f->peer, &from, &port), 0);
	assert_int_equal(port, f->port);
	assert_true(flow->dgram.answered);
	assert_true(addr_equal(&flow->dgram.ns, &f->ns));
	assert_int_equal(f->udp.env.opened, 1);

	/* no address that the namespace may have */
	f->ns = addr_loopback(addr_family(&own));
	input(f, f->data, 4);
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_REFUSED], 1);
	assert_true(addr_equal(&flow->dgram.ns, &own));
	f->ns = own;

	/* the listener is gone: it's a flow of the namespace's own */
	listener.serial++;
	input(f, f->data, 4);
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, 4);
	assert_int_equal(addr_from_sockaddr(&f->peer, &from, &port), 0);
	assert_int_not_equal(port, f->port);
}

static void test_udp_flow_whose_socket_is_gone_gets_another(void **state)
{
	struct fixture *f = *state;
	struct udp_flow *flow = first_flow(f);

	open_flow(f);
	loop_remove(&f->loop, &flow->dgram.flow.watch);
	close(flow->dgram.flow.watch.fd);
	flow->dgram.flow.watch.fd = -1;
	open_flow(f);
	server_send(f, "x", 1);
	events(f);
	expect_frame(f, "x", 1);
	assert_int_equal(f->udp.env.opened, 1);
}

/* Nowhere to send to, and for a long time */
static void test_udp_failing_sends_keep_no_flow(void **state)
{
	struct fixture *f = *state;
	uint64_t end_ns = f->now_ns + 30 * NS_PER_S;

	open_flow(f);
	f->fwd.udp = false; /* so that there's no other socket */
	loop_remove(&f->loop, &first_flow(f)->dgram.flow.watch);
	close(first_flow(f)->dgram.flow.watch.fd);
	first_flow(f)->dgram.flow.watch.fd = -1;
	while (f->now_ns < end_ns) {
		input(f, f->data, 4);
		udp_flush(&f->udp, f->now_ns);
		f->now_ns += NS_PER_S / 2;
		timer_run(&f->timers, f->now_ns);
	}
	timer_run(&f->timers, f->now_ns + NS_PER_S);
	assert_int_equal(f->flows.used, 0);
}

/* A listening socket on the loopback, of a port that leads to NS_PORT. Return: its port */
static uint16_t listener_open(struct fixture *f, struct fwd_listeners *set,
			      struct fwd_listener *listener)
{
	int family = addr_is_ipv4(&f->ns) ? AF_INET : AF_INET6, yes = 1;
	struct in6_addr addr = addr_loopback(family);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&addr, 0, 0, &sa);
	uint16_t port;

	assert_int_equal(fwd_listeners_init(set, NULL), 0);
	set->handlers[FWD_UDP_TO_NS] =
		(struct fwd_listeners_handler){ udp_arrivals_ready, &f->udp };
	*listener = (struct fwd_listener){
		.watch.fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0),
		.set = set,
		.serial = 1,
		.family = family,
		.direction = FWD_UDP_TO_NS,
		.to_port = NS_PORT,
	};
	setsockopt(listener->watch.fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		   family == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO, &yes, sizeof(yes));
	assert_int_equal(bind(listener->watch.fd, &sa.sa, len), 0);
	assert_int_equal(getsockname(listener->watch.fd, &sa.sa, &len), 0);
	assert_int_equal(addr_from_sockaddr(&sa, &addr, &port), 0);
	f->fwd.no_splice = true;
	f->fwd.ip4.ns_addr = f->fwd.ip6.ns_addr = f->ns;
	return port;
}

static void test_udp_datagram_in_the_peers_name_moves_no_flow(void **state)
{
	struct fwd_listeners set;
	struct fixture *f = *state;
	struct fwd_listener listener;
	union sockaddr_inany own;
	uint16_t port;

	open_flow(f);
	own = f->peer;
	port = listener_open(f, &set, &listener);
	if (addr_is_ipv4(&f->ns))
		f->peer.in4.sin_port = htons(port);
	else
		f->peer.in6.sin6_port = htons(port);
	server_send(f, "forged", 6);
	udp_arrivals_ready(&listener.watch, EPOLLIN, f->now_ns);
	assert_true(frame_receive(f)); /* as anybody else's */
	open_flow(f);
	assert_memory_equal(&f->peer, &own, sizeof(own.in4));
	server_send(f, "answer", 6);
	events(f);
	expect_frame(f, "answer", 6);
	close(listener.watch.fd);
	fwd_listeners_fini(&set);
}

static void test_udp_too_many_from_outside_displace_the_oldest(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener listener = { .watch.fd = f->server, .serial = 1 };
	const struct dgram_origin origin = { .listener = &listener,
					     .serial = 1,
					     .peer_port = f->port };
	struct flow_key key = { .ns = f->ns, .remote = f->gateway, .protocol = IPPROTO_UDP };

	for (uint16_t i = 0; i < 3 * CAPACITY; i++) {
		key.remote_port = i;
		assert_non_null(
			dgram_flow_accept(&f->udp.env, &key, &f->gateway, &origin, f->now_ns));
		f->now_ns += NS_PER_S / 10;
		timer_run(&f->timers, f->now_ns);
		flow_table_reap(&f->flows);
	}
	assert_int_equal(f->flows.used, CAPACITY / 4);
	assert_int_equal(f->shares.to_ns.displaced, 3 * CAPACITY - CAPACITY / 4);
	key.remote_port = 0;
	assert_null(flow_lookup(&f->flows, &key));
	key.remote_port = 3 * CAPACITY - CAPACITY / 4;
	assert_non_null(flow_lookup(&f->flows, &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UDP_TEST(test_udp_answers_read_together),
		UDP_TEST(test_udp_answers_without_segmentation),
		UDP_TEST(test_udp_large_answer_is_fragmented),
		UDP_TEST(test_udp_refused_becomes_port_unreachable),
		cmocka_unit_test_setup_teardown(test_udp_too_big_tells_kernel_then_sender, setup6,
						teardown),
		cmocka_unit_test_setup_teardown(test_udp_too_big_stream_is_told_nothing, setup6,
						teardown),
		UDP_TEST(test_udp_answer_from_another_address_leaves_from_where_it_was_asked),
		UDP_TEST(test_udp_flow_whose_socket_is_gone_gets_another),
		UDP_TEST(test_udp_failing_sends_keep_no_flow),
		UDP_TEST(test_udp_datagram_in_the_peers_name_moves_no_flow),
		UDP_TEST(test_udp_too_many_from_outside_displace_the_oldest),
		UDP_TEST(test_udp_flow_ages_one_way_and_both_ways),
		UDP_TEST(test_udp_traffic_keeps_a_flow),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
