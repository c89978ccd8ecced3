/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of a few: every question is a loop over it.
 */
#include "common/fwd/resolvers.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/util.h"

void fwd_resolvers_set(struct fwd_resolvers *resolvers, const struct resolv_server *servers,
		       uint32_t count)
{
	struct fwd_resolvers old = *resolvers;

	memset(resolvers->list, 0, sizeof(resolvers->list));
	resolvers->count = MIN(count, (uint32_t)RESOLV_SERVERS_MAX);
	for (uint32_t i = 0; i < resolvers->count; i++) {
		struct fwd_resolver *resolver = &resolvers->list[i];

		resolver->server = servers[i];
		for (uint32_t k = 0; k < old.count; k++)
			if (resolv_server_equal(&old.list[k].server, &servers[i]))
				*resolver = old.list[k];
	}
}

static const struct resolv_server *fixed_for(const struct fwd_resolvers *resolvers, int family)
{
	const struct resolv_server *fixed =
		family == AF_INET ? &resolvers->fixed4 : &resolvers->fixed6;

	return addr_is_unspecified(&fixed->addr) ? NULL : fixed;
}

/* Whether @a is to be asked rather than @b, which stands before it */
static bool is_better(const struct fwd_resolver *a, const struct fwd_resolver *b)
{
	if (!a->paused_until_ns || !b->paused_until_ns)
		return !a->paused_until_ns && b->paused_until_ns;
	return a->answered_ns > b->answered_ns;
}

/* The first one that is not passed over; else the one that answered last */
static const struct fwd_resolver *best_of(const struct fwd_resolvers *resolvers, int family)
{
	const struct fwd_resolver *best = NULL;

	for (uint32_t i = 0; i < resolvers->count; i++) {
		const struct fwd_resolver *resolver = &resolvers->list[i];

		if (addr_family(&resolver->server.addr) == family &&
		    (!best || is_better(resolver, best)))
			best = resolver;
	}
	return best;
}

const struct resolv_server *fwd_resolvers_choose(const struct fwd_resolvers *resolvers, int family)
{
	int other = family == AF_INET ? AF_INET6 : AF_INET;
	const struct resolv_server *fixed = fixed_for(resolvers, family);
	const struct fwd_resolver *own = best_of(resolvers, family), *theirs;

	if (fixed)
		return fixed;
	if (own && !own->paused_until_ns)
		return &own->server;
	fixed = fixed_for(resolvers, other);
	if (fixed)
		return fixed;
	theirs = best_of(resolvers, other);
	if (!own || (theirs && is_better(theirs, own)))
		return theirs ? &theirs->server : NULL;
	return &own->server;
}

static struct fwd_resolver *find(struct fwd_resolvers *resolvers, const struct in6_addr *addr)
{
	for (uint32_t i = 0; i < resolvers->count; i++)
		if (addr_equal(&resolvers->list[i].server.addr, addr))
			return &resolvers->list[i];
	return NULL;
}

/* Without anybody left to ask, those that were given up for long are tried again soon: the failures
 * stay counted, so that one which is still silent then is given up for longer
 */
static void shorten_pauses(struct fwd_resolvers *resolvers, uint64_t now_ns)
{
	const uint64_t soon_ns = now_ns + FWD_RESOLVERS_ALL_PAUSED_MS * NS_PER_MS;

	for (uint32_t i = 0; i < resolvers->count; i++)
		if (!resolvers->list[i].paused_until_ns)
			return;
	for (uint32_t i = 0; i < resolvers->count; i++)
		resolvers->list[i].paused_until_ns =
			MIN(resolvers->list[i].paused_until_ns, soon_ns);
}

bool fwd_resolvers_failed(struct fwd_resolvers *resolvers, const struct in6_addr *addr,
			  uint64_t asked_ns, uint64_t now_ns)
{
	struct fwd_resolver *resolver = find(resolvers, addr);
	uint64_t pause_ms = FWD_RESOLVERS_PAUSE_MS;

	if (!resolver || resolver->paused_until_ns || resolver->answered_ns > asked_ns)
		return false;
	for (uint32_t i = 0; i < resolver->failures && pause_ms < FWD_RESOLVERS_PAUSE_MAX_MS; i++)
		pause_ms *= 2;
	resolver->failures++;
	resolver->paused_until_ns =
		now_ns + MIN(pause_ms, (uint64_t)FWD_RESOLVERS_PAUSE_MAX_MS) * NS_PER_MS;
	shorten_pauses(resolvers, now_ns);
	return true;
}

bool fwd_resolvers_answered(struct fwd_resolvers *resolvers, const struct in6_addr *addr,
			    uint64_t now_ns)
{
	struct fwd_resolver *resolver = find(resolvers, addr);
	bool paused = resolver && resolver->paused_until_ns;

	if (resolver) {
		resolver->failures = 0;
		resolver->answered_ns = now_ns;
		resolver->paused_until_ns = 0;
	}
	return paused;
}

bool fwd_resolvers_resume(struct fwd_resolvers *resolvers, uint64_t now_ns)
{
	bool any = false;

	for (uint32_t i = 0; i < resolvers->count; i++) {
		struct fwd_resolver *resolver = &resolvers->list[i];

		if (!resolver->paused_until_ns || resolver->paused_until_ns > now_ns)
			continue;
		resolver->paused_until_ns = 0;
		any = true;
	}
	return any;
}

uint64_t fwd_resolvers_next_ns(const struct fwd_resolvers *resolvers)
{
	uint64_t next_ns = 0;

	for (uint32_t i = 0; i < resolvers->count; i++) {
		uint64_t until_ns = resolvers->list[i].paused_until_ns;

		if (until_ns && (!next_ns || until_ns < next_ns))
			next_ns = until_ns;
	}
	return next_ns;
}
