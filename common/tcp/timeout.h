/* SPDX-License-Identifier: Apache-2.0
 *
 * The timer of a connection towards the namespace: when it has to fire, and what is done then.
 * Nothing happens by time alone but what is decided here. Without any I/O, as core.h.
 */
#ifndef COMMON_TCP_TIMEOUT_H
#define COMMON_TCP_TIMEOUT_H

#include <stdint.h>

#include "common/tcp/conn.h"

/* Linux delays ACKs by up to 200 ms: below twice that, a retransmission would be premature */
#define TCP_RTO_MIN_MS 400
#define TCP_RTO_MAX_MS 60000
#define TCP_RETRIES_MAX 12
#define TCP_SYN_RETRIES_MAX 6

/* What was overtaken may still come, for so long */
#define TCP_REORDER_MS 10

/* Both directions closed: long enough for the namespace's last FIN to come again */
#define TCP_TIME_WAIT_MS 1000

/* A silent connection is probed after so long, as Linux's keep-alive would */
#define TCP_IDLE_MS (2 * 3600 * 1000)

/* The namespace has closed: its kernel keeps the rest of a connection that no program has any more
 * for 60 s (tcp_fin_timeout), so it is asked after that
 */
#define TCP_HALF_CLOSED_IDLE_MS (65 * 1000)

/* Before it is full, an in-order byte that the socket didn't take is acknowledged all the same,
 * so that a stalled receiver doesn't run into the namespace's retransmission timer (200 ms)
 */
#define TCP_STALL_ACK_MS 100

/* tcp_conn_timeout() - the connection's timer fired
 * @held:	bytes in the backlog
 *
 * Return: milliseconds until it should fire again
 */
uint64_t tcp_conn_timeout(struct tcp_conn *c, uint32_t held, uint64_t now_ns,
			  struct tcp_action *ret_action);

/* tcp_conn_timer_ms() - how soon the timer must fire at the latest in the present state */
uint64_t tcp_conn_timer_ms(const struct tcp_conn *c, uint32_t held);

#endif
