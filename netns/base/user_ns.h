/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs before the lock-in, without a right; stat(2).
 *
 * Which user namespace the calling process is in: what a capability is worth depends on it.
 */
#ifndef NETNS_BASE_USER_NS_H
#define NETNS_BASE_USER_NS_H

#include <stdbool.h>

/* user_ns_is_initial() - whether it is the initial one, where a capability is one over the machine.
 * Needs /proc
 */
bool user_ns_is_initial(void);

#endif
