/* SPDX-License-Identifier: Apache-2.0
 *
 * Endpoint-independent mapping (RFC 4787, REQ-1): all that one port of the namespace sends to
 * outside leaves by one socket of the host's, from the same port where that is free, so that peers
 * who tell each other of it (WebRTC, WireGuard, games, SIP) are right. The socket is not connected:
 * one takes any number of peers, where a connected one for each would cost a descriptor each and a
 * long hash chain of the kernel's, and it hears answers from other ports (TFTP). It is bound
 * without SO_REUSEADDR, so it takes no datagram of anybody's who has the port already. Where a port
 * of the host is forwarded to that of the namespace, the listening socket is used instead; one that
 * is to be opened later is given way to.
 *
 * Filtering is address-dependent (RFC 4787, 5): a datagram passes if its sender is the remote end
 * of a flow, or has the address of one of the last DGRAM_MAPPING_ADDRESSES peers that the port has
 * begun to send to.
 *
 * Not mapped, but connected as ever: queries to port 53, of which many come from a port of their
 * own each; what leads to the host itself or to its resolver. A record of the flow table holds a
 * mapping as long as flows do.
 */
#ifndef COMMON_DGRAM_DGRAM_MAPPING_H
#define COMMON_DGRAM_DGRAM_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/dgram/dgram_flow.h"

/* In a struct flow_key, where packets have a protocol: none has this one, see udp_local.h */
#define DGRAM_MAPPING_PROTOCOL 252
#define DGRAM_MAPPING_ADDRESSES 6

struct dgram_mapping {
	struct flow flow; /* first; its key is that of its flows, without a remote end */
	struct fwd_listener socket; /* of no set */
	struct dgram_env *env;
	uint32_t flows; /* that use it */
	bool whole; /* the socket may not fragment */
	uint8_t peers; /* of @peer, the next one to be overwritten */
	struct in6_addr peer[DGRAM_MAPPING_ADDRESSES];
};

/* dgram_mapping_key() - of the mapping that a UDP flow would use */
struct flow_key dgram_mapping_key(const struct flow_key *key);

/* dgram_mapping_share() - see dgram_env.share */
enum dgram_sharing_outcome dgram_mapping_share(struct dgram_env *env, const struct flow_key *key,
					       const struct fwd_target *target,
					       struct dgram_origin *ret_origin);

/* dgram_mapping_leave() - see dgram_env.leave */
void dgram_mapping_leave(struct dgram_env *env, const struct dgram_origin *origin);

/* dgram_mapping_of() - the mapping whose socket is watched */
struct dgram_mapping *dgram_mapping_of(struct fwd_listener *socket);

/* dgram_mapping_flow() - the flow that a datagram belongs to, which may be a new one
 *
 * Return: NULL if nobody has asked for it, or there is no room (counted)
 */
struct dgram_flow *dgram_mapping_flow(struct dgram_mapping *mapping, const struct in6_addr *peer,
				      uint16_t peer_port, uint64_t now_ns);

/* dgram_mapping_find_flow() - the same, but no new one */
struct dgram_flow *dgram_mapping_find_flow(struct dgram_mapping *mapping,
					   const struct in6_addr *peer, uint16_t peer_port);

/* dgram_mapping_apply() - let the socket fragment as the flow @f, which uses it, may */
void dgram_mapping_apply(const struct dgram_flow *f);

/* dgram_mapping_drop() - close a socket that is of no use; its flows get another when they send */
void dgram_mapping_drop(struct dgram_mapping *mapping);

/* dgram_mapping_follow() - the host's interfaces may have changed: drop the socket if it's bound to
 * one that is gone, or is not the one any more that outbound sockets are to be bound to
 */
void dgram_mapping_follow(struct dgram_mapping *mapping);

/* dgram_mapping_give_way() - close the socket of a port that a listening socket is to have
 *
 * Return: whether there was one. Its flows go on by the listening socket.
 */
bool dgram_mapping_give_way(struct dgram_env *env, int family, uint16_t port);

#endif
