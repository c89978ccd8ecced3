/* SPDX-License-Identifier: Apache-2.0
 *
 * Retransmissions, window probes and keep-alives; see timeout.h.
 */
#include "common/tcp/timeout.h"

#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/tcp/core.h"
#include "common/tcp/lost.h"

/* After a timeout, until the namespace answers */
#define TCP_LIMIT_AFTER_TIMEOUT 65536

#define TCP_PROBE_INTERVAL_MS 75000
#define TCP_PROBES_MAX 9
#define TCP_STUCK_MAX_MS 600000 /* a closed window that nobody confirms any more */

static uint64_t tcp_rto_ms(const struct tcp_conn *c)
{
	return MIN((uint64_t)TCP_RTO_MIN_MS << c->retries, TCP_RTO_MAX_MS);
}

/* The namespace's window is closed: what is in flight was dropped, and nothing can be sent */
static bool tcp_conn_stuck(const struct tcp_conn *c)
{
	return c->tap_state == TCP_TAP_ESTABLISHED && !c->snd_window;
}

/* There are bytes that the socket does not take, and the namespace still waits to hear of them */
static bool tcp_conn_stalled(const struct tcp_conn *c, uint32_t held)
{
	return held && c->rcv_ack != c->rcv_nxt - (c->to_host_state == TCP_TO_HOST_FIN_HELD);
}

/* How long a silence may last */
static uint64_t tcp_conn_idle_ms(const struct tcp_conn *c)
{
	return c->to_host_state == TCP_TO_HOST_CLOSED ? TCP_HALF_CLOSED_IDLE_MS : TCP_IDLE_MS;
}

uint64_t tcp_conn_timer_ms(const struct tcp_conn *c, uint32_t held)
{
	if (c->tap_state == TCP_TAP_TIME_WAIT)
		return TCP_TIME_WAIT_MS;
	if (tcp_conn_stalled(c, held))
		return TCP_STALL_ACK_MS;
	if (tcp_lost_doubtful(c) && !tcp_conn_stuck(c))
		return TCP_REORDER_MS;
	if (tcp_conn_in_flight(c) || tcp_conn_stuck(c))
		return tcp_rto_ms(c);
	return tcp_conn_idle_ms(c);
}

/* Nothing to be sent again: window probes and keep-alives, which look the same on the wire */
static uint64_t tcp_conn_idle(struct tcp_conn *c, uint64_t quiet_ms, struct tcp_action *a)
{
	bool stuck = tcp_conn_stuck(c);
	uint64_t due = stuck ? tcp_rto_ms(c)
			     : tcp_conn_idle_ms(c) + (uint64_t)c->retries * TCP_PROBE_INTERVAL_MS;

	if (c->tap_state == TCP_TAP_CONNECTING)
		return TCP_IDLE_MS;
	if (quiet_ms < due)
		return due - quiet_ms;
	if (stuck ? quiet_ms >= TCP_STUCK_MAX_MS : c->retries >= TCP_PROBES_MAX) {
		a->reset_both = true;
		return 0;
	}
	c->retries = (uint8_t)MIN(c->retries + 1, TCP_RETRIES_MAX);
	a->probe = true;
	return stuck ? tcp_rto_ms(c) : TCP_PROBE_INTERVAL_MS;
}

uint64_t tcp_conn_timeout(struct tcp_conn *c, uint32_t held, uint64_t now_ns,
			  struct tcp_action *ret_action)
{
	bool opening = c->tap_state == TCP_TAP_SYN_RECEIVED || c->tap_state == TCP_TAP_SYN_SENT;
	uint64_t quiet_ms = (now_ns - c->progress_ns) / NS_PER_MS;

	*ret_action = (struct tcp_action){ 0 };
	if (c->tap_state == TCP_TAP_TIME_WAIT) {
		ret_action->closed = true;
		return 0;
	}
	if (tcp_conn_stalled(c, held)) {
		tcp_conn_taken(c, 0);
		c->ack_state = MAX(c->ack_state, TCP_ACK_DUE);
	}
	if (!tcp_conn_in_flight(c) || tcp_conn_stuck(c))
		return tcp_conn_idle(c, quiet_ms, ret_action);
	if (tcp_lost_doubtful(c) && quiet_ms >= TCP_REORDER_MS) {
		tcp_lost_holes(c);
		ret_action->pull = ret_action->resend = true;
		return tcp_rto_ms(c);
	}
	if (quiet_ms < tcp_rto_ms(c))
		return tcp_rto_ms(c) - quiet_ms;
	if (c->retries >= (opening ? TCP_SYN_RETRIES_MAX : TCP_RETRIES_MAX)) {
		ret_action->reset_both = true;
		return 0;
	}
	c->retries++;
	c->progress_ns = now_ns;
	c->snd_limit = TCP_LIMIT_AFTER_TIMEOUT;
	if (opening)
		ret_action->synack = true;
	else
		tcp_lost_all(c);
	ret_action->pull = !opening;
	return tcp_rto_ms(c);
}
