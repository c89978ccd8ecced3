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

/* Of a guest's addresses of one family */
struct learn_family {
	uint64_t learnt_ns; /* when an address of its own was last taken for the guest's */
	bool uses_given; /* it has been seen to use what it was assigned */
};

struct learn {
	struct learn_family ip4, ip6;
};

/* learn_guest() - a guest has sent something from @src, or says that it has this address */
void learn_guest(struct learn *learn, struct forwarding *forwarding, const struct config *config,
		 const struct in6_addr *src, uint64_t now_ns);

/* learn_link_local() - the inner side has sent something from @src; in local mode that is its
 * address, if it's the first
 */
void learn_link_local(struct forwarding *forwarding, const struct in6_addr *src);

#endif
