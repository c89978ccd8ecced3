/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams on their way to the link: a train of one flow goes as one frame where the link takes
 * segments; a datagram that is larger than the link's MTU goes in fragments. Whoever reads sockets
 * has the train, on its stack, and the bytes, which must stay till it's flushed.
 */
#ifndef COMMON_UDP_TAP_TRAIN_H
#define COMMON_UDP_TAP_TRAIN_H

#include <stdint.h>

#include "common/dgram/dgram.h"
#include "common/link/link.h"
#include "common/udp/train.h"
#include "common/udp/udp_flow.h"

struct tap_train {
	struct dgram_meta meta; /* all have these header fields */
	struct train train;
};

/* tap_train_init() - an empty one */
void tap_train_init(struct tap_train *train, const struct link *link);

/* tap_train_add() - one message off a socket: a datagram, or several of meta->gso_size bytes each
 *
 * What doesn't go together with those that are there goes after them.
 */
void tap_train_add(struct tap_train *train, struct udp_flow *f, const struct dgram_meta *meta,
		   const uint8_t *data, uint32_t len);

/* tap_train_flush() - write what is there to the link */
void tap_train_flush(struct tap_train *train, struct udp_flow *f);

#endif
