/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose a datagram is among several workers, where more than one of them might think so: the port
 * that it comes from has a mapping at one, and is answered to by another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/team_turns.h"

#define BYTES 100
#define TFTP_PORT 69
#define NS_PORT 50000

/* A client on the host's loopback, at another address than the usual one */
struct client {
	int fd;
	uint16_t port;
};

/* What leaves goes by the loopback interface, where nobody takes it */
static void start_turns(struct turns *t)
{
	turns_configure(t);
	memcpy(t->r.config.fwd.ip4.outbound_ifname, "lo", 3);
	assert_int_equal(fwd_listeners_init(&t->r.listeners, &no_sockets), 0);
	t->r.listeners.ip4 = true;
	t->r.config.listeners = &t->r.listeners;
	turns_init(t);
}

static void end_turns(struct turns *t)
{
	turns_fini(t);
	fwd_listeners_fini(&t->r.listeners);
}

static void client_open(struct client *client)
{
	struct in6_addr addr;
	union sockaddr_inany sa;
	socklen_t len;

	assert_int_equal(addr_parse("127.0.0.2", &addr), 0);
	len = addr_to_sockaddr(&addr, 0, 0, &sa);
	client->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(client->fd, &sa.sa, len), 0);
	assert_int_equal(getsockname(client->fd, &sa.sa, &len), 0);
	assert_int_equal(addr_from_sockaddr(&sa, &addr, &client->port), 0);
}

/* Return: the host's port that leads to the namespace's @to from here on */
static uint16_t forward(struct turns *t, uint16_t to)
{
	uint16_t port = listen_on_loopback(&t->r, FWD_UDP_TO_NS, to);

	dgram_team_look(t->w[FIRST]);
	return port;
}

static void ask(struct turns *t, const struct client *client, uint16_t port)
{
	const struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, port, 0, &sa);

	assert_int_equal(sendto(client->fd, "?", 1, 0, &sa.sa, len), 1);
	turn(t, FIRST);
}

/* The namespace sends a datagram by a queue, and all have their turns at it */
static void ns_sends(struct turns *t, uint32_t queue, uint16_t from, const struct in6_addr *to,
		     uint16_t port)
{
	uint8_t data[UDP_HEADER_LEN + BYTES];
	const struct udp_datagram datagram = { from, port, false, NULL, BYTES };
	struct writer w = { data, sizeof(data) };
	const struct ip_packet ip = {
		.src = t->addr,
		.dst = *to,
		.protocol = IPPROTO_UDP,
		.ttl = 64,
		.payload = data,
		.payload_len = sizeof(data),
	};

	assert_int_equal(udp_emit(&w, &datagram, be16_make(0)), 0);
	send_packet(t, queue, &ip);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < COUNT; i++)
			turn(t, i);
}

/* A mapping of the owner's, by what it sends to somewhere */
static void map_port(struct turns *t, uint16_t ns_port)
{
	struct in6_addr outside;

	assert_int_equal(addr_parse("192.0.2.99", &outside), 0);
	ns_sends(t, OWNER, ns_port, &outside, 6000);
	assert_int_equal(t->w[OWNER]->flows.used, 2); /* it and its flow */
}

static bool is_answered(const struct client *client)
{
	uint8_t buf[BYTES];

	return recv(client->fd, buf, sizeof(buf), 0) == BYTES;
}

static void test_dgram_team_port_is_forwarded_that_another_worker_has_mapped(void **state)
{
	struct client client;
	struct turns t;

	(void)state;
	start_turns(&t);
	client_open(&client);
	map_port(&t, NS_PORT);
	ask(&t, &client, forward(&t, NS_PORT));
	for (uint32_t queue = 0; queue < COUNT; queue++) {
		ns_sends(&t, queue, NS_PORT, &t.gateway, client.port);
		assert_true(is_answered(&client));
	}
	assert_int_equal(t.w[OTHER]->flows.used + t.w[OWNER]->flows.used, 0);
	close(client.fd);
	end_turns(&t);
}

/* A request to port 69 is answered from another one */
static void answer_tftp(uint32_t queue)
{
	struct client client;
	struct turns t;

	start_turns(&t);
	client_open(&client);
	map_port(&t, NS_PORT);
	ask(&t, &client, forward(&t, TFTP_PORT));
	ns_sends(&t, queue, NS_PORT, &t.gateway, client.port);
	assert_true(is_answered(&client));
	close(client.fd);
	end_turns(&t);
}

static void test_dgram_team_tftp_answer_finds_its_client_beside_a_mapping(void **state)
{
	(void)state;
	for (uint32_t queue = 0; queue < COUNT; queue++)
		answer_tftp(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dgram_team_port_is_forwarded_that_another_worker_has_mapped),
		cmocka_unit_test(test_dgram_team_tftp_answer_finds_its_client_beside_a_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
