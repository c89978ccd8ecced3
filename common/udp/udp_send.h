/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams from the namespace into a flow's socket: many of one size in one sendmsg(2) with
 * UDP_SEGMENT, and one by one where the kernel or the path doesn't take that. What the socket
 * refuses is counted and reported to the namespace, never kept.
 */
#ifndef COMMON_UDP_UDP_SEND_H
#define COMMON_UDP_UDP_SEND_H

#include <stdint.h>

#include "common/udp/udp_flow.h"
#include "common/wire/udp.h"

/* udp_send_burst() - datagrams gathered from several frames */
void udp_send_burst(const struct udp_burst *burst, uint64_t now_ns);

/* udp_send_segments() - the datagrams of one frame
 * @size:	payload bytes of every datagram but the last, not 0
 */
void udp_send_segments(struct udp_flow *f, const struct udp_datagram *datagrams, uint16_t size,
		       uint64_t now_ns);

#endif
