/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams from the namespace into a flow's socket: many of one size in one sendmsg(2) with
 * UDP_SEGMENT, and one by one where the kernel or the path doesn't take that. What the socket
 * refuses is counted and reported to the namespace, never kept.
 */
#ifndef COMMON_UDP_UDP_SEND_H
#define COMMON_UDP_UDP_SEND_H

#include <stdint.h>

#include "common/udp/train.h"
#include "common/udp/udp_flow.h"

/* udp_send_train() - all datagrams of a train that isn't empty */
void udp_send_train(struct udp_flow *f, struct train *train, uint64_t now_ns);

#endif
