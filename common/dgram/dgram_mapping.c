/* SPDX-License-Identifier: Apache-2.0
 *
 * The socket is dressed up as a listening one, which flows can share already. Measured against a
 * connected socket a flow: bulk either way and one request at a time are the same within the noise,
 * because a route lookup is small beside a call, and a train takes one.
 */
#include "common/dgram/dgram_mapping.h"

#include <assert.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/dgram/dgram_mtu.h"
#include "common/dgram/dgram_socket.h"
#include "common/fwd/listeners_ports.h"

#define DNS_PORT 53

static_assert(sizeof(struct dgram_mapping) <= FLOW_RECORD_BYTES, "a mapping is one record");

static struct flow_key mapping_key(const struct in6_addr *ns, uint16_t ns_port)
{
	return (struct flow_key){
		.ns = *ns,
		.ns_port = ns_port,
		.protocol = DGRAM_MAPPING_PROTOCOL,
	};
}

struct flow_key dgram_mapping_key(const struct flow_key *key)
{
	return mapping_key(&key->ns, key->ns_port);
}

struct dgram_mapping *dgram_mapping_of(struct fwd_listener *socket)
{
	return container_of(socket, struct dgram_mapping, socket);
}

/* Tell whether there is a socket, so that none is taken for a service of the host's */
static void note(struct dgram_mapping *m, bool there_is)
{
	struct fwd_listeners *set = m->env->shares->listeners;

	if (set)
		fwd_listeners_note_flows(set, m->socket.family, m->socket.port, there_is);
}

static void socket_end(struct dgram_mapping *m)
{
	if (m->socket.watch.fd < 0)
		return;
	note(m, false);
	loop_remove(m->env->loop, &m->socket.watch);
	close(m->socket.watch.fd);
	m->socket.watch.fd = -1;
}

static uint16_t port_of(int fd)
{
	union sockaddr_inany sa = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	struct in6_addr addr;
	uint16_t port = 0;

	if (!getsockname(fd, &sa.sa, &len))
		addr_from_sockaddr(&sa, &addr, &port);
	return port;
}

/* Return: 0 or -errno */
static int socket_begin(struct dgram_mapping *m, const struct fwd_target *target)
{
	struct dgram_env *env = m->env;
	const struct flow_key *key = &m->flow.key;
	int rc, fd = dgram_socket_new(target, IPPROTO_UDP, key->ns_port);

	if (fd < 0)
		return fd;
	m->socket = (struct fwd_listener){
		.watch = { env->mapped_ready, fd },
		.serial = ++env->mapping_serial,
		.family = addr_family(&key->ns),
		.port = port_of(fd),
	};
	m->whole = true; /* as dgram_socket_new() leaves it */
	rc = loop_add(env->loop, &m->socket.watch, EPOLLIN);
	if (rc) {
		m->socket.watch.fd = -1;
		close(fd);
	} else {
		note(m, true);
	}
	return rc;
}

static void mapping_free(struct dgram_mapping *m)
{
	socket_end(m);
	flow_free(m->env->flows, &m->flow);
}

static void peer_allow(struct dgram_mapping *m, const struct in6_addr *peer)
{
	for (int i = 0; i < DGRAM_MAPPING_ADDRESSES; i++)
		if (addr_equal(&m->peer[i], peer))
			return;
	m->peer[m->peers] = *peer;
	m->peers = (uint8_t)((m->peers + 1) % DGRAM_MAPPING_ADDRESSES);
}

static bool peer_is_allowed(const struct dgram_mapping *m, const struct in6_addr *peer)
{
	for (int i = 0; i < DGRAM_MAPPING_ADDRESSES; i++)
		if (addr_equal(&m->peer[i], peer))
			return true;
	return false;
}

static struct dgram_origin origin_of(struct dgram_mapping *m, uint16_t peer_port, uint32_t scope_id)
{
	m->flows++;
	return (struct dgram_origin){
		.listener = &m->socket,
		.mapped = true,
		.serial = m->socket.serial,
		.scope_id = scope_id,
		.local = in6addr_any,
		.peer_port = peer_port,
	};
}

/* Whether sending from there is what outbound sockets are to do */
static bool listener_is_plain(const struct fwd_listener *listener, const struct fwd_target *target)
{
	char ifname[IFNAMSIZ];
	socklen_t len = sizeof(ifname);

	return addr_is_unspecified(&listener->addr) && addr_is_unspecified(&listener->to_addr) &&
	       addr_is_unspecified(&target->bind_addr) && !target->bind_ifname &&
	       !getsockopt(listener->watch.fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, &len) && !len;
}

/* The socket by which the world reaches that port already */
static bool listener_share(struct dgram_env *env, const struct flow_key *key,
			   const struct fwd_target *target, struct dgram_origin *ret_origin)
{
	const struct fwd_listeners *set = env->shares->listeners;
	const struct fwd_family *family = fwd_family_of(env->fwd, &key->ns);
	struct fwd_listener *listener;

	if (!set || env->shares->taken || !fwd_is_ns_addr(family, &key->ns))
		return false;
	listener = fwd_listeners_find(set, FWD_UDP_TO_NS, addr_family(&key->ns), &in6addr_any,
				      key->ns_port);
	if (!listener || listener->to_port != key->ns_port || !listener_is_plain(listener, target))
		return false;
	*ret_origin = (struct dgram_origin){
		.listener = listener,
		.serial = listener->serial,
		.scope_id = target->scope_id,
		.local = in6addr_any,
		.peer_port = target->port,
		.port = listener->port,
	};
	return true;
}

static bool is_mapped(const struct flow_key *key, const struct fwd_target *target)
{
	return key->protocol == IPPROTO_UDP && !target->dns && target->port != DNS_PORT &&
	       key->ns_port && target->port == key->remote_port &&
	       addr_equal(&target->addr, &key->remote);
}

/* The mapping of a flow, without a socket if it's a new one. Return: NULL: there's no room for it,
 * or it's another one's
 */
static struct dgram_mapping *mapping_for(struct dgram_env *env, const struct flow_key *own)
{
	struct dgram_mapping *m = (void *)flow_lookup(env->flows, own);

	if (m)
		return m;
	m = (void *)flow_alloc(env->flows, own);
	if (!m)
		return NULL;
	m->env = env;
	m->socket.watch.fd = -1;
	return m;
}

enum dgram_sharing_outcome dgram_mapping_share(struct dgram_env *env, const struct flow_key *key,
					       const struct fwd_target *target,
					       struct dgram_origin *ret_origin)
{
	const struct flow_key own = mapping_key(&key->ns, key->ns_port);
	const struct fwd_portmap *taken = env->shares->taken;
	struct dgram_mapping *m;

	if (!is_mapped(key, target))
		return DGRAM_SHARES_NONE;
	if (listener_share(env, key, target, ret_origin))
		return DGRAM_SHARES;
	if (taken && fwd_portmap_test(taken, key->ns_port))
		return DGRAM_SHARES_ELSEWHERE;
	m = mapping_for(env, &own);
	if (!m)
		return flow_is_elsewhere(env->flows, &own) ? DGRAM_SHARES_ELSEWHERE
							   : DGRAM_SHARES_NONE;
	if (m->socket.watch.fd < 0 && socket_begin(m, target)) {
		if (!m->flows)
			mapping_free(m);
		/* A socket of its own will fail in the same way, and say so */
		return DGRAM_SHARES_NONE;
	}
	peer_allow(m, &target->addr);
	*ret_origin = origin_of(m, target->port, target->scope_id);
	return DGRAM_SHARES;
}

void dgram_mapping_leave(struct dgram_env *env, const struct dgram_origin *origin)
{
	struct dgram_mapping *m = dgram_mapping_of(origin->listener);

	(void)env;
	if (!--m->flows)
		mapping_free(m);
}

struct dgram_flow *dgram_mapping_find_flow(struct dgram_mapping *m, const struct in6_addr *peer,
					   uint16_t peer_port)
{
	struct flow_key key = mapping_key(&m->flow.key.ns, m->flow.key.ns_port);
	struct dgram_flow *f;

	key.protocol = IPPROTO_UDP;
	key.remote = *peer;
	key.remote_port = peer_port;
	f = (void *)flow_lookup(m->env->flows, &key);
	return f && f->origin.listener == &m->socket ? f : NULL;
}

struct dgram_flow *dgram_mapping_flow(struct dgram_mapping *m, const struct in6_addr *peer,
				      uint16_t peer_port, uint64_t now_ns)
{
	struct flow_key key = mapping_key(&m->flow.key.ns, m->flow.key.ns_port);
	struct dgram_flow *f = dgram_mapping_find_flow(m, peer, peer_port);
	struct dgram_origin origin;

	if (f)
		return f;
	key.protocol = IPPROTO_UDP;
	key.remote = *peer;
	key.remote_port = peer_port;
	if (!peer_is_allowed(m, peer) || flow_lookup(m->env->flows, &key) ||
	    flow_is_elsewhere(m->env->flows, &key)) {
		dgram_drop(m->env, DGRAM_DROP_ANSWER, 1);
		return NULL;
	}
	origin = origin_of(m, peer_port, 0);
	return dgram_flow_answer(m->env, &key, &origin, now_ns);
}

void dgram_mapping_apply(const struct dgram_flow *f)
{
	struct dgram_mapping *m = dgram_mapping_of(f->origin.listener);

	if (m->whole == f->whole)
		return;
	dgram_mtu_set_socket(m->socket.watch.fd, m->socket.family == AF_INET, f->whole);
	m->whole = f->whole;
}

void dgram_mapping_drop(struct dgram_mapping *m)
{
	socket_end(m);
}

void dgram_mapping_follow(struct dgram_mapping *m)
{
	const struct fwd_family *family = fwd_family_of(m->env->fwd, &m->flow.key.ns);
	char ifname[IFNAMSIZ] = "";
	socklen_t len = sizeof(ifname);

	if (m->socket.watch.fd < 0)
		return;
	if (getsockopt(m->socket.watch.fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, &len) ||
	    strncmp(ifname, family->outbound_ifname, IFNAMSIZ) != 0)
		socket_end(m);
}

static bool give_way_at(struct dgram_env *env, const struct in6_addr *ns, uint16_t port)
{
	const struct flow_key key = mapping_key(ns, port);
	struct dgram_mapping *m = (void *)flow_lookup(env->flows, &key);

	if (!m || m->socket.watch.fd < 0)
		return false;
	/* What has come is not to be lost with it */
	m->socket.watch.fn(&m->socket.watch, EPOLLIN | EPOLLERR, clock_now_ns());
	socket_end(m);
	return true;
}

bool dgram_mapping_give_way(struct dgram_env *env, int family, uint16_t port)
{
	const struct fwd_table *fwd = env->fwd;
	bool any = false;

	for (int i = 0; i < 2; i++) {
		const struct fwd_family *f = i ? &fwd->ip6 : &fwd->ip4;

		if (family != AF_UNSPEC && family != (i ? AF_INET6 : AF_INET))
			continue;
		any |= give_way_at(env, &f->ns_addr, port);
		for (uint32_t k = 0; k < f->ns_addr_count; k++)
			any |= give_way_at(env, &f->ns_addrs[k], port);
	}
	return any;
}
