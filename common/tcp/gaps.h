/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow's out-of-order state: what came early from the namespace, waiting for what is missing, and
 * what the namespace has of what it is missing something before. It lies in a chunk that a flow has
 * only while there's any. What is kept early is bounded, and never takes from the half of the
 * chunks that are for backlogs; what finds no room is as good as lost, and comes again.
 */
#ifndef COMMON_TCP_GAPS_H
#define COMMON_TCP_GAPS_H

#include "common/tcp/record.h"

/* tcp_gaps_note() - before tcp_conn_segment(): a place for what @seg says that the namespace has */
void tcp_gaps_note(struct tcp_flow *f, const struct tcp_segment *seg);

/* tcp_gaps_keep() - keep what tcp_conn_segment() found early; may set action->duplicate */
void tcp_gaps_keep(struct tcp_flow *f, const struct tcp_segment *seg, struct tcp_action *action);

/* tcp_gaps_next() - rcv_nxt has moved: what came early and is in order now
 *
 * It's to be taken in by tcp_conn_filled(), and stays where it is until the next call.
 *
 * Return: pieces in @iov, 0 if rcv_nxt is missing
 */
int tcp_gaps_next(struct tcp_flow *f, struct iovec *iov, int iov_max);

/* tcp_gaps_blocks() - what to tell the namespace of it, @max blocks at most. Return: how many */
int tcp_gaps_blocks(const struct tcp_flow *f, struct tcp_sack *blocks, int max);

/* tcp_gaps_trim() - after an event: let go of the chunk if nothing is out of order any more */
void tcp_gaps_trim(struct tcp_flow *f);

/* tcp_gaps_forget() - let go of everything */
void tcp_gaps_forget(struct tcp_flow *f);

#endif
