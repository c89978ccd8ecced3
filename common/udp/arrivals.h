/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams that come to forwarded ports of the host, one socket a port whoever sends to it. Each
 * pair of sender and address that it sent to is a flow: decided by fwd/, a record of the flow table
 * that ages as any other, and no descriptor. Those for the link go there in trains, local ones to
 * udp_local.h.
 */
#ifndef COMMON_UDP_ARRIVALS_H
#define COMMON_UDP_ARRIVALS_H

#include <stdint.h>

#include "common/base/loop.h"

/* udp_arrivals_ready() - the handler for FWD_UDP_TO_NS, with a struct udp as argument */
void udp_arrivals_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

/* udp_mapped_ready() - the handler for sockets of mappings: dgram_env.mapped_ready of a struct udp
 */
void udp_mapped_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

#endif
