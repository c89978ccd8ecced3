/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams on their way to the tap: those of one flow and one size go as one frame where the tap
 * takes segments; one that is larger than the tap's MTU goes in fragments. Whoever reads sockets
 * has the train, on its stack, and the bytes, which must stay till it's flushed.
 */
#ifndef COMMON_UDP_UDP_TRAIN_H
#define COMMON_UDP_UDP_TRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/dgram/dgram.h"
#include "common/udp/udp_flow.h"

/* Messages that are read at once */
#define UDP_TRAIN_PIECES_MAX 16

/* Equal datagrams: pieces of messages; starts with @count 0 */
struct udp_train {
	struct dgram_meta meta;
	uint32_t size; /* bytes of every datagram but the last */
	uint32_t bytes, count;
	int pieces;
	bool complete; /* the last datagram is shorter */
	/* Virtio-net header and protocol headers first */
	struct iovec iov[2 + UDP_TRAIN_PIECES_MAX];
};

/* udp_train_add() - one message off a socket: a datagram, or several of meta->gso_size bytes each
 *
 * What doesn't go together with those that are there goes after them.
 */
void udp_train_add(struct udp_flow *f, struct udp_train *train, const struct dgram_meta *meta,
		   uint8_t *data, uint32_t len);

/* udp_train_flush() - write what is there to the tap */
void udp_train_flush(struct udp_flow *f, struct udp_train *train);

#endif
