/* SPDX-License-Identifier: Apache-2.0
 *
 * A way that is still not at its end after so many listening sockets is taken to have none.
 */
#include "common/fwd/round.h"

#include "common/base/addr.h"
#include "common/fwd/fwd_local.h"

#define ROUND_HOPS_MAX 16

/* Ports that stand for any: only the destination's decides */
#define ROUND_ANY_PORT 1

/* Where a socket of ours is to connect to */
struct round_end {
	enum socket_side side;
	struct in6_addr addr;
	uint16_t port;
};

static bool listener_leads(const struct fwd_table *table, const struct fwd_listener *listener,
			   const struct fwd_arrival *arrival, struct round_end *ret_end)
{
	enum socket_side side = fwd_direction_target(listener->direction);
	struct fwd_target target;
	struct fwd_to_ns way;

	if (side == SOCKET_NS) {
		if (fwd_to_ns(table, arrival, &way) != FWD_ALLOW)
			return false;
		*ret_end = (struct round_end){ side, way.ns, way.ns_port };
	} else {
		if (fwd_local(table, arrival, &target) != FWD_ALLOW)
			return false;
		*ret_end = (struct round_end){ side, target.addr, target.port };
	}
	return true;
}

/* What isn't in the namespace leaves it by the tap. Return: whether it gets anywhere */
static bool end_settle(const struct fwd_table *table, uint8_t protocol, struct round_end *end)
{
	const struct fwd_family *family = fwd_family_of(table, &end->addr);
	const struct fwd_query query = {
		.protocol = protocol,
		.ns = family->ns_addr,
		.remote = end->addr,
		.ns_port = ROUND_ANY_PORT,
		.remote_port = end->port,
	};
	struct fwd_target target;

	if (end->side == SOCKET_HOST || addr_is_loopback(&end->addr) ||
	    fwd_is_ns_addr(family, &end->addr))
		return true;
	if (table->no_tap || fwd_to_host(table, &query, &target) != FWD_ALLOW)
		return false;
	*end = (struct round_end){ SOCKET_HOST, target.addr, target.port };
	return true;
}

/* Whether @addr is the side's own, as far as is known here
 * @known:	one of the host's
 */
static bool end_is_local(const struct fwd_table *table, const struct round_end *end,
			 const struct in6_addr *known)
{
	return end->side == SOCKET_NS || addr_is_loopback(&end->addr) ||
	       addr_equal(&end->addr, known) ||
	       fwd_is_ns_addr(fwd_family_of(table, &end->addr), &end->addr);
}

/* Our listening socket there; NULL: none */
static struct fwd_listener *end_listener(const struct fwd_table *table,
					 const struct fwd_listeners *set, uint8_t protocol,
					 const struct round_end *end, const struct in6_addr *known)
{
	bool udp = protocol == IPPROTO_UDP, to_ns = end->side == SOCKET_HOST;
	enum fwd_direction direction = to_ns ? (udp ? FWD_UDP_TO_NS : FWD_TCP_TO_NS)
					     : (udp ? FWD_UDP_TO_HOST : FWD_TCP_TO_HOST);
	struct fwd_listener *listener = fwd_listeners_at(set, direction, &end->addr, end->port);

	if (listener && addr_is_unspecified(&listener->addr) && !end_is_local(table, end, known))
		return NULL;
	return listener;
}

/* What our own socket there makes of a connection */
static struct fwd_arrival arrival_from(const struct fwd_listener *listener, uint8_t protocol,
				       const struct round_end *end)
{
	bool loopback = addr_is_loopback(&end->addr);

	return (struct fwd_arrival){
		.protocol = protocol,
		.peer = loopback ? addr_loopback(addr_family(&end->addr)) : end->addr,
		.local = end->addr,
		.peer_port = ROUND_ANY_PORT,
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
		.any_addr = addr_is_unspecified(&listener->addr),
	};
}

bool fwd_round_find(const struct fwd_table *table, struct fwd_listener *listener,
		    const struct fwd_arrival *arrival, struct fwd_round *ret_round)
{
	bool on_host = fwd_direction_source(listener->direction) == SOCKET_HOST;
	const struct in6_addr known = on_host ? arrival->local : in6addr_any;
	const uint8_t protocol = arrival->protocol;
	struct fwd_arrival at = *arrival;
	struct fwd_listener *last = NULL;
	struct round_end end;

	for (int hop = 0; hop < ROUND_HOPS_MAX; hop++) {
		if (!listener_leads(table, listener, &at, &end) ||
		    !end_settle(table, protocol, &end))
			return false;
		last = listener;
		listener = end_listener(table, listener->set, protocol, &end, &known);
		if (!listener)
			return false;
		at = arrival_from(listener, protocol, &end);
	}
	if (ret_round)
		*ret_round = (struct fwd_round){ last, listener };
	return true;
}
