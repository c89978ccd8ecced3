/* SPDX-License-Identifier: Apache-2.0
 *
 * Echo (ping) between the link and ping sockets on the host, ICMP and ICMPv6. A flow is a pair of
 * addresses and the identifier that the namespace uses; the host's kernel may use another one
 * outside. Other ICMP messages from the namespace go nowhere. The worker owns a struct icmp; the
 * flow table owns the records.
 */
#ifndef COMMON_ICMP_ICMP_H
#define COMMON_ICMP_ICMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/dgram/dgram_flow.h"
#include "common/link/link.h"
#include "common/wire/ip.h"

struct icmp {
	struct dgram_env env;
	uint8_t *rx_buf;
	_Atomic bool ping_refused; /* for dgram_env.ping_refused */
};

/* icmp_init() - Return: 0 or -errno
 * @env:	the pointers at its start set by the worker
 */
int icmp_init(struct icmp *icmp, const struct dgram_env *env);

/* icmp_fini() - close all flows */
void icmp_fini(struct icmp *icmp);

/* icmp_close_all() - end all flows, without telling anybody */
void icmp_close_all(struct icmp *icmp);

/* icmp_input() - an ICMP or ICMPv6 packet from the namespace
 * @frame:	that it came in: how its checksum stands
 * @ip:		whole, not a fragment
 *
 * Return: false: the packet is never needed afterwards
 */
bool icmp_input(struct icmp *icmp, const struct link_frame *frame, const struct ip_packet *ip,
		uint64_t now_ns);

#endif
