/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue is in the order in which flows came to its end, not in that of their last use: a flow
 * that is found at its head, used since, goes to the end once more (second chance). That spares
 * every datagram the move; what has come to be a stream gets to the streams' queue then as well.
 */
#include "common/flow/share.h"

#include "common/base/clock.h"
#include "common/base/util.h"

/* Heads of a queue that one new flow looks at */
#define CHANCES 16

static void queue_append(struct flow_share *share, struct flow_use *use, enum flow_age age)
{
	struct flow_queue *queue = &share->queues[age];

	use->queue = (uint8_t)age;
	use->queued_ns = use->last_ns;
	use->older = queue->newest;
	use->newer = NULL;
	*(queue->newest ? &queue->newest->newer : &queue->oldest) = use;
	queue->newest = use;
	queue->count++;
	atomic_fetch_add(&share->count, 1);
}

void flow_share_remove(struct flow_share *share, struct flow_use *use)
{
	struct flow_queue *queue;

	if (use->queue == FLOW_ENDING)
		return;
	queue = &share->queues[use->queue];
	*(use->older ? &use->older->newer : &queue->oldest) = use->newer;
	*(use->newer ? &use->newer->older : &queue->newest) = use->older;
	queue->count--;
	atomic_fetch_sub(&share->count, 1);
	use->queue = FLOW_ENDING;
}

void flow_share_add(struct flow_share *share, struct flow_use *use, uint64_t now_ns)
{
	use->opened_ns = use->last_ns = now_ns;
	use->answered_ns = 0;
	queue_append(share, use, FLOW_ONE_WAY);
}

void flow_share_answered(struct flow_share *share, struct flow_use *use, uint64_t now_ns)
{
	use->last_ns = use->answered_ns = now_ns;
	if (use->queue == FLOW_ENDING)
		return;
	flow_share_remove(share, use);
	queue_append(share, use, FLOW_ANSWERED);
}

enum flow_age flow_use_age(const struct flow_use *use)
{
	if (!use->answered_ns)
		return FLOW_ONE_WAY;
	return use->last_ns > use->answered_ns + FLOW_STREAM_MS * NS_PER_MS ? FLOW_STREAM
									    : FLOW_ANSWERED;
}

/* The head of a queue, once those that don't belong there have got their second chance */
static struct flow_use *queue_oldest(struct flow_share *share, enum flow_age age)
{
	struct flow_queue *queue = &share->queues[age];

	for (int i = 0; i < CHANCES && queue->oldest; i++) {
		struct flow_use *use = queue->oldest;

		if (use->queued_ns == use->last_ns)
			return use;
		flow_share_remove(share, use);
		queue_append(share, use, flow_use_age(use));
	}
	return queue->oldest;
}

/* Whether the oldest flow of an age is one too many, with all the others that there are */
static bool is_over(const struct flow_share *share, enum flow_age age, uint32_t max,
		    uint64_t now_ns)
{
	const struct flow_queue *queue = &share->queues[age];

	if (age == FLOW_ONE_WAY)
		return queue->count >= max / 2 ||
		       now_ns >= queue->oldest->last_ns + FLOW_PATIENCE_MS * NS_PER_MS;
	return age == FLOW_STREAM || queue->count > max / 4;
}

/* @all: whether it's one too many or not */
static struct flow_use *choose(struct flow_share *share, uint32_t max, bool all, uint64_t now_ns)
{
	for (int age = FLOW_ONE_WAY; age < FLOW_AGES; age++) {
		struct flow_use *use = queue_oldest(share, (enum flow_age)age);

		if (use && (all || is_over(share, (enum flow_age)age, max, now_ns)))
			return use;
	}
	return NULL;
}

struct flow_use *flow_share_displace(struct flow_share *share, uint32_t max, const char *what,
				     uint64_t now_ns)
{
	struct flow_use *use = choose(share, max, false, now_ns);
	uint64_t more;

	if (!use)
		use = choose(share, max, true, now_ns);
	if (!use)
		return NULL;
	flow_share_remove(share, use);
	share->displaced++;
	if (log_limit_pass(&share->limit, now_ns, &more))
		log_warning("there are %u %s: new ones end old ones%s", flow_share_count(share) + 1,
			    what, log_limit_more(more).text);
	return use;
}

uint64_t flow_use_left_ms(const struct flow_use *use, uint32_t stream_ms, uint64_t now_ns)
{
	uint64_t limit_ms = flow_use_age(use) == FLOW_STREAM ? stream_ms : FLOW_IDLE_MS;
	uint64_t idle_ms = now_ns > use->last_ns ? (now_ns - use->last_ns) / NS_PER_MS : 0;

	return limit_ms > idle_ms ? limit_ms - idle_ms : 0;
}
