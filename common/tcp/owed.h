/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgements that are owed to the namespace: which flows have one to send, and since when.
 * One that is due goes out at the end of the batch. One that is delayed waits for data to carry it,
 * as long as there is something to do; it grows from fresh to aged, and goes out at the next ageing
 * after that. One that data is expected to carry only ages. A flow whose data found
 * the link full is here, too: what it acknowledges would find it full as well. Every operation is
 * O(1) a flow, and a batch touches only the flows that it has to do with.
 */
#ifndef COMMON_TCP_OWED_H
#define COMMON_TCP_OWED_H

#include "common/tcp/record.h"

/* tcp_owed_note() - after an event: put the flow where its ack_state belongs */
void tcp_owed_note(struct tcp_flow *f);

/* tcp_owed_forget() - the flow owes nothing any more, it ends */
void tcp_owed_forget(struct tcp_flow *f);

enum tcp_owed_flush {
	TCP_OWED_FLUSH_DUE, /* only those that may not wait */
	TCP_OWED_FLUSH_AGED, /* and those that were there at the last call like this */
	TCP_OWED_FLUSH_IDLE, /* and all that are delayed: there is nothing else to do */
};

/* tcp_owed_flush() - send acknowledgements */
void tcp_owed_flush(struct tcp *tcp, enum tcp_owed_flush which);

/* tcp_owed_ages() - whether any is left after TCP_OWED_FLUSH_IDLE, so that ageing is to go on */
bool tcp_owed_ages(const struct tcp *tcp);

/* tcp_owed_take_room() - a flow that waits for room on the link; it does so no more. NULL: none is
 */
struct tcp_flow *tcp_owed_take_room(struct tcp *tcp);

#endif
