/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP from the namespace: that datagrams keep their boundaries, order and addresses however they
 * were gathered, and what is dropped. For the way back see test_udp_answers.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/udp_fixture.h"

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
	assert_int_equal(f->udp.burst.train.count, 10);
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

	for (size_t i = 0; i < TRAIN_SEGMENTS_MAX + 2; i++)
		input(f, f->data + i * 100, 50);
	udp_flush(&f->udp, f->now_ns);
	for (size_t i = 0; i < TRAIN_SEGMENTS_MAX + 2; i++)
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
	struct link_frame frame = { .gso = LINK_GSO_UDP, .gso_size = 700, .csum_known = true };
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
	struct link_frame frame = { .gso = LINK_GSO_UDP, .gso_size = 1, .csum_known = true };
	struct ip_packet ip = packet(f, f->data, 128, NS_PORT);

	udp_input(&f->udp, &frame, &ip, f->now_ns);
	for (size_t i = 0; i < 128; i++)
		expect_at_server(f, f->data + i, 1);
	assert_int_equal(server_receive(f), -1);
}

static void test_udp_more_segments_than_kernels_make_dropped(void **state)
{
	struct fixture *f = *state;
	struct link_frame frame = { .gso = LINK_GSO_UDP, .gso_size = 10, .csum_known = true };
	struct ip_packet ip = packet(f, f->data, 1281, NS_PORT);

	assert_false(udp_input(&f->udp, &frame, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_MALFORMED], 1);
	assert_int_equal(f->udp.env.opened, 0);
	ip = packet(f, f->data, 1280, NS_PORT);
	udp_input(&f->udp, &frame, &ip, f->now_ns);
	for (size_t i = 0; i < 128; i++)
		expect_at_server(f, f->data + i * 10, 10);
	assert_int_equal(server_receive(f), -1);
}

static void test_udp_segments_without_payload_dropped(void **state)
{
	struct fixture *f = *state;
	struct link_frame frame = { .gso = LINK_GSO_UDP, .gso_size = 1, .csum_known = true };
	struct ip_packet ip = packet(f, f->data, 0, NS_PORT);

	assert_false(udp_input(&f->udp, &frame, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_MALFORMED], 1);
}

static void test_udp_train_refused_goes_one_by_one(void **state)
{
	struct fixture *f = *state;
	struct link_frame frame = { .gso = LINK_GSO_UDP, .gso_size = 300, .csum_known = true };
	struct udp_flow *flow = first_flow(f);
	struct ip_packet ip;
	int yes = 1;

	open_flow(f);
	/* The kernel takes no trains from a socket without checksums, IPv4 only */
	assert_int_equal(
		setsockopt(flow->dgram.flow.watch.fd, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof(yes)),
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
	struct link_frame frame = { 0 };
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
	assert_int_equal(udp_input(&f->udp, &(struct link_frame){ 0 }, &ip, f->now_ns), ipv4);
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_CHECKSUM], !ipv4);
}

static void test_udp_malformed_dropped(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = packet(f, f->data, 100, NS_PORT);

	for (ip.payload_len = 0; ip.payload_len < UDP_HEADER_LEN + 100; ip.payload_len++)
		assert_false(udp_input(&f->udp, &(struct link_frame){ 0 }, &ip, f->now_ns));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_MALFORMED], UDP_HEADER_LEN + 100);
	assert_int_equal(f->flows.used, 0);
}

static void test_udp_ttl_zero_dropped(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = packet(f, f->data, 100, NS_PORT);

	ip.ttl = 0;
	assert_false(udp_input(&f->udp, &(struct link_frame){ 0 }, &ip, f->now_ns));
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

static void test_udp_too_many_flows_displace_the_oldest(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i < 3 * CAPACITY; i++) {
		input_port(f, f->data, 10, (uint16_t)(NS_PORT + i));
		udp_flush(&f->udp, f->now_ns);
		f->now_ns += NS_PER_S / 10;
		timer_run(&f->timers, f->now_ns);
		flow_table_reap(&f->flows);
	}
	assert_int_equal(f->udp.env.opened, 3 * CAPACITY);
	assert_int_equal(f->flows.used, CAPACITY / 4);
	assert_int_equal(f->shares.to_host.displaced, 3 * CAPACITY - CAPACITY / 4);
	/* the last ones are there */
	for (uint16_t i = 3 * CAPACITY - CAPACITY / 4; i < 3 * CAPACITY; i++)
		input_port(f, f->data, 10, (uint16_t)(NS_PORT + i));
	assert_int_equal(f->udp.env.opened, 3 * CAPACITY);
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
	udp_input(&f->udp, &(struct link_frame){ 0 }, &ip, f->now_ns);
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
	const struct CMUnitTest tests[] = {
		UDP_TEST(test_udp_there_and_back),
		UDP_TEST(test_udp_empty_datagram_passes),
		UDP_TEST(test_udp_equal_datagrams_wait_and_keep_boundaries),
		UDP_TEST(test_udp_shorter_datagram_ends_a_burst),
		UDP_TEST(test_udp_longer_datagram_keeps_order),
		UDP_TEST(test_udp_burst_of_any_length),
		UDP_TEST(test_udp_flows_do_not_mix),
		UDP_TEST(test_udp_segments_of_one_frame),
		UDP_TEST(test_udp_segments_of_one_byte),
		UDP_TEST(test_udp_more_segments_than_kernels_make_dropped),
		UDP_TEST(test_udp_segments_without_payload_dropped),
		UDP_TEST(test_udp_train_refused_goes_one_by_one),
		UDP_TEST(test_udp_checksum_wrong_dropped),
		UDP_TEST(test_udp_checksum_absent),
		UDP_TEST(test_udp_malformed_dropped),
		UDP_TEST(test_udp_ttl_zero_dropped),
		UDP_TEST(test_udp_multicast_refused_in_silence),
		UDP_TEST(test_udp_full_table_drops_new_flows_only),
		UDP_TEST(test_udp_too_many_flows_displace_the_oldest),
		UDP_TEST(test_udp_header_fields_are_the_packet_s),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
