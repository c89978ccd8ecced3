/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose a flow is to be is decided by what all workers know alike, so that the one that gets a
 * packet from another doesn't send it back. Nobody but the first one may have a mapping of a port
 * that is taken.
 */
#include "common/engine/dgram_team.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/dgram/dgram_mapping.h"
#include "common/engine/hand_over.h"
#include "common/engine/team.h"
#include "common/fwd/listeners_ports.h"
#include "common/udp/tftp.h"

/* --- whose a flow is ------------------------------------------------------ */

/* A server for TFTP answers from another port than the one that was asked (udp/tftp.h), and that
 * may have a mapping anywhere. Only the first one, which has the request, knows whether the answer
 * is to be led to a client of the host's: it gets all that might be, and what it sends on isn't
 */
static bool is_tftp_answer(const struct worker *w, const struct flow_key *key)
{
	struct flow_key asked = *key;

	if (!w->number)
		return udp_tftp_is_answer(&w->udp.env, key);
	asked.ns_port = FWD_TFTP_PORT;
	return !w->mailed && fwd_portmap_test(&w->team->taken, FWD_TFTP_PORT) &&
	       !team_owner(w, &asked);
}

/* Return: the worker that has the flow of @key, or is to have it */
static uint32_t owner_of(const struct worker *w, const struct flow_key *key)
{
	struct flow_key mapping;
	int owner = team_owner(w, key);

	if (owner < 0 && key->protocol == IPPROTO_UDP) {
		if (fwd_portmap_test(&w->team->taken, key->ns_port) || is_tftp_answer(w, key))
			return 0;
		mapping = dgram_mapping_key(key);
		owner = team_owner(w, &mapping);
	}
	return owner < 0 ? w->number : (uint32_t)owner;
}

static bool pass(struct worker *w, const struct flow_key *key, const struct link_frame *frame,
		 const struct ip_packet *ip)
{
	const uint32_t to = owner_of(w, key);

	if (to == w->number)
		return false;
	hand_over_to(w, to, frame, ip);
	return true;
}

static bool pass_udp(struct dgram_env *env, const struct flow_key *key,
		     const struct link_frame *frame, const struct ip_packet *ip)
{
	return pass(container_of(env, struct worker, udp.env), key, frame, ip);
}

static bool pass_ping(struct dgram_env *env, const struct flow_key *key,
		      const struct link_frame *frame, const struct ip_packet *ip)
{
	return pass(container_of(env, struct worker, icmp.env), key, frame, ip);
}

/* --- the share that all have together ------------------------------------- */

static const struct worker *worker_with(const struct dgram_shares *shares)
{
	return container_of(shares, struct worker, dgram_shares);
}

static uint32_t count_all(const struct dgram_shares *shares)
{
	const struct team *team = worker_with(shares)->team;
	uint32_t count = 0;

	for (uint32_t i = 0; i < team->count; i++)
		count += flow_share_count(&team->workers[i]->dgram_shares.to_host);
	return count;
}

/* Without room for the message, it's for the one that asks */
static bool displace_most(const struct dgram_shares *shares)
{
	const struct worker *w = worker_with(shares), *most = w;

	for (uint32_t i = 0; i < w->team->count; i++)
		if (flow_share_count(&w->team->workers[i]->dgram_shares.to_host) >
		    flow_share_count(&most->dgram_shares.to_host))
			most = w->team->workers[i];
	if (most == w || !team_write(w, most->number, HAND_OVER_NEED, 0, false))
		return false;
	team_send(w, most->number);
	return true;
}

/* --- ports that are taken ------------------------------------------------- */

static void end_if_taken(struct flow *flow, void *arg)
{
	const struct fwd_portmap *taken = arg;
	struct dgram_flow *f = (struct dgram_flow *)flow;

	if (flow->key.protocol == IPPROTO_UDP && f->origin.mapped &&
	    fwd_portmap_test(taken, flow->key.ns_port))
		dgram_flow_close(f);
}

/* Return: whether there's any in @next that isn't in @map */
static bool has_new(const struct fwd_portmap *map, const struct fwd_portmap *next)
{
	for (size_t i = 0; i < ARRAY_SIZE(map->word); i++)
		if (next->word[i] & ~map->word[i])
			return true;
	return false;
}

void dgram_team_look(struct worker *first)
{
	const struct fwd_listeners *set = first->config->listeners;
	struct team *team = first->team;
	struct fwd_portmap next;
	bool any_new;

	if (!set || team->taken_changes == set->changes)
		return;
	team->taken_changes = set->changes;
	fwd_listeners_targets(set, FWD_UDP_TO_NS, &next);
	if (!memcmp(&next, &team->taken, sizeof(next)))
		return;
	any_new = has_new(&team->taken, &next);
	team_pause(first);
	team->taken = next;
	for (uint32_t i = 1; any_new && i < team->count; i++)
		flow_table_each(&team->workers[i]->flows, end_if_taken, &team->taken);
	team_resume(first);
}

bool dgram_team_give_way(struct worker *first, int family, uint16_t port)
{
	bool any = false;
	struct worker *w;

	team_pause(first);
	for (uint32_t i = 0; (w = worker_of(first, i)); i++)
		any |= dgram_mapping_give_way(&w->udp.env, family, port);
	team_resume(first);
	return any;
}

/* --- all of it ------------------------------------------------------------ */

void dgram_team_join(struct worker *w)
{
	static const struct dgram_sharing sharing = { count_all, displace_most };
	struct team *team = w->team;

	w->udp.env.pass = pass_udp;
	w->icmp.env.pass = pass_ping;
	w->icmp.env.ping_refused = &team->workers[0]->icmp.ping_refused;
	w->dgram_shares.sharing = &sharing;
	if (w->number)
		w->dgram_shares.taken = &team->taken;
	w->fragment_ids.step = WORKERS_MAX;
	w->fragment_ids.next = w->fragment_ids.next / WORKERS_MAX * WORKERS_MAX + w->number;
}
