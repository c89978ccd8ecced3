/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a socket is affected is asked of the kernel, which knows by what address and interface it
 * is: records don't keep that for a change that comes once a day.
 */
#include "common/engine/host_change.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/engine/autoconf_rules.h"
#include "common/engine/learn.h"
#include "common/engine/policy_change.h"
#include "common/engine/team.h"
#include "common/engine/worker.h"
#include "common/fwd/listeners_rebind.h"
#include "common/fwd/own.h"
#include "common/tcp/keep_alive.h"

/* --- what is lost for good ------------------------------------------------ */

struct losing {
	struct host_change *change;
	struct fwd_host_addrs gone;
	bool links; /* look for interfaces that are gone, too */
	uint32_t reset;
};

static bool is_lost(const struct losing *losing, int fd)
{
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa), name_len;
	char name[IFNAMSIZ];
	struct in6_addr addr;
	uint16_t port;

	if (losing->gone.count && !getsockname(fd, &sa.sa, &len) &&
	    !addr_from_sockaddr(&sa, &addr, &port) && fwd_host_addrs_has(&losing->gone, &addr))
		return true;
	name_len = sizeof(name);
	return losing->links && getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &name_len) &&
	       errno == ENODEV;
}

static void lose_flow(struct flow *flow, void *arg)
{
	struct losing *losing = arg;

	if (flow->key.protocol != IPPROTO_TCP || flow->watch.fd < 0 ||
	    !is_lost(losing, flow->watch.fd))
		return;
	tcp_flow_reset_both((struct tcp_flow *)flow);
	losing->reset++;
}

static void lose_spliced(struct losing *losing, struct splice *splice)
{
	struct splice_sockets sockets;

	for (uint32_t i = 0; i < splice->touched; i++) {
		if (!splice_at(splice, i, &sockets) ||
		    !is_lost(losing, sockets.to == SOCKET_HOST ? sockets.connected_fd
							       : sockets.accepted_fd))
			continue;
		splice_reset_at(splice, i);
		losing->reset++;
	}
}

static void lose_flows(struct losing *losing)
{
	struct worker *first = losing->change->worker, *w;

	team_pause(first);
	for (uint32_t i = 0; (w = worker_of(first, i)); i++) {
		flow_table_each(&w->flows, lose_flow, losing);
		lose_spliced(losing, &w->splice);
	}
	team_resume(first);
}

static void set_timer(struct host_change *change, uint64_t now_ns)
{
	uint64_t next_ns = fwd_host_lost_next_ns(&change->lost);

	if (change->links_due_ns && (!next_ns || change->links_due_ns < next_ns))
		next_ns = change->links_due_ns;
	if (next_ns)
		timer_set(&change->worker->timers, &change->timer, now_ns,
			  next_ns > now_ns ? (next_ns - now_ns) / NS_PER_MS + 1 : 0);
	else
		timer_cancel(&change->worker->timers, &change->timer);
}

static void lose(struct timer *timer, uint64_t now_ns)
{
	struct host_change *change = container_of(timer, struct host_change, timer);
	struct losing losing = { .change = change };

	fwd_host_lost_take(&change->lost, now_ns, &losing.gone);
	losing.links = change->links_due_ns && change->links_due_ns <= now_ns;
	if (losing.links)
		change->links_due_ns = 0;
	if (losing.links || losing.gone.count)
		lose_flows(&losing);
	change->reset += losing.reset;
	if (losing.reset)
		log_info("%u connections ended: the host has lost the address or interface that "
			 "they had",
			 losing.reset);
	set_timer(change, now_ns);
}

/* --- what is there -------------------------------------------------------- */

/* Return: whether anything is another now */
static bool take_family(const struct fwd_family *now, struct fwd_family *table)
{
	struct fwd_family next = *table;

	if (!table->enabled)
		return false;
	next.scope_id = now->scope_id;
	if (now->outbound_ifname[0]) /* it was asked for, and is not there: nothing leaves */
		memcpy(next.outbound_ifname, now->outbound_ifname, IFNAMSIZ);
	if (!addr_is_unspecified(&now->host_addr)) /* without one, nothing is to go anywhere else */
		next.host_addr = now->host_addr;
	if (next.scope_id == table->scope_id && addr_equal(&next.host_addr, &table->host_addr) &&
	    !strcmp(next.outbound_ifname, table->outbound_ifname))
		return false;
	*table = next;
	return true;
}

static void take_table(struct host_change *change, const struct host_state *state)
{
	struct forwarding *forwarding = &change->worker->forwarding;
	struct fwd_table *next = forwarding_edit(forwarding);
	bool differs = take_family(&state->ip4, &next->ip4);

	differs |= take_family(&state->ip6, &next->ip6);
	if (differs)
		forwarding_replace(forwarding);
}

/* @own: the host's own addresses are others. Flows that there are may be none of those that the
 * policy allows
 */
static void take_lans(struct host_change *change, const struct host_state *state, bool own)
{
	bool lans = state->lan_count != change->state.lan_count ||
		    memcmp(state->lans, change->state.lans,
			   state->lan_count * sizeof(state->lans[0])) != 0;

	if (lans) {
		change->state.lan_count = state->lan_count;
		memcpy(change->state.lans, state->lans, sizeof(state->lans));
		change->config->lans = change->state.lans;
		change->config->lan_count = state->lan_count;
	}
	if (lans || own)
		policy_change_lans(change->policy, change->state.lans, change->state.lan_count);
}

static void listen_again(struct host_change *change, uint64_t now_ns)
{
	struct fwd_listeners *set = change->config->listeners;
	uint32_t failed = set ? fwd_listeners_rebind(set) : 0;
	uint64_t more;

	if (failed && log_limit_pass(&change->listen_limit, now_ns, &more))
		log_warning("%u ports of interfaces that have come back cannot be listened on "
			    "again%s",
			    failed, log_limit_more(more).text);
}

/* Each by itself, at its next datagram */
static void flows_look(struct worker *first)
{
	struct worker *w;

	team_pause(first);
	for (uint32_t i = 0; (w = worker_of(first, i)); i++) {
		w->udp.env.moves++;
		w->icmp.env.moves++;
	}
	team_resume(first);
}

/* --- who is still there after a sleep ------------------------------------- */

static void each_flow(struct host_change *change, void (*fn)(struct flow *flow, void *unused))
{
	struct worker *w;

	team_pause(change->worker);
	for (uint32_t i = 0; (w = worker_of(change->worker, i)); i++)
		flow_table_each(&w->flows, fn, NULL);
	team_resume(change->worker);
}

static void ask_peer(struct flow *flow, void *unused)
{
	(void)unused;
	if (flow->key.protocol == IPPROTO_TCP)
		tcp_keep_alive_ask((struct tcp_flow *)flow);
}

static void end_asking(struct flow *flow, void *unused)
{
	(void)unused;
	if (flow->key.protocol == IPPROTO_TCP)
		tcp_keep_alive_asked((struct tcp_flow *)flow);
}

static void peers_asked(struct timer *timer, uint64_t now_ns)
{
	struct host_change *change = container_of(timer, struct host_change, asked);

	(void)now_ns;
	each_flow(change, end_asking);
}

static bool is_online(const struct host_state *state)
{
	for (uint32_t i = 0; i < state->lan_count; i++)
		if (!addr_is_link_local(&state->lans[i].addr))
			return true;
	return false;
}

/* Without a network nobody would answer, and connections that could go on would end */
static void ask_peers(struct host_change *change, uint64_t now_ns)
{
	if (!change->to_ask || !is_online(&change->state))
		return;
	change->to_ask = false;
	each_flow(change, ask_peer);
	timer_set(&change->worker->timers, &change->asked, now_ns, TCP_ASK_MS);
}

/* --- from outside --------------------------------------------------------- */

void host_change_init(struct host_change *change, struct worker *worker,
		      struct policy_change *policy, struct config *config)
{
	*change = (struct host_change){
		.worker = worker,
		.policy = policy,
		.config = config,
		.timer.fn = lose,
		.asked.fn = peers_asked,
	};
}

void host_change_start(struct host_change *change, const struct host_state *start)
{
	change->state = *start;
}

void host_change_apply(struct host_change *change, const struct host_state *state, uint64_t now_ns)
{
	struct host_state *was = &change->state;
	const uint64_t due_ns = now_ns + HOST_CHANGE_LOST_MS * NS_PER_MS;
	bool own = !fwd_host_addrs_equal(&state->own, &was->own);
	struct worker *w;

	team_pause(change->worker);
	for (uint32_t i = 0; (w = worker_of(change->worker, i)); i++)
		fwd_own_forget(&w->own);
	take_table(change, state);
	if (own)
		fwd_host_lost_update(&change->lost, &was->own, &state->own, due_ns);
	if (state->links != was->links)
		change->links_due_ns = due_ns;
	take_lans(change, state, own);
	*was = *state;
	listen_again(change, now_ns);
	flows_look(change->worker);
	ask_peers(change, now_ns);
	set_timer(change, now_ns);
	team_resume(change->worker);
}

/* @learns: who configures itself has what it had so far */
static void take_addrs(const struct addressing_family *given, bool learns,
		       struct fwd_family *family)
{
	static_assert(FWD_NS_ADDRS_MAX >= ADDRESSING_ADDRS_MAX, "forwarding knows all of them");

	family->ns_addr_count = (uint32_t)given->addr_count;
	for (size_t i = 0; i < given->addr_count; i++)
		family->ns_addrs[i] = given->addrs[i].addr;
	if (given->addr_count && !learns)
		family->ns_addr = given->addrs[0].addr;
}

/* Who configures itself is told */
static void given_family(struct host_change *change, bool ipv4,
			 const struct addressing_family *given, uint64_t now_ns)
{
	struct worker *w = change->worker;

	learn_again(&w->learn, ipv4);
	autoconf_grow(given, ipv4, &change->config->autoconf);
	autoconf_changed(&w->autoconf, now_ns);
	flows_look(w);
}

static void grow_family(const struct addressing_family *given, bool learns,
			struct fwd_family *family)
{
	take_addrs(given, learns, family);
	if (addr_is_unspecified(&family->gateway))
		family->gateway = given->gateway;
}

void host_change_grow(struct host_change *change, bool ipv4, const struct addressing_family *given,
		      uint64_t now_ns)
{
	struct worker *w = change->worker;
	struct config *config = change->config;
	struct fwd_table *next = forwarding_edit(&w->forwarding);

	grow_family(given, learn_is_wanted(config), ipv4 ? &next->ip4 : &next->ip6);
	forwarding_replace(&w->forwarding);
	grow_family(given, false, ipv4 ? &config->fwd.ip4 : &config->fwd.ip6);
	given_family(change, ipv4, given, now_ns);
}

/* A namespace without any address is known by the one that is learnt. One without a way out may
 * still use the gateway that it had
 */
static void mirror_family(const struct addressing_family *given, const struct fwd_family *now,
			  bool learns, struct fwd_family *family)
{
	take_addrs(given, learns, family);
	if (!given->addr_count && !learns)
		family->ns_addr = in6addr_any;
	if (given->default_from == ADDRESSING_DEFAULT_NONE)
		return;
	family->gateway = given->gateway;
	family->map_host_loopback = now->map_host_loopback;
	if (fwd_is_ns_addr(family, &family->gateway))
		family->gateway = in6addr_any;
	if (fwd_is_ns_addr(family, &family->map_host_loopback))
		family->map_host_loopback = in6addr_any;
}

void host_change_mirror(struct host_change *change, bool ipv4,
			const struct addressing_family *given, uint64_t now_ns)
{
	const struct fwd_family *now = ipv4 ? &change->state.ip4 : &change->state.ip6;
	struct worker *w = change->worker;
	struct config *config = change->config;
	struct fwd_table *next = forwarding_edit(&w->forwarding);

	mirror_family(given, now, learn_is_wanted(config), ipv4 ? &next->ip4 : &next->ip6);
	forwarding_replace_with(&w->forwarding, &config->resolv);
	mirror_family(given, now, false, ipv4 ? &config->fwd.ip4 : &config->fwd.ip6);
	given_family(change, ipv4, given, now_ns);
}

void host_change_awake(struct host_change *change, uint64_t now_ns)
{
	forwarding_retry_resolvers(&change->worker->forwarding, now_ns);
	flows_look(change->worker);
	change->to_ask = true;
	ask_peers(change, now_ns);
}
