/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the policy is asked: every flow that leaves the namespace passes here, be it by the tap
 * (outbound.h) or from socket to socket (fwd_local.h). Pure.
 */
#ifndef COMMON_FWD_EGRESS_H
#define COMMON_FWD_EGRESS_H

#include "common/fwd/fwd.h"

/* fwd_egress() - whether the policy allows it
 * @protocol:	as in IP
 * @addr, @port: that the namespace has sent to; for a forwarded port of its loopback, where that
 *		leads
 * @meaning:	what the address stands for: the host, too, if it is one of the host's own
 */
enum fwd_verdict fwd_egress(const struct fwd_table *table, uint8_t protocol,
			    const struct in6_addr *addr, uint16_t port, enum fwd_meaning meaning);

#endif
