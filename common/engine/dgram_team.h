/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP and ping of several workers. A flow belongs to the worker whose queue its first packet came
 * by, with exceptions: all that leaves from one port of the namespace by a mapping
 * (dgram_mapping.h) is that of the worker that has it; what comes to listening sockets, and all of
 * the ports that these lead to, is the first one's, and so is DNS. The index of flows has flows and
 * mappings.
 *
 * Together they have what one alone may have: the share of descriptors, of which the one that has
 * most gives way.
 */
#ifndef COMMON_ENGINE_DGRAM_TEAM_H
#define COMMON_ENGINE_DGRAM_TEAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/worker.h"

/* dgram_team_join() - one of a team, that is, from here on
 * @w:		is in its team, and its protocols are there
 */
void dgram_team_join(struct worker *w);

/* dgram_team_look() - the first one's, after each of its batches: listening sockets may have
 * changed. What others have of ports that are taken now ends, and begins anew at the first one
 */
void dgram_team_look(struct worker *first);

/* dgram_team_give_way() - see dgram_mapping_give_way(), of all workers */
bool dgram_team_give_way(struct worker *first, int family, uint16_t port);

#endif
