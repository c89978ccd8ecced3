/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that name a target have the last word. A socket on all addresses is for the loopback's
 * only; who connects to another one that the interface has means a service of the namespace.
 */
#include "common/fwd/fwd_local.h"

#include "common/base/addr.h"

enum fwd_verdict fwd_local(const struct fwd_table *table, const struct fwd_arrival *arrival,
			   struct fwd_target *ret_target)
{
	int peer_family = addr_family(&arrival->peer);
	const struct fwd_family *family = peer_family == AF_INET ? &table->ip4 : &table->ip6;
	struct in6_addr to = arrival->to_addr, other = in6addr_any;

	if (!(arrival->protocol == IPPROTO_TCP ? table->tcp : table->udp))
		return FWD_REFUSE_PROTOCOL_OFF;
	if (!family->enabled)
		return FWD_REFUSE_FAMILY_OFF;
	if (!arrival->peer_port)
		return FWD_REFUSE_SOURCE;
	if (arrival->any_addr && !addr_is_loopback(&arrival->local))
		return FWD_REFUSE_DESTINATION;
	if (addr_is_unspecified(&to)) {
		to = addr_is_loopback(&arrival->local) ? arrival->local
						       : addr_loopback(peer_family);
		other = fwd_other_loopback(table, &to);
	}
	*ret_target = (struct fwd_target){
		.addr = to,
		.port = arrival->to_port,
		.scope_id = addr_is_scoped(&to) ? family->scope_id : 0,
		.bind_addr = in6addr_any,
		.other = other,
	};
	return FWD_ALLOW;
}
