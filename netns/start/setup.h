/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in it; netlink (route).
 *
 * The network inside: lo up, the tap's addresses and routes, through rtnetlink in the calling
 * thread's network namespace, so call it through space_run(). Addresses are usable at once, the
 * link-local one too. One odd route never fails a start: it is warned of and left out. So is IPv6
 * where the kernel lacks it or has it disabled, which the caller is told.
 */
#ifndef NETNS_START_SETUP_H
#define NETNS_START_SETUP_H

#include <stdbool.h>

#include "common/base/err.h"
#include "netns/tap/setup_family.h"

struct setup_request {
	unsigned int ifindex; /* of the tap */
	bool config_net; /* false: only lo is brought up */
	struct setup_family ip4, ip6;
};

/* setup_apply() - do all of that
 * @ret_no_ip6:	whether IPv6 was asked for, but the tap can't have it
 *
 * Return: 0, or -errno with @err set
 */
int setup_apply(const struct setup_request *request, bool *ret_no_ip6, struct err *err);

#endif
