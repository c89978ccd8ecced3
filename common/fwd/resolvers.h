/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolvers that forwarded queries go to, and which of them is passed over for now because it
 * did not answer. Choosing one is for whoever makes a struct fwd_table: a table names one resolver
 * a family, so a change here becomes another table. Pure: time comes in as a parameter.
 *
 * Candidates for a family are its fixed resolver if it has one; else the listed ones of that
 * family in their order, then what there is for the other family.
 */
#ifndef COMMON_FWD_RESOLVERS_H
#define COMMON_FWD_RESOLVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/resolv.h"

/* How long a resolver is passed over: twice as long every time in a row, up to the maximum */
#define FWD_RESOLVERS_PAUSE_MS (30 * 1000)
#define FWD_RESOLVERS_PAUSE_MAX_MS (240 * 1000)
/* When all are, none is for longer than this: one may be back */
#define FWD_RESOLVERS_ALL_PAUSED_MS (2 * 1000)

struct fwd_resolver {
	struct resolv_server server;
	uint64_t paused_until_ns; /* 0: not passed over */
	uint64_t answered_ns; /* when it did last, 0: never */
	uint32_t failures; /* in a row */
};

struct fwd_resolvers {
	struct resolv_server fixed4, fixed6; /* unspecified: none */
	uint32_t count;
	struct fwd_resolver list[RESOLV_SERVERS_MAX];
};

/* fwd_resolvers_set() - another list; what is known of those that stay is kept */
void fwd_resolvers_set(struct fwd_resolvers *resolvers, const struct resolv_server *servers,
		       uint32_t count);

/* fwd_resolvers_choose() - the resolver for queries of a family's forwarding address
 * @family:	AF_INET or AF_INET6
 *
 * If all are passed over, the one that answered last.
 *
 * Return: NULL if there is no candidate
 */
const struct resolv_server *fwd_resolvers_choose(const struct fwd_resolvers *resolvers, int family);

/* fwd_resolvers_failed() - a resolver did not answer what it was asked at @asked_ns
 *
 * If it has answered anybody since, it's the name that takes its time, and no failure.
 *
 * Return: whether that is news
 */
bool fwd_resolvers_failed(struct fwd_resolvers *resolvers, const struct in6_addr *addr,
			  uint64_t asked_ns, uint64_t now_ns);

/* fwd_resolvers_answered() - a resolver is there. Return: whether it was passed over */
bool fwd_resolvers_answered(struct fwd_resolvers *resolvers, const struct in6_addr *addr,
			    uint64_t now_ns);

/* fwd_resolvers_resume() - end the pauses that are over. Return: whether there were any */
bool fwd_resolvers_resume(struct fwd_resolvers *resolvers, uint64_t now_ns);

/* fwd_resolvers_next_ns() - when the next pause ends, 0: never */
uint64_t fwd_resolvers_next_ns(const struct fwd_resolvers *resolvers);

#endif
