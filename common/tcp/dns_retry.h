/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to the host's resolvers: one that refuses, can't be reached, or does not answer
 * within TCP_DNS_TIMEOUT_MS is passed over for the next one, while the namespace still waits for
 * its SYN-ACK and has sent nothing. Whoever chooses resolvers is told, as with queries over UDP. A
 * connection that was once made stays where it is.
 */
#ifndef COMMON_TCP_DNS_RETRY_H
#define COMMON_TCP_DNS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/record.h"

#define TCP_DNS_TIMEOUT_MS 1000

/* tcp_dns_opened() - @f is going to be connected to a resolver */
void tcp_dns_opened(struct tcp_flow *f, const struct fwd_target *target, uint64_t now_ns);

/* tcp_dns_connected() - a flow has connected, be it to a resolver or not */
void tcp_dns_connected(struct tcp_flow *f, uint64_t now_ns);

/* tcp_dns_retry() - a flow, a resolver's or not, could not connect
 * @error:	why, as errno has it; EINPROGRESS: it may still do so
 *
 * Return: 0 if it now connects to another resolver; else what is left to deal with: @error, or
 *	   what the last resolver tried said
 */
int tcp_dns_retry(struct tcp_flow *f, int error, uint64_t now_ns);

#endif
