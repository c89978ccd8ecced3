/* SPDX-License-Identifier: Apache-2.0
 *
 * A bell is an eventfd in the worker's loop, watched for edges, so that nobody has to read it. It
 * is rung once until the worker has heard it.
 */
#include "common/engine/team.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/map.h"
#include "common/engine/worker.h"

/* --- who takes part ------------------------------------------------------- */

/* Whether all have flows of it: not local ones of UDP */
static bool is_shared(const struct flow_key *key)
{
	return key->protocol < UDP_LOCAL_PROTOCOL;
}

/* Whether any of them could have begun it */
static bool is_anyones(const struct flow_key *key)
{
	return key->protocol == IPPROTO_TCP ||
	       (key->protocol == IPPROTO_UDP && !fwd_is_dns(IPPROTO_UDP, key->remote_port));
}

static bool claim(void *arg, uint32_t index, const struct flow_key *key, uint32_t hash)
{
	struct worker *w = arg;

	if (!is_shared(key))
		return true;
	if (!flow_index_claim(&w->team->index, w->number, index, key, hash))
		return false;
	w->begun += is_anyones(key);
	return true;
}

static void release(void *arg, uint32_t index, const struct flow_key *key)
{
	struct worker *w = arg;

	if (!is_shared(key))
		return;
	flow_index_release(&w->team->index, w->number, index);
	w->begun -= is_anyones(key);
}

static bool is_elsewhere(void *arg, const struct flow_key *key, uint32_t hash)
{
	struct worker *w = arg;
	int owner = flow_index_owner(&w->team->index, key, hash);

	return owner >= 0 && (uint32_t)owner != w->number;
}

struct team *team_new(struct worker *first)
{
	struct team *team = map_lazily(sizeof(*team));

	if (!team)
		return NULL;
	crew_init(&team->crew);
	if (flow_index_init(&team->index, first->flows.capacity) || team_add(team, first)) {
		team_free(team);
		return NULL;
	}
	return team;
}

static void forget_boxes(struct team *team, uint32_t number)
{
	for (uint32_t i = 0; i < WORKERS_MAX; i++) {
		mailbox_fini(&team->boxes[number][i]);
		mailbox_fini(&team->boxes[i][number]);
	}
}

void team_free(struct team *team)
{
	if (!team)
		return;
	for (uint32_t i = 0; i < team->count; i++)
		forget_boxes(team, i);
	flow_index_fini(&team->index);
	map_drop(team, sizeof(*team));
}

static int make_boxes(struct team *team, uint32_t number)
{
	int rc = 0;

	for (uint32_t i = 0; i < number && !rc; i++) {
		rc = mailbox_init(&team->boxes[number][i]);
		if (!rc)
			rc = mailbox_init(&team->boxes[i][number]);
	}
	return rc;
}

int team_add(struct team *team, struct worker *w)
{
	int rc = flow_index_add_worker(&team->index, w->number);

	if (!rc)
		rc = make_boxes(team, w->number);
	w->bell.fd = rc ? -1 : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!rc && w->bell.fd < 0)
		rc = -errno;
	if (!rc)
		rc = loop_add(&w->loop, &w->bell, EPOLLIN | EPOLLET);
	if (rc) {
		fds_close(&w->bell.fd);
		forget_boxes(team, w->number);
		flow_index_remove_worker(&team->index, w->number);
		return rc;
	}
	w->team = team;
	w->flows.claims = (struct flow_claims){ claim, release, is_elsewhere, w };
	team->workers[team->count++] = w;
	return 0;
}

void team_remove_last(struct team *team)
{
	struct worker *w = team->workers[--team->count];

	w->team = NULL;
	w->flows.claims = (struct flow_claims){ 0 };
	forget_boxes(team, w->number);
	flow_index_remove_worker(&team->index, w->number);
}

struct worker *worker_of(struct worker *first, uint32_t number)
{
	if (!first->team)
		return number ? NULL : first;
	return number < first->team->count ? first->team->workers[number] : NULL;
}

int team_owner(const struct worker *w, const struct flow_key *key)
{
	return flow_index_owner(&w->team->index, key, flow_key_hash(&w->flows, key));
}

/* --- pauses --------------------------------------------------------------- */

void team_pause(const struct worker *first)
{
	if (first->team)
		crew_pause(&first->team->crew);
}

/* Captures and the trace are all workers' */
void team_resume(const struct worker *first)
{
	struct team *team = first->team;

	if (!team)
		return;
	for (uint32_t i = 1; i < team->count && team->crew.depth == 1; i++) {
		team->workers[i]->link.pcap = first->link.pcap;
		team->workers[i]->link.trace = first->link.trace;
	}
	crew_resume(&team->crew);
}

/* --- messages ------------------------------------------------------------- */

void *team_write(const struct worker *from, uint32_t to, uint32_t kind, size_t size, bool frame)
{
	return mailbox_reserve(&from->team->boxes[to][from->number], kind, size, frame);
}

void team_await(const struct worker *from, uint32_t to)
{
	mailbox_await(&from->team->boxes[to][from->number]);
}

void team_send(const struct worker *from, uint32_t to)
{
	mailbox_commit(&from->team->boxes[to][from->number]);
	worker_call(from->team->workers[to]);
}
