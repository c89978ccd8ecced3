/* SPDX-License-Identifier: Apache-2.0
 *
 * What the pure decision of fwd.h can't know of a flow to the host: whether it goes to an address
 * of the host's own, and whether that can be reached by the interface that outbound sockets are
 * bound to. Asks the kernel, and only if they are bound to one, or if there is a policy, which
 * judges here. Answers are used again for a while: see own.h. With a policy, what can't be told is
 * refused.
 */
#ifndef COMMON_FWD_OUTBOUND_H
#define COMMON_FWD_OUTBOUND_H

#include "common/fwd/egress.h"
#include "common/fwd/fwd.h"

/* fwd_outbound() - as fwd_to_host(), for a flow that is about to be opened
 *
 * Another interface's address of the host's own is refused, as it would be lost; a resolver that
 * the host's configuration has there is asked, by a socket that sends to no other machine.
 */
enum fwd_verdict fwd_outbound(const struct fwd_table *table, const struct fwd_query *query,
			      struct fwd_target *ret_target);

/* fwd_outbound_judge() - what the policy would say of a flow, which is not opened
 * @ret_opinion:	set only for FWD_ALLOW; else it could not be opened with any policy
 */
enum fwd_verdict fwd_outbound_judge(const struct fwd_table *table, const struct fwd_query *query,
				    struct fwd_opinion *ret_opinion);

#endif
