/* SPDX-License-Identifier: Apache-2.0
 *
 * What datagram flows may take of what all have: a quarter each of the descriptors (or, if there
 * are fewer of these, of the records) that listening sockets leave is for flows of the namespace's,
 * for records of those from outside, and for local ones; so the last quarter is TCP's in any case.
 * Shares follow the listening sockets, which come and go. The worker owns a struct dgram_shares.
 */
#ifndef COMMON_DGRAM_DGRAM_SHARES_H
#define COMMON_DGRAM_DGRAM_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/flow/share.h"
#include "common/fwd/listeners.h"

struct dgram_shares;

/* Where several have @to_host's share together */
struct dgram_sharing {
	/* Flows of all */
	uint32_t (*count)(const struct dgram_shares *shares);
	/* Have the one that has most end one. Return: false: that is this one */
	bool (*displace)(const struct dgram_shares *shares);
};

struct dgram_shares {
	uint32_t max_fds; /* descriptors for flows and listening sockets */
	uint32_t max_flows; /* records of flows */
	struct fwd_listeners *listeners; /* borrowed; NULL: none */
	/* If these are another thread's: ports of the namespace's that they lead to, whose flows
	 * are that one's, too; else NULL
	 */
	const struct fwd_portmap *taken;
	const struct dgram_sharing *sharing; /* NULL: it's alone */
	struct flow_share to_host; /* flows of UDP and ping that the namespace has opened */
	struct flow_share to_ns; /* records of UDP flows from outside, which have no descriptor */
};

/* dgram_shares_max() - flows that one kind may have now, at least one */
uint32_t dgram_shares_max(const struct dgram_shares *shares);

/* dgram_shares_count() - flows that there are of the kind @share, one of the two; with those that
 * others have of it
 */
uint32_t dgram_shares_count(const struct dgram_shares *shares, const struct flow_share *share);

#endif
