/* SPDX-License-Identifier: Apache-2.0
 *
 * garbage: send N frames that nobody should send, as root of a namespace can.
 *
 *	garbage INTERFACE N
 *
 * Half of them are random bytes, half are well-formed starts of IPv4, IPv6 and ARP packets with
 * random rests, every second one with a random virtio-net header in front (PACKET_VNET_HDR), of
 * which the kernel lets a part through. The seed is fixed: each run sends the same.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdint.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define FRAME_MAX 2000

struct garbage {
	uint32_t seed;
	uint8_t buf[sizeof(struct virtio_net_hdr) + FRAME_MAX];
};

static uint32_t next(struct garbage *g)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 17;
	g->seed ^= g->seed << 5;
	return g->seed;
}

/* Make the random bytes at @frame look like the start of a packet of a random protocol */
static void plausible(struct garbage *g, uint8_t *frame)
{
	static const uint16_t types[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP };
	static const uint8_t protocols[] = { 6, 17, 1, 58, 0, 43, 44, 60 };
	uint16_t type = types[next(g) % 3];

	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	if (type == ETH_P_IP) {
		frame[14] = (uint8_t)(0x40 | (next(g) % 4 ? 5 : next(g) % 16));
		frame[16] = (uint8_t)(next(g) % 6);
		frame[23] = protocols[next(g) % 3];
	} else if (type == ETH_P_IPV6) {
		frame[14] = 0x60;
		frame[18] = (uint8_t)(next(g) % 6);
		frame[20] = protocols[next(g) % 8];
	}
}

static int open_socket(const char *ifname, int with_header)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	to.sll_ifindex = (int)if_nametoindex(ifname);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &with_header, sizeof(with_header)))
		tool_fail(ifname);
	return fd;
}

int main(int argc, char **argv)
{
	struct garbage *g = calloc(1, sizeof(*g));
	int plain, headed;

	if (argc != 3 || !g) {
		fputs("usage: garbage INTERFACE N\n", stderr);
		return 2;
	}
	g->seed = 2463534242u;
	plain = open_socket(argv[1], 0);
	headed = open_socket(argv[1], 1);
	for (long i = tool_number(argv[2]); i > 0; i--) {
		size_t head = i % 2 ? sizeof(struct virtio_net_hdr) : 0;
		size_t len = 14 + next(g) % (next(g) % 8 ? 200 : FRAME_MAX - 14);

		for (size_t k = 0; k < head + len; k++)
			g->buf[k] = (uint8_t)(next(g) >> 8);
		if (len >= 64 && next(g) % 2)
			plausible(g, g->buf + head);
		if (head) { /* or the kernel refuses nearly all */
			g->buf[0] &= 1;
			g->buf[1] = next(g) % 2 ? 0 : g->buf[1] & 7;
		}
		/* refused ones are part of the game */
		if (send(head ? headed : plain, g->buf, head + len, 0) < 0 && errno == ENETDOWN)
			tool_fail("send");
	}
	free(g);
	return 0;
}
