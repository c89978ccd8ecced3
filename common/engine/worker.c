/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot loop. What a batch leaves owed (acknowledgements, gathered datagrams, records to reuse)
 * is settled at its end, so that the cost is shared by all that happened in it.
 */
#include "common/engine/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/dgram/dgram_mapping.h"
#include "common/engine/trace.h"
#include "common/service/arp.h"
#include "common/service/autoconf.h"
#include "common/service/ndp.h"
#include "common/tcp/accept.h"
#include "common/tcp/owed.h"
#include "common/tcp/rejected.h"
#include "common/udp/arrivals.h"

/* Frames read in one go before sockets get their turn */
#define WORKER_TAP_BUDGET 64

#define IP6_NEXT_HEADER_OFFSET 6

/* A frame shorter than this, alone, is more likely a request than the start of a train */
#define WORKER_SMALL_FRAME 2048

/* A worker that never sleeps lets delayed acknowledgements age so often, so that they go out after
 * 40 ms at most, as Linux's own do. With many connections, answers take their time to come round:
 * sent earlier, acknowledgements would mostly be frames for nothing.
 */
#define WORKER_ACK_AGE_NS (20 * NS_PER_MS)

/* A guest that changes its address with every packet changes the table so often */
#define WORKER_LEARN_NS NS_PER_S

static const struct fwd_table *worker_fwd(const struct worker *w)
{
	return forwarding_table(&w->forwarding);
}

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
	return w->tap.fd >= 0 || w->config->tap.stream;
}

static void worker_forwarding_replaced(struct forwarding *forwarding)
{
	struct worker *w = container_of(forwarding, struct worker, forwarding);
	struct autoconf_dns dns = worker_dns(w);

	w->tcp.fwd = w->udp.env.fwd = w->icmp.env.fwd = worker_fwd(w);
	w->splice_listen.fwd = w->udp_local.fwd = w->automatic.fwd = worker_fwd(w);
	if (has_link(w))
		autoconf_set_dns(&w->autoconf, &dns, clock_now_ns());
}

static void worker_resolver_result(struct dgram_env *env, const struct in6_addr *resolver,
				   uint16_t port, uint64_t asked_ns, uint64_t now_ns)
{
	struct worker *w = container_of(env, struct worker, udp.env);

	forwarding_resolver_result(&w->forwarding, resolver, port, asked_ns, now_ns);
}

static void worker_tcp_resolver_result(struct tcp *tcp, const struct in6_addr *resolver,
				       uint16_t port, uint64_t asked_ns, uint64_t now_ns)
{
	struct worker *w = container_of(tcp, struct worker, tcp);

	forwarding_resolver_result(&w->forwarding, resolver, port, asked_ns, now_ns);
}

/* IPv6's "no next header" (RFC 8200, 4.7) is no protocol, and ICMPv6 points at the byte that named
 * the one we don't know: the fixed header's, which is all that is quoted (RFC 4443, 3.4)
 */
static void worker_unhandled(struct worker *w, const struct ip_packet *ip, uint64_t now_ns)
{
	const struct icmp_error error = {
		.kind = ICMP_ERROR_PROTOCOL_UNREACHABLE,
		.info = addr_is_ipv4(&ip->dst) ? 0 : IP6_NEXT_HEADER_OFFSET,
		.packet = ip,
	};

	w->stats.unhandled++;
	if (ip->protocol != IPPROTO_NONE && fwd_refusal_is_told(FWD_REFUSE_DESTINATION, &ip->dst))
		icmp_error_send(&w->tap, &w->icmp_limit, &error, now_ns);
}

/* A guest may have other addresses than those it was offered: set by hand, or made of the prefix
 * that was announced (RFC 4862). What it speaks from is where what comes from outside goes to; what
 * it was offered is kept to once it was seen in use, so that temporary addresses don't take turns
 */
static void worker_learn_guest(struct worker *w, const struct in6_addr *src, uint64_t now_ns)
{
	bool ipv4 = addr_is_ipv4(src);
	const struct fwd_family *family = ipv4 ? &worker_fwd(w)->ip4 : &worker_fwd(w)->ip6;
	const struct fwd_family *given = ipv4 ? &w->config->fwd.ip4 : &w->config->fwd.ip6;
	struct worker_guest *guest = ipv4 ? &w->guest4 : &w->guest6;
	struct fwd_table *next;

	if (guest->uses_given || !family->enabled || !addr_is_unicast(src) ||
	    (!ipv4 && addr_is_link_local(src)))
		return;
	guest->uses_given = addr_equal(src, &given->ns_addr);
	if (addr_equal(src, &family->ns_addr) ||
	    (!guest->uses_given && guest->learnt_ns && now_ns - guest->learnt_ns < WORKER_LEARN_NS))
		return;
	guest->learnt_ns = now_ns;
	next = forwarding_edit(&w->forwarding);
	(ipv4 ? &next->ip4 : &next->ip6)->ns_addr = *src;
	forwarding_replace(&w->forwarding);
}

static void worker_packet(struct worker *w, const struct tap_frame *frame,
			  const struct ip_packet *ip, uint64_t now_ns)
{
	struct in6_addr claimed;

	switch (ip->protocol) {
	case IPPROTO_TCP:
		tcp_input(&w->tcp, frame, ip, now_ns);
		break;
	case IPPROTO_UDP:
		if (autoconf_is_port(ip) && autoconf_datagram(&w->autoconf, frame, ip))
			break;
		if (udp_input(&w->udp, frame, ip, now_ns) && !tap_hold(&w->tap, frame))
			udp_flush(&w->udp, now_ns);
		/* Room for the next train, whoever has sent the last one */
		if (!udp_is_waiting(&w->udp))
			tap_release(&w->tap);
		break;
	case IPPROTO_ICMPV6:
		if (ip->payload_len && ndp_is_type(ip->payload[0])) {
			if (ip->payload[0] == RA_SOLICITATION)
				autoconf_solicitation(&w->autoconf, frame, ip, now_ns);
			else if (w->config->ndp && worker_fwd(w)->ip6.enabled)
				ndp_input(&w->tap, &worker_fwd(w)->ip6.ns_addr, frame, ip);
			if (w->config->tap.stream && ndp_claim(frame, ip, &claimed))
				worker_learn_guest(w, &claimed, now_ns);
			break;
		}
		/* fall through */
	case IPPROTO_ICMP:
		if (!tcp_rejected(&w->tcp, frame, ip))
			icmp_input(&w->icmp, frame, ip, now_ns);
		break;
	default:
		worker_unhandled(w, ip, now_ns);
	}
}

/* Local mode gives the namespace no IPv6 address: it is learnt from what it calls itself first */
static void worker_learn(struct worker *w, const struct in6_addr *src)
{
	const struct fwd_family *ip6 = &worker_fwd(w)->ip6;
	char text[ADDR_TEXT_MAX];

	if (!ip6->enabled || !addr_is_unspecified(&ip6->ns_addr) || !addr_is_link_local(src))
		return;
	forwarding_edit(&w->forwarding)->ip6.ns_addr = *src;
	forwarding_replace(&w->forwarding);
	log_debug("the namespace's IPv6 address is %s", addr_format(src, text));
}

static void worker_frame(struct worker *w, const struct tap_frame *frame, uint64_t now_ns)
{
	struct reader r = { frame->data, frame->len };
	struct ip_packet ip, whole;
	struct tap_frame reassembled;
	struct eth_header eth;

	if (eth_parse(&r, &eth)) {
		w->stats.malformed++;
		return;
	}
	if (eth.type == ETH_P_ARP) {
		if (worker_fwd(w)->ip4.enabled)
			arp_input(&w->tap, &worker_fwd(w)->ip4.ns_addr, &r, now_ns);
		return;
	}
	if ((eth.type != ETH_P_IP && eth.type != ETH_P_IPV6) ||
	    ip_parse(&r, eth.type, frame->gso != TAP_GSO_NONE, &ip)) {
		w->stats.malformed++;
		return;
	}
	neighbours_heard(&w->tap.neighbours, &ip.src, eth.src, now_ns);
	if (eth.type == ETH_P_IPV6)
		worker_learn(w, &ip.src);
	if (w->config->tap.stream)
		worker_learn_guest(w, &ip.src, now_ns);
	if (!ip.is_fragment) {
		worker_packet(w, frame, &ip, now_ns);
		return;
	}
	if (reassembly_feed(&w->reassembly, &ip, now_ns, &whole) != REASSEMBLY_COMPLETE)
		return;
	/* Its bytes are the reassembly's, for this call only, and no kernel vouches for them */
	reassembled = (struct tap_frame){ .data = frame->data, .len = frame->len };
	udp_flush(&w->udp, now_ns);
	worker_packet(w, &reassembled, &whole, now_ns);
	udp_flush(&w->udp, now_ns);
}

static void worker_tap_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct worker *w = container_of(watch, struct worker, tap_watch);
	bool train = w->tap_batch + 1 == w->batch; /* it had frames in the last batch too */

	if (events & EPOLLOUT) {
		tap_flush(&w->tap);
		tcp_room(&w->tcp, now_ns);
	}
	if (events & (EPOLLERR | EPOLLHUP) && !w->config->tap.stream)
		w->failure = -ENODEV;
	w->tap_batch = w->batch;
	for (int i = 0; i < WORKER_TAP_BUDGET || tap_has_frame(&w->tap); i++) {
		struct tap_frame frame;
		int rc = tap_read(&w->tap, &frame);

		if (rc == -EAGAIN)
			break;
		if (rc < 0) {
			w->failure = rc;
			break;
		}
		if (!rc)
			continue;
		worker_frame(w, &frame, now_ns);
		if (!train && frame.len < WORKER_SMALL_FRAME && !tap_has_frame(&w->tap))
			break; /* spare the read that finds nothing; the loop comes back */
	}
	udp_flush(&w->udp, now_ns);
	tap_release(&w->tap);
}

void worker_set_trace(struct worker *w)
{
	w->tap.trace = log_enabled(LOG_LEVEL_TRACE) ? trace_frame : NULL;
}

/* What worker_init() was given */
struct worker_start {
	int tap_fd;
	uint64_t now_ns;
};

static int worker_init_tap(struct worker *w, const struct worker_start *start)
{
	int rc = tap_init(&w->tap, start->tap_fd, &w->config->tap);

	worker_set_trace(w);
	return rc;
}

static int worker_init_tables(struct worker *w, const struct worker_start *start)
{
	struct siphash_key flow_secret;
	int rc;

	(void)start;
	if (getrandom(&flow_secret, sizeof(flow_secret), 0) != sizeof(flow_secret) ||
	    getrandom(&w->fragment_ids, sizeof(w->fragment_ids), 0) != sizeof(w->fragment_ids))
		return -EIO;
	w->dgram_shares = (struct dgram_shares){
		.max_fds = w->config->max_fds,
		.max_flows = w->config->max_flows,
		.listeners = w->config->listeners,
	};
	/* With room for mappings, one for each of the namespace's UDP flows at most */
	rc = flow_table_init(&w->flows, w->config->max_flows + w->config->max_flows / 4,
			     &flow_secret);
	if (!rc)
		rc = reassembly_init(&w->reassembly);
	return rc ? rc : loop_init(&w->loop);
}

static int worker_init_autoconf(struct worker *w, const struct worker_start *start)
{
	const struct autoconf_dns dns = worker_dns(w);
	const struct autoconf_env env = {
		.config = &w->config->autoconf,
		.tap = &w->tap,
		.timers = &w->timers,
		.dns = &dns,
	};
	struct siphash_key secret;

	(void)start;
	if (!has_link(w))
		return 0;
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return -EIO;
	autoconf_init(&w->autoconf, &env, &secret, start->now_ns);
	return 0;
}

static int worker_init_protocols(struct worker *w, const struct worker_start *start)
{
	const struct dgram_env dgrams = {
		.tap = &w->tap,
		.flows = &w->flows,
		.loop = &w->loop,
		.timers = &w->timers,
		.fwd = worker_fwd(w),
		.errors = &w->icmp_limit,
		.fragment_ids = &w->fragment_ids,
		.shares = &w->dgram_shares,
		.mapped_ready = udp_mapped_ready,
		.resolver_result = worker_resolver_result,
	};
	struct siphash_key isn_secret;
	int rc;

	(void)start;
	if (getrandom(&isn_secret, sizeof(isn_secret), 0) != sizeof(isn_secret))
		return -EIO;
	w->tcp = (struct tcp){
		.tap = &w->tap,
		.flows = &w->flows,
		.loop = &w->loop,
		.timers = &w->timers,
		.fwd = worker_fwd(w),
		.icmp_limit = &w->icmp_limit,
		.splice = &w->splice,
		.resolver_result = worker_tcp_resolver_result,
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

	return dgram_mapping_give_way(&w->udp.env, family, port);
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

	(void)start;
	w->splice_listen = (struct splice_listen){ .splice = &w->splice, .fwd = worker_fwd(w) };
	w->udp_local = (struct udp_local){
		.flows = &w->flows,
		.loop = &w->loop,
		.timers = &w->timers,
		.sockets = &w->config->sockets,
		.fwd = worker_fwd(w),
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

static int worker_watch_tap(struct worker *w, const struct worker_start *start)
{
	w->tap_watch = (struct watch){ .fn = worker_tap_event, .fd = start->tap_fd };
	return start->tap_fd >= 0 ? loop_add(&w->loop, &w->tap_watch, EPOLLIN) : 0;
}

/* What waits for a full link goes on when that tells. At the end of each batch */
static void worker_flush_link(struct worker *w)
{
	bool waits;

	if (!w->config->tap.stream || w->tap.fd < 0)
		return;
	waits = tap_flush(&w->tap) || tcp_waits_for_room(&w->tcp);
	if (waits == w->tap_waits)
		return;
	w->tap_waits = waits;
	loop_modify(&w->loop, &w->tap_watch, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
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

	if (w->tap.fd >= 0)
		loop_remove(&w->loop, &w->tap_watch);
	flow_table_each(&w->flows, worker_reset_tcp, NULL);
	udp_close_all(&w->udp);
	icmp_close_all(&w->icmp);
	next = forwarding_edit(&w->forwarding);
	next->ip4.ns_addr = w->config->fwd.ip4.ns_addr;
	next->ip6.ns_addr = w->config->fwd.ip6.ns_addr;
	forwarding_replace(&w->forwarding);
	w->guest4 = w->guest6 = (struct worker_guest){ 0 };
	tap_connect(&w->tap, fd);
	w->tap_waits = false;
	w->failure = 0;
	return worker_watch_tap(w, &(struct worker_start){ .tap_fd = fd });
}

/* Each needs those before it; what is made stays for worker_fini(), also after a failure */
static int (*const worker_steps[])(struct worker *w, const struct worker_start *start) = {
	worker_init_tap,   worker_init_tables,	  worker_init_protocols, worker_init_autoconf,
	worker_init_local, worker_init_listeners, worker_init_automatic, worker_watch_tap,
};

int worker_init(struct worker *w, const struct config *config, int tap_fd)
{
	const struct worker_start start = { tap_fd, clock_now_ns() };
	int rc = 0;

	*w = (struct worker){ .config = config, .loop.epoll_fd = -1, .pcap.fd = -1 };
	live_capture_init(&w->live_capture, &w->tap);
	timer_wheel_init(&w->timers, start.now_ns);
	forwarding_init(&w->forwarding, config, &w->timers, worker_forwarding_replaced);
	poll_policy_init(&w->poll, config->busy_poll_us, start.now_ns);
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
	w->tap.pcap = &w->pcap;
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
	if (w->flows.records) {
		flow_table_each(&w->flows, worker_close_tcp, NULL);
		udp_fini(&w->udp);
		udp_local_fini(&w->udp_local);
		icmp_fini(&w->icmp);
	}
	tcp_fini(&w->tcp);
	splice_fini(&w->splice);
	automatic_fini(&w->automatic);
	loop_fini(&w->loop);
	reassembly_fini(&w->reassembly);
	flow_table_fini(&w->flows);
	tap_fini(&w->tap);
	live_capture_fini(&w->live_capture);
	pcap_fini(&w->pcap);
}

/* Poll for an event for a short time, if that is promising. Return: events */
static int worker_poll(struct worker *w, struct epoll_event *events, uint64_t bytes)
{
	uint64_t start_ns = clock_now_ns(), spent_ns;
	int n;

	if (!poll_policy_wanted(&w->poll, bytes, start_ns))
		return 0;
	do {
		n = loop_wait(&w->loop, events, 0);
		spent_ns = clock_now_ns() - start_ns;
	} while (!n && spent_ns < w->poll.limit_ns);
	poll_policy_result(&w->poll, n, spent_ns);
	return n;
}

static int worker_sleep(struct worker *w, struct epoll_event *events, int timeout_ms)
{
	int timer_ms;

	tcp_owed_flush(&w->tcp, TCP_OWED_FLUSH_ALL);
	worker_flush_link(w);
	timer_ms = timer_next_ms(&w->timers, clock_now_ns());
	if (timer_ms >= 0 && (timeout_ms < 0 || timer_ms < timeout_ms))
		timeout_ms = timer_ms;
	return loop_wait(&w->loop, events, timeout_ms);
}

static uint64_t worker_bytes(const struct worker *w)
{
	return w->tap.stats.rx_bytes + w->tap.stats.tx_bytes + w->splice.stats.bytes +
	       w->udp_local.stats.bytes;
}

int worker_batch(struct worker *w, int timeout_ms)
{
	struct epoll_event events[LOOP_BATCH];
	uint64_t before = worker_bytes(w), now_ns;
	bool ageing;
	int n = loop_wait(&w->loop, events, 0);

	if (!n)
		n = worker_poll(w, events, w->last_bytes);
	if (!n)
		n = worker_sleep(w, events, timeout_ms);
	now_ns = clock_now_ns();
	w->batch++;
	loop_dispatch(events, n, now_ns);
	timer_run(&w->timers, now_ns);
	ageing = now_ns - w->aged_ns >= WORKER_ACK_AGE_NS;
	if (ageing)
		w->aged_ns = now_ns;
	tcp_owed_flush(&w->tcp, ageing ? TCP_OWED_FLUSH_AGED : TCP_OWED_FLUSH_DUE);
	flow_table_reap(&w->flows);
	splice_reap(&w->splice);
	if (w->config->listeners)
		fwd_listeners_reap(w->config->listeners);
	worker_flush_link(w);
	w->last_bytes = n ? worker_bytes(w) - before : 0;
	return w->failure ? w->failure : n;
}

bool worker_is_empty(const struct worker *w)
{
	return !w->tcp.backlogged && splice_is_empty(&w->splice);
}
