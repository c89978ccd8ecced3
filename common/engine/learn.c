/* SPDX-License-Identifier: Apache-2.0 */
#include "common/engine/learn.h"

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"

/* A guest that changes its address with every packet changes the table so often */
#define LEARN_NS NS_PER_S

/* A guest may have other addresses than those it was offered: set by hand, or made of the prefix
 * that was announced (RFC 4862). What it speaks from is where what comes from outside goes to; what
 * it was offered is kept to once it was seen in use, so that temporary addresses don't take turns
 */
void learn_guest(struct learn *learn, struct forwarding *forwarding, const struct config *config,
		 const struct in6_addr *src, uint64_t now_ns)
{
	bool ipv4 = addr_is_ipv4(src);
	const struct fwd_table *table = forwarding_table(forwarding);
	const struct fwd_family *family = ipv4 ? &table->ip4 : &table->ip6;
	const struct fwd_family *given = ipv4 ? &config->fwd.ip4 : &config->fwd.ip6;
	struct learn_family *known = ipv4 ? &learn->ip4 : &learn->ip6;
	struct fwd_table *next;

	if (known->uses_given || !family->enabled || !addr_is_unicast(src) ||
	    (!ipv4 && addr_is_link_local(src)))
		return;
	known->uses_given = addr_equal(src, &given->ns_addr);
	if (addr_equal(src, &family->ns_addr) ||
	    (!known->uses_given && known->learnt_ns && now_ns - known->learnt_ns < LEARN_NS))
		return;
	known->learnt_ns = now_ns;
	next = forwarding_edit(forwarding);
	(ipv4 ? &next->ip4 : &next->ip6)->ns_addr = *src;
	forwarding_replace(forwarding);
}

/* Local mode gives the namespace no IPv6 address: it is learnt from what it calls itself first */
void learn_link_local(struct forwarding *forwarding, const struct in6_addr *src)
{
	const struct fwd_family *ip6 = &forwarding_table(forwarding)->ip6;
	char text[ADDR_TEXT_MAX];

	if (!ip6->enabled || !addr_is_unspecified(&ip6->ns_addr) || !addr_is_link_local(src))
		return;
	forwarding_edit(forwarding)->ip6.ns_addr = *src;
	forwarding_replace(forwarding);
	log_debug("the namespace's IPv6 address is %s", addr_format(src, text));
}
