/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in it; netlink (route).
 *
 * The namespace's routes: copies of the template's, or a default route alone. Routes are added over
 * and over as long as that gets any of them further, because one may need another to resolve its
 * gateway; what is left is tried with its gateway taken to be on the link, then warned of.
 */
#ifndef NETNS_TAP_SETUP_ROUTES_H
#define NETNS_TAP_SETUP_ROUTES_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "netns/tap/setup_family.h"

/* Of a route to an address's own network, when the kernel makes it */
#define SETUP_KERNEL_METRIC4 0
#define SETUP_KERNEL_METRIC6 256

/* setup_prefix_route_copied() - whether the routes to copy hold one for the address's own network
 * that differs from the kernel's: then the kernel must not add its own when the address is set
 */
bool setup_prefix_route_copied(const struct setup_family *family, const struct setup_addr *addr);

/* setup_routes() - all routes of a family, once its addresses are there. Never fails, but warns
 *
 * Return: how many routes could not be set
 */
size_t setup_routes(struct nl_sock *sk, unsigned int ifindex, const struct setup_family *family);

#endif
