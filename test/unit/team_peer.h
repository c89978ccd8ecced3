/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: connections of a namespace whose frames come and go by several queues of one
 * engine. Include <cmocka.h> first.
 */
#ifndef TEST_UNIT_TEAM_PEER_H
#define TEST_UNIT_TEAM_PEER_H

#include <poll.h>

#include "common/base/addr.h"
#include "test/unit/ns_peer.h"
#include "test/unit/team_fixture.h"

#define ISN 1000u

/* The engine's next segment by one of @count queues, from the @first on. Return: that queue; -1:
 * none comes
 */
static inline int receive_by(struct running *r, int first, int count, struct ns_peer *peer)
{
	uint8_t raw[sizeof(struct virtio_net_hdr) + 2 * NS_PEER_MTU];
	struct pollfd p[WORKERS];
	ssize_t n;

	for (;;) {
		for (int i = 0; i < count; i++)
			p[i] = (struct pollfd){ r->queues[first + i], POLLIN, 0 };
		if (poll(p, (nfds_t)count, PATIENCE_MS) <= 0)
			return -1;
		for (int i = 0; i < count; i++) {
			n = p[i].revents ? recv(p[i].fd, raw, sizeof(raw), 0) : 0;
			if (n > (ssize_t)sizeof(struct virtio_net_hdr) &&
			    ns_peer_take(peer, raw + sizeof(struct virtio_net_hdr),
					 (size_t)n - sizeof(struct virtio_net_hdr)))
				return first + i;
		}
	}
}

static inline bool receive(struct running *r, struct ns_peer *peer)
{
	return receive_by(r, 0, WORKERS, peer) >= 0;
}

static inline void await_ack(struct running *r, struct ns_peer *peer, uint32_t ack)
{
	do {
		assert_true(receive(r, peer));
		assert_false(peer->got.flags & TCP_RST);
	} while (peer->got.ack != ack);
}

static inline int open_connection(struct running *r, struct ns_peer *peer, int queue)
{
	int fd;

	ns_peer_send(peer, r->queues[queue], ISN, TCP_SYN, 0);
	await_ack(r, peer, ISN + 1);
	assert_int_equal(peer->got.flags, TCP_SYN | TCP_ACK);
	fd = accept(peer->server, NULL, NULL);
	assert_true(fd >= 0);
	ns_peer_send(peer, r->queues[queue], ISN + 1, TCP_ACK, 0);
	return fd;
}

static inline void expect_bytes(int fd, size_t count)
{
	uint8_t buf[4096];
	ssize_t n;

	for (; count; count -= (size_t)n) {
		n = recv(fd, buf, MIN(count, sizeof(buf)), 0);
		assert_true(n > 0);
	}
}

static inline int connect_to(uint16_t port)
{
	const struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, port, 0, &sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, &sa.sa, len), 0);
	return fd;
}

#endif
