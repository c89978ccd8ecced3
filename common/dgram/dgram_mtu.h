/* SPDX-License-Identifier: Apache-2.0
 *
 * Path MTU of a datagram flow: whether its socket may fragment, and what the namespace hears when
 * a datagram doesn't fit the path in one piece.
 *
 * The namespace's route has the link's MTU, the host's a smaller one most of the time. Linux sets
 * "don't fragment" on nearly everything, so the error that a router would send for a datagram that
 * is too large would hit applications that never asked for path MTU discovery: a connected UDP
 * socket fails its next call with EMSGSIZE, where on the host it would have worked. And a namespace
 * that knows the path MTU fragments by itself, which costs a frame for each fragment. So:
 *
 * - what doesn't fit is sent in fragments, nothing is lost;
 * - a stream of such datagrams hears nothing;
 * - a sender of single ones, which may well be looking for the path MTU, is told. At first only the
 *   namespace's kernel is, by an error about an echo reply that no socket sent: it updates the
 *   route, then fragments, or fails the calls of those who want that, as it would on the host;
 * - one who goes on regardless does its own probing (IP_PMTUDISC_PROBE): it gets the error itself.
 *
 * Errors that come from routers further on are passed on in any case.
 */
#ifndef COMMON_DGRAM_DGRAM_MTU_H
#define COMMON_DGRAM_DGRAM_MTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dgram/dgram_flow.h"

/* dgram_mtu_keep_whole() - whether the socket must not fragment a datagram
 * @ip:		the packet that it came in
 * @len:	bytes of IP payload
 */
bool dgram_mtu_keep_whole(const struct dgram_flow *f, const struct ip_packet *ip, size_t len,
			  uint64_t now_ns);

/* dgram_mtu_set_socket() - let a socket fragment (what is larger than the path's MTU), or not */
void dgram_mtu_set_socket(int fd, bool ipv4, bool whole);

/* dgram_mtu_set_whole() - let the socket fragment, or not */
void dgram_mtu_set_whole(struct dgram_flow *f, bool whole);

/* dgram_mtu_exceeded() - the socket refused @len bytes with EMSGSIZE
 * @data:	what it should have sent: UDP payload, or ICMP header and payload
 *
 * Return: true if it may be sent now; false if it can't be sent at all
 */
bool dgram_mtu_exceeded(struct dgram_flow *f, const void *data, size_t len, uint64_t now_ns);

#endif
