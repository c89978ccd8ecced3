/* SPDX-License-Identifier: Apache-2.0
 *
 * libnl has error numbers of its own, with texts that say more than those of an errno.
 */
#include "netns/host/netlink_socket.h"

#include <errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

int netlink_open(struct nl_sock **ret_sk, struct err *err)
{
	struct nl_sock *sk = nl_socket_alloc();
	int rc;

	*ret_sk = NULL; /* nobody uses it then, but not every compiler sees that */
	if (!sk)
		return err_set(err, -ENOMEM, "cannot open a netlink socket: out of memory");
	rc = nl_connect(sk, NETLINK_ROUTE);
	if (rc) {
		nl_socket_free(sk);
		return err_set(err, -EIO, "cannot open a netlink socket: %s", nl_geterror(rc));
	}
	*ret_sk = sk;
	return 0;
}
