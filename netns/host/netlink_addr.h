/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * Addresses as netlink and libnl have them, and as everything else here does: IPv4 mapped into
 * IPv6.
 */
#ifndef NETNS_HOST_NETLINK_ADDR_H
#define NETNS_HOST_NETLINK_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>

struct nl_addr;
struct nlattr;

/* Each: Return: whether there was an address of @family (of either); else *ret_addr is untouched.
 * @attr, @object: may be NULL
 */
bool netlink_addr_from_attr(const struct nlattr *attr, int family, struct in6_addr *ret_addr);
bool netlink_addr_from_object(const struct nl_addr *object, struct in6_addr *ret_addr);

/* netlink_addr_make() - an object for an address, or a network of it
 *
 * Return: the object, to be put by nl_addr_put(); NULL if memory ran out
 */
struct nl_addr *netlink_addr_make(const struct in6_addr *addr, unsigned int prefix_len);

#endif
