/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports that go round: what comes to one of our listening sockets may lead to another one of ours,
 * on the other side, and that one back, so that one connection would make others until no
 * descriptor is left. Here the way is followed before it is taken. A way through several listening
 * sockets that ends somewhere is none of this module's business. Pure.
 */
#ifndef COMMON_FWD_ROUND_H
#define COMMON_FWD_ROUND_H

#include <stdbool.h>

#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"

/* Two that lead to each other, maybe by way of others; both are the same if one leads to itself */
struct fwd_round {
	struct fwd_listener *one, *other;
};

/* fwd_round_find() - whether what comes to @listener would go round
 * @arrival:	what it comes as; its local address is one of that side's
 * @ret_round:	set only if it does; may be NULL
 */
bool fwd_round_find(const struct fwd_table *table, struct fwd_listener *listener,
		    const struct fwd_arrival *arrival, struct fwd_round *ret_round);

#endif
