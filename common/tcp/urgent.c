/* SPDX-License-Identifier: Apache-2.0
 *
 * One mark a direction; see urgent.h.
 */
#include "common/tcp/urgent.h"

#include "common/tcp/seq.h"

void tcp_urgent_note(struct tcp_urgent *u, uint32_t seq)
{
	if (!u->pending || tcp_seq_lt(u->seq, seq))
		*u = (struct tcp_urgent){ .seq = seq, .pending = true };
}

void tcp_urgent_passed(struct tcp_urgent *u, uint32_t seq)
{
	if (u->pending && tcp_seq_lt(u->seq, seq))
		u->pending = false;
}
