/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of a UDP flow, and the datagrams of one that wait to be sent together. The flow table
 * owns the former, a struct udp the latter; neither owns the bytes that it points to.
 */
#ifndef COMMON_UDP_UDP_FLOW_H
#define COMMON_UDP_UDP_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/dgram/dgram_flow.h"

/* Datagrams that one call sends: the kernel's UDP_MAX_SEGMENTS before Linux 6.9 */
#define UDP_SEGMENTS_MAX 64
/* Datagrams of one frame: what any kernel puts into one, UDP_MAX_SEGMENTS since Linux 6.9 */
#define UDP_FRAME_SEGMENTS_MAX 128
/* Payload bytes that one call sends */
#define UDP_BURST_BYTES 65507

struct udp_dns;

struct udp_flow {
	struct dgram_flow dgram; /* first: it starts with the struct flow */
	uint16_t gso_limit; /* segments must be smaller to be sent as one; 0: never as one */
	/* Of queries to a resolver: dns_queries.h */
	bool overdue; /* no answer in time, none since */
	bool repeated; /* and another resolver was asked */
	struct udp_dns *dns; /* NULL: a flow like any other */
	uint64_t asked_ns; /* when the oldest open question was asked, 0: none is open */
};

/* Datagrams of one flow that wait for udp_flush(), in frames held by the tap */
struct udp_burst {
	struct udp_flow *flow; /* NULL: none */
	uint32_t size; /* payload bytes of every datagram but the last */
	uint32_t bytes; /* of all */
	uint32_t count;
	bool complete; /* the last one is shorter: nothing may follow */
	struct iovec iov[UDP_SEGMENTS_MAX];
};

#endif
