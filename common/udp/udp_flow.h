/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of a UDP flow, which the flow table owns.
 */
#ifndef COMMON_UDP_UDP_FLOW_H
#define COMMON_UDP_UDP_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/dgram/dgram_flow.h"

struct udp_dns;

struct udp_flow {
	struct dgram_flow dgram; /* first: it starts with the struct flow */
	uint16_t gso_limit; /* segments must be smaller to be sent as one; 0: never as one */
	/* Of queries to a resolver: dns_queries.h */
	bool overdue; /* no answer in time, none since */
	bool repeated; /* and another resolver was asked */
	uint32_t resolv_changes; /* as the table had it when the flow was opened */
	struct udp_dns *dns; /* NULL: a flow like any other */
	uint64_t asked_ns; /* when the oldest open question was asked, 0: none is open */
};

#endif
