/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP flows between a tap and real sockets on the loopback interface: the namespace's gateway
 * address is mapped to it. What is checked is that datagrams keep their boundaries, order and
 * addresses however they were gathered, what is dropped, and that flows end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/linux_compat.h"
#include "common/base/util.h"
#include "common/udp/udp.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"
#include "common/wire/udp.h"
#include "test/unit/tap_pair.h"

#define NS_PORT 40000
#define CAPACITY 4
#define DATA_BYTES 65536

struct fixture {
	struct tap_pair pair;
	struct flow_table flows;
	struct loop loop;
	struct timer_wheel timers;
	struct fwd_table fwd;
	struct icmp_error_limit limit;
	struct fragment_ids ids;
	struct udp udp;
	uint64_t now_ns;
	/* A server on the host's loopback */
	int server;
	uint16_t port;
	union sockaddr_inany peer; /* of the datagram last received by it */
	/* A packet from the namespace: room for its UDP header is in front of the data */
	uint8_t memory[UDP_HEADER_LEN + DATA_BYTES];
	uint8_t *data;
	uint8_t received[DATA_BYTES];
	struct in6_addr ns, gateway;
	const uint8_t *frame;
	struct ip_packet ip;
};

static int server_open(struct fixture *f, int family)
{
	struct in6_addr loopback = addr_loopback(family);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, 0, 0, &sa);
	int size = 4 << 20;

	f->server = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setsockopt(f->server, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (f->server < 0 || bind(f->server, &sa.sa, len) || getsockname(f->server, &sa.sa, &len))
		return -1;
	return addr_from_sockaddr(&sa, &loopback, &f->port);
}

static int setup_family(void **state, int family)
{
	struct siphash_key secret = { { 1, 2 } };
	struct fixture *f = calloc(1, sizeof(*f));
	struct dgram_env env;

	if (!f || tap_pair_init(&f->pair, 1500) || flow_table_init(&f->flows, CAPACITY, &secret) ||
	    loop_init(&f->loop) || server_open(f, family) ||
	    addr_parse(family == AF_INET ? "192.0.2.15" : "2001:db8::15", &f->ns) ||
	    addr_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", &f->gateway))
		return -1;
	f->now_ns = 1000 * NS_PER_S;
	timer_wheel_init(&f->timers, f->now_ns);
	f->fwd.udp = true;
	f->fwd.ip4.enabled = f->fwd.ip6.enabled = true;
	f->fwd.ip4.map_host_loopback = f->gateway;
	f->fwd.ip6.map_host_loopback = f->gateway;
	f->data = f->memory + UDP_HEADER_LEN;
	for (size_t i = 0; i < DATA_BYTES; i++)
		f->data[i] = (uint8_t)(i * 31 + i / 251);
	env = (struct dgram_env){
		.tap = &f->pair.tap,
		.flows = &f->flows,
		.loop = &f->loop,
		.timers = &f->timers,
		.fwd = &f->fwd,
		.errors = &f->limit,
		.fragment_ids = &f->ids,
	};
	*state = f;
	return udp_init(&f->udp, &env);
}

static int setup(void **state)
{
	return setup_family(state, AF_INET);
}

static int setup6(void **state)
{
	return setup_family(state, AF_INET6);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	udp_fini(&f->udp);
	assert_int_equal(f->flows.used, 0);
	close(f->server);
	loop_fini(&f->loop);
	flow_table_fini(&f->flows);
	tap_pair_fini(&f->pair);
	free(f);
	return 0;
}

/* The packet that carries the @len bytes at @at; its header overwrites what is in front of them */
static struct ip_packet packet(struct fixture *f, uint8_t *at, uint32_t len, uint16_t ns_port)
{
	struct writer w = { at - UDP_HEADER_LEN, UDP_HEADER_LEN };
	struct udp_datagram datagram = {
		.src_port = ns_port,
		.dst_port = f->port,
		.payload_len = len,
	};
	struct be16 none = be16_make(0), csum;
	uint64_t sum = checksum_pseudo(&f->ns, &f->gateway, IPPROTO_UDP, UDP_HEADER_LEN + len);

	assert_int_equal(udp_emit(&w, &datagram, none), 0);
	csum = checksum_finish(checksum_add(sum, at - UDP_HEADER_LEN, UDP_HEADER_LEN + len));
	memcpy(at - 2, &csum, sizeof(csum));
	return (struct ip_packet){
		.src = f->ns,
		.dst = f->gateway,
		.protocol = IPPROTO_UDP,
		.ttl = 64,
		.dont_fragment = true,
		.payload = at - UDP_HEADER_LEN,
		.payload_len = UDP_HEADER_LEN + len,
	};
}

static bool input_port(struct fixture *f, uint8_t *at, uint32_t len, uint16_t ns_port)
{
	struct ip_packet ip = packet(f, at, len, ns_port);

	return udp_input(&f->udp, &(struct tap_frame){ 0 }, &ip, f->now_ns);
}

static bool input(struct fixture *f, uint8_t *at, uint32_t len)
{
	return input_port(f, at, len, NS_PORT);
}

/* The server's next datagram. Return: its length, -1 if there is none */
static ssize_t server_receive(struct fixture *f)
{
	socklen_t len = sizeof(f->peer);

	return recvfrom(f->server, f->received, sizeof(f->received), 0, &f->peer.sa, &len);
}

static void server_send(struct fixture *f, const void *data, size_t len)
{
	socklen_t size = f->peer.sa.sa_family == AF_INET ? sizeof(f->peer.in4) :
							   sizeof(f->peer.in6);

	assert_int_equal(sendto(f->server, data, len, 0, &f->peer.sa, size), len);
}

static void events(struct fixture *f)
{
	struct epoll_event e[LOOP_BATCH];

	loop_dispatch(e, loop_wait(&f->loop, e, 0), f->now_ns);
}

static void expect_at_server(struct fixture *f, const uint8_t *data, size_t len)
{
	assert_int_equal(server_receive(f), len);
	assert_memory_equal(f->received, data, len);
}

/* The next frame's IP packet, into f->ip. Return: whether there is one */
static bool frame_receive(struct fixture *f)
{
	size_t len = tap_pair_receive(&f->pair, &f->frame);
	struct reader r = { f->frame, len };
	struct eth_header eth;

	if (!len)
		return false;
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, &f->ip), 0);
	return true;
}

static void expect_frame(struct fixture *f, const void *data, size_t len)
{
	struct udp_datagram datagram;
	struct reader r;

	assert_true(frame_receive(f));
	assert_true(addr_equal(&f->ip.src, &f->gateway));
	assert_true(addr_equal(&f->ip.dst, &f->ns));
	r = (struct reader){ f->ip.payload, f->ip.payload_len };
	assert_int_equal(udp_parse(&r, false, &datagram), 0);
	assert_int_equal(datagram.src_port, f->port);
	assert_int_equal(datagram.dst_port, NS_PORT);
	assert_int_equal(datagram.payload_len, len);
	assert_memory_equal(datagram.payload, data, len);
}

/* Where the table puts a flow that is alone in it */
static struct udp_flow *first_flow(const struct fixture *f)
{
	return (struct udp_flow *)(void *)f->flows.records;
}

/* One datagram there, so that the server knows where to send */
static void open_flow(struct fixture *f)
{
	input(f, f->data, 4);
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, 4);
}

static void test_udp_there_and_back(void **state)
{
	struct fixture *f = *state;

	assert_true(input(f, f->data, 100));
	assert_int_equal(server_receive(f), -1);
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, 100);
	server_send(f, "answer", 6);
	events(f);
	expect_frame(f, "answer", 6);
	assert_int_equal(f->pair.header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(f->pair.header.csum_offset, UDP_CSUM_OFFSET);
	assert_int_equal(f->udp.env.opened, 1);
}

static void test_udp_empty_datagram_passes(void **state)
{
	struct fixture *f = *state;

	input(f, f->data, 0);
	udp_flush(&f->udp, f->now_ns);
	assert_int_equal(server_receive(f), 0);
	server_send(f, "", 0);
	events(f);
	expect_frame(f, "", 0);
}

static void test_udp_equal_datagrams_wait_and_keep_boundaries(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 10; i++)
		assert_true(input(f, f->data + i * 1000, 900));
	assert_int_equal(f->udp.burst.count, 10);
	udp_flush(&f->udp, f->now_ns);
	for (size_t i = 0; i < 10; i++)
		expect_at_server(f, f->data + i * 1000, 900);
	assert_int_equal(server_receive(f), -1);
}

static void test_udp_shorter_datagram_ends_a_burst(void **state)
{
	struct fixture *f = *state;

	assert_true(input(f, f->data + 10, 500));
	assert_false(input(f, f->data + 1000, 499)); /* and is sent with it at once */
	expect_at_server(f, f->data + 10, 500);
	expect_at_server(f, f->data + 1000, 499);
}

static void test_udp_longer_datagram_keeps_order(void **state)
{
	struct fixture *f = *state;

	assert_true(input(f, f->data + 10, 500));
	assert_true(input(f, f->data + 1000, 501));
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data + 10, 500);
	expect_at_server(f, f->data + 1000, 501);
}

static void test_udp_burst_of_any_length(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < UDP_SEGMENTS_MAX + 2; i++)
		input(f, f->data + i * 100, 50);
	udp_flush(&f->udp, f->now_ns);
	for (size_t i = 0; i < UDP_SEGMENTS_MAX + 2; i++)
		expect_at_server(f, f->data + i * 100, 50);
	assert_int_equal(server_receive(f), -1);
}

static void test_udp_flows_do_not_mix(void **state)
{
	struct fixture *f = *state;
	union sockaddr_inany first;

	assert_true(input_port(f, f->data, 20, 1111));
	assert_true(input_port(f, f->data + 100, 20, 2222));
	assert_true(input_port(f, f->data + 200, 20, 1111));
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, 20);
	first = f->peer;
	expect_at_server(f, f->data + 100, 20);
	assert_memory_not_equal(&first, &f->peer, sizeof(first.in4));
	expect_at_server(f, f->data + 200, 20);
	assert_memory_equal(&first, &f->peer, sizeof(first.in4));
	assert_int_equal(f->udp.env.opened, 2);
}

static void test_udp_segments_of_one_frame(void **state)
{
	struct fixture *f = *state;
	struct tap_frame frame = { .gso = TAP_GSO_UDP, .gso_size = 700, .csum_known = true };
	struct ip_packet ip = packet(f, f->data, 100 * 600 + 300, NS_PORT);
	size_t at = 0;

	assert_false(udp_input(&f->udp, &frame, &ip, f->now_ns));
	for (; at + 700 <= 60300; at += 700)
		expect_at_server(f, f->data + at, 700);
	expect_at_server(f, f->data + at, 60300 - at);
	assert_int_equal(server_receive(f), -1);
}

static void test_udp_segments_of_one_byte(void **state)
{
	struct fixture *f = *state;
	struct tap_frame frame = { .gso = TAP_GSO_UDP, .gso_size = 1, .csum_known = true };
	struct ip_packet ip = packet(f, f->data, 200, NS_PORT);

	udp_input(&f->udp, &frame, &ip, f->now_ns);
	for (size_t i = 0; i < 200; i++)
		expect_at_server(f, f->data + i, 1);
	assert_int_equal(server_receive(f), -1);
}

static void test_udp_segments_without_payload_dropped(void **state)
{
	struct fixture *f = *state;
	struct tap_frame frame = { .gso = TAP_GSO_UDP, .gso_size = 1, .csum_known = true };
	struct ip_packet ip = packet(f, f->data, 0, NS_PORT);

	assert_false(udp_input(&f->udp, &frame, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_MALFORMED], 1);
}

static void test_udp_train_refused_goes_one_by_one(void **state)
{
	struct fixture *f = *state;
	struct tap_frame frame = { .gso = TAP_GSO_UDP, .gso_size = 300, .csum_known = true };
	struct udp_flow *flow = first_flow(f);
	struct ip_packet ip;
	int yes = 1;

	open_flow(f);
	/* The kernel takes no trains from a socket without checksums, IPv4 only */
	assert_int_equal(setsockopt(flow->dgram.flow.watch.fd, SOL_SOCKET, SO_NO_CHECK, &yes,
				    sizeof(yes)),
			 0);
	ip = packet(f, f->data, 900, NS_PORT);
	udp_input(&f->udp, &frame, &ip, f->now_ns);
	for (size_t i = 0; i < 3; i++)
		expect_at_server(f, f->data + i * 300, 300);
	assert_int_equal(flow->gso_limit, addr_is_ipv4(&f->ns) ? 300 : UINT16_MAX);
}

static void test_udp_checksum_wrong_dropped(void **state)
{
	struct fixture *f = *state;
	struct tap_frame frame = { 0 };
	struct ip_packet ip = packet(f, f->data, 100, NS_PORT);

	f->data[50] ^= 1;
	assert_false(udp_input(&f->udp, &frame, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_CHECKSUM], 1);
	frame.csum_known = true;
	assert_true(udp_input(&f->udp, &frame, &ip, f->now_ns));
}

static void test_udp_checksum_absent(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = packet(f, f->data, 100, NS_PORT);
	bool ipv4 = addr_is_ipv4(&f->ns);

	memset(f->data - 2, 0, 2);
	assert_int_equal(udp_input(&f->udp, &(struct tap_frame){ 0 }, &ip, f->now_ns), ipv4);
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_CHECKSUM], !ipv4);
}

static void test_udp_malformed_dropped(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = packet(f, f->data, 100, NS_PORT);

	for (ip.payload_len = 0; ip.payload_len < UDP_HEADER_LEN + 100; ip.payload_len++)
		assert_false(udp_input(&f->udp, &(struct tap_frame){ 0 }, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_MALFORMED], UDP_HEADER_LEN + 100);
	assert_int_equal(f->flows.used, 0);
}

static void test_udp_ttl_zero_dropped(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = packet(f, f->data, 100, NS_PORT);

	ip.ttl = 0;
	assert_false(udp_input(&f->udp, &(struct tap_frame){ 0 }, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_TTL], 1);
}

static void test_udp_multicast_refused_in_silence(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(addr_parse(addr_is_ipv4(&f->ns) ? "224.0.0.251" : "ff02::fb", &f->gateway),
			 0);
	assert_false(input(f, f->data, 10));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_REFUSED], 1);
	assert_false(frame_receive(f));
}

static void test_udp_full_table_drops_new_flows_only(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i <= CAPACITY; i++)
		input_port(f, f->data, 10, (uint16_t)(NS_PORT + i));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_TABLE_FULL], 1);
	assert_true(input_port(f, f->data, 10, NS_PORT));
}

static void test_udp_answers_read_together(void **state)
{
	struct fixture *f = *state;
	uint8_t *data = f->data + 1000;

	open_flow(f);
	f->pair.tap.config.uso = true;
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
	f->pair.tap.config.uso = true;
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

/* Sends what doesn't fit the loopback interface's MTU, takes it off the server, and the ICMPv6 error
 * about it, if any, off the tap. Return: the protocol of the packet that the error quotes, 0: none
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
	timer_run(&f->timers, f->now_ns + 179 * NS_PER_S);
	assert_int_equal(f->flows.used, 1);
	timer_run(&f->timers, f->now_ns + 181 * NS_PER_S);
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

static void test_udp_header_fields_are_the_packet_s(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = packet(f, f->data, 10, NS_PORT);
	bool ipv4 = addr_is_ipv4(&f->ns);
	int value;
	socklen_t len = sizeof(value);
	struct flow *flow = &first_flow(f)->dgram.flow;

	ip.ttl = 7;
	ip.tos = 0x2a;
	udp_input(&f->udp, &(struct tap_frame){ 0 }, &ip, f->now_ns);
	udp_flush(&f->udp, f->now_ns);
	getsockopt(flow->watch.fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
		   ipv4 ? IP_TTL : IPV6_UNICAST_HOPS, &value, &len);
	assert_int_equal(value, 7);
	getsockopt(flow->watch.fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_TOS : IPV6_TCLASS,
		   &value, &len);
	assert_int_equal(value, 0x2a);
	getsockopt(flow->watch.fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
		   ipv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &value, &len);
	assert_int_equal(value, ipv4 ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO);
}

int main(void)
{
#define TEST(fn)                                                                                   \
	{ #fn ", IPv4", fn, setup, teardown, NULL },                                               \
	{ #fn ", IPv6", fn, setup6, teardown, NULL }
	const struct CMUnitTest tests[] = {
		TEST(test_udp_there_and_back),
		TEST(test_udp_empty_datagram_passes),
		TEST(test_udp_equal_datagrams_wait_and_keep_boundaries),
		TEST(test_udp_shorter_datagram_ends_a_burst),
		TEST(test_udp_longer_datagram_keeps_order),
		TEST(test_udp_burst_of_any_length),
		TEST(test_udp_flows_do_not_mix),
		TEST(test_udp_segments_of_one_frame),
		TEST(test_udp_segments_of_one_byte),
		TEST(test_udp_segments_without_payload_dropped),
		TEST(test_udp_train_refused_goes_one_by_one),
		TEST(test_udp_checksum_wrong_dropped),
		TEST(test_udp_checksum_absent),
		TEST(test_udp_malformed_dropped),
		TEST(test_udp_ttl_zero_dropped),
		TEST(test_udp_multicast_refused_in_silence),
		TEST(test_udp_full_table_drops_new_flows_only),
		TEST(test_udp_answers_read_together),
		TEST(test_udp_answers_without_segmentation),
		TEST(test_udp_large_answer_is_fragmented),
		TEST(test_udp_refused_becomes_port_unreachable),
		cmocka_unit_test_setup_teardown(test_udp_too_big_tells_kernel_then_sender, setup6,
						teardown),
		cmocka_unit_test_setup_teardown(test_udp_too_big_stream_is_told_nothing, setup6,
						teardown),
		TEST(test_udp_flow_ages_one_way_and_both_ways),
		TEST(test_udp_traffic_keeps_a_flow),
		TEST(test_udp_header_fields_are_the_packet_s),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
