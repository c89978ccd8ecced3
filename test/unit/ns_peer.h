/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: the namespace's end of one TCP connection to a server on the loopback interface,
 * as frames of an engine's links, and that server.
 */
#ifndef TEST_UNIT_NS_PEER_H
#define TEST_UNIT_NS_PEER_H

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/link/link.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"

#define NS_PEER_MTU 1500

struct ns_peer {
	int server; /* listens */
	struct in6_addr ns, gateway;
	uint16_t ns_port, port;
	uint32_t ack; /* of the engine's SYN, and never of more */
	struct tcp_segment got; /* the engine's last segment; not its payload */
};

/* ns_peer_init() - Return: 0 or -1 */
static inline int ns_peer_init(struct ns_peer *peer, uint16_t ns_port)
{
	struct in6_addr loopback = addr_loopback(AF_INET);
	union sockaddr_inany sa;
	socklen_t len = addr_to_sockaddr(&loopback, 0, 0, &sa);

	*peer = (struct ns_peer){ .ns_port = ns_port };
	peer->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (addr_parse("192.0.2.15", &peer->ns) || addr_parse("192.0.2.1", &peer->gateway) ||
	    peer->server < 0 || bind(peer->server, &sa.sa, len) || listen(peer->server, 8) ||
	    getsockname(peer->server, &sa.sa, &len))
		return -1;
	return addr_from_sockaddr(&sa, &loopback, &peer->port);
}

static inline void ns_peer_fini(struct ns_peer *peer)
{
	close(peer->server);
}

/* ns_peer_send() - the namespace sends a segment; payload bytes are all zero
 * @fd:		of the link that it comes by
 */
static inline void ns_peer_send(const struct ns_peer *peer, int fd, uint32_t seq, uint8_t flags,
				uint32_t payload_len)
{
	uint8_t frame[sizeof(struct virtio_net_hdr) + NS_PEER_MTU] = {
		VIRTIO_NET_HDR_F_DATA_VALID
	};
	struct writer w = { frame + sizeof(struct virtio_net_hdr), NS_PEER_MTU };
	const struct eth_header eth = { .type = ETH_P_IP };
	const struct tcp_segment segment = {
		.src_port = peer->ns_port,
		.dst_port = peer->port,
		.seq = seq,
		.ack = peer->ack,
		.flags = flags,
		.window = 50000,
		.wscale = TCP_WSCALE_NONE,
		.payload_len = payload_len,
	};
	const struct ip_packet ip = {
		.src = peer->ns,
		.dst = peer->gateway,
		.protocol = IPPROTO_TCP,
		.ttl = 64,
		.payload_len = tcp_segment_header_len(&segment) + payload_len,
	};

	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, &ip), 0);
	assert_int_equal(tcp_segment_emit(&w, &segment, be16_make(0)), 0);
	assert_true(send(fd, frame, (size_t)(w.data - frame) + payload_len, 0) > 0);
}

/* ns_peer_take() - look at a frame of the engine's, from its Ethernet header on. Return: whether it
 * is a segment, which is in @peer->got then
 */
static inline bool ns_peer_take(struct ns_peer *peer, const uint8_t *frame, size_t len)
{
	struct reader r = { frame, len };
	struct eth_header eth;
	struct ip_packet ip;

	assert_int_equal(eth_parse(&r, &eth), 0);
	if (eth.type != ETH_P_IP)
		return false;
	assert_int_equal(ip_parse(&r, eth.type, false, &ip), 0);
	r = (struct reader){ ip.payload, ip.payload_len };
	assert_int_equal(tcp_segment_parse(&r, &peer->got), 0);
	if (peer->got.flags & TCP_SYN)
		peer->ack = peer->got.seq + 1;
	return true;
}

#endif
