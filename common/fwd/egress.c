/* SPDX-License-Identifier: Apache-2.0
 *
 * A resolver of the host's is one by its address and port: its other ports are like anybody's.
 */
#include "common/fwd/egress.h"

#include "common/base/addr.h"

static bool is_resolver(const struct fwd_table *table, uint8_t protocol,
			const struct in6_addr *addr, uint16_t port)
{
	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) ||
	    (port != FWD_DNS_PORT && port != FWD_DNS_TLS_PORT))
		return false;
	for (uint32_t i = 0; i < table->resolver_count; i++)
		if (addr_equal(&table->resolvers[i], addr))
			return true;
	return false;
}

enum fwd_verdict fwd_egress(const struct fwd_table *table, uint8_t protocol,
			    const struct in6_addr *addr, uint16_t port, enum fwd_meaning meaning)
{
	const struct policy_query query = {
		.protocol = protocol,
		.addr = *addr,
		.port = port,
		.host = meaning == FWD_MEANS_HOST,
		.dns = meaning == FWD_MEANS_RESOLVER || is_resolver(table, protocol, addr, port),
		.dns_only = meaning == FWD_MEANS_RESOLVER,
	};

	if (!table->policy)
		return FWD_ALLOW;
	switch (policy_judge(table->policy, &query).verdict) {
	case POLICY_ALLOW:
		return FWD_ALLOW;
	case POLICY_DENY:
		return FWD_REFUSE_POLICY;
	case POLICY_DROP:
		break;
	}
	return FWD_REFUSE_SILENTLY;
}
