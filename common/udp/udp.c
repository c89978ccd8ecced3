/* SPDX-License-Identifier: Apache-2.0
 *
 * What may wait for company: datagrams of the flow that the last one belonged to, with equal header
 * fields, that go into one train. Everything else sends what is waiting first.
 */
#include "common/udp/udp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/dgram/dgram.h"
#include "common/dgram/dgram_error.h"
#include "common/dgram/dgram_mapping.h"
#include "common/service/answer.h"
#include "common/udp/tftp.h"
#include "common/udp/udp_receive.h"
#include "common/udp/udp_send.h"
#include "common/udp/udp_twin.h"
#include "common/wire/checksum.h"
#include "common/wire/udp.h"

/* Datagrams of one frame: what any kernel puts into one, UDP_MAX_SEGMENTS since Linux 6.9 */
#define FRAME_SEGMENTS_MAX 128

static_assert(sizeof(struct udp_flow) <= FLOW_RECORD_BYTES, "a flow fits into its record");
static_assert(!offsetof(struct dgram_flow, flow) && !offsetof(struct udp_flow, dgram),
	      "a flow's record starts with struct flow");

static void udp_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct udp_flow *f = (void *)dgram_flow_from_watch(watch);
	struct udp *udp = container_of(f->dgram.env, struct udp, env);

	if (events & EPOLLERR)
		dgram_errors(&f->dgram, now_ns);
	if (events & EPOLLIN)
		udp_receive(f, udp->rx_buf, now_ns);
}

static bool udp_query_failed(struct dgram_flow *f, uint64_t now_ns)
{
	return udp_dns_failed((void *)f, now_ns);
}

static void udp_has_socket(struct dgram_flow *f)
{
	((struct udp_flow *)(void *)f)->gso_limit = UINT16_MAX;
}

int udp_init(struct udp *udp, const struct dgram_env *env)
{
	void *buf = mmap(NULL, UDP_RX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (buf == MAP_FAILED)
		return -ENOMEM;
	*udp = (struct udp){ .env = *env, .rx_buf = buf };
	udp->env.ready = udp_ready;
	udp->env.query_failed = udp_query_failed;
	udp->env.has_socket = udp_has_socket;
	udp->env.redirect = udp_tftp_answer;
	if (udp->env.mapped_ready) {
		udp->env.share = dgram_mapping_share;
		udp->env.leave = dgram_mapping_leave;
	}
	udp->env.idle_stream_ms = FLOW_IDLE_STREAM_MS;
	return udp_dns_init(&udp->dns);
}

void udp_close_all(struct udp *udp)
{
	udp->burst.flow = NULL;
	dgram_fini(&udp->env, IPPROTO_UDP);
}

void udp_fini(struct udp *udp)
{
	udp_close_all(udp);
	if (udp->rx_buf)
		munmap(udp->rx_buf, UDP_RX_BYTES);
	udp->rx_buf = NULL;
	udp_dns_fini(&udp->dns);
}

/* Whether what the namespace says about its checksum holds: RFC 768; RFC 8200, 8.1 */
static bool checksum_valid(const struct link_frame *frame, const struct ip_packet *ip,
			   const struct udp_datagram *datagram)
{
	uint32_t len = UDP_HEADER_LEN + datagram->payload_len;
	uint64_t sum;

	if (frame->csum_known)
		return true;
	if (!datagram->has_csum)
		return addr_is_ipv4(&ip->src);
	sum = checksum_pseudo(&ip->src, &ip->dst, IPPROTO_UDP, len);
	sum = checksum_add(sum, datagram->payload - UDP_HEADER_LEN, len);
	return !be16_get(checksum_finish(sum));
}

/* Whether a frame of many datagrams is one that a kernel makes. Where each datagram costs a call, a
 * forged one with a segment a byte would cost 65,000 of them.
 */
static bool segments_valid(const struct link_frame *frame, const struct udp_datagram *datagrams)
{
	return datagrams->payload_len &&
	       datagrams->payload_len <= (size_t)frame->gso_size * FRAME_SEGMENTS_MAX;
}

/* The flow of a datagram: most often that of the one before. Return: NULL: it's another worker's,
 * or there can't be one (counted)
 */
static struct udp_flow *flow_find(struct udp *udp, const struct link_frame *frame,
				  const struct ip_packet *ip, const struct udp_datagram *datagram,
				  uint64_t now_ns)
{
	struct flow_key key = {
		.ns = ip->src,
		.remote = ip->dst,
		.ns_port = datagram->src_port,
		.remote_port = datagram->dst_port,
		.protocol = IPPROTO_UDP,
	};
	struct udp_flow *f = udp->burst.flow;

	if (f && !memcmp(&f->dgram.flow.key, &key, sizeof(key)))
		return f;
	f = (void *)flow_lookup(udp->env.flows, &key);
	if (f && f->dgram.from_outside && !f->dgram.origin.listener)
		dgram_flow_rejoin(&f->dgram);
	if (f && (!f->dns || !udp_dns_stale(f)))
		return f;
	if (f)
		dgram_flow_close(&f->dgram);
	f = udp_twin_find(&udp->env, &key);
	if (f) {
		f->dgram.ns = key.ns; /* where a server that has connected its socket listens now */
		return f;
	}
	f = (void *)dgram_flow_begin(&udp->env, &key, frame, ip, now_ns);
	if (!f)
		return NULL;
	if (f->dgram.dns)
		udp_dns_opened(&udp->dns, f, now_ns);
	return f;
}

/* Adds datagrams to those that wait, which go first if they don't go together */
static void burst_add(struct udp *udp, struct udp_flow *f, struct datagrams datagrams,
		      uint64_t now_ns)
{
	struct udp_burst *burst = &udp->burst;
	bool all;

	do {
		if (burst->flow != f) {
			udp_flush(udp, now_ns);
			burst->flow = f;
			train_init(&burst->train, f->gso_limit);
		}
		all = train_take(&burst->train, &datagrams);
		if (!all)
			udp_flush(udp, now_ns);
	} while (!all);
}

static bool input_drop(struct udp *udp, enum dgram_drop reason)
{
	dgram_drop(&udp->env, reason, 1);
	return false;
}

/* Whether a question may go on to its resolver; else it has been answered, if at all */
static bool may_ask(const struct udp_flow *f, const struct udp_datagram *datagram, uint64_t now_ns)
{
	const struct dgram_env *env = f->dgram.env;
	const struct flow_key *key = &f->dgram.flow.key;
	const struct reader message = { datagram->payload, datagram->payload_len };
	struct answer_path path = {
		.src = key->remote,
		.dst = key->ns,
		.src_port = key->remote_port,
		.dst_port = key->ns_port,
	};
	uint8_t answer[DNS_BLOCK_MAX];
	struct writer w = { answer, sizeof(answer) };
	enum fwd_question_outcome outcome =
		fwd_questions_ask(env->questions, env->fwd, key, &message, now_ns, &w);

	if (outcome == FWD_QUESTION_ANSWERED) {
		memcpy(path.mac, neighbours_mac(&env->link->neighbours, &key->ns), ETH_ALEN);
		answer_send_udp(env->link, &path, answer, (size_t)(w.data - answer));
	}
	return outcome == FWD_QUESTION_GOES_ON;
}

/* What waits still goes the old way */
static void flow_follow(struct udp *udp, struct dgram_flow *f, uint64_t now_ns)
{
	udp_flush(udp, now_ns);
	if (f->origin.mapped)
		dgram_mapping_follow(dgram_mapping_of(f->origin.listener));
	dgram_flow_follow(f, now_ns);
}

bool udp_input(struct udp *udp, const struct link_frame *frame, const struct ip_packet *ip,
	       uint64_t now_ns)
{
	struct reader r = { ip->payload, ip->payload_len };
	bool gso = frame->gso == LINK_GSO_UDP;
	struct udp_datagram datagram;
	struct datagrams datagrams;
	struct udp_flow *f;
	size_t size;

	if (udp_parse(&r, gso, &datagram) || (gso && !segments_valid(frame, &datagram)))
		return input_drop(udp, DGRAM_DROP_MALFORMED);
	if (!checksum_valid(frame, ip, &datagram))
		return input_drop(udp, DGRAM_DROP_CHECKSUM);
	if (!ip->ttl)
		return input_drop(udp, DGRAM_DROP_TTL);
	f = flow_find(udp, frame, ip, &datagram, now_ns);
	if (!f)
		return false;
	if (dgram_flow_is_left(&f->dgram))
		flow_follow(udp, &f->dgram, now_ns);
	if (f->dgram.asks && gso) /* no client makes a train of questions */
		return input_drop(udp, DGRAM_DROP_MALFORMED);
	if (f->dgram.asks && !may_ask(f, &datagram, now_ns))
		return false; /* counted */
	if (f->dns && !gso)
		udp_dns_asked(f, &datagram, now_ns);
	datagrams = (struct datagrams){ datagram.payload, datagram.payload_len,
					gso ? frame->gso_size : datagram.payload_len };
	dgram_departs(&f->dgram, datagram.payload_len, datagrams.size, now_ns);
	size = UDP_HEADER_LEN + datagrams.size;
	if (dgram_header_differs(&f->dgram, ip, size, now_ns)) {
		udp_flush(udp, now_ns);
		dgram_header_apply(&f->dgram, ip, size, now_ns);
	}
	burst_add(udp, f, datagrams, now_ns);
	/* A frame of many is not held: it is large, and seldom has company */
	if (!gso && !udp->burst.train.complete)
		return true;
	udp_flush(udp, now_ns);
	return false;
}

void udp_flush(struct udp *udp, uint64_t now_ns)
{
	struct udp_burst *burst = &udp->burst;

	if (!burst->flow)
		return;
	udp_send_train(burst->flow, &burst->train, now_ns);
	burst->flow = NULL;
}
