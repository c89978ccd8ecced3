/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP between the link and the host's sockets: finds or opens the flow of a frame, and gathers runs
 * of datagrams of one flow so that one system call sends them. udp_send.h and udp_receive.h have
 * the two directions. The worker owns a struct udp; the flow table owns the records. Nothing is
 * reordered, and a datagram is never merged with another.
 */
#ifndef COMMON_UDP_UDP_H
#define COMMON_UDP_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/dgram/dgram_flow.h"
#include "common/link/link.h"
#include "common/udp/dns_queries.h"
#include "common/udp/train.h"
#include "common/udp/udp_flow.h"
#include "common/wire/ip.h"

/* Datagrams that wait for udp_flush(), in frames held by the link */
struct udp_burst {
	struct udp_flow *flow; /* that they belong to; NULL: there are none */
	struct train train;
};

struct udp {
	struct dgram_env env;
	struct udp_burst burst;
	uint8_t *rx_buf; /* for udp_receive() */
	struct udp_dns dns;
	struct udp_local *local; /* for what doesn't go by the tap; the worker's */
};

/* udp_init() - Return: 0 or -errno
 * @env:	the pointers at its start set by the worker
 */
int udp_init(struct udp *udp, const struct dgram_env *env);

/* udp_fini() - close all flows */
void udp_fini(struct udp *udp);

/* udp_close_all() - end all flows, without telling anybody */
void udp_close_all(struct udp *udp);

/* udp_input() - a UDP packet from the namespace
 * @frame:	that it came in: how its checksum stands, and whether it is many datagrams
 * @ip:		whole, not a fragment
 *
 * Return: true if the packet's bytes must stay valid until udp_flush()
 */
bool udp_input(struct udp *udp, const struct link_frame *frame, const struct ip_packet *ip,
	       uint64_t now_ns);

/* udp_is_waiting() - whether datagrams wait for company, in frames that are held */
static inline bool udp_is_waiting(const struct udp *udp)
{
	return udp->burst.flow;
}

/* udp_flush() - send what udp_input() has gathered */
void udp_flush(struct udp *udp, uint64_t now_ns);

#endif
