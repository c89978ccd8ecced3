/* SPDX-License-Identifier: Apache-2.0
 *
 * TFTP between a client on the host and a server in the namespace. The server answers each request
 * from a port of its own (RFC 1350, 4): that opens a flow, to the address that the namespace knows
 * the host by. Here it's led to the client, wherever on the host that is, from the address that the
 * client has asked. Clients elsewhere have an address of their own and need none of this. Pure.
 */
#ifndef COMMON_UDP_TFTP_H
#define COMMON_UDP_TFTP_H

#include <stdbool.h>

#include "common/dgram/dgram_flow.h"

/* udp_tftp_is_answer() - whether a flow that the namespace opens is one, and is to be led there */
bool udp_tftp_is_answer(const struct dgram_env *env, const struct flow_key *key);

/* udp_tftp_answer() - whether a flow that the namespace opens is such an answer
 * @target:	where it goes, changed if so
 */
void udp_tftp_answer(const struct dgram_env *env, const struct flow_key *key,
		     struct fwd_target *target);

#endif
