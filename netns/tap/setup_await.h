/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with whatever rights its caller has; netlink (route), reading only, by a socket in the
 * namespace.
 *
 * The kernel has a thread of its own make what an IPv6 address is reached by, even if no duplicate
 * is looked for: the route to itself and the group for neighbours' questions. Where its threads
 * wait for a processor, as beside a control group that has most of it, that can take half a second,
 * and until then what is sent there is dropped: a first question of somebody outside, or the answer
 * to the command's own.
 */
#ifndef NETNS_TAP_SETUP_AWAIT_H
#define NETNS_TAP_SETUP_AWAIT_H

#include <netlink/netlink.h>

#include "netns/tap/setup_family.h"

/* setup_await() - until all of a family's IPv6 addresses can be reached; for a second at most,
 * since it works without, later on
 */
void setup_await(struct nl_sock *sk, const struct setup_family *family);

#endif
