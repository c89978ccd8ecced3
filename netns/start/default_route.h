/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with no more than access to the namespace; reads files below /proc.
 *
 * Whether a network namespace is connected already: a second default route would leave it to chance
 * which of them a packet takes. Looks at the calling thread's network namespace, so call it through
 * space_run().
 */
#ifndef NETNS_START_DEFAULT_ROUTE_H
#define NETNS_START_DEFAULT_ROUTE_H

#include <net/if.h>
#include <stdbool.h>

/* default_route_find() - @ret_ifname: the interface of the first default route, but lo; "": it has
 * none, since it only says that all is unreachable
 *
 * Return: whether there is one; false also if that can't be known
 */
bool default_route_find(int family, char ret_ifname[IFNAMSIZ]);

#endif
