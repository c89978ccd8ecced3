/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame of the link that finds no room in a mailbox waits for it, and so does one whose fragments
 * came by mail: until then, the first one reads no more mail, which only it does, so that no two
 * wait for each other. Others are lost; a connection is kept by who has it. Of a decision that
 * can't be told the flow isn't opened; a name or a lesson is lost and counted.
 */
#include "common/engine/hand_over.h"

#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/engine/duty.h"
#include "common/engine/team.h"
#include "common/service/autoconf.h"
#include "common/service/ndp.h"
#include "common/tcp/rejected.h"
#include "common/wire/tcp.h"

/* --- frames --------------------------------------------------------------- */

/* Return: the worker that has the connection of @key, or is to have it */
static uint32_t owner_of(struct worker *w, const struct flow_key *key)
{
	int owner;

	if (flow_lookup(&w->flows, key))
		return w->number;
	owner = team_owner(w, key);
	if (owner >= 0)
		return (uint32_t)owner;
	return fwd_is_dns(IPPROTO_TCP, key->remote_port) ? 0 : w->number;
}

/* One that makes no sense is counted where it is */
static uint32_t owner_of_segment(struct worker *w, const struct ip_packet *ip)
{
	struct flow_key key = { .ns = ip->src, .remote = ip->dst, .protocol = IPPROTO_TCP };
	struct reader r = { ip->payload, ip->payload_len };
	const struct be16 *ports = reader_take(&r, 2 * sizeof(*ports));

	if (!ports)
		return w->number;
	key.ns_port = be16_get(ports[0]);
	key.remote_port = be16_get(ports[1]);
	return owner_of(w, &key);
}

/* Of UDP, what has to do with the namespace's configuration, and questions to resolvers. What is
 * the owner's for another reason, is found out when it begins a flow
 */
static bool is_first_ones(const struct ip_packet *ip)
{
	struct reader r = { ip->payload, ip->payload_len };
	const struct be16 *ports = reader_take(&r, 2 * sizeof(*ports));

	return autoconf_is_port(ip) || (ports && fwd_is_dns(IPPROTO_UDP, be16_get(ports[1])));
}

static uint32_t owner_of_packet(struct worker *w, const struct ip_packet *ip)
{
	struct flow_key key;
	uint32_t seq;

	if (!ip || ip->is_fragment)
		return 0;
	switch (ip->protocol) {
	case IPPROTO_TCP:
		return owner_of_segment(w, ip);
	case IPPROTO_UDP:
		return is_first_ones(ip) ? 0 : w->number;
	case IPPROTO_ICMPV6:
		if (ip->payload_len && ndp_is_type(ip->payload[0]))
			return 0;
		/* fall through */
	case IPPROTO_ICMP:
		return tcp_rejected_key(ip, &key, &seq) ? owner_of(w, &key) : w->number;
	default:
		return 0;
	}
}

/* Return: whether there was room */
static bool send_frame(struct worker *w, uint32_t to, const struct link_frame *frame)
{
	struct hand_over_frame *message =
		team_write(w, to, HAND_OVER_FRAME, sizeof(*message) + frame->len, true);

	if (!message)
		return false;
	*message = (struct hand_over_frame){
		.len = (uint32_t)frame->len,
		.gso = (uint8_t)frame->gso,
		.gso_size = frame->gso_size,
		.csum_known = frame->csum_known,
	};
	link_gather(&w->link, frame);
	memcpy(message->data, frame->data, frame->len);
	team_send(w, to);
	w->stats.handed_over++;
	return true;
}

/* Again, and once more after asking to be told of room. Return: whether it's gone */
static bool send_held(struct worker *w, uint32_t to, const struct link_frame *frame)
{
	if (send_frame(w, to, frame))
		return true;
	team_await(w, to);
	return send_frame(w, to, frame);
}

bool hand_over_held(struct worker *w)
{
	w->holds = !send_held(w, w->held_for, &w->held);
	return !w->holds;
}

bool hand_over_held_by_mail(struct worker *w)
{
	struct team *team = w->team;

	if (w->number)
		return true;
	if (team->holds)
		team->holds = !send_held(w, team->held_for, &team->held);
	return !team->holds;
}

/* Put together of fragments, whose last one has the Ethernet header. One that is held stays where
 * it is while fragments come by mail. Return: whether it can be a frame
 */
static bool make_whole(struct worker *w, const struct link_frame *frame, const struct ip_packet *ip,
		       struct link_frame *ret_frame)
{
	uint8_t *whole = w->team->whole[w->mailed];
	struct writer at = { whole + ETH_HLEN, sizeof(w->team->whole[0]) - ETH_HLEN };

	memcpy(whole, frame->data, ETH_HLEN);
	if (ip_emit(&at, ip) || at.left < ip->payload_len)
		return false;
	memcpy(at.data, ip->payload, ip->payload_len);
	*ret_frame = (struct link_frame){
		.data = whole,
		.len = (size_t)(at.data - whole) + ip->payload_len,
	};
	return true;
}

void hand_over_to(struct worker *w, uint32_t to, const struct link_frame *frame,
		  const struct ip_packet *ip)
{
	struct link_frame whole;

	if (w->whole) {
		if (!make_whole(w, frame, ip, &whole))
			return;
		frame = &whole;
	}
	if (w->mailed && w->whole) {
		w->team->held_for = to;
		w->team->held = *frame;
		w->team->holds = true;
		hand_over_held_by_mail(w);
	} else if (w->mailed) {
		w->stats.not_handed_over += !send_frame(w, to, frame);
	} else {
		w->held_for = to;
		w->held = *frame;
		hand_over_held(w);
	}
}

bool hand_over_of(struct worker *w, const struct link_frame *frame, const struct ip_packet *ip)
{
	const uint32_t to = owner_of_packet(w, ip);

	if (to == w->number)
		return false;
	hand_over_to(w, to, frame, ip);
	return true;
}

/* --- connections that were accepted --------------------------------------- */

/* Whether a worker has room for another one beside @coming ones that are on their way to it */
typedef bool (*has_room_fn)(const struct worker *w, uint32_t coming);

static bool has_room_on_tap(const struct worker *w, uint32_t coming)
{
	return flow_has_room(&w->flows, coming);
}

static bool has_room_for_local(const struct worker *w, uint32_t coming)
{
	return coming < w->splice.capacity - atomic_load(&w->splice.used);
}

/* What worker @to has taken in is looked at before its records are, so that none is missed */
static bool has_room_at(const struct team *team, uint32_t to, has_room_fn has_room)
{
	const uint32_t coming = team->dealt[to] - atomic_load(&team->opened[to]);

	return has_room(team->workers[to], coming);
}

/* The next one in turn that has room; if none has, it's refused by the first one */
static uint32_t next_in_turn(struct worker *first, has_room_fn has_room)
{
	for (uint32_t i = 0; i < first->team->count; i++) {
		const uint32_t to = duty_turn(first);

		if (has_room_at(first->team, to, has_room))
			return to;
	}
	return 0;
}

static void deal(struct worker *w, uint32_t to)
{
	w->team->dealt[to]++;
	team_send(w, to);
}

/* Where a client uses its port again, what is left of its last connection decides */
static bool pass_accepted(struct tcp *tcp, const struct tcp_accepted *accepted)
{
	struct worker *w = container_of(tcp, struct worker, tcp);
	const struct flow_key key = tcp_accepted_key(accepted, 0);
	struct tcp_accepted *message;
	int owner = team_owner(w, &key);
	uint32_t to;

	if (owner >= 0 && has_room_at(w->team, (uint32_t)owner, has_room_on_tap))
		to = (uint32_t)owner;
	else
		to = next_in_turn(w, has_room_on_tap);
	if (to == w->number)
		return false;
	message = team_write(w, to, HAND_OVER_ACCEPTED, sizeof(*message), false);
	if (!message)
		return false;
	*message = *accepted;
	deal(w, to);
	return true;
}

static bool is_room_for_accepted(const struct tcp *tcp)
{
	const struct worker *w = container_of(tcp, struct worker, tcp);

	for (uint32_t to = 0; to < w->team->count; to++)
		if (has_room_at(w->team, to, has_room_on_tap))
			return true;
	return false;
}

static bool pass_spliced(struct splice *splice, int fd, const struct splice_target *target)
{
	struct worker *w = container_of(splice, struct worker, splice);
	uint32_t to = next_in_turn(w, has_room_for_local);
	struct hand_over_splice *message;

	if (to == w->number)
		return false;
	message = team_write(w, to, HAND_OVER_SPLICE, sizeof(*message), false);
	if (!message)
		return false;
	*message = (struct hand_over_splice){ fd, *target };
	deal(w, to);
	return true;
}

/* --- what was learnt ------------------------------------------------------ */

static void tell_neighbour(void *arg, const struct in6_addr *addr, const uint8_t *mac)
{
	const struct worker *w = arg;

	for (uint32_t to = 0; to < w->team->count; to++) {
		struct hand_over_neighbour *message;

		if (to == w->number)
			continue;
		message = team_write(w, to, HAND_OVER_NEIGHBOUR, sizeof(*message), true);
		if (!message)
			continue;
		message->addr = *addr;
		memcpy(message->mac, mac, ETH_ALEN);
		team_send(w, to);
	}
}

void hand_over_heard(struct worker *w, const struct in6_addr *addr)
{
	struct in6_addr *message = team_write(w, 0, HAND_OVER_HEARD, sizeof(*message), true);

	if (!message)
		return;
	*message = *addr;
	team_send(w, 0);
}

/* Before the answer that taught it is sent on, so that nobody uses it sooner than it's known */
static void tell_learnt(void *arg, const struct in6_addr *addr, const char *name, uint32_t ttl_s)
{
	struct worker *w = arg;

	for (uint32_t to = 1; to < w->team->count; to++) {
		struct hand_over_learnt *message =
			team_write(w, to, HAND_OVER_LEARNT, sizeof(*message), false);

		if (!message) {
			w->stats.not_told++;
			continue;
		}
		message->addr = *addr;
		message->ttl_s = ttl_s;
		snprintf(message->name, sizeof(message->name), "%s", name);
		team_send(w, to);
	}
}

/* What can't be told is not to be done */
static bool pass_decision(void *arg, const struct policy_decision *decision,
			  const struct policy_event *event)
{
	struct worker *w = arg;
	struct hand_over_decision *message =
		team_write(w, 0, HAND_OVER_DECISION, sizeof(*message), false);

	if (!message) {
		w->stats.not_told++;
		return false;
	}
	message->decision = *decision;
	message->event = *event;
	for (int i = 0; i < POLICY_PARTS; i++)
		message->decision.answer[i].name = NULL;
	snprintf(message->name, sizeof(message->name), "%s",
		 event->answer.name ? event->answer.name : "");
	team_send(w, 0);
	return true;
}

static void pass_lesson(void *arg, const struct policy_query *query, const char *name)
{
	struct worker *w = arg;
	struct hand_over_lesson *message =
		team_write(w, 0, HAND_OVER_LESSON, sizeof(*message), false);

	if (!message) {
		w->stats.not_told++;
		return;
	}
	message->query = *query;
	message->query.names = NULL;
	message->query.name_count = 0;
	snprintf(message->name, sizeof(message->name), "%s", name ? name : "");
	team_send(w, 0);
}

/* --- all of it ------------------------------------------------------------ */

void hand_over_init(struct worker *w)
{
	w->link.neighbours.tell = tell_neighbour;
	w->link.neighbours.arg = w;
	if (w->number) {
		w->audit = (struct policy_audit){ .pass = pass_decision, .arg = w };
		w->lessons = (struct policy_lessons){ .pass = pass_lesson, .arg = w };
		return;
	}
	w->tcp.pass = pass_accepted;
	w->tcp.has_room = is_room_for_accepted;
	w->splice.pass = pass_spliced;
	w->learnt.tell = tell_learnt;
	w->learnt.arg = w;
}

void hand_over_table(const struct worker *first, struct worker *w)
{
	struct fwd_table *table = &w->forwarding.tables[w->forwarding.current];

	*table = *worker_fwd(first);
	table->learnt = &w->learnt;
	table->own = &w->own;
	table->audit = table->audit ? &w->audit : NULL;
	table->lessons = table->lessons ? &w->lessons : NULL;
	w->tcp.fwd = w->udp.env.fwd = w->icmp.env.fwd = table;
	fwd_own_forget(&w->own);
}
