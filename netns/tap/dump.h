/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with no right; netlink (route), reading only, by a socket in the namespace.
 *
 * A look at all addresses or routes of the namespace, which may change meanwhile, or at one of
 * them. Nothing is kept: there may be any number of them in there.
 */
#ifndef NETNS_TAP_DUMP_H
#define NETNS_TAP_DUMP_H

#include <netlink/handlers.h>
#include <netlink/netlink.h>
#include <stddef.h>

struct dump_request {
	int type; /* RTM_GET* */
	int flags; /* NLM_F_DUMP: for all; 0: for the one that is asked for */
	void *header; /* of that message, and what follows it */
	size_t len;
	nl_recvmsg_msg_cb_t fn; /* for each, with @arg; Return: NL_OK */
	void *arg;
};

/* dump_run() - Return: 0 or -NLE_*; -NLE_DUMP_INTR: something has changed, to be done again */
int dump_run(struct nl_sock *sk, const struct dump_request *request);

#define DUMP_TRIES 5

#endif
