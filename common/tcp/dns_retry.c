/* SPDX-License-Identifier: Apache-2.0
 *
 * This ends by itself: each failure makes another resolver the one to ask, until all have failed;
 * from then on the choice stays the same, and a resolver is not asked twice in a row.
 */
#include "common/tcp/dns_retry.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/fwd/outbound.h"
#include "common/tcp/accepting.h"
#include "common/tcp/sock_side.h"

/* @asked_ns: 0: it was answered */
static void tell_result(const struct tcp_flow *f, uint64_t asked_ns, uint64_t now_ns)
{
	struct tcp *tcp = f->tcp;

	if (tcp->resolver_result)
		tcp->resolver_result(tcp, &f->resolver, f->flow.key.remote_port, asked_ns, now_ns);
}

void tcp_dns_opened(struct tcp_flow *f, const struct fwd_target *target, uint64_t now_ns)
{
	f->resolver = target->addr;
	timer_set(f->tcp->timers, &f->flow.timer, now_ns, TCP_DNS_TIMEOUT_MS);
}

void tcp_dns_connected(struct tcp_flow *f, uint64_t now_ns)
{
	if (addr_is_unspecified(&f->resolver))
		return;
	tell_result(f, 0, now_ns);
	f->resolver = in6addr_any;
}

/* The choice that follows the last failure. Return: false if it's the same again, or none */
static bool choose_other(const struct tcp_flow *f, struct fwd_target *ret_target)
{
	const struct flow_key *key = &f->flow.key;
	const struct fwd_query query = { IPPROTO_TCP, key->ns, key->remote, key->ns_port,
					 key->remote_port };

	return fwd_outbound(f->tcp->fwd, &query, ret_target) == FWD_ALLOW && ret_target->dns &&
	       !addr_equal(&ret_target->addr, &f->resolver);
}

int tcp_dns_retry(struct tcp_flow *f, int error, uint64_t now_ns)
{
	struct fwd_target target;

	while (error && !accepting_is_shortage(error) && !addr_is_unspecified(&f->resolver)) {
		const watch_fn fn = f->flow.watch.fn;
		/* What is refused is so now, whoever was answered since it was asked for */
		uint64_t waited_ns = error == EINPROGRESS ? TCP_DNS_TIMEOUT_MS * NS_PER_MS : 0;

		tell_result(f, now_ns - waited_ns, now_ns);
		if (!choose_other(f, &target))
			break;
		tcp_sock_close(f, true);
		f->flow.watch.fn = fn;
		tcp_dns_opened(f, &target, now_ns);
		error = -tcp_sock_connect(f, &target);
	}
	return error;
}
