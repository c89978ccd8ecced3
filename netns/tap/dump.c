/* SPDX-License-Identifier: Apache-2.0 */
#include "netns/tap/dump.h"

#include <linux/netlink.h>

int dump_run(struct nl_sock *sk, const struct dump_request *request)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int rc = -NLE_NOMEM;

	if (!cb)
		return rc;
	rc = nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, request->fn, request->arg);
	if (!rc)
		rc = nl_send_simple(sk, request->type, request->flags, request->header,
				    request->len);
	if (rc >= 0)
		rc = nl_recvmsgs(sk, cb);
	if (rc >= 0 && !(request->flags & NLM_F_DUMP))
		rc = nl_wait_for_ack(sk);
	nl_cb_put(cb);
	return rc < 0 ? rc : 0;
}
