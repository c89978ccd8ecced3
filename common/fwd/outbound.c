/* SPDX-License-Identifier: Apache-2.0
 *
 * From a socket that is bound to an interface, the kernel sends what is for another interface's
 * address out by its own one, to the gateway, and takes nothing in that comes back from there with
 * its own source. Who opens the flow would wait for its time-out.
 */
#include "common/fwd/outbound.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/fwd/egress.h"

/* How the kernel sends; @source is unspecified if it doesn't, or if it can't be asked, by @error */
struct way {
	struct in6_addr source;
	int error;
	int mtu; /* the loopback's, or another interface's, which hardly is the same */
};

static int mtu_of(int fd, bool ipv4)
{
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	getsockopt(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_MTU : IPV6_MTU, &mtu, &len);
	return mtu;
}

/* To @target, by sockets that are bound to @from (unspecified: to none) and to @ifname (NULL: to
 * none). Sends nothing.
 */
static struct way way_to(const struct fwd_target *target, const struct in6_addr *from,
			 const char *ifname)
{
	union sockaddr_inany to, sa;
	socklen_t to_len = addr_to_sockaddr(&target->addr, target->port, target->scope_id, &to);
	socklen_t len = addr_to_sockaddr(from, 0, target->scope_id, &sa);
	int fd = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	struct way way = { .source = in6addr_any };
	uint16_t port;

	if (fd < 0) {
		way.error = errno;
		return way;
	}
	if ((!ifname ||
	     !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname))) &&
	    (addr_is_unspecified(from) || !bind(fd, &sa.sa, len)) && !connect(fd, &to.sa, to_len)) {
		len = sizeof(sa);
		if (!getsockname(fd, &sa.sa, &len))
			addr_from_sockaddr(&sa, &way.source, &port);
		way.mtu = mtu_of(fd, addr_is_ipv4(&target->addr));
	} else {
		way.error = errno;
	}
	close(fd);
	return way;
}

/* Whether an error says nothing of the address, but that something is used up: descriptors, memory,
 * or the ports that the kernel gives, and what is in the namespace may have done that
 */
static bool is_shortage(int error)
{
	switch (error) {
	case EADDRINUSE:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return true;
	default:
		return false;
	}
}

/* Whether it is one of the host's own addresses. IPv4 has a route for each, which may name another
 * one as source, but no route from an address that isn't there, whatever one may bind to
 * (net.ipv4.ip_nonlocal_bind); for IPv6, the best source is the destination itself (RFC 6724, 5).
 */
static enum fwd_own_answer ask_own(const struct fwd_target *target)
{
	const struct in6_addr *from = addr_is_ipv4(&target->addr) ? &target->addr : &in6addr_any;
	const struct way way = way_to(target, from, NULL);

	if (is_shortage(way.error))
		return FWD_OWN_UNKNOWN;
	return addr_equal(&way.source, &target->addr) ? FWD_OWN_YES : FWD_OWN_NO;
}

/* The same, by what was answered of late */
static enum fwd_own_answer is_own(const struct fwd_table *table, const struct fwd_target *target)
{
	const uint64_t now_ns = clock_now_ns();
	enum fwd_own_answer answer =
		fwd_own_find(table->own, &target->addr, target->scope_id, now_ns);

	if (answer == FWD_OWN_UNKNOWN) {
		answer = ask_own(target);
		fwd_own_note(table->own, &target->addr, target->scope_id, answer, now_ns);
	}
	return answer;
}

/* Of the host's own addresses: whether what is bound to the interface gets there. That goes by the
 * loopback then, as without; else by the interface, whose address is the source for IPv4.
 */
static bool is_reached(const struct fwd_target *target)
{
	const struct way any = way_to(target, &in6addr_any, NULL);
	const struct way bound = way_to(target, &in6addr_any, target->bind_ifname);

	return addr_equal(&any.source, &bound.source) && any.mtu == bound.mtu;
}

static struct fwd_exit exit_of(const struct fwd_query *query, const struct fwd_target *target,
			       enum fwd_own_answer own)
{
	bool host = target->meaning == FWD_MEANS_ITSELF && own == FWD_OWN_YES;

	return (struct fwd_exit){
		.protocol = query->protocol,
		.ns = query->ns,
		.ns_port = query->ns_port,
		.addr = query->remote,
		.port = query->remote_port,
		.meaning = host ? FWD_MEANS_HOST : target->meaning,
	};
}

/* Decided by addresses alone, and what the kernel says of the target. Only who it matters to has it
 * asked; no policy can judge what it doesn't know
 */
static enum fwd_verdict find_target(const struct fwd_table *table, const struct fwd_query *query,
				    struct fwd_target *ret_target, enum fwd_own_answer *ret_own)
{
	enum fwd_verdict verdict = fwd_to_host(table, query, ret_target);
	bool judged;

	*ret_own = FWD_OWN_UNKNOWN;
	if (verdict != FWD_ALLOW)
		return verdict;
	judged = fwd_has_policy(table) && ret_target->meaning == FWD_MEANS_ITSELF;
	if (!judged && !ret_target->bind_ifname)
		return FWD_ALLOW;
	*ret_own = is_own(table, ret_target);
	return judged && *ret_own == FWD_OWN_UNKNOWN ? FWD_REFUSE_UNKNOWN : FWD_ALLOW;
}

enum fwd_verdict fwd_outbound_judge(const struct fwd_table *table, const struct fwd_query *query,
				    struct fwd_opinion *ret_opinion)
{
	struct fwd_target target;
	enum fwd_own_answer own;
	enum fwd_verdict verdict = find_target(table, query, &target, &own);

	if (verdict == FWD_ALLOW) {
		const struct fwd_exit exit = exit_of(query, &target, own);

		*ret_opinion = fwd_egress_judge(table, &exit);
	}
	return verdict;
}

enum fwd_verdict fwd_outbound(const struct fwd_table *table, const struct fwd_query *query,
			      struct fwd_target *ret_target)
{
	struct fwd_target target;
	enum fwd_own_answer own;
	enum fwd_verdict verdict = find_target(table, query, &target, &own);

	if (verdict == FWD_ALLOW && fwd_has_policy(table)) {
		const struct fwd_exit exit = exit_of(query, &target, own);
		struct fwd_opinion opinion;

		verdict = fwd_egress(table, &exit, &opinion);
		target.name = opinion.name;
		target.asks = opinion.asks;
	}
	if (verdict == FWD_ALLOW && target.bind_ifname && own == FWD_OWN_YES &&
	    !is_reached(&target)) {
		if (!target.dns)
			return FWD_REFUSE_OTHER_INTERFACE;
		/* From the host's own address to itself: should it go away, nothing is sent */
		target.bind_ifname = NULL;
		target.bind_addr = target.addr;
	}
	if (verdict == FWD_ALLOW)
		*ret_target = target;
	return verdict;
}
