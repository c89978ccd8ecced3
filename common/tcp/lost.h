/* SPDX-License-Identifier: Apache-2.0
 *
 * What the namespace is missing of what was sent to it: by its acknowledgements, selective ones
 * (RFC 2018) if there are, and how to send that again, but not what it has. Something is lost once
 * three segments have overtaken it (RFC 6675), or after a short time if there are fewer.
 */
#ifndef COMMON_TCP_LOST_H
#define COMMON_TCP_LOST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/conn.h"
#include "common/wire/tcp.h"

/* tcp_lost_acked() - snd_una has moved forward */
void tcp_lost_acked(struct tcp_conn *c);

/* tcp_lost_told() - what an acknowledgement with number snd_una says
 * @again:	it may be one that says the same as the last one
 *
 * Return: whether something is to be sent again; snd_nxt is there then
 */
bool tcp_lost_told(struct tcp_conn *c, const struct tcp_segment *seg, bool again);

/* tcp_lost_doubtful() - whether something was overtaken, but by too little to be sure */
bool tcp_lost_doubtful(const struct tcp_conn *c);

/* tcp_lost_holes() - enough doubt: what was overtaken is sent again */
void tcp_lost_holes(struct tcp_conn *c);

/* tcp_lost_all() - nothing was heard for too long: everything is sent again */
void tcp_lost_all(struct tcp_conn *c);

/* tcp_lost_skip() - snd_nxt has moved: past what the namespace has */
void tcp_lost_skip(struct tcp_conn *c);

/* tcp_lost_room() - Return: bytes from snd_nxt on before something that the namespace has */
uint32_t tcp_lost_room(const struct tcp_conn *c);

/* tcp_lost_arrived() - Return: bytes between snd_una and snd_nxt that are not in flight any more */
uint32_t tcp_lost_arrived(const struct tcp_conn *c);

#endif
