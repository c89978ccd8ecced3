/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's own addresses, as they were last heard of: a sorted table as a value, which is made
 * anew at each change. And those that it has lost, until it's clear that they are not just on their
 * way back. Pure.
 */
#ifndef COMMON_FWD_HOST_ADDRS_H
#define COMMON_FWD_HOST_ADDRS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define FWD_HOST_ADDRS_MAX 256

struct fwd_host_addrs {
	uint32_t count;
	bool cut; /* the host has more */
	struct in6_addr addrs[FWD_HOST_ADDRS_MAX]; /* ascending, byte by byte */
};

/* fwd_host_addrs_add() - one more, on whatever interface; one that doesn't fit in is noted as cut
 */
void fwd_host_addrs_add(struct fwd_host_addrs *own, const struct in6_addr *addr);

/* fwd_host_addrs_has() - whether it's one of them; false may be wrong if it was cut */
bool fwd_host_addrs_has(const struct fwd_host_addrs *own, const struct in6_addr *addr);

/* fwd_host_addrs_equal() - whether both have the same */
bool fwd_host_addrs_equal(const struct fwd_host_addrs *a, const struct fwd_host_addrs *b);

#define FWD_HOST_LOST_MAX 64

/* Of more, those that were lost first are forgotten */
struct fwd_host_lost {
	uint32_t count;
	struct {
		struct in6_addr addr;
		uint64_t due_ns; /* when it's lost for good */
	} items[FWD_HOST_LOST_MAX]; /* in the order of @due_ns */
};

/* fwd_host_lost_update() - what has gone from @before to @now is lost at @due_ns, which is never
 * earlier than the last one; what has come back is not
 */
void fwd_host_lost_update(struct fwd_host_lost *lost, const struct fwd_host_addrs *before,
			  const struct fwd_host_addrs *now, uint64_t due_ns);

/* fwd_host_lost_take() - those that are lost for good at @now_ns, once */
void fwd_host_lost_take(struct fwd_host_lost *lost, uint64_t now_ns,
			struct fwd_host_addrs *ret_gone);

/* fwd_host_lost_next_ns() - when there are any next; 0: none are lost */
uint64_t fwd_host_lost_next_ns(const struct fwd_host_lost *lost);

#endif
