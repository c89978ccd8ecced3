/* SPDX-License-Identifier: Apache-2.0
 *
 * What the namespace's segments carry, on its way to the socket: in order, wherever its pieces are,
 * or by the place where early ones wait.
 */
#ifndef COMMON_TCP_PAYLOAD_H
#define COMMON_TCP_PAYLOAD_H

#include "common/link/link.h"
#include "common/tcp/record.h"

/* tcp_payload_take() - payload of a segment, and with it what was waiting for that; what is early
 * waits
 * @action:	what tcp_conn_segment() said of it
 *
 * Return: 0 or -errno
 */
int tcp_payload_take(struct tcp_flow *f, const struct tcp_segment *seg,
		     const struct link_frame *frame, struct tcp_action *action);

/* tcp_payload_fill() - a gap is closed: hand over what came early, up to the next one. Return: 0 or
 * -errno
 */
int tcp_payload_fill(struct tcp_flow *f);

#endif
