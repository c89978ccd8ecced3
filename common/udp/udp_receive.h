/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams from a flow's socket to the namespace. Trains that the kernel gathered (UDP_GRO), and
 * runs of equal datagrams read together, go as one frame where the link takes segments; a datagram
 * larger than the link's MTU goes in fragments.
 */
#ifndef COMMON_UDP_UDP_RECEIVE_H
#define COMMON_UDP_UDP_RECEIVE_H

#include <stdint.h>

#include "common/udp/udp_batch.h"
#include "common/udp/udp_flow.h"

/* Messages that one call reads */
#define UDP_RX_MESSAGES 16
#define UDP_RX_BYTES (UDP_RX_MESSAGES * UDP_BATCH_STRIDE)

/* udp_receive() - read what the socket has, up to a bound, and write it to the link
 * @buf:	UDP_RX_BYTES, of which only what the messages fill is touched
 */
void udp_receive(struct udp_flow *f, uint8_t *buf, uint64_t now_ns);

#endif
