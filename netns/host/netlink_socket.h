/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with whatever rights its caller has, which are those of the socket; socket(2).
 *
 * A socket of libnl's for route netlink, in the network namespace where the calling thread is.
 */
#ifndef NETNS_HOST_NETLINK_SOCKET_H
#define NETNS_HOST_NETLINK_SOCKET_H

#include "common/base/err.h"

struct nl_sock;

/* netlink_open() - Return: 0 with a socket that nl_socket_free() ends, or -errno with @err set */
int netlink_open(struct nl_sock **ret_sk, struct err *err);

#endif
