/* SPDX-License-Identifier: Apache-2.0 */
#include "common/engine/learn.h"

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"

/* One that changes its address with every packet changes the table so often */
#define LEARN_NS NS_PER_S

/* Duplicate detection has its answer after a second, if it asks once */
#define CLAIM_NS (2 * NS_PER_S)

static enum learn_rank rank_of(const struct config *config, const struct in6_addr *src)
{
	const bool ipv4 = addr_is_ipv4(src);
	const struct fwd_family *offered = ipv4 ? &config->fwd.ip4 : &config->fwd.ip6;

	if (addr_equal(src, &offered->ns_addr))
		return LEARN_OFFERED;
	if (!ipv4 && config->autoconf.ip6.prefix_len && !addr_is_unspecified(&offered->ns_addr) &&
	    addr_in_prefix(src, &offered->ns_addr, config->autoconf.ip6.prefix_len))
		return LEARN_OF_PREFIX;
	return LEARN_OTHER;
}

static struct learn_family *known_of(struct learn *learn, const struct in6_addr *addr)
{
	return addr_is_ipv4(addr) ? &learn->ip4 : &learn->ip6;
}

/* The inner side may have other addresses than those it was offered: set by hand, made of the
 * prefix that was announced (RFC 4862), or the one of before, for as long as a lease of it or its
 * deprecation lasts. What it speaks from is where what comes from outside goes to; what it was
 * offered is kept to once it was seen in use, so that temporary addresses don't take turns, and so
 * is the prefix: connections that still are of the old one don't lead back there
 */
static void take(struct learn_family *known, struct forwarding *forwarding,
		 const struct config *config, const struct in6_addr *src, uint64_t now_ns)
{
	bool ipv4 = addr_is_ipv4(src);
	enum learn_rank rank = rank_of(config, src);
	struct fwd_table *next;

	if (rank < known->rank ||
	    (rank == known->rank && known->learnt_ns && now_ns - known->learnt_ns < LEARN_NS))
		return;
	known->rank = rank;
	known->in_use = true;
	if (rank == LEARN_OFFERED) /* the best one: no other is waited for, nor remembered */
		known->claimed_ns = 0;
	if (addr_equal(src, &fwd_family_of(forwarding_table(forwarding), src)->ns_addr))
		return;
	known->learnt_ns = now_ns;
	next = forwarding_edit(forwarding);
	(ipv4 ? &next->ip4 : &next->ip6)->ns_addr = *src;
	forwarding_replace(forwarding);
}

static bool is_of_use(const struct forwarding *forwarding, const struct in6_addr *addr)
{
	return fwd_family_of(forwarding_table(forwarding), addr)->enabled &&
	       addr_is_unicast(addr) && (addr_is_ipv4(addr) || !addr_is_link_local(addr));
}

void learn_inner(struct learn *learn, struct forwarding *forwarding, const struct config *config,
		 const struct in6_addr *src, uint64_t now_ns)
{
	struct learn_family *known = known_of(learn, src);

	if (known->rank == LEARN_OFFERED || !is_of_use(forwarding, src))
		return;
	if (known->claimed_ns && now_ns - known->claimed_ns >= CLAIM_NS) {
		known->claimed_ns = 0;
		take(known, forwarding, config, &known->claimed, now_ns);
	}
	take(known, forwarding, config, src, now_ns);
}

/* Until it has made sure, it doesn't answer there */
void learn_claim(struct learn *learn, struct forwarding *forwarding, const struct config *config,
		 const struct in6_addr *addr, uint64_t now_ns)
{
	struct learn_family *known = known_of(learn, addr);

	if (known->rank == LEARN_OFFERED || !is_of_use(forwarding, addr))
		return;
	if (!known->in_use) {
		take(known, forwarding, config, addr, now_ns);
	} else if (rank_of(config, addr) > known->rank) {
		known->claimed = *addr;
		known->claimed_ns = now_ns;
	}
}

void learn_again(struct learn *learn, bool ipv4)
{
	(ipv4 ? &learn->ip4 : &learn->ip6)->rank = LEARN_UNHEARD;
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
