/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a flow is decided: one pure function a direction turns what is seen of a new flow on one
 * side, with a const table, into what is done on the other, or into a refusal with a reason. Every
 * address mapping lives here and nowhere else. The table is replaced as a whole, never changed in
 * place.
 */
#ifndef COMMON_FWD_FWD_H
#define COMMON_FWD_FWD_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "common/base/resolv.h"
#include "common/fwd/own.h"
#include "common/policy/audit.h"
#include "common/policy/learnt.h"
#include "common/policy/lessons.h"
#include "common/policy/pair.h"
#include "common/policy/policy.h"

#define FWD_NS_ADDRS_MAX 32
/* resolv.conf's, those that are announced, one a family by option */
#define FWD_RESOLVERS_MAX (2 * RESOLV_SERVERS_MAX + 2)

/* What is configured for one family; unspecified addresses mean "not set" */
struct fwd_family {
	bool enabled;
	struct in6_addr ns_addr; /* the namespace's address; IPv6 local mode: none */
	uint32_t ns_addr_count; /* of all that it was given, @ns_addr is the first */
	struct in6_addr ns_addrs[FWD_NS_ADDRS_MAX];
	struct in6_addr gateway; /* the namespace's default one */
	struct in6_addr map_host_loopback; /* in there this is 127.0.0.1 or ::1 of the host */
	struct in6_addr map_guest_addr; /* in there this is @host_addr */
	struct in6_addr host_addr; /* what the namespace was given, or the host's own since then */
	struct in6_addr outbound_addr; /* source of outbound sockets */
	char outbound_ifname[IFNAMSIZ]; /* outbound sockets are bound to it; "": none */
	uint32_t scope_id; /* interface index for link-local destinations, 0: none */
	struct in6_addr dns_forward; /* in there this is the host's resolver: ports 53, 853 */
	struct resolv_server resolver; /* of any family; unspecified: no forwarding */
	struct resolv_server resolver_tls; /* the same for port 853 */
	/* The host's resolver that has the address of @map_host_loopback, as a gateway often is
	 * one: ports 53 and 853 mean that. Unspecified: there is none
	 */
	struct resolv_server map_resolver;
};

struct fwd_table {
	struct fwd_family ip4, ip6;
	bool tcp, udp, icmp; /* the protocol's handler is on */
	bool no_splice; /* local flows go by the tap, too */
	bool no_tap; /* and all others nowhere */
	bool host_lo_to_ns_lo; /* the host's loopback is the namespace's */
	bool ns_addrs_set; /* the namespace has all of @ns_addrs, not just @ns_addr */
	const struct policy *policy; /* what may leave; NULL: everything */
	const struct policy *narrow; /* of that, what may: see pair.h; likewise */
	struct policy_audit *audit; /* of their decisions; NULL: none */
	struct policy_lessons *lessons; /* what a policy has to allow; NULL: nobody asks */
	struct policy_learnt *learnt; /* names of addresses; NULL: there is no place for them */
	struct fwd_own *own; /* addresses of the host's, as last heard of; set where flows are opened */
	uint32_t resolv_changes; /* of resolv.conf: flows of before may have to ask others now */
	uint32_t resolver_count; /* all that the host has, or the namespace is told of */
	struct in6_addr resolvers[FWD_RESOLVERS_MAX];
};

/* fwd_policies() - both */
static inline struct policy_pair fwd_policies(const struct fwd_table *table)
{
	return (struct policy_pair){ { table->policy, table->narrow } };
}

/* fwd_has_policy() - whether there is either */
static inline bool fwd_has_policy(const struct fwd_table *table)
{
	return table->policy || table->narrow;
}

/* fwd_family_of() - what is configured for an address's family */
static inline const struct fwd_family *fwd_family_of(const struct fwd_table *table,
						     const struct in6_addr *addr)
{
	return addr_is_ipv4(addr) ? &table->ip4 : &table->ip6;
}

/* A flow's ends in the namespace's view; ports in host order, 0 for ICMP */
struct fwd_query {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP or IPPROTO_ICMPV6 */
	struct in6_addr ns, remote;
	uint16_t ns_port, remote_port;
};

enum fwd_verdict {
	FWD_ALLOW,
	FWD_REFUSE_PROTOCOL_OFF,
	FWD_REFUSE_FAMILY_OFF,
	FWD_REFUSE_SOURCE, /* unspecified, loopback or multicast source */
	FWD_REFUSE_DESTINATION, /* unspecified, loopback or multicast destination, port 0 */
	FWD_REFUSE_NO_TAP, /* from outside, where only local flows are forwarded */
	FWD_REFUSE_NO_ADDRESS, /* the namespace has no address of this family, as far as we know */
	FWD_REFUSE_ROUND, /* it would come back: see round.h */
	FWD_REFUSE_RETIRED, /* the rule is gone, and its socket there for older flows only */
	FWD_REFUSE_OTHER_INTERFACE, /* of the host's own addresses: see outbound.h */
	FWD_REFUSE_UNKNOWN, /* whether it is the host's own address, which a policy has to know */
	FWD_REFUSE_UNMAPPED, /* from the host itself, for which there's no address in there */
	FWD_REFUSE_POLICY, /* see policy.h */
	FWD_REFUSE_SILENTLY, /* the same, and nobody is to be told */
};
#define FWD_VERDICTS (FWD_REFUSE_SILENTLY + 1)

/* What the address stands for that the namespace has sent to */
enum fwd_meaning {
	FWD_MEANS_ITSELF,
	FWD_MEANS_HOST,
	FWD_MEANS_RESOLVER,
};

/* How the host's socket reaches the other end */
struct fwd_target {
	struct in6_addr addr; /* connect to */
	uint16_t port;
	uint32_t scope_id;
	struct in6_addr bind_addr; /* unspecified: the kernel chooses */
	const char *bind_ifname; /* in the table; NULL: none */
	enum fwd_meaning meaning;
	bool dns; /* a query to the forwarding address: any of the host's resolvers will do */
	const char *name; /* a rule for it allows the flow; NULL: another rule does */
	bool asks; /* for names that the policy decides on: see egress.h */
	struct in6_addr other; /* only if @addr refuses; unspecified: none */
};

/* A server there answers from another port (RFC 1350, 4): see udp/tftp.h */
#define FWD_TFTP_PORT 69

/* RFC 1035, 4.2; RFC 7858, RFC 8094 */
#define FWD_DNS_PORT 53
#define FWD_DNS_TLS_PORT 853

/* fwd_is_dns() - whether a resolver is asked there, by TCP or UDP */
bool fwd_is_dns(uint8_t protocol, uint16_t port);

/* fwd_resolver() - the resolver that queries to @port go to */
static inline const struct resolv_server *fwd_resolver(const struct fwd_family *family,
						       uint16_t port)
{
	return port == FWD_DNS_TLS_PORT ? &family->resolver_tls : &family->resolver;
}

/* fwd_is_ns_addr() - whether the namespace was given @addr */
bool fwd_is_ns_addr(const struct fwd_family *family, const struct in6_addr *addr);

/* fwd_to_host() - decide a flow that the namespace opens
 * @ret_target:	set only for FWD_ALLOW
 */
enum fwd_verdict fwd_to_host(const struct fwd_table *table, const struct fwd_query *query,
			     struct fwd_target *ret_target);

/* A flow that a listening socket got, in the host's view */
struct fwd_arrival {
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	struct in6_addr peer, local; /* @local: unspecified if it is not known */
	uint16_t peer_port;
	struct in6_addr to_addr; /* where the rule sends it, unspecified: to the namespace */
	uint16_t to_port;
	bool any_addr; /* its socket listens on all addresses */
};

/* How it gets to the namespace */
struct fwd_to_ns {
	bool splice; /* from socket to socket; else by the tap */
	struct in6_addr ns; /* destination in the namespace */
	struct in6_addr other; /* by a socket, only if @ns refuses; unspecified: none */
	uint16_t ns_port;
	struct in6_addr remote; /* by the tap: source in the namespace */
	uint16_t remote_port;
};

/* fwd_to_ns() - decide a flow that comes to a forwarded port of the host
 * @ret_way:	set only for FWD_ALLOW
 */
enum fwd_verdict fwd_to_ns(const struct fwd_table *table, const struct fwd_arrival *arrival,
			   struct fwd_to_ns *ret_way);

/* fwd_other_loopback() - 127.0.0.1 for ::1 and the other way round: "localhost" is both, and who
 * asks for it wants the service, whatever family that has
 *
 * Return: unspecified for all other addresses, and if the other family is off
 */
struct in6_addr fwd_other_loopback(const struct fwd_table *table, const struct in6_addr *addr);

/* fwd_other_in_ns() - where in the namespace a socket is to connect to if a flow was refused there
 * that came to @local of the host; unspecified: nowhere
 */
struct in6_addr fwd_other_in_ns(const struct fwd_table *table, const struct in6_addr *local);

/* Source ports to try for one flow, if others have the same ends on the tap */
#define FWD_TO_NS_PORTS 16

/* fwd_to_ns_port() - the @attempt-th of them, from 0: the flow's own */
uint16_t fwd_to_ns_port(const struct fwd_to_ns *way, const struct fwd_arrival *arrival,
			unsigned int attempt);

/* fwd_refusal_is_told() - whether who sent to @dst is to be told of a refusal: not by a handler
 * that is off, where silence was asked for, and not where nobody could answer or be answered
 */
bool fwd_refusal_is_told(enum fwd_verdict verdict, const struct in6_addr *dst);

/* fwd_verdict_text() - for logs */
const char *fwd_verdict_text(enum fwd_verdict verdict);

#endif
