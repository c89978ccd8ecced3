/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in a side process; netlink (route).
 *
 * Orders carried out, and what has to be remembered from one to the next: what the namespace has
 * from us, and what somebody in there has deleted of that, which never comes back. Only what we
 * have set is removed, if it is still there as it was set.
 */
#ifndef NETNS_BESIDE_MIRROR_WORK_H
#define NETNS_BESIDE_MIRROR_WORK_H

#include <netlink/netlink.h>

#include "netns/beside/mirror_order.h"

struct mirror_work;

/* mirror_work_new() - NULL if memory ran out */
struct mirror_work *mirror_work_new(unsigned int ifindex);
void mirror_work_free(struct mirror_work *work);

/* mirror_work_begin() - a family was given @start: what of that is there is ours */
void mirror_work_begin(struct mirror_work *work, struct nl_sock *sk,
		       const struct mirror_order *start);

/* mirror_work_do() - carry out an order */
struct mirror_answer mirror_work_do(struct mirror_work *work, struct nl_sock *sk,
				    const struct mirror_order *order);

#endif
