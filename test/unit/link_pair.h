/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: a struct link over one end of a socket pair, so that what link_write() sends can
 * be read back from the other end, frame by frame, without a network device.
 */
#ifndef TEST_UNIT_LINK_PAIR_H
#define TEST_UNIT_LINK_PAIR_H

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/link/link.h"

struct link_pair {
	struct link link;
	int peer; /* the namespace's end */
	uint8_t raw[sizeof(struct virtio_net_hdr) + LINK_FRAME_MAX];
	struct virtio_net_hdr header; /* of the frame last received */
};

/* link_pair_init() - Return: 0 or -1 */
static inline int link_pair_init(struct link_pair *pair, uint32_t mtu)
{
	struct link_config config = {
		.our_mac = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 },
		.ns_mac = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x01 },
		.mtu = mtu,
	};
	int fds[2], size = 4 << 20;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds))
		return -1;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pair->peer = fds[1];
	return link_init(&pair->link, fds[0], &config);
}

static inline void link_pair_fini(struct link_pair *pair)
{
	close(pair->link.fd);
	close(pair->peer);
	link_fini(&pair->link);
}

/* link_pair_receive() - next frame that the link sent, from its Ethernet header on
 *
 * Return: its length, valid until the next call; 0 if there is none
 */
static inline size_t link_pair_receive(struct link_pair *pair, const uint8_t **ret_frame)
{
	ssize_t n = recv(pair->peer, pair->raw, sizeof(pair->raw), 0);

	*ret_frame = pair->raw + sizeof(pair->header);
	if (n < (ssize_t)sizeof(pair->header))
		return 0;
	memcpy(&pair->header, pair->raw, sizeof(pair->header));
	return (size_t)n - sizeof(pair->header);
}

#endif
