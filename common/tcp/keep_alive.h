/* SPDX-License-Identifier: Apache-2.0
 *
 * Keep-alive of the host's sockets (RFC 9293, 3.8.4), which the kernel does: for as long as the
 * namespace probes on its side, and for a while after the machine has slept, when nobody knows
 * which of the other ends are still there. One that has forgotten the connection, or whose NAT has,
 * answers a probe with a reset at once; an answer that doesn't come ends the connection after all
 * of them. Without that a connection on which the namespace only waits would wait for ever.
 */
#ifndef COMMON_TCP_KEEP_ALIVE_H
#define COMMON_TCP_KEEP_ALIVE_H

#include <stdint.h>

struct tcp_flow;

/* So long peers are asked; by then the host's number of probes, 9 by default, has gone by */
#define TCP_ASK_MS 40000

/* tcp_keep_alive() - the namespace probes after @idle_s of silence: the socket is to do it, too
 *
 * What it does when nothing answers can't be seen, since we do: probes come as soon again, 75 s
 * later at most, and as often as the host's setting has it.
 */
void tcp_keep_alive(struct tcp_flow *f, uint32_t idle_s);

/* tcp_keep_alive_ask() - have the peer asked whether it's there, at once unless it was heard of
 * within the last seconds, and again as long as it's silent
 *
 * What is on its way is sent again by itself, and asks as well.
 */
void tcp_keep_alive_ask(struct tcp_flow *f);

/* tcp_keep_alive_asked() - back to what the namespace wants of it */
void tcp_keep_alive_asked(struct tcp_flow *f);

#endif
