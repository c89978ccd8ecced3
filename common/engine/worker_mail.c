/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames stay where they are until all that is there has been looked at, so that datagrams can be
 * sent as a train.
 */
#include "common/engine/worker_mail.h"

#include <unistd.h>

#include "common/engine/hand_over.h"
#include "common/engine/learn.h"
#include "common/engine/team.h"
#include "common/engine/worker_input.h"

/* Messages of one worker that are taken in before sockets, timers and the link get their turn */
#define MAIL_BUDGET 64

static void take_frame(struct worker *w, const struct hand_over_frame *message, uint64_t now_ns)
{
	const struct link_frame frame = {
		.data = message->data,
		.len = message->len,
		.gso = (enum link_gso)message->gso,
		.gso_size = message->gso_size,
		.csum_known = message->csum_known,
	};

	worker_frame(w, &frame, now_ns);
}

static void take_spliced(struct worker *w, const struct hand_over_splice *message, uint64_t now_ns)
{
	splice_accept(&w->splice, message->fd, &message->target, now_ns);
	w->team->opened[w->number]++;
}

static void take_neighbour(struct worker *w, const struct hand_over_neighbour *message,
			   uint64_t now_ns)
{
	neighbours_take(&w->link.neighbours, &message->addr, message->mac, now_ns);
	if (w->number)
		return;
	learn_link_local(&w->forwarding, &message->addr);
	worker_hear(w, &message->addr, now_ns);
}

static void take_decision(struct worker *w, struct hand_over_decision *message)
{
	struct policy_audit *audit = worker_fwd(w)->audit;

	message->event.answer.name = message->name[0] ? message->name : NULL;
	if (audit)
		policy_audit_note(audit, &message->decision, &message->event);
}

static void take_lesson(struct worker *w, const struct hand_over_lesson *message)
{
	struct policy_lessons *lessons = worker_fwd(w)->lessons;

	if (lessons)
		policy_lessons_note(lessons, &message->query,
				    message->name[0] ? message->name : NULL);
}

static void take(struct worker *w, struct mailbox_message *message, uint64_t now_ns)
{
	void *data = message->data;
	const struct hand_over_learnt *learnt = data;

	switch ((enum hand_over_kind)message->kind) {
	case HAND_OVER_FRAME:
		take_frame(w, data, now_ns);
		break;
	case HAND_OVER_ACCEPTED:
		tcp_accepted_open(&w->tcp, data, now_ns);
		w->team->opened[w->number]++;
		break;
	case HAND_OVER_SPLICE:
		take_spliced(w, data, now_ns);
		break;
	case HAND_OVER_NEIGHBOUR:
		take_neighbour(w, data, now_ns);
		break;
	case HAND_OVER_LEARNT:
		policy_learnt_take(&w->learnt, &learnt->addr, learnt->name, learnt->ttl_s, now_ns);
		break;
	case HAND_OVER_DECISION:
		take_decision(w, data);
		break;
	case HAND_OVER_LESSON:
		take_lesson(w, data);
		break;
	case HAND_OVER_HEARD:
		worker_hear(w, data, now_ns);
		break;
	case HAND_OVER_NEED:
		dgram_flow_displace(&w->udp.env, now_ns);
		break;
	}
}

/* Return: whether there may be more */
static bool take_some(struct worker *w, struct mailbox *box, uint64_t now_ns)
{
	struct mailbox_message *message;

	for (int i = 0; i < MAIL_BUDGET; i++) {
		if (!hand_over_held_by_mail(w))
			return false; /* who is waited for rings */
		message = mailbox_next(box);
		if (!message)
			return false;
		w->quiet = false;
		take(w, message, now_ns);
	}
	return true;
}

void worker_take_mail(struct worker *w, uint64_t now_ns)
{
	struct mailbox *boxes = w->team->boxes[w->number];
	bool more = false;

	/* First: what comes from here on rings again. An exchange, to see what came before the last
	 * ring
	 */
	atomic_exchange(&w->rung, false);
	w->mailed = true;
	for (uint32_t from = 0; from < w->team->count; from++)
		if (from != w->number)
			more |= take_some(w, &boxes[from], now_ns);
	w->mailed = false;
	udp_flush(&w->udp, now_ns);
	for (uint32_t from = 0; from < w->team->count; from++)
		if (from != w->number && mailbox_done(&boxes[from]))
			worker_call(w->team->workers[from]);
	if (more)
		worker_call(w);
}

void worker_drop_mail(struct worker *w)
{
	struct mailbox *boxes = w->team->boxes[w->number];
	const struct mailbox_message *message;

	for (uint32_t from = 0; from < w->team->count; from++) {
		while (from != w->number && (message = mailbox_next(&boxes[from]))) {
			const void *data = message->data;

			if (message->kind == HAND_OVER_ACCEPTED)
				close(((const struct tcp_accepted *)data)->fd);
			else if (message->kind == HAND_OVER_SPLICE)
				close(((const struct hand_over_splice *)data)->fd);
		}
	}
}
