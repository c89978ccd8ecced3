/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports in a set of listening sockets: those of the host's that flows of the namespace's send from,
 * which are nobody's services; and those of the namespace's that the sockets lead to. Whoever opens
 * a socket for flows says so here, from any thread; the rest is for the set's owner.
 */
#ifndef COMMON_FWD_LISTENERS_PORTS_H
#define COMMON_FWD_LISTENERS_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"

/* fwd_listeners_note_flows() - whether flows send from a port of the host's; UDP */
void fwd_listeners_note_flows(struct fwd_listeners *set, int family, uint16_t port, bool they_do);

/* fwd_listeners_flows_have() - whether they do */
bool fwd_listeners_flows_have(const struct fwd_listeners *set, int family, uint16_t port);

/* fwd_listeners_targets() - ports that those of a direction lead to, and that they are on; retired
 * ones count
 */
void fwd_listeners_targets(const struct fwd_listeners *set, enum fwd_direction direction,
			   struct fwd_portmap *ret_map);

#endif
