/* SPDX-License-Identifier: Apache-2.0
 *
 * Queries that are forwarded to the host's resolvers: whether they are answered in time, and if
 * not, asking the next resolver. A copy of each waiting query is kept, in bounded memory. If its
 * resolver says nothing for UDP_DNS_TIMEOUT_MS, or its host says that nobody is there, the result
 * goes to whoever chooses resolvers, and the query is asked again in a flow of its own beside the
 * first, for which a late answer is still good. Other flows never come here.
 */
#ifndef COMMON_UDP_DNS_QUERIES_H
#define COMMON_UDP_DNS_QUERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/udp/udp_flow.h"
#include "common/wire/udp.h"

#define UDP_DNS_TIMEOUT_MS 1000
/* A flow without open questions is closed after this time */
#define UDP_DNS_IDLE_MS (10 * 1000)
/* Queries kept at a time: the oldest goes first */
#define UDP_DNS_QUERIES 64
/* Longest query kept: what resolvers and clients agree on by default, see DNS flag day 2020 */
#define UDP_DNS_QUERY_MAX 1232
/* Resolvers that one query is sent to */
#define UDP_DNS_ATTEMPTS 4

struct udp_dns_query {
	struct flow_key key; /* of the flow that it went through last; protocol 0: none */
	uint64_t sent_ns;
	uint16_t len; /* of what follows the UDP header */
	uint8_t datagram[UDP_HEADER_LEN + UDP_DNS_QUERY_MAX];
};

struct udp_dns {
	struct udp_dns_query *queries; /* UDP_DNS_QUERIES; only touched ones cost memory */
	uint32_t next;
};

/* udp_dns_init() - Return: 0 or -errno */
int udp_dns_init(struct udp_dns *dns);
void udp_dns_fini(struct udp_dns *dns);

/* udp_dns_opened() - a flow with dgram.dns was opened */
void udp_dns_opened(struct udp_dns *dns, struct udp_flow *f, uint64_t now_ns);

/* udp_dns_asked() - a datagram of the namespace is going to be sent through such a flow */
void udp_dns_asked(struct udp_flow *f, const struct udp_datagram *datagram, uint64_t now_ns);

/* udp_dns_stale() - whether what the client sends now had better go to another resolver */
bool udp_dns_stale(const struct udp_flow *f);

/* udp_dns_failed() - an error came instead of an answer
 *
 * Return: true if another resolver has been asked, so that nobody need know
 */
bool udp_dns_failed(struct udp_flow *f, uint64_t now_ns);

#endif
