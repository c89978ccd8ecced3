/* SPDX-License-Identifier: Apache-2.0
 *
 * One address has many names, and a rule for one of them opens the address for all. So where
 * nothing but a name lets a connection out, its first bytes say which one it is meant for: in TLS
 * by the server name of the ClientHello, in HTTP by the request's Host. They wait in the backlog,
 * acknowledged, until that name is found, and go on if a rule allows it as well; else the
 * connection is reset, without any of them having left. What has no name, or is another protocol,
 * is allowed by its address alone, unless the policy is strict.
 *
 * Questions to a resolver are judged one by one: a connection that carries them has its gate for
 * good.
 */
#ifndef COMMON_TCP_GATE_H
#define COMMON_TCP_GATE_H

#include "common/fwd/fwd.h"
#include "common/tcp/record.h"

/* tcp_gate_init() - for a flow of the namespace's that @target was decided for
 *
 * Return: 0 or -ENOBUFS
 */
int tcp_gate_init(struct tcp_flow *f, const struct fwd_target *target);

/* tcp_gate_fini() - nothing will pass any more */
void tcp_gate_fini(struct tcp_flow *f);

/* tcp_gate_look() - more bytes have come, or the end has, or room in the socket: what may
 * pass the gate does. There may be more for the namespace then
 *
 * Return: 0; or -errno: the connection is to be reset
 */
int tcp_gate_look(struct tcp_flow *f, uint64_t now_ns);

#endif
