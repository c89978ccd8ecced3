/* SPDX-License-Identifier: Apache-2.0 */
#include "netns/tap/setup_await.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <time.h>

#define AWAIT_STEP_NS 200000
#define AWAIT_STEPS 5000 /* a second, and what the questions take */

struct question {
	struct rtmsg header;
	struct nlattr attr;
	struct in6_addr dst;
};

static int on_route(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);
	const struct rtmsg *route = nlmsg_data(hdr);
	bool *is_local = arg;

	if (hdr->nlmsg_type == RTM_NEWROUTE && nlmsg_valid_hdr(hdr, sizeof(*route)))
		*is_local = route->rtm_type == RTN_LOCAL;
	return NL_OK;
}

/* Return: 0 or -NLE_* */
static int ask(struct nl_sock *sk, struct nl_cb *cb, const struct in6_addr *addr)
{
	struct question question = {
		.header = { .rtm_family = AF_INET6, .rtm_dst_len = 8 * sizeof(*addr) },
		.attr = { .nla_len = sizeof(struct nlattr) + sizeof(*addr), .nla_type = RTA_DST },
		.dst = *addr,
	};
	int rc = nl_send_simple(sk, RTM_GETROUTE, 0, &question, sizeof(question));

	if (rc >= 0)
		rc = nl_recvmsgs(sk, cb);
	if (rc >= 0)
		rc = nl_wait_for_ack(sk);
	return rc < 0 ? rc : 0;
}

/* Return: whether the kernel takes what is sent there. Before that it finds no route, or another
 * one
 */
static bool is_reached(struct nl_sock *sk, const struct in6_addr *addr)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	bool is_local = false;

	if (cb && !nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_route, &is_local))
		ask(sk, cb, addr);
	nl_cb_put(cb);
	return is_local;
}

void setup_await(struct nl_sock *sk, const struct setup_family *family)
{
	const struct timespec step = { .tv_nsec = AWAIT_STEP_NS };
	int steps = AWAIT_STEPS;

	for (size_t i = 0; i < family->addr_count; i++)
		while (!is_reached(sk, &family->addrs[i].addr) && --steps > 0)
			nanosleep(&step, NULL);
}
