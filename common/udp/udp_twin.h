/* SPDX-License-Identifier: Apache-2.0
 *
 * A namespace with several addresses: a server that is bound to none of them answers from the one
 * that its kernel takes for the route back, which need not be the one that was asked. Such an
 * answer belongs to the flow from outside that is the twin of its own ends. Flows from outside are
 * told apart by their other ends, so that there's one twin at most.
 */
#ifndef COMMON_UDP_UDP_TWIN_H
#define COMMON_UDP_UDP_TWIN_H

#include "common/udp/udp_flow.h"

/* udp_twin_find() - the flow from outside that differs from @key by the namespace's address only
 *
 * Return: the flow, or NULL if there is none that can be answered
 */
struct udp_flow *udp_twin_find(const struct dgram_env *env, const struct flow_key *key);

#endif
