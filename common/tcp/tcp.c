/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow's life. Three things can happen to it: a segment from the namespace, an event on its
 * socket, its timer. Each asks the core what follows, has the two sides do it, and ends by noting
 * what is still owed: an acknowledgement (owed.c) and the next timeout.
 */
#include "common/tcp/tcp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/fwd/outbound.h"
#include "common/service/ask.h"
#include "common/tcp/accepting.h"
#include "common/tcp/dns_retry.h"
#include "common/tcp/ip_fields.h"
#include "common/tcp/gaps.h"
#include "common/tcp/gate.h"
#include "common/tcp/keep_alive.h"
#include "common/tcp/owed.h"
#include "common/tcp/payload.h"
#include "common/tcp/second_try.h"
#include "common/tcp/sock_side.h"
#include "common/tcp/tap_side.h"
#include "common/tcp/timeout.h"
#include "common/wire/checksum.h"

static_assert(sizeof(struct tcp_flow) <= FLOW_RECORD_BYTES, "a flow is one record");

#define TCP_TX_BYTES 65536

/* In flight towards a guest at most: it takes turns with us, and with whoever carries the frames,
 * so that each turn has to be worth the wait for the next. With more, what waits for a slow guest
 * would do so for longer than a timeout, and be sent again
 */
#define TCP_LIMIT_GUEST (512 * 1024)

/* What was acknowledged leaves the socket's queue after this time at the latest */
#define TCP_DISCARD_MS 200

/* Backlogs and copies of all flows together: 1 GiB of address space, touched as needed. Enough for
 * 13,000 sockets that take nothing more, and copies may have half of it at most: nobody who stalls
 * takes away what another flow was promised
 */
#define TCP_CHUNKS 65536

int tcp_init(struct tcp *tcp, const struct siphash_key *secret, bool peek_off_works)
{
	void *buf = mmap(NULL, TCP_TX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	tcp->isn_secret = *secret;
	tcp->peek_off_works = peek_off_works;
	if (buf == MAP_FAILED)
		return -ENOMEM;
	tcp->tx_buf = buf;
	return chunk_pool_init(&tcp->chunks, TCP_CHUNKS);
}

void tcp_fini(struct tcp *tcp)
{
	if (tcp->tx_buf)
		munmap(tcp->tx_buf, TCP_TX_BYTES);
	tcp->tx_buf = NULL;
	chunk_pool_fini(&tcp->chunks);
}

static void tcp_flow_end(struct tcp_flow *f, bool reset)
{
	tcp_gaps_forget(f);
	tcp_gate_fini(f);
	tcp_sock_close(f, reset);
	tcp_owed_forget(f);
	timer_cancel(f->tcp->timers, &f->flow.timer);
	policy_learnt_release(f->tcp->fwd->learnt, f->held);
	f->tcp->lingering -= f->conn.tap_state == TCP_TAP_TIME_WAIT;
	flow_free(f->tcp->flows, &f->flow);
}

void tcp_flow_close(struct tcp_flow *f)
{
	tcp_flow_end(f, false);
}

void tcp_flow_reset_host(struct tcp_flow *f)
{
	tcp_flow_end(f, true);
}

void tcp_flow_reset_both(struct tcp_flow *f)
{
	f->tcp->stats.reset++;
	tcp_tap_send_reset(f);
	tcp_flow_end(f, true);
}

/* Both directions are done: keep only the record, to answer what the namespace may repeat */
static void tcp_flow_linger(struct tcp_flow *f, uint64_t now_ns)
{
	if (f->conn.ack_state != TCP_ACK_NONE)
		tcp_tap_send(f, 0, NULL, 0, 0);
	tcp_gaps_forget(f);
	tcp_gate_fini(f);
	tcp_sock_close(f, false);
	tcp_owed_forget(f);
	f->conn.tap_state = TCP_TAP_TIME_WAIT;
	f->tcp->lingering++;
	timer_set(f->tcp->timers, &f->flow.timer, now_ns, TCP_TIME_WAIT_MS);
}

/* What is owed after an event: an acknowledgement, a timeout within @timeout_ms */
static void tcp_flow_settle_within(struct tcp_flow *f, uint64_t timeout_ms, uint64_t now_ns)
{
	timeout_ms = MIN(timeout_ms, tcp_conn_timer_ms(&f->conn, f->backlog.length));
	if (f->no_memory)
		timeout_ms = MIN(timeout_ms, TCP_STARVED_MS);
	if (f->undiscarded)
		timeout_ms = MIN(timeout_ms, TCP_DISCARD_MS);
	tcp_owed_note(f);
	timer_set_by(f->tcp->timers, &f->flow.timer, now_ns, timeout_ms);
}

static void tcp_flow_settle(struct tcp_flow *f, uint64_t now_ns)
{
	tcp_flow_settle_within(f, UINT64_MAX, now_ns);
}

/* Carry out what the core said, but for accepted data. Return: false if the flow is gone */
static bool tcp_flow_act(struct tcp_flow *f, const struct tcp_action *action, uint64_t now_ns)
{
	if (action->reset_both) {
		tcp_flow_reset_both(f);
		return false;
	}
	if (action->reset_host) {
		if (f->conn.tap_state == TCP_TAP_SYN_SENT)
			tcp_second_try(f, now_ns);
		tcp_flow_end(f, true);
		return false;
	}
	if (action->synack)
		tcp_tap_send_synack(f);
	if (action->probe)
		tcp_tap_send_probe(f);
	if (action->discard)
		tcp_sock_discard(f, action->discard);
	f->tcp->stats.resent += action->resend;
	if (action->pull && tcp_sock_pull(f, now_ns)) {
		tcp_flow_reset_both(f);
		return false;
	}
	if (action->closed) {
		tcp_flow_linger(f, now_ns);
		return false;
	}
	return true;
}

/* What was announced first, until there's a reason to ask the socket */
static void tcp_flow_opened(struct tcp_flow *f)
{
	f->window = TCP_SYNACK_WINDOW;
	f->window_seq = f->conn.rcv_nxt;
	f->tcp->stats.opened++;
}

/* Have its gate look at what waits there. @ret_pull: there may be something for the namespace.
 * Return: 0 or -errno
 */
static int tcp_flow_look(struct tcp_flow *f, bool *ret_pull, uint64_t now_ns)
{
	if (f->gate == TCP_GATE_OPEN)
		return 0;
	*ret_pull |= f->gate == TCP_GATE_DNS && f->conn.tap_state == TCP_TAP_ESTABLISHED;
	return tcp_gate_look(f, now_ns);
}

static void tcp_flow_segment(struct tcp_flow *f, const struct ip_packet *ip,
			     const struct tcp_segment *seg, const struct link_frame *frame,
			     uint64_t now_ns)
{
	struct tcp_action action;
	bool opening = f->conn.tap_state == TCP_TAP_SYN_SENT;

	tcp_ip_fields_seen(f, ip);
	tcp_gaps_note(f, seg);
	tcp_conn_segment(&f->conn, seg, now_ns, &action);
	if (action.reply_reset) {
		tcp_tap_reply_reset(f->tcp, ip, seg);
		if (action.synack)
			tcp_tap_send_synack(f);
		return;
	}
	if (opening && f->conn.tap_state == TCP_TAP_ESTABLISHED)
		tcp_flow_opened(f);
	if (tcp_payload_take(f, seg, frame, &action) || tcp_flow_look(f, &action.pull, now_ns)) {
		tcp_flow_reset_both(f);
		return;
	}
	if (action.keep_alive_s)
		tcp_keep_alive(f, action.keep_alive_s);
	if (tcp_sock_finish(f))
		action.closed = true;
	if (action.answer)
		tcp_tap_send_answer(f, &action.duplicate);
	if (!tcp_flow_act(f, &action, now_ns))
		return;
	if (f->gaps)
		tcp_gaps_trim(f);
	tcp_flow_settle(f, now_ns);
}

/* The host could not connect: tell the namespace what connect() would have said to it */
static void tcp_flow_unreachable(struct tcp_flow *f, int error, uint64_t now_ns)
{
	uint8_t header[TCP_EMIT_MAX];
	struct writer w = { header, sizeof(header) };
	const struct tcp_segment syn = {
		.src_port = f->flow.key.ns_port,
		.dst_port = f->flow.key.remote_port,
		.seq = f->conn.rcv_nxt - 1,
		.flags = TCP_SYN,
		.wscale = TCP_WSCALE_NONE,
	};
	const struct ip_packet packet = {
		.src = f->flow.key.ns,
		.dst = f->flow.key.remote,
		.protocol = IPPROTO_TCP,
		.ttl = f->ttl,
		.tos = f->dscp,
		.payload = header,
		.payload_len = TCP_HEADER_LEN,
	};
	struct icmp_error message = { 0 };

	f->tcp->stats.refused_by_host++;
	if (error == ECONNREFUSED || error == ECONNRESET) {
		tcp_tap_send_reset(f);
	} else if (tcp_ip_fields_error(f, &message) ||
		   icmp_error_from_errno(error, &message.kind)) {
		message.packet = &packet;
		tcp_segment_emit(&w, &syn, be16_make(0));
		icmp_error_send(f->tcp->link, f->tcp->icmp_limit, &message, now_ns);
	} /* else silence, as of a host that doesn't answer: ETIMEDOUT */
	tcp_flow_end(f, true);
}

static void tcp_unopened(struct tcp *tcp, const struct flow_key *key, const char *why,
			 uint64_t now_ns)
{
	char remote[ADDR_TEXT_MAX];
	uint64_t more;

	tcp->stats.unopened++;
	if (log_limit_pass(&tcp->unopened_limit, now_ns, &more))
		log_warning("no TCP connection to %s port %u: %s%s",
			    addr_format(&key->remote, remote), key->remote_port, why,
			    log_limit_more(more).text);
}

/* The namespace sends its SYN again, and may have more luck then */
static void tcp_flow_starved(struct tcp_flow *f, int error, uint64_t now_ns)
{
	tcp_unopened(f->tcp, &f->flow.key,
		     error == EADDRINUSE ? "all source ports are in use" : strerror(error), now_ns);
	tcp_flow_end(f, true);
}

/* @error: what connect() said, or EINPROGRESS if it has said nothing for too long */
static void tcp_flow_failed(struct tcp_flow *f, int error, uint64_t now_ns)
{
	int left = tcp_dns_retry(f, error, now_ns);

	if (left == EINPROGRESS)
		tcp_flow_settle(f, now_ns);
	else if (accepting_is_shortage(left))
		tcp_flow_starved(f, left, now_ns);
	else if (left)
		tcp_flow_unreachable(f, left, now_ns);
}

/* The socket may have room. Return: 0, 1 if the flow has ended, or -errno */
static int tcp_flow_drain(struct tcp_flow *f, uint64_t now_ns)
{
	int rc = f->backlog.length ? tcp_sock_drain(f) : 0;
	bool pull = false;

	if (!rc && f->gaps)
		rc = tcp_payload_fill(f);
	if (!rc)
		rc = tcp_flow_look(f, &pull, now_ns);
	if (rc || !tcp_sock_finish(f))
		return rc;
	tcp_flow_linger(f, now_ns);
	return 1;
}

/* What an edge says about reading. A read ends at the urgent byte, short though there's more behind
 */
static void tcp_flow_readable(struct tcp_flow *f, uint32_t events)
{
	enum tcp_sock_state state = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? TCP_SOCK_ENDING
				    : events & EPOLLPRI				? TCP_SOCK_URGENT
				    : events & EPOLLIN				? TCP_SOCK_READABLE
										: TCP_SOCK_DRAINED;

	f->sock_state = (uint8_t)MAX(f->sock_state, state);
	if (events & EPOLLPRI)
		tcp_sock_find_urgent(f);
}

static void tcp_flow_connected(struct tcp_flow *f, uint32_t events, uint64_t now_ns)
{
	struct tcp_action action;
	int error = 0;
	socklen_t len = sizeof(error);

	if ((events & (EPOLLERR | EPOLLHUP)) &&
	    getsockopt(f->flow.watch.fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (!error && (events & EPOLLHUP))
		error = ECONNRESET; /* closed both ways, whatever it was */
	if (error) {
		tcp_flow_failed(f, error, now_ns);
		return;
	}
	tcp_dns_connected(f, now_ns);
	tcp_ip_fields_connected(f);
	tcp_flow_readable(f, events);
	tcp_flow_opened(f);
	tcp_conn_fit_mss(&f->conn, tcp_sock_mss(f));
	tcp_conn_connected(&f->conn, now_ns, &action);
	if (tcp_flow_act(f, &action, now_ns))
		tcp_flow_settle(f, now_ns);
}

static void tcp_flow_event(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct tcp_flow *f = container_of(watch, struct tcp_flow, flow.watch);
	int rc = 0;

	if (f->sock_state == TCP_SOCK_CONNECTING) {
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			tcp_flow_connected(f, events, now_ns);
		return;
	}
	if ((events & EPOLLOUT) && f->backlog.length)
		rc = tcp_flow_drain(f, now_ns);
	if (rc > 0)
		return;
	tcp_flow_readable(f, events);
	if (!rc && f->sock_state != TCP_SOCK_DRAINED)
		rc = tcp_sock_pull(f, now_ns);
	if ((events & EPOLLERR) && f->conn.to_ns_state >= TCP_TO_NS_FIN_SENT)
		rc = -ECONNRESET; /* no read is left that would tell */
	if ((events & (EPOLLERR | EPOLLHUP)) && f->conn.tap_state == TCP_TAP_SYN_SENT &&
	    !tcp_sock_holds_data(f))
		rc = -ECONNRESET; /* none would be made before the namespace answers */
	if (rc)
		tcp_flow_reset_both(f);
	else
		tcp_flow_settle(f, now_ns);
}

void tcp_room(struct tcp *tcp, uint64_t now_ns)
{
	struct tcp_flow *f;

	while (!link_is_full(tcp->link) && (f = tcp_owed_take_room(tcp))) {
		if (tcp_sock_pull(f, now_ns))
			tcp_flow_reset_both(f);
		else
			tcp_flow_settle(f, now_ns);
	}
}

bool tcp_waits_for_room(const struct tcp *tcp)
{
	return tcp->owed[TCP_OWED_ROOM];
}

/* Return: whether it goes on as another one */
static bool tcp_flow_move(struct tcp_flow *f, uint64_t now_ns)
{
	struct tcp *tcp = f->tcp;
	struct flow_key key;
	int fd = tcp_second_address(f, &key);

	if (fd < 0)
		return false;
	tcp_flow_end(f, false);
	f = tcp_flow_new(tcp, &key, now_ns);
	if (f)
		tcp_open_to_ns(f, fd, now_ns);
	else
		tcp_sock_reset(fd);
	return true;
}

static void tcp_flow_timeout(struct timer *timer, uint64_t now_ns)
{
	struct tcp_flow *f = container_of(timer, struct tcp_flow, flow.timer);
	struct tcp_action action;
	uint64_t next_ms;
	int rc = f->no_memory ? tcp_flow_drain(f, now_ns) : 0;

	if (rc) {
		if (rc < 0)
			tcp_flow_reset_both(f);
		return;
	}
	if (link_is_full(f->tcp->link)) {
		/* Nothing is lost, and nothing could be sent: whoever reads the link has stopped */
		timer_set(f->tcp->timers, &f->flow.timer, now_ns, TCP_RTO_MIN_MS);
		return;
	}
	next_ms = tcp_conn_timeout(&f->conn, f->backlog.length, now_ns, &action);
	if (f->conn.tap_state == TCP_TAP_TIME_WAIT) {
		tcp_flow_end(f, false);
		return;
	}
	if (f->sock_state == TCP_SOCK_CONNECTING && !addr_is_unspecified(&f->resolver)) {
		tcp_flow_failed(f, EINPROGRESS, now_ns);
		return;
	}
	if (tcp_flow_move(f, now_ns))
		return;
	tcp_sock_discard_now(f);
	f->tcp->stats.retransmitted += action.pull && !action.resend;
	if (action.pull || action.probe || action.synack) /* nobody has answered to the last one */
		ask_where(f->tcp->link, &f->flow.key.ns, now_ns);
	action.pull |= f->sock_state > TCP_SOCK_DRAINED || tcp_conn_fin_due(&f->conn);
	if (tcp_flow_act(f, &action, now_ns))
		tcp_flow_settle_within(f, next_ms, now_ns);
}

static uint32_t tcp_isn(const struct tcp *tcp, const struct flow_key *key, uint64_t now_ns)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];

	/* RFC 6528: a clock of 4 microseconds plus a keyed hash of the ends */
	memcpy(words, key, sizeof(words));
	return (uint32_t)siphash_words(&tcp->isn_secret, words, ARRAY_SIZE(words)) +
	       (uint32_t)(now_ns / 4000);
}

static void tcp_flow_set_limit(struct tcp_flow *f)
{
	if (link_is_guest(&f->tcp->link->config))
		tcp_conn_set_limit(&f->conn, TCP_LIMIT_GUEST);
}

struct tcp_flow *tcp_flow_new(struct tcp *tcp, const struct flow_key *key, uint64_t now_ns)
{
	struct tcp_flow *f = (struct tcp_flow *)flow_alloc(tcp->flows, key);

	if (!f)
		return NULL;
	f->tcp = tcp;
	f->opened_ns = now_ns;
	f->flow.watch.fn = tcp_flow_event;
	f->flow.timer.fn = tcp_flow_timeout;
	return f;
}

int tcp_open_to_ns(struct tcp_flow *f, int fd, uint64_t now_ns)
{
	const struct flow_key *key = &f->flow.key;
	int rc;

	f->sock_state = TCP_SOCK_DRAINED;
	f->to_ns_addr = addr_equal(&key->ns, &fwd_family_of(f->tcp->fwd, &key->ns)->ns_addr);
	tcp_ip_fields_init(f, NULL);
	tcp_conn_open(&f->conn, tcp_isn(f->tcp, key, now_ns), tcp_tap_mss_max(f->tcp, key), now_ns);
	tcp_flow_set_limit(f);
	rc = tcp_sock_adopt(f, fd);
	if (rc) {
		tcp_flow_end(f, true);
		return rc;
	}
	tcp_conn_fit_mss(&f->conn, tcp_sock_mss(f));
	ask_where(f->tcp->link, &key->ns, now_ns);
	tcp_tap_send_synack(f); /* if it's lost, the timer sends it again */
	tcp_flow_settle(f, now_ns);
	return 0;
}

/* One that may not be: who asked is told at once; of a policy as by a firewall, so that it is not
 * taken for the server's answer
 */
static void tcp_refused(struct tcp *tcp, const struct ip_packet *ip, const struct tcp_segment *syn,
			enum fwd_verdict verdict, uint64_t now_ns)
{
	const struct icmp_error error = { .kind = ICMP_ERROR_PROHIBITED, .packet = ip };
	bool policy = verdict == FWD_REFUSE_POLICY;
	char remote[ADDR_TEXT_MAX];
	uint64_t more;

	tcp->stats.refused_to_host++;
	fwd_refusals_count(tcp->refusals, verdict);
	if (log_enabled(LOG_LEVEL_DEBUG) && log_limit_pass(&tcp->refused_limit, now_ns, &more))
		log_debug("refused a connection to %s port %u: %s%s", addr_format(&ip->dst, remote),
			  syn->dst_port, fwd_verdict_text(verdict), log_limit_more(more).text);
	if (!fwd_refusal_is_told(verdict, &ip->dst))
		return;
	/* A kernel that has not come out of connect(2) yet takes no notice of ICMP: the reset,
	 * which waits for it, means nothing to a connection that has ended
	 */
	if (policy)
		icmp_error_send(tcp->link, tcp->icmp_limit, &error, now_ns);
	if (policy || icmp_error_limit_pass(tcp->icmp_limit, now_ns))
		tcp_tap_reply_reset(tcp, ip, syn);
}

/* A SYN for a flow that isn't in the table */
static void tcp_open(struct tcp *tcp, const struct flow_key *key, const struct ip_packet *ip,
		     const struct tcp_segment *syn, uint64_t now_ns)
{
	const struct fwd_query query = { IPPROTO_TCP, key->ns, key->remote, key->ns_port,
					 key->remote_port };
	struct fwd_target target;
	enum fwd_verdict verdict = fwd_outbound(tcp->fwd, &query, &target);
	struct tcp_flow *f;
	int rc;

	if (verdict != FWD_ALLOW) {
		tcp_refused(tcp, ip, syn, verdict, now_ns);
		return;
	}
	f = tcp_flow_new(tcp, key, now_ns);
	if (!f && !flow_has_room(tcp->flows, 0)) /* else another worker was faster, and answers */
		tcp_unopened(tcp, key, "the flow table is full", now_ns);
	if (!f)
		return;
	f->sock_state = TCP_SOCK_CONNECTING;
	f->from_ns = true;
	tcp_ip_fields_init(f, ip);
	tcp_conn_accept_syn(&f->conn, syn, tcp_isn(tcp, key, now_ns), tcp_tap_mss_max(tcp, key),
			    now_ns);
	tcp_flow_set_limit(f);
	rc = tcp_gate_init(f, &target);
	if (!rc && target.dns)
		tcp_dns_opened(f, &target, now_ns);
	if (!rc)
		rc = tcp_sock_connect(f, &target);
	if (rc)
		tcp_flow_failed(f, -rc, now_ns);
	else
		tcp_flow_settle(f, now_ns);
}

static bool tcp_checksum_ok(const struct ip_packet *ip)
{
	uint64_t sum = checksum_pseudo(&ip->src, &ip->dst, IPPROTO_TCP, (uint32_t)ip->payload_len);

	return !be16_get(checksum_finish(checksum_add(sum, ip->payload, ip->payload_len)));
}

void tcp_input(struct tcp *tcp, const struct link_frame *frame, const struct ip_packet *ip,
	       uint64_t now_ns)
{
	struct reader r = { ip->payload, ip->payload_len };
	struct tcp_segment seg;
	struct flow_key key = {
		.ns = ip->src,
		.remote = ip->dst,
		.protocol = IPPROTO_TCP,
	};
	struct tcp_flow *f;
	bool opens;

	if (!tcp->fwd->tcp)
		return;
	if (tcp_segment_parse(&r, &seg) || (!frame->csum_known && !tcp_checksum_ok(ip))) {
		tcp->stats.invalid++;
		return;
	}
	key.ns_port = seg.src_port;
	key.remote_port = seg.dst_port;
	opens = (seg.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
	f = (struct tcp_flow *)flow_lookup(tcp->flows, &key);
	if (f && opens && f->conn.tap_state == TCP_TAP_TIME_WAIT &&
	    tcp_seq_lt(f->conn.rcv_nxt, seg.seq)) {
		tcp_flow_end(f, false); /* RFC 9293, 3.10.7.4: a new incarnation */
		f = NULL;
	}
	if (f)
		tcp_flow_segment(f, ip, &seg, frame, now_ns);
	else if (!opens)
		tcp_tap_reply_reset(tcp, ip, &seg);
	else if (!flow_is_elsewhere(tcp->flows, &key)) /* since a moment ago: it answers there */
		tcp_open(tcp, &key, ip, &seg, now_ns);
}
