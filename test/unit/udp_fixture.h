/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests of UDP flows: a tap, and a real socket on the loopback interface as the server; the
 * namespace's gateway address is mapped to it. Include <cmocka.h> and what it needs first.
 */
#ifndef TEST_UNIT_UDP_FIXTURE_H
#define TEST_UNIT_UDP_FIXTURE_H

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/linux_compat.h"
#include "common/base/util.h"
#include "common/udp/udp.h"
#include "common/wire/checksum.h"
#include "common/wire/udp.h"
#include "test/unit/link_pair.h"

/* UDP_TEST() - over both families */
#define UDP_TEST(fn)                                                                               \
	{ #fn ", IPv4", fn, setup, teardown, NULL },                                               \
	{ #fn ", IPv6", fn, setup6, teardown, NULL }

#define NS_PORT 40000
#define CAPACITY 16
#define DATA_BYTES 65536

struct fixture {
	struct link_pair pair;
	struct flow_table flows;
	struct loop loop;
	struct timer_wheel timers;
	struct fwd_table fwd;
	struct icmp_error_limit limit;
	struct fwd_refusals refusals;
	struct fragment_ids ids;
	struct dgram_shares shares;
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

static inline int server_open(struct fixture *f, int family)
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

static inline int setup_family(void **state, int family)
{
	struct siphash_key secret = { { 1, 2 } };
	struct fixture *f = calloc(1, sizeof(*f));
	struct dgram_env env;

	if (!f || link_pair_init(&f->pair, 1500) || flow_table_init(&f->flows, CAPACITY, &secret) ||
	    loop_init(&f->loop) || server_open(f, family) ||
	    addr_parse(family == AF_INET ? "192.0.2.15" : "2001:db8::15", &f->ns) ||
	    addr_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", &f->gateway))
		return -1;
	f->now_ns = 1000 * NS_PER_S;
	f->shares = (struct dgram_shares){ .max_fds = CAPACITY, .max_flows = CAPACITY };
	timer_wheel_init(&f->timers, f->now_ns);
	f->fwd.udp = true;
	f->fwd.ip4.enabled = f->fwd.ip6.enabled = true;
	f->fwd.ip4.map_host_loopback = f->gateway;
	f->fwd.ip6.map_host_loopback = f->gateway;
	f->data = f->memory + UDP_HEADER_LEN;
	for (size_t i = 0; i < DATA_BYTES; i++)
		f->data[i] = (uint8_t)(i * 31 + i / 251);
	env = (struct dgram_env){
		.link = &f->pair.link,
		.flows = &f->flows,
		.loop = &f->loop,
		.timers = &f->timers,
		.fwd = &f->fwd,
		.errors = &f->limit,
		.refusals = &f->refusals,
		.fragment_ids = &f->ids,
		.shares = &f->shares,
	};
	*state = f;
	return udp_init(&f->udp, &env);
}

static inline int setup(void **state)
{
	return setup_family(state, AF_INET);
}

static inline int setup6(void **state)
{
	return setup_family(state, AF_INET6);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	udp_fini(&f->udp);
	assert_int_equal(f->flows.used, 0);
	close(f->server);
	loop_fini(&f->loop);
	flow_table_fini(&f->flows);
	link_pair_fini(&f->pair);
	free(f);
	return 0;
}

/* The packet that carries the @len bytes at @at; its header overwrites what is in front of them */
static inline struct ip_packet packet(struct fixture *f, uint8_t *at, uint32_t len, uint16_t ns_port)
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
	if (!be16_get(csum))
		csum = be16_make(UINT16_MAX); /* 0 would mean that there is none (RFC 768) */
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

static inline bool input_port(struct fixture *f, uint8_t *at, uint32_t len, uint16_t ns_port)
{
	struct ip_packet ip = packet(f, at, len, ns_port);
	struct link *link = &f->pair.link;

	neighbours_heard(&link->neighbours, &f->ns, link->config.ns_mac, f->now_ns);
	return udp_input(&f->udp, &(struct link_frame){ 0 }, &ip, f->now_ns);
}

static inline bool input(struct fixture *f, uint8_t *at, uint32_t len)
{
	return input_port(f, at, len, NS_PORT);
}

/* The server's next datagram. Return: its length, -1 if there is none */
static inline ssize_t server_receive(struct fixture *f)
{
	socklen_t len = sizeof(f->peer);

	return recvfrom(f->server, f->received, sizeof(f->received), 0, &f->peer.sa, &len);
}

static inline void server_send(struct fixture *f, const void *data, size_t len)
{
	socklen_t size = f->peer.sa.sa_family == AF_INET ? sizeof(f->peer.in4) :
							   sizeof(f->peer.in6);

	assert_int_equal(sendto(f->server, data, len, 0, &f->peer.sa, size), len);
}

static inline void events(struct fixture *f)
{
	struct epoll_event e[LOOP_BATCH];

	loop_dispatch(e, loop_wait(&f->loop, e, 0), f->now_ns);
}

static inline void expect_at_server(struct fixture *f, const uint8_t *data, size_t len)
{
	assert_int_equal(server_receive(f), len);
	assert_memory_equal(f->received, data, len);
}

/* The next frame's IP packet, into f->ip. Return: whether there is one */
static inline bool frame_receive(struct fixture *f)
{
	size_t len = link_pair_receive(&f->pair, &f->frame);
	struct reader r = { f->frame, len };
	struct eth_header eth;

	if (!len)
		return false;
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, &f->ip), 0);
	return true;
}

static inline void expect_frame(struct fixture *f, const void *data, size_t len)
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
static inline struct udp_flow *first_flow(const struct fixture *f)
{
	return (struct udp_flow *)(void *)f->flows.records;
}

/* One datagram there, so that the server knows where to send */
static inline void open_flow(struct fixture *f)
{
	input(f, f->data, 4);
	udp_flush(&f->udp, f->now_ns);
	expect_at_server(f, f->data, 4);
}

#endif
