/* SPDX-License-Identifier: Apache-2.0 */
#include "common/engine/worker_setup.h"

#include <errno.h>
#include <sys/random.h>

#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/engine/dgram_team.h"
#include "common/engine/hand_over.h"
#include "common/engine/team.h"
#include "common/engine/trace.h"
#include "common/engine/worker_batch.h"
#include "common/engine/worker_mail.h"
#include "common/tcp/accept.h"
#include "common/udp/arrivals.h"

/* What there is to announce now, as the services want it */
static struct autoconf_dns worker_dns(const struct worker *w)
{
	const struct dns_announce *announce = &w->forwarding.announce;
	struct autoconf_dns dns = { .server_count = announce->dns_count };

	memcpy(dns.servers, announce->dns, sizeof(dns.servers));
	memcpy(dns.search, announce->search, sizeof(dns.search));
	return dns;
}

/* Whether there is an inner side by frames, be it that nobody is there just now */
static bool has_link(const struct worker *w)
{
	return w->link.fd >= 0 || link_is_guest(&w->config->link);
}

static void worker_forwarding_replaced(struct forwarding *forwarding)
{
	struct worker *w = container_of(forwarding, struct worker, forwarding);
	struct autoconf_dns dns = worker_dns(w);
	struct worker *other;

	w->tcp.fwd = w->udp.env.fwd = w->icmp.env.fwd = worker_fwd(w);
	w->splice_listen.fwd = w->udp_local.fwd = w->automatic.fwd = worker_fwd(w);
	team_pause(w);
	for (uint32_t i = 1; (other = worker_of(w, i)); i++)
		hand_over_table(w, other);
	team_resume(w);
	if (has_link(w))
		autoconf_set_dns(&w->autoconf, &dns, clock_now_ns());
}

/* @asked_ns: 0: it has answered */
static void note_resolver_result(struct worker *w, const struct in6_addr *resolver, uint16_t port,
				 uint64_t asked_ns, uint64_t now_ns)
{
	w->stats.resolver_failures += asked_ns != 0;
	forwarding_resolver_result(&w->forwarding, resolver, port, asked_ns, now_ns);
}

static void worker_resolver_result(struct dgram_env *env, const struct in6_addr *resolver,
				   uint16_t port, uint64_t asked_ns, uint64_t now_ns)
{
	struct worker *w = container_of(env, struct worker, udp.env);

	note_resolver_result(w, resolver, port, asked_ns, now_ns);
}

static void worker_tcp_resolver_result(struct tcp *tcp, const struct in6_addr *resolver,
				       uint16_t port, uint64_t asked_ns, uint64_t now_ns)
{
	struct worker *w = container_of(tcp, struct worker, tcp);

	note_resolver_result(w, resolver, port, asked_ns, now_ns);
}

void worker_set_trace(struct worker *w)
{
	w->link.trace = log_enabled(LOG_LEVEL_TRACE) ? trace_frame : NULL;
}

/* What worker_init() was given */
struct worker_start {
	const struct worker *first; /* NULL: it is that one itself */
	int link_fd;
	uint64_t now_ns;
};

static int worker_init_link(struct worker *w, const struct worker_start *start)
{
	int rc = link_init(&w->link, start->link_fd, &w->config->link);

	link_watch_rings(&w->link, &w->loop, worker_on_kick);
	worker_set_trace(w);
	return rc;
}

static int fill_random(void *buf, size_t len)
{
	ssize_t n = getrandom(buf, len, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int worker_init_tables(struct worker *w, const struct worker_start *start)
{
	struct siphash_key flow_secret;
	int rc = fill_random(&flow_secret, sizeof(flow_secret));

	if (start->first)
		flow_secret = start->first->flows.secret; /* see flow_index.h */
	if (!rc)
		rc = fill_random(&w->fragment_ids.next, sizeof(w->fragment_ids.next));
	if (rc)
		return rc;
	w->dgram_shares = (struct dgram_shares){
		.max_fds = w->config->max_fds,
		.max_flows = w->config->max_flows,
		.listeners = w->config->listeners,
	};
	/* With room for mappings, one for each of the namespace's UDP flows at most */
	rc = flow_table_init(&w->flows, w->config->max_flows + w->config->max_flows / 4,
			     &flow_secret);
	if (!rc && !start->first)
		rc = reassembly_init(&w->reassembly);
	/* Of use as soon as there's a policy with names, and touched only then */
	if (!rc)
		rc = policy_learnt_init(&w->learnt, &flow_secret);
	if (!rc)
		rc = fwd_questions_init(&w->questions, &flow_secret);
	if (!rc)
		rc = fwd_own_init(&w->own, &flow_secret);
	forwarding_learn(&w->forwarding, &w->learnt, &w->own);
	return rc ? rc : loop_init(&w->loop);
}

static int worker_init_autoconf(struct worker *w, const struct worker_start *start)
{
	const struct autoconf_dns dns = worker_dns(w);
	const struct autoconf_env env = {
		.config = &w->config->autoconf,
		.link = &w->link,
		.timers = &w->timers,
		.dns = &dns,
	};
	struct siphash_key secret;
	int rc;

	if (!has_link(w))
		return 0;
	rc = fill_random(&secret, sizeof(secret));
	if (rc)
		return rc;
	autoconf_init(&w->autoconf, &env, &secret, start->now_ns);
	return 0;
}

static int worker_init_protocols(struct worker *w, const struct worker_start *start)
{
	const struct dgram_env dgrams = {
		.link = &w->link,
		.flows = &w->flows,
		.loop = &w->loop,
		.timers = &w->timers,
		.fwd = worker_fwd(w),
		.errors = &w->icmp_limit,
		.refusals = &w->refusals,
		.fragment_ids = &w->fragment_ids,
		.shares = &w->dgram_shares,
		.questions = &w->questions,
		.mapped_ready = udp_mapped_ready,
		.resolver_result = start->first ? NULL : worker_resolver_result,
	};
	struct siphash_key isn_secret;
	int rc = fill_random(&isn_secret, sizeof(isn_secret));

	if (rc)
		return rc;
	if (start->first) /* a port that is used again may come to another worker (RFC 6528) */
		isn_secret = start->first->tcp.isn_secret;
	w->tcp = (struct tcp){
		.link = &w->link,
		.flows = &w->flows,
		.loop = &w->loop,
		.timers = &w->timers,
		.fwd = worker_fwd(w),
		.icmp_limit = &w->icmp_limit,
		.refusals = &w->refusals,
		.questions = &w->questions,
		.splice = &w->splice,
		.resolver_result = start->first ? NULL : worker_tcp_resolver_result,
	};
	rc = tcp_init(&w->tcp, &isn_secret, w->config->tcp_peek_off);
	if (!rc)
		rc = udp_init(&w->udp, &dgrams);
	w->udp.local = &w->udp_local;
	if (!rc)
		rc = icmp_init(&w->icmp, &dgrams);
	return rc;
}

static bool worker_give_way(void *arg, int family, uint16_t port)
{
	struct worker *w = arg;

	return dgram_team_give_way(w, family, port);
}

/* Who takes what comes to forwarded ports */
static int worker_init_listeners(struct worker *w, const struct worker_start *start)
{
	struct fwd_listeners *set = w->config->listeners;

	(void)start;
	if (!set)
		return 0;
	set->give_way = worker_give_way;
	set->give_way_arg = w;
	set->handlers[FWD_TCP_TO_NS] = (struct fwd_listeners_handler){ tcp_accept_ready, &w->tcp };
	set->handlers[FWD_UDP_TO_NS] =
		(struct fwd_listeners_handler){ udp_arrivals_ready, &w->udp };
	set->handlers[FWD_TCP_TO_HOST] =
		(struct fwd_listeners_handler){ splice_listen_ready, &w->splice_listen };
	set->handlers[FWD_UDP_TO_HOST] =
		(struct fwd_listeners_handler){ udp_local_ready, &w->udp_local };
	return fwd_listeners_start(set, &w->loop, &w->timers);
}

/* What doesn't go by the tap */
static int worker_init_local(struct worker *w, const struct worker_start *start)
{
	int rc = splice_init(&w->splice, &w->loop, &w->config->sockets, w->config->max_flows / 2);

	if (start->first)
		return rc;
	w->splice_listen = (struct splice_listen){
		.splice = &w->splice,
		.fwd = worker_fwd(w),
		.refusals = &w->refusals,
	};
	w->udp_local = (struct udp_local){
		.flows = &w->flows,
		.loop = &w->loop,
		.timers = &w->timers,
		.sockets = &w->config->sockets,
		.fwd = worker_fwd(w),
		.refusals = &w->refusals,
		.shares = &w->dgram_shares,
	};
	return rc ? rc : udp_local_init(&w->udp_local);
}

/* Ports that open and close by themselves */
static int worker_init_automatic(struct worker *w, const struct worker_start *start)
{
	if (!w->config->listeners)
		return 0;
	w->automatic = (struct automatic){
		.sockets = &w->config->sockets,
		.listeners = w->config->listeners,
		.rules = w->config->rules,
		.fwd = worker_fwd(w),
		.timers = &w->timers,
		.fds_max = w->config->max_fds / 4,
	};
	/* Without a tap, the loopback is all that the namespace has */
	return automatic_init(&w->automatic,
			      w->config->fwd.host_lo_to_ns_lo || w->config->fwd.no_tap,
			      start->now_ns);
}

/* Whether it's watched by one of several workers, who may not be the first, depends: duty.h */
static int worker_watch_link(struct worker *w, const struct worker_start *start)
{
	w->link_watch = (struct watch){
		.fn = w->config->link.kind == LINK_VHOST ? worker_control_event : worker_link_event,
		.fd = start->link_fd,
	};
	if (start->link_fd < 0 || start->first)
		return 0;
	return loop_add(&w->loop, &w->link_watch, EPOLLIN);
}

static void worker_reset_tcp(struct flow *flow, void *arg)
{
	(void)arg;
	if (flow->key.protocol == IPPROTO_TCP)
		tcp_flow_reset_host((struct tcp_flow *)flow);
}

int worker_connect(struct worker *w, int fd)
{
	struct fwd_table *next;

	if (w->link.fd >= 0)
		loop_remove(&w->loop, &w->link_watch);
	flow_table_each(&w->flows, worker_reset_tcp, NULL);
	udp_close_all(&w->udp);
	icmp_close_all(&w->icmp);
	next = forwarding_edit(&w->forwarding);
	next->ip4.ns_addr = w->config->fwd.ip4.ns_addr;
	next->ip6.ns_addr = w->config->fwd.ip6.ns_addr;
	forwarding_replace(&w->forwarding);
	w->learn = (struct learn){ 0 };
	link_connect(&w->link, fd);
	w->link_waits = false;
	w->link_due = 0;
	w->failure = 0;
	return worker_watch_link(w, &(struct worker_start){ .link_fd = fd });
}

/* Each needs those before it; what is made stays for worker_fini(), also after a failure */
static int (*const worker_steps[])(struct worker *w, const struct worker_start *start) = {
	worker_init_link,  worker_init_tables,	  worker_init_protocols, worker_init_autoconf,
	worker_init_local, worker_init_listeners, worker_init_automatic, worker_watch_link,
};

static int (*const other_worker_steps[])(struct worker *w, const struct worker_start *start) = {
	worker_init_link,  worker_init_tables, worker_init_protocols,
	worker_init_local, worker_watch_link,
};

static void worker_init_empty(struct worker *w, const struct config *config, uint64_t now_ns)
{
	*w = (struct worker){
		.config = config,
		.loop.epoll_fd = -1,
		.pcap = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER },
		.bell = { .fn = worker_bell_event, .fd = -1 },
	};
	timer_wheel_init(&w->timers, now_ns);
	poll_policy_init(&w->poll, config->busy_poll_us, now_ns);
}

int worker_init_other(struct worker *w, const struct worker *first, uint32_t number, int link_fd)
{
	const struct worker_start start = { first, link_fd, clock_now_ns() };
	int rc = 0;

	worker_init_empty(w, first->config, start.now_ns);
	w->number = number;
	for (size_t i = 0; i < ARRAY_SIZE(other_worker_steps) && !rc; i++)
		rc = other_worker_steps[i](w, &start);
	return rc;
}

int worker_init(struct worker *w, const struct config *config, int link_fd)
{
	const struct worker_start start = { NULL, link_fd, clock_now_ns() };
	int rc = 0;

	worker_init_empty(w, config, start.now_ns);
	live_capture_init(&w->live_capture, &w->link);
	forwarding_init(&w->forwarding, config, &w->timers, worker_forwarding_replaced);
	for (size_t i = 0; i < ARRAY_SIZE(worker_steps) && !rc; i++)
		rc = worker_steps[i](w, &start);
	return rc;
}

static void worker_pcap_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)events;
	(void)now_ns;
	pcap_flush(&container_of(watch, struct worker, pcap_watch)->pcap);
}

/* A full disk ends the capture, which is said, now as later. What can't be watched is a file, and
 * need not be
 */
void worker_capture(struct worker *w, int pcap_fd)
{
	pcap_init(&w->pcap, pcap_fd);
	w->link.pcap = &w->pcap;
	w->pcap_watch = (struct watch){ .fn = worker_pcap_event, .fd = w->pcap.fd };
	if (w->pcap.rest)
		loop_add(&w->loop, &w->pcap_watch, EPOLLOUT | EPOLLET);
}

static void worker_close_tcp(struct flow *flow, void *arg)
{
	(void)arg;
	if (flow->key.protocol == IPPROTO_TCP)
		tcp_flow_close((struct tcp_flow *)flow);
}

void worker_fini(struct worker *w)
{
	if (w->team)
		worker_drop_mail(w);
	if (w->flows.records)
		flow_table_each(&w->flows, worker_close_tcp, NULL);
	udp_fini(&w->udp);
	icmp_fini(&w->icmp);
	udp_local_fini(&w->udp_local);
	tcp_fini(&w->tcp);
	splice_fini(&w->splice);
	automatic_fini(&w->automatic);
	loop_fini(&w->loop);
	reassembly_fini(&w->reassembly);
	flow_table_fini(&w->flows);
	policy_learnt_fini(&w->learnt);
	fwd_questions_fini(&w->questions);
	fwd_own_fini(&w->own);
	link_fini(&w->link);
	fds_close(&w->bell.fd);
	if (w->number)
		return;
	live_capture_fini(&w->live_capture);
	pcap_fini(&w->pcap);
}
