/* SPDX-License-Identifier: Apache-2.0
 *
 * The decision has three steps: may the protocol and the family pass at all, do both ends make
 * sense on a wire, and what do they stand for on the other side. Loopback and unspecified
 * destinations of outbound flows are refused before any mapping is looked at: connect() would take
 * them to the host's own services, which only a mapping may open.
 */
#include "common/fwd/fwd.h"

#include "common/base/addr.h"

static bool protocol_enabled(const struct fwd_table *table, uint8_t protocol, bool ipv4)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return table->tcp;
	case IPPROTO_UDP:
		return table->udp;
	case IPPROTO_ICMP:
		return table->icmp && ipv4;
	case IPPROTO_ICMPV6:
		return table->icmp && !ipv4;
	default:
		return false;
	}
}

static bool protocol_has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static bool source_valid(const struct fwd_query *query)
{
	return addr_is_unicast(&query->ns) &&
	       addr_is_ipv4(&query->ns) == addr_is_ipv4(&query->remote);
}

static bool destination_valid(const struct fwd_query *query)
{
	if (!addr_is_unicast(&query->remote))
		return false;
	return query->remote_port || !protocol_has_ports(query->protocol);
}

/* An unspecified mapping is none: destination_valid() has turned unspecified remotes away */
static bool maps_to_loopback(const struct fwd_family *family, const struct in6_addr *remote)
{
	return addr_equal(&family->map_host_loopback, remote);
}

bool fwd_is_dns(uint8_t protocol, uint16_t port)
{
	return protocol_has_ports(protocol) && (port == FWD_DNS_PORT || port == FWD_DNS_TLS_PORT);
}

static bool maps_to_resolver(const struct fwd_family *family, const struct fwd_query *query)
{
	return fwd_is_dns(query->protocol, query->remote_port) &&
	       addr_equal(&family->dns_forward, &query->remote) &&
	       !addr_is_unspecified(&fwd_resolver(family, query->remote_port)->addr);
}

/* What would mean the host's loopback is a resolver of the network */
static bool is_map_resolver(const struct fwd_family *family, const struct fwd_query *query)
{
	return fwd_is_dns(query->protocol, query->remote_port) &&
	       maps_to_loopback(family, &query->remote) &&
	       !addr_is_unspecified(&family->map_resolver.addr);
}

/* --map-guest-addr: the host by its own address, which may have changed since the namespace got it
 */
static bool maps_to_guest(const struct fwd_family *family, const struct in6_addr *remote)
{
	return addr_equal(&family->map_guest_addr, remote) &&
	       !addr_is_unspecified(&family->host_addr);
}

static struct fwd_target target_guest(const struct fwd_family *family,
				      const struct fwd_query *query)
{
	return (struct fwd_target){
		.addr = family->host_addr,
		.port = query->remote_port,
		.scope_id = addr_is_scoped(&family->host_addr) ? family->scope_id : 0,
		.bind_addr = in6addr_any,
	};
}

static struct fwd_target target_loopback(const struct fwd_query *query)
{
	return (struct fwd_target){
		.addr = addr_loopback(addr_family(&query->remote)),
		.port = query->remote_port,
		.bind_addr = in6addr_any,
	};
}

static struct fwd_target target_outside(const struct fwd_family *family,
					const struct fwd_query *query)
{
	return (struct fwd_target){
		.addr = query->remote,
		.port = query->remote_port,
		.scope_id = addr_is_scoped(&query->remote) ? family->scope_id : 0,
		.bind_addr = family->outbound_addr,
		.bind_ifname = family->outbound_ifname[0] ? family->outbound_ifname : NULL,
	};
}

/* A resolver on the loopback is the host's own, whatever outbound sockets are bound to; a scope
 * that was written out wins over --outbound-if
 */
static struct fwd_target target_resolver(const struct fwd_table *table,
					 const struct resolv_server *resolver, uint16_t port)
{
	const struct fwd_family *family = fwd_family_of(table, &resolver->addr);
	struct fwd_query query = { .remote = resolver->addr, .remote_port = port };
	struct fwd_target target;

	if (addr_is_loopback(&resolver->addr)) {
		target = target_loopback(&query);
		target.addr = resolver->addr;
	} else {
		target = target_outside(family, &query);
		if (resolver->scope_id)
			target.scope_id = resolver->scope_id;
		if (resolver->ifname[0]) {
			target.bind_ifname = resolver->ifname;
			target.scope_id = 0; /* the kernel takes the interface's */
		}
	}
	return target;
}

enum fwd_verdict fwd_to_host(const struct fwd_table *table, const struct fwd_query *query,
			     struct fwd_target *ret_target)
{
	const struct fwd_family *family = fwd_family_of(table, &query->remote);

	if (!protocol_enabled(table, query->protocol, addr_is_ipv4(&query->remote)))
		return FWD_REFUSE_PROTOCOL_OFF;
	if (!family->enabled)
		return FWD_REFUSE_FAMILY_OFF;
	if (!source_valid(query))
		return FWD_REFUSE_SOURCE;
	if (!destination_valid(query))
		return FWD_REFUSE_DESTINATION;

	if (maps_to_resolver(family, query)) {
		*ret_target = target_resolver(table, fwd_resolver(family, query->remote_port),
					      query->remote_port);
		ret_target->dns = true;
		ret_target->meaning = FWD_MEANS_RESOLVER;
	} else if (is_map_resolver(family, query)) {
		*ret_target = target_resolver(table, &family->map_resolver, query->remote_port);
		ret_target->meaning = FWD_MEANS_RESOLVER;
	} else if (maps_to_loopback(family, &query->remote)) {
		*ret_target = target_loopback(query);
		ret_target->meaning = FWD_MEANS_HOST;
	} else if (maps_to_guest(family, &query->remote)) {
		*ret_target = target_guest(family, query);
		ret_target->meaning = FWD_MEANS_HOST;
	} else {
		*ret_target = target_outside(family, query);
	}
	return FWD_ALLOW;
}

bool fwd_is_ns_addr(const struct fwd_family *family, const struct in6_addr *addr)
{
	for (uint32_t i = 0; i < family->ns_addr_count; i++)
		if (addr_equal(&family->ns_addrs[i], addr))
			return true;
	return addr_equal(&family->ns_addr, addr);
}

/* Whether the flow was opened on the host itself: one's own address is what one talks from to it */
static bool arrival_is_local(const struct fwd_arrival *arrival)
{
	return addr_is_loopback(&arrival->peer) || addr_equal(&arrival->peer, &arrival->local);
}

/* The address of the namespace's that stands for the one of the host's that was asked for
 *
 * That is the same, if the namespace has it: a server there sees what was asked for, and its
 * answers leave from there, whatever route its kernel takes them to have.
 */
static struct in6_addr ns_destination(const struct fwd_table *table,
				      const struct fwd_family *family,
				      const struct fwd_arrival *arrival)
{
	bool same = table->ns_addrs_set && fwd_is_ns_addr(family, &arrival->local);

	return same ? arrival->local : family->ns_addr;
}

struct in6_addr fwd_other_loopback(const struct fwd_table *table, const struct in6_addr *addr)
{
	bool ipv4 = addr_is_ipv4(addr);
	struct in6_addr own = addr_loopback(ipv4 ? AF_INET : AF_INET6);

	if (!addr_equal(addr, &own) || !(ipv4 ? table->ip6.enabled : table->ip4.enabled))
		return in6addr_any;
	return addr_loopback(ipv4 ? AF_INET6 : AF_INET);
}

struct in6_addr fwd_other_in_ns(const struct fwd_table *table, const struct in6_addr *local)
{
	struct in6_addr other = fwd_other_loopback(table, local), ns;

	if (table->no_splice || addr_is_unspecified(&other))
		return in6addr_any;
	if (table->host_lo_to_ns_lo || table->no_tap)
		return other;
	ns = addr_is_ipv4(&other) ? table->ip4.ns_addr : table->ip6.ns_addr;
	return addr_is_scoped(&ns) ? in6addr_any : ns;
}

/* Where in the namespace a socket is to connect to; unspecified: the tap must do it
 *
 * What was sent to a loopback address by name may be sent there from anywhere.
 */
static struct in6_addr splice_destination(const struct fwd_table *table,
					  const struct fwd_family *family,
					  const struct fwd_arrival *arrival)
{
	bool to_loopback = addr_is_loopback(&arrival->local);
	struct in6_addr ns;

	if (table->no_splice || !(arrival_is_local(arrival) || addr_is_loopback(&arrival->to_addr)))
		return in6addr_any;
	if (!addr_is_unspecified(&arrival->to_addr))
		return arrival->to_addr;
	if (table->host_lo_to_ns_lo && to_loopback)
		return arrival->local;
	if (table->no_tap) /* there is no other address */
		return to_loopback ? arrival->local : addr_loopback(addr_family(&arrival->peer));
	/* A connected socket would not get the answers, from another port; the tap does */
	if (arrival->protocol == IPPROTO_UDP && arrival->to_port == FWD_TFTP_PORT)
		return in6addr_any;
	/* Scopes of the namespace are not known here */
	ns = ns_destination(table, family, arrival);
	return addr_is_scoped(&ns) ? in6addr_any : ns;
}

/* What the namespace sees as source; unspecified: there is nothing that it could answer to */
static struct in6_addr tap_source(const struct fwd_family *family,
				  const struct fwd_arrival *arrival)
{
	bool loopback = addr_is_loopback(&arrival->peer);

	if (!arrival_is_local(arrival) && !fwd_is_ns_addr(family, &arrival->peer))
		return arrival->peer;
	if (!loopback && !addr_is_unspecified(&family->map_guest_addr))
		return family->map_guest_addr;
	if (!addr_is_unspecified(&family->map_host_loopback))
		return family->map_host_loopback;
	return family->gateway;
}

enum fwd_verdict fwd_to_ns(const struct fwd_table *table, const struct fwd_arrival *arrival,
			   struct fwd_to_ns *ret_way)
{
	bool ipv4 = addr_is_ipv4(&arrival->peer);
	const struct fwd_family *family = ipv4 ? &table->ip4 : &table->ip6;
	struct fwd_to_ns way = {
		.ns_port = arrival->to_port,
		.remote_port = arrival->peer_port,
	};

	if (!protocol_enabled(table, arrival->protocol, ipv4))
		return FWD_REFUSE_PROTOCOL_OFF;
	if (!family->enabled)
		return FWD_REFUSE_FAMILY_OFF;
	if (addr_is_unspecified(&arrival->peer) || addr_is_multicast(&arrival->peer) ||
	    !arrival->peer_port)
		return FWD_REFUSE_SOURCE;

	way.ns = splice_destination(table, family, arrival);
	if (addr_is_unspecified(&arrival->to_addr))
		way.other = fwd_other_in_ns(table, &arrival->local);
	if (addr_is_unspecified(&family->ns_addr) && addr_is_unspecified(&way.ns)) {
		way.ns = way.other; /* there is nobody to refuse it */
		way.other = in6addr_any;
	}
	way.splice = !addr_is_unspecified(&way.ns);
	if (way.splice) {
		*ret_way = way;
		return FWD_ALLOW;
	}
	if (table->no_tap)
		return FWD_REFUSE_NO_TAP;
	way.ns = arrival->to_addr;
	if (addr_is_unspecified(&way.ns))
		way.ns = ns_destination(table, family, arrival);
	if (addr_is_unspecified(&way.ns))
		return FWD_REFUSE_NO_ADDRESS;
	if (addr_is_loopback(&way.ns) || addr_is_ipv4(&way.ns) != ipv4)
		return FWD_REFUSE_DESTINATION;
	way.remote = tap_source(family, arrival);
	if (addr_is_unspecified(&way.remote))
		return FWD_REFUSE_UNMAPPED;
	*ret_way = way;
	return FWD_ALLOW;
}

uint16_t fwd_to_ns_port(const struct fwd_to_ns *way, const struct fwd_arrival *arrival,
			unsigned int attempt)
{
	/* Dynamic ports (RFC 6335, 6), in an order that differs by what made the ends the same */
	const unsigned int first = 49152, count = 65536 - first;
	unsigned int start = arrival->peer_port * 31U + ntohl(arrival->local.s6_addr32[3]) * 17U +
			     ntohl(arrival->peer.s6_addr32[3]);

	if (!attempt)
		return way->remote_port;
	return (uint16_t)(first + (start + attempt * 2657U) % count);
}

bool fwd_refusal_is_told(enum fwd_verdict verdict, const struct in6_addr *dst)
{
	return verdict != FWD_ALLOW && verdict != FWD_REFUSE_PROTOCOL_OFF &&
	       verdict != FWD_REFUSE_SOURCE && verdict != FWD_REFUSE_SILENTLY &&
	       addr_is_unicast(dst);
}

const char *fwd_verdict_text(enum fwd_verdict verdict)
{
	switch (verdict) {
	case FWD_ALLOW:
		return "allowed";
	case FWD_REFUSE_PROTOCOL_OFF:
		return "protocol is off";
	case FWD_REFUSE_FAMILY_OFF:
		return "address family is off";
	case FWD_REFUSE_SOURCE:
		return "source address cannot be answered";
	case FWD_REFUSE_DESTINATION:
		return "destination cannot be reached from a host";
	case FWD_REFUSE_NO_TAP:
		return "only local connections are forwarded";
	case FWD_REFUSE_NO_ADDRESS:
		return "the namespace has no address";
	case FWD_REFUSE_ROUND:
		return "it would go round between ports that we forward";
	case FWD_REFUSE_RETIRED:
		return "the rule that has opened this port is gone";
	case FWD_REFUSE_OTHER_INTERFACE:
		return "it is the host's own address, on an interface that is not to be used";
	case FWD_REFUSE_UNKNOWN:
		return "it can't be told now whether it is the host's own address";
	case FWD_REFUSE_UNMAPPED:
		return "the host has no address in the namespace";
	case FWD_REFUSE_POLICY:
	case FWD_REFUSE_SILENTLY:
		return "the policy denies it";
	}
	return "unknown verdict";
}
