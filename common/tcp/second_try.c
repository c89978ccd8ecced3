/* SPDX-License-Identifier: Apache-2.0
 *
 * The address that the client asked for is known to its socket. Where a rule names the target, the
 * user has said what is wanted.
 */
#include "common/tcp/second_try.h"

#include <sys/socket.h>

#include "common/base/addr.h"

/* Return: it. Only the record is left */
static int take_socket(struct tcp_flow *f)
{
	const int fd = f->flow.watch.fd;

	loop_remove(f->tcp->loop, &f->flow.watch);
	f->flow.watch.fd = -1;
	return fd;
}

bool tcp_second_try(struct tcp_flow *f, uint64_t now_ns)
{
	const struct fwd_table *fwd = f->tcp->fwd;
	const struct in6_addr *ns = &f->flow.key.ns;
	const struct fwd_family *family = fwd_family_of(fwd, ns);
	struct splice_target target = { .side = SOCKET_NS, .port = f->flow.key.ns_port };
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);
	struct in6_addr local;
	const int fd = f->flow.watch.fd;
	uint16_t port;

	if (!addr_equal(ns, &family->ns_addr) || getsockname(fd, &sa.sa, &len) ||
	    addr_from_sockaddr(&sa, &local, &port))
		return false;
	target.addr = fwd_other_in_ns(fwd, &local);
	if (addr_is_unspecified(&target.addr))
		return false;
	take_socket(f);
	splice_accept(f->tcp->splice, fd, &target, now_ns);
	return true;
}

int tcp_second_address(struct tcp_flow *f, struct flow_key *ret_key)
{
	const struct in6_addr *now = &fwd_family_of(f->tcp->fwd, &f->flow.key.ns)->ns_addr;
	struct flow_key key = f->flow.key;

	if (f->conn.tap_state != TCP_TAP_SYN_SENT || !f->to_ns_addr || addr_is_unspecified(now) ||
	    addr_equal(now, &key.ns))
		return -1;
	key.ns = *now;
	if (flow_lookup(f->tcp->flows, &key) || flow_is_elsewhere(f->tcp->flows, &key))
		return -1;
	*ret_key = key;
	return take_socket(f);
}
