/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a connection's ends take turns: what the namespace sends is followed by data for it,
 * again and again. Then the answer is going to carry the acknowledgement, and one sent ahead of it,
 * because there is nothing else to do, would be a frame for nothing. A sender that goes on once it
 * has got such an acknowledgement may have waited for it (RFC 896): that is no turn, and ends the
 * habit.
 */
#ifndef COMMON_TCP_TURNS_H
#define COMMON_TCP_TURNS_H

#include "common/tcp/conn.h"

/* So many are a habit */
#define TCP_TURNS_ENOUGH 8

/* tcp_turns_asked() - the namespace sends data, from rcv_nxt on
 *
 * Return: how its acknowledgement may wait, an enum tcp_ack_state
 */
static inline uint8_t tcp_turns_asked(struct tcp_conn *c)
{
	if (c->asked && c->rcv_acked == c->rcv_nxt)
		c->turns = c->turns < TCP_TURNS_ENOUGH ? c->turns / 2 : 0;
	c->asked = true;
	return c->turns < TCP_TURNS_ENOUGH ? TCP_ACK_DELAYED : TCP_ACK_CARRIED;
}

/* tcp_turns_answered() - and gets some */
static inline void tcp_turns_answered(struct tcp_conn *c)
{
	if (c->asked && c->turns < TCP_TURNS_ENOUGH)
		c->turns++;
	c->asked = false;
}

#endif
