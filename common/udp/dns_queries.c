/* SPDX-License-Identifier: Apache-2.0
 *
 * The flow that asks again has the key of the first but for the number of the attempt, which no
 * packet has: so the client's own repetitions still find the first flow, while answers through
 * either look the same to the client. Their sends are not checked: an error comes as an event.
 */
#include "common/udp/dns_queries.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/map.h"
#include "common/base/util.h"

/* Where a key has the number of the attempt */
#define ATTEMPT_BYTE 0

/* Of an answer from here, should its packet have to be quoted */
#define QUERY_TTL 64

int udp_dns_init(struct udp_dns *dns)
{
	void *queries = map_lazily(UDP_DNS_QUERIES * sizeof(*dns->queries));

	if (!queries)
		return -ENOMEM;
	*dns = (struct udp_dns){ .queries = queries };
	return 0;
}

void udp_dns_fini(struct udp_dns *dns)
{
	map_drop(dns->queries, UDP_DNS_QUERIES * sizeof(*dns->queries));
	dns->queries = NULL;
}

static void tell_failure(const struct udp_flow *f, uint64_t asked_ns, uint64_t now_ns)
{
	struct dgram_env *env = f->dgram.env;

	if (env->resolver_result)
		env->resolver_result(env, &f->dgram.peer, f->dgram.flow.key.remote_port, asked_ns,
				     now_ns);
}

/* Whether queries of this flow's client would go to another resolver now */
static bool other_chosen(const struct udp_flow *f)
{
	const struct fwd_table *table = f->dgram.env->fwd;
	const struct flow_key *key = &f->dgram.flow.key;
	const struct fwd_family *family = fwd_family_of(table, &key->remote);
	const struct resolv_server *chosen = fwd_resolver(family, key->remote_port);

	return !addr_equal(&chosen->addr, &f->dgram.peer);
}

/* The flow for another attempt at what went through @f; NULL if there is none */
static struct udp_flow *flow_beside(const struct udp_flow *f, const struct udp_dns_query *query,
				    uint64_t now_ns)
{
	struct dgram_env *env = f->dgram.env;
	struct flow_key key = f->dgram.flow.key;
	const struct ip_packet ip = {
		.src = key.ns,
		.dst = key.remote,
		.protocol = IPPROTO_UDP,
		.ttl = QUERY_TTL,
		.payload = query->datagram,
		.payload_len = UDP_HEADER_LEN + query->len,
	};
	struct udp_flow *beside;

	if (++key.zero[ATTEMPT_BYTE] >= UDP_DNS_ATTEMPTS)
		return NULL;
	beside = (void *)flow_lookup(env->flows, &key);
	if (!beside) {
		beside = (void *)dgram_flow_open(env, &key, &ip, now_ns);
		if (beside)
			udp_dns_opened(f->dns, beside, now_ns);
	}
	return beside;
}

static void open_question(struct udp_flow *f, uint64_t now_ns)
{
	if (f->asked_ns)
		return;
	f->asked_ns = now_ns;
	f->repeated = false;
	timer_set_by(f->dgram.env->timers, &f->dgram.flow.timer, now_ns, UDP_DNS_TIMEOUT_MS);
}

/* Ask the next resolver what @f has had no answer to. Return: whether anything could be asked */
static bool ask_again(struct udp_flow *f, uint64_t now_ns)
{
	bool any = false;

	if (!f->asked_ns || !other_chosen(f))
		return false;
	for (size_t i = 0; i < UDP_DNS_QUERIES; i++) {
		struct udp_dns_query *query = &f->dns->queries[i];
		struct udp_flow *beside;

		if (query->sent_ns < f->asked_ns ||
		    memcmp(&query->key, &f->dgram.flow.key, sizeof(query->key)))
			continue;
		beside = flow_beside(f, query, now_ns);
		if (!beside)
			break;
		query->key = beside->dgram.flow.key;
		query->sent_ns = now_ns;
		dgram_departs(&beside->dgram, query->len, query->len, now_ns);
		open_question(beside, now_ns);
		send(beside->dgram.flow.watch.fd, query->datagram + UDP_HEADER_LEN, query->len,
		     MSG_DONTWAIT | MSG_NOSIGNAL);
		any = true;
	}
	return any;
}

/* Note an answer that came since the last time that anybody looked */
static void note_answer(struct udp_flow *f)
{
	if (!f->dgram.answered)
		return;
	f->dgram.answered = false;
	f->asked_ns = 0;
	f->overdue = false;
}

/* Return: whether the question was asked again */
static bool give_up(struct udp_flow *f, uint64_t now_ns)
{
	bool again;

	f->overdue = true;
	tell_failure(f, f->asked_ns ? f->asked_ns : now_ns, now_ns);
	again = ask_again(f, now_ns);
	f->asked_ns = 0;
	return again;
}

static void dns_timer(struct timer *timer, uint64_t now_ns)
{
	struct udp_flow *f = (void *)container_of(timer, struct flow, timer);
	struct dgram_env *env = f->dgram.env;
	uint64_t last_ns = f->dgram.use.last_ns;
	uint64_t idle_ms = now_ns > last_ns ? (now_ns - last_ns) / NS_PER_MS : 0;
	uint64_t waited_ms;

	note_answer(f);
	waited_ms = f->asked_ns ? (now_ns - f->asked_ns) / NS_PER_MS : 0;
	if (waited_ms >= UDP_DNS_TIMEOUT_MS) {
		f->repeated = give_up(f, now_ns);
		waited_ms = 0;
	}
	if (idle_ms >= (f->overdue ? FLOW_IDLE_MS : UDP_DNS_IDLE_MS))
		dgram_flow_close(&f->dgram);
	else
		timer_set(env->timers, timer, now_ns, UDP_DNS_TIMEOUT_MS - waited_ms);
}

void udp_dns_opened(struct udp_dns *dns, struct udp_flow *f, uint64_t now_ns)
{
	f->dns = dns;
	f->resolv_changes = f->dgram.env->fwd->resolv_changes;
	f->dgram.flow.timer.fn = dns_timer;
	timer_set(f->dgram.env->timers, &f->dgram.flow.timer, now_ns, UDP_DNS_TIMEOUT_MS);
}

void udp_dns_asked(struct udp_flow *f, const struct udp_datagram *datagram, uint64_t now_ns)
{
	struct udp_dns *dns = f->dns;
	struct udp_dns_query *query = &dns->queries[dns->next];

	note_answer(f);
	open_question(f, now_ns);
	if (datagram->payload_len > UDP_DNS_QUERY_MAX)
		return;
	dns->next = (dns->next + 1) % UDP_DNS_QUERIES;
	query->key = f->dgram.flow.key;
	query->sent_ns = now_ns;
	query->len = (uint16_t)datagram->payload_len;
	memcpy(query->datagram, datagram->payload - UDP_HEADER_LEN,
	       UDP_HEADER_LEN + datagram->payload_len);
}

bool udp_dns_stale(const struct udp_flow *f)
{
	const bool silent = f->overdue && !f->dgram.answered;

	return (silent || f->resolv_changes != f->dgram.env->fwd->resolv_changes) &&
	       other_chosen(f);
}

bool udp_dns_failed(struct udp_flow *f, uint64_t now_ns)
{
	if (!f->repeated)
		f->repeated = give_up(f, now_ns);
	return f->repeated;
}
