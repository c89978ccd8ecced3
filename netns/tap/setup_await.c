/* SPDX-License-Identifier: Apache-2.0 */
#include "netns/tap/setup_await.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <time.h>

#include "netns/tap/dump.h"

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

/* Return: whether the kernel takes what is sent there. Before that it finds no route, or another
 * one
 */
static bool is_reached(struct nl_sock *sk, const struct in6_addr *addr)
{
	struct question question = {
		.header = { .rtm_family = AF_INET6, .rtm_dst_len = 8 * sizeof(*addr) },
		.attr = { .nla_len = sizeof(struct nlattr) + sizeof(*addr), .nla_type = RTA_DST },
		.dst = *addr,
	};
	bool is_local = false;
	const struct dump_request request = {
		RTM_GETROUTE, 0, &question, sizeof(question), on_route, &is_local,
	};

	return !dump_run(sk, &request) && is_local;
}

void setup_await(struct nl_sock *sk, const struct setup_family *family)
{
	const struct timespec step = { .tv_nsec = AWAIT_STEP_NS };
	int steps = AWAIT_STEPS;

	for (size_t i = 0; i < family->addr_count; i++)
		while (!is_reached(sk, &family->addrs[i].addr) && --steps > 0)
			nanosleep(&step, NULL);
}
