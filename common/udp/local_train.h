/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams from socket to socket: received many at a time, together with where each was sent to,
 * and sent on as trains of equal size, one call a train. Used by udp_local.h for both directions.
 */
#ifndef COMMON_UDP_LOCAL_TRAIN_H
#define COMMON_UDP_LOCAL_TRAIN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/base/addr.h"
#include "common/udp/train.h"
#include "common/udp/udp_batch.h"

#define LOCAL_RX_MESSAGES UDP_BATCH_MAX /* of one call */
#define LOCAL_RX_BYTES ((size_t)LOCAL_RX_MESSAGES * UDP_BATCH_STRIDE)

/* One message off a socket: a datagram, or several of equal size, but the last may be shorter */
struct local_message {
	struct iovec data;
	uint32_t size; /* of each datagram */
	struct in6_addr peer, local; /* @local: unspecified if it isn't known */
	uint16_t peer_port;
	uint32_t scope_id; /* of a link-local @peer, 0: it's none */
};

/* local_receive() - what has arrived, at most LOCAL_RX_MESSAGES
 * @buf:	LOCAL_RX_BYTES, which the messages point into
 *
 * Return: number of messages, or -errno: also what the socket reports of earlier datagrams, which
 * is over then
 */
int local_receive(int fd, uint8_t *buf, struct local_message *messages);

/* Where a train goes: nothing is set for a connected socket */
struct local_route {
	int fd;
	bool addressed; /* to @peer, from @from */
	bool ip6_socket; /* takes IPv4 addresses as mapped ones */
	struct in6_addr peer, from;
	uint16_t peer_port;
	uint32_t scope_id; /* of a link-local @peer */
};

struct local_train {
	struct local_route route;
	struct train train;
};

/* local_train_init() - an empty one, to be sent nowhere yet */
void local_train_init(struct local_train *train);

/* local_train_add() - append a message, whose bytes must stay; sends what doesn't go with it first
 *
 * Return: datagrams that were lost on that occasion
 */
uint32_t local_train_add(struct local_train *train, const struct local_message *message);

/* local_train_send() - send what is there. Return: datagrams that were lost */
uint32_t local_train_send(struct local_train *train);

#endif
