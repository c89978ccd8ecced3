/* SPDX-License-Identifier: Apache-2.0
 *
 * How much the namespace may send: what the socket's send buffer has free, and some more that the
 * backlog can hold. The surplus is what makes the kernel grow the buffer: it does so only for a
 * socket that ran full.
 */
#ifndef COMMON_TCP_WINDOW_H
#define COMMON_TCP_WINDOW_H

#include <stdint.h>

#include "common/tcp/record.h"

/* tcp_window() - bytes from rcv_nxt that can be taken in now, for tcp_conn_announce()
 *
 * Asks the kernel only after a part of the last answer was used up, or while there's a backlog.
 */
uint32_t tcp_window(struct tcp_flow *f);

/* tcp_window_forget() - the last answer was made while the socket was full, which is over */
void tcp_window_forget(struct tcp_flow *f);

#endif
