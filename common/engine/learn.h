/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses the inner side has, where that is not ours to say: learnt from what it speaks
 * from, into the forwarding table.
 */
#ifndef COMMON_ENGINE_LEARN_H
#define COMMON_ENGINE_LEARN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/engine/config.h"
#include "common/engine/forwarding.h"

/* How well what is taken for its address is known to be that; the better ones are kept to */
enum learn_rank {
	LEARN_UNHEARD, /* it is what was offered, or is left from before something else was */
	LEARN_OTHER, /* of its own */
	LEARN_OF_PREFIX, /* IPv6: made of the prefix that is offered */
	LEARN_OFFERED, /* the one that is offered */
};

/* Of its addresses of one family */
struct learn_family {
	uint64_t learnt_ns; /* when another one was last taken for its address */
	enum learn_rank rank;
	bool in_use; /* it has spoken from what is taken for its address */
	struct in6_addr claimed; /* it makes sure that nobody else has this one, since then */
	uint64_t claimed_ns;
};

struct learn {
	struct learn_family ip4, ip6;
};

/* learn_is_wanted() - whether it configures itself: a guest, or a namespace that is left to a
 * client
 */
static inline bool learn_is_wanted(const struct config *config)
{
	return !config->autoconf.configured;
}

/* learn_inner() - one that configures itself has sent something from @src, says that it has this
 * address, or has got a lease of it
 */
void learn_inner(struct learn *learn, struct forwarding *forwarding, const struct config *config,
		 const struct in6_addr *src, uint64_t now_ns);

/* learn_claim() - it is going to have @addr, unless somebody else has (RFC 4862, 5.4) */
void learn_claim(struct learn *learn, struct forwarding *forwarding, const struct config *config,
		 const struct in6_addr *addr, uint64_t now_ns);

/* learn_again() - it is offered other addresses of a family than before: what it had is what it
 * has, until it speaks from another one
 */
void learn_again(struct learn *learn, bool ipv4);

/* learn_link_local() - the inner side has sent something from @src; in local mode that is its
 * address, if it's the first
 */
void learn_link_local(struct forwarding *forwarding, const struct in6_addr *src);

#endif
