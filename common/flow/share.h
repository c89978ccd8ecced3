/* SPDX-License-Identifier: Apache-2.0
 *
 * How long flows without an end of their own (datagrams) live, and which of them goes when there
 * are more than their share of what all have. They age as conntrack's do: for a short time until
 * traffic has gone both ways for more than FLOW_STREAM_MS. Beyond the share the oldest of the
 * lowest age goes. But half of it is for flows that have still to be answered, for a second, so
 * that many new ones don't end each other, and a quarter for those that were answered lately.
 * Whoever owns the records embeds a struct flow_use and ends the flow that it is told; nothing here
 * is called for each datagram.
 */
#ifndef COMMON_FLOW_SHARE_H
#define COMMON_FLOW_SHARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"

/* Traffic this long after the first answer makes a stream */
#define FLOW_STREAM_MS 2000
/* Until an answer that comes at all has come */
#define FLOW_PATIENCE_MS 1000
/* Without traffic, streams end after the latter time, all others after the former */
#define FLOW_IDLE_MS (30 * 1000)
#define FLOW_IDLE_STREAM_MS (120 * 1000)

enum flow_age {
	FLOW_ONE_WAY,
	FLOW_ANSWERED,
	FLOW_STREAM,
};
#define FLOW_AGES 3
/* In the place of one: not in a queue any more */
#define FLOW_ENDING FLOW_AGES

struct flow_use {
	struct flow_use *older, *newer; /* in a queue of the share's */
	uint64_t opened_ns;
	uint64_t last_ns; /* traffic either way */
	uint64_t queued_ns; /* @last_ns when it came to the end of the queue */
	uint64_t answered_ns; /* when traffic had gone both ways first, 0: not yet */
	uint8_t queue; /* enum flow_age; may be behind what flow_use_age() says; or FLOW_ENDING */
};

struct flow_queue {
	struct flow_use *oldest, *newest;
	uint32_t count;
};

struct flow_share {
	struct flow_queue queues[FLOW_AGES];
	_Atomic uint32_t count; /* in all of them; others may look at it */
	uint64_t displaced; /* flows that had to go */
	struct log_limit limit; /* for the line that says so */
};

/* flow_share_add() - a new flow, of which the first datagram is on its way */
void flow_share_add(struct flow_share *share, struct flow_use *use, uint64_t now_ns);
/* flow_share_remove() - the flow has ended; no effect if it was displaced */
void flow_share_remove(struct flow_share *share, struct flow_use *use);

/* flow_share_answered() - traffic has gone both ways; not for each datagram: see @answered_ns */
void flow_share_answered(struct flow_share *share, struct flow_use *use, uint64_t now_ns);

static inline uint32_t flow_share_count(const struct flow_share *share)
{
	return atomic_load(&share->count);
}

/* flow_share_displace() - take the flow that is to end for a new one out of its queue
 *
 * It is counted, and said at a bounded rate.
 *
 * @max:	flows that the share has room for
 * @what:	these flows are, for the log
 *
 * Return: NULL if there is none at all
 */
struct flow_use *flow_share_displace(struct flow_share *share, uint32_t max, const char *what,
				     uint64_t now_ns);

enum flow_age flow_use_age(const struct flow_use *use);

/* flow_use_left_ms() - how long the flow may stay without traffic. Return: 0 if it's over
 * @stream_ms:	how long a stream may
 */
uint64_t flow_use_left_ms(const struct flow_use *use, uint32_t stream_ms, uint64_t now_ns);

#endif
