/* SPDX-License-Identifier: Apache-2.0
 *
 * DNS over TCP (RFC 1035, 4.2.2; RFC 7766) under a policy with names: messages with a length before
 * each. This is the resolver's half of such a flow: what its messages teach, and where between them
 * our own answers go. The other half is in gate.h.
 *
 * So what the namespace gets is no longer what the socket holds: such a flow keeps it in a copy of
 * its own until it is acknowledged, as all do without SO_PEEK_OFF. What is read and not whole yet
 * is in a chunk of the pool.
 */
#ifndef COMMON_TCP_DNS_STREAM_H
#define COMMON_TCP_DNS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/record.h"

/* tcp_dns_stream_init() - for a new flow. Return: 0 or -ENOBUFS: there is no chunk for it */
int tcp_dns_stream_init(struct tcp_flow *f);
void tcp_dns_stream_fini(struct tcp_flow *f);

/* tcp_dns_stream_passes() - how much of the backlog may go to the resolver; to be changed, too */
uint32_t *tcp_dns_stream_passes(const struct tcp_flow *f);

/* tcp_dns_stream_take() - the resolver has sent @len bytes: append them to ->copied, and answers of
 * our own that wait
 *
 * Return: 0; -ENOBUFS: it can't go on
 */
int tcp_dns_stream_take(struct tcp_flow *f, const uint8_t *data, uint32_t len, uint64_t now_ns);

/* tcp_dns_stream_answer() - an answer of our own, to be sent as soon as no message is under way
 *
 * Return: 0; -ENOBUFS: too many wait
 */
int tcp_dns_stream_answer(struct tcp_flow *f, const uint8_t *message, uint16_t len);

#endif
