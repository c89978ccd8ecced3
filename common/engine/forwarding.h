/* SPDX-License-Identifier: Apache-2.0
 *
 * The forwarding table in force, and its replacement while the engine runs. There are two tables,
 * used in turn: a new one is made in the one that is not in force and then put in force as a whole,
 * so whoever holds the old one may finish what it is doing. Here also lives what changes the table
 * by itself: the host's resolvers, when one stops answering or resolv.conf changes.
 */
#ifndef COMMON_ENGINE_FORWARDING_H
#define COMMON_ENGINE_FORWARDING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/engine/config.h"
#include "common/engine/dns_rules.h"
#include "common/flow/timer.h"
#include "common/fwd/fwd.h"
#include "common/fwd/resolvers.h"

struct forwarding {
	struct fwd_table tables[2];
	uint32_t current;
	const struct dns_config *dns; /* the configuration's */
	struct dns_resolvers resolvers;
	struct dns_announce announce; /* what there is to announce now */
	struct timer_wheel *timers;
	struct timer resume; /* set while a resolver is passed over */
	struct log_limit failed_limit;
	/* Called when forwarding_table() has changed: everybody must take the new one */
	void (*replaced)(struct forwarding *forwarding);
};

/* forwarding_init() - the first table, from the configuration
 * @config, @timers:	must outlive it
 */
void forwarding_init(struct forwarding *forwarding, const struct config *config,
		     struct timer_wheel *timers, void (*replaced)(struct forwarding *forwarding));

/* forwarding_learn() - where the tables have the names of addresses, and which are the host's; must
 * outlive them
 */
void forwarding_learn(struct forwarding *forwarding, struct policy_learnt *learnt,
		      struct fwd_own *own);

/* forwarding_table() - the table in force; valid until it has been replaced twice */
static inline const struct fwd_table *forwarding_table(const struct forwarding *forwarding)
{
	return &forwarding->tables[forwarding->current];
}

/* forwarding_edit() - a copy of the table in force, to be changed and put in force at once */
struct fwd_table *forwarding_edit(struct forwarding *forwarding);

/* forwarding_replace() - put what forwarding_edit() returned in force */
void forwarding_replace(struct forwarding *forwarding);

/* forwarding_replace_with() - likewise, and the rules of DNS are applied to it, as they go by what
 * else it says
 */
void forwarding_replace_with(struct forwarding *forwarding, const struct resolv *resolv);

/* forwarding_resolv() - resolv.conf has changed */
void forwarding_resolv(struct forwarding *forwarding, const struct resolv *resolv);

/* forwarding_retry_resolvers() - none is passed over any more, for now */
void forwarding_retry_resolvers(struct forwarding *forwarding, uint64_t now_ns);

/* forwarding_resolver_result() - what became of a query
 * @port:	that it went to
 * @asked_ns:	when, if there was no answer in time, or an error; 0: it was answered
 */
void forwarding_resolver_result(struct forwarding *forwarding, const struct in6_addr *resolver,
				uint16_t port, uint64_t asked_ns, uint64_t now_ns);

#endif
