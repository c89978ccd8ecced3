/* SPDX-License-Identifier: Apache-2.0
 *
 * Both questions are for the neighbour, and asked as one.
 */
#include "common/service/ask.h"

#include "common/base/addr.h"
#include "common/service/arp.h"
#include "common/service/ndp.h"

void ask_where(struct link *link, const struct in6_addr *addr, uint64_t now_ns)
{
	if (!neighbours_doubt(&link->neighbours, addr, now_ns))
		return;
	if (addr_is_ipv4(addr))
		arp_ask(link, addr);
	else
		ndp_ask(link, addr);
}
