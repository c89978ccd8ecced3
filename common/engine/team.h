/* SPDX-License-Identifier: Apache-2.0
 *
 * The workers of one engine, if there are several: each on a thread of its own, with a queue of the
 * tap, which it reads while there is enough to do (duty.h). The first one is the owner's: it runs
 * on the engine's thread and has what is there once. The others have flows: TCP connections, by the
 * tap and local ones, and UDP and ping that the namespace has begun (dgram_team.h).
 *
 * They share three things. The index of flows says who has a connection (flow_index.h), and is
 * asked only for frames of flows that one hasn't. Mailboxes, one for each two and direction,
 * carry what one has and another is to get (mailbox.h, hand_over.h). And in a pause, which the
 * owner alone can begin, the others rest between two batches, and the owner may do with all that
 * they have what it likes: that is how whatever changes once in a while comes to them, and how sums
 * are made.
 */
#ifndef COMMON_ENGINE_TEAM_H
#define COMMON_ENGINE_TEAM_H

#include <linux/if_ether.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/engine/crew.h"
#include "common/engine/flow_index.h"
#include "common/engine/mailbox.h"
#include "common/fwd/rules.h"
#include "common/link/link.h"
#include "common/wire/ip.h"

struct worker;

struct team {
	uint32_t count;
	struct worker *workers[WORKERS_MAX];
	struct flow_index index;
	struct crew crew; /* of all but the first */
	struct mailbox boxes[WORKERS_MAX][WORKERS_MAX]; /* [to][from] */
	uint32_t turn; /* the owner's: who took the last connection */
	uint64_t fewer_ns; /* the owner's: since when it could do alone; 0: it couldn't */
	uint32_t dealt[WORKERS_MAX]; /* the owner's: connections that it has passed to each */
	_Atomic uint32_t opened[WORKERS_MAX]; /* of these, what each has taken in since */
	struct fwd_portmap
		taken; /* changed in pauses: where UDP is the first one's, dgram_team.h */
	uint32_t taken_changes; /* the owner's: the listening sockets' when it looked */
	/* The owner's: frames made of fragments, by the link and by mail; untouched until one is to
	 * be handed over
	 */
	uint8_t whole[2][ETH_HLEN + IP6_HEADER_LEN + UINT16_MAX];
	bool holds; /* the latter, for a worker that had no room for it, see hand_over.c */
	uint32_t held_for;
	struct link_frame held;
	_Atomic int failure; /* -errno once a worker can't go on */
};

/* team_new() - with @first alone, which knows of it from here on. Return: NULL: no memory */
struct team *team_new(struct worker *first);

/* team_free() - threads have ended, workers are still there; NULL is fine */
void team_free(struct team *team);

/* team_add() - another worker, whose number is set; its thread is another matter
 *
 * Return: 0 or -errno, then it is none of them
 */
int team_add(struct team *team, struct worker *worker);

/* team_remove_last() - take back what team_add() did last: before any of them has run */
void team_remove_last(struct team *team);

/* worker_of() - the workers of an engine, from 0 on. Return: NULL: there are no more
 * @first:	which may be alone
 */
struct worker *worker_of(struct worker *first, uint32_t number);

/* team_owner() - who has the flow of @key. Return: the worker's number; -1: nobody */
int team_owner(const struct worker *w, const struct flow_key *key);

/* team_pause() and team_resume() - the owner's, nested as it likes: the others rest in between.
 * Nothing if @first is alone
 */
void team_pause(const struct worker *first);
void team_resume(const struct worker *first);

/* team_write() - a place for a message to worker @to, see mailbox_reserve() */
void *team_write(const struct worker *from, uint32_t to, uint32_t kind, size_t size, bool frame);

/* team_await() - have the bell rung when @to has made room, if team_write() still finds none */
void team_await(const struct worker *from, uint32_t to);

/* team_send() - it is complete */
void team_send(const struct worker *from, uint32_t to);

#endif
