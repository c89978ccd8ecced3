/* SPDX-License-Identifier: Apache-2.0
 *
 * The first worker runs in the calling thread, the others (team.h) in theirs, from engine_run()
 * until it returns: at all other times they are in a pause.
 */
#include "common/engine/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/map.h"
#include "common/base/util.h"
#include "common/engine/counters.h"
#include "common/engine/dgram_team.h"
#include "common/engine/duty.h"
#include "common/engine/hand_over.h"
#include "common/engine/policy_change.h"
#include "common/engine/port_rules.h"
#include "common/engine/team.h"
#include "common/engine/worker_batch.h"
#include "common/engine/worker_mail.h"
#include "common/engine/worker_setup.h"

/* How often the question whether all is done is asked */
#define ENGINE_DONE_INTERVAL_MS 2

/* After so long without a pause, all that was queued at the start is through */
#define ENGINE_SETTLE_NS (100 * NS_PER_MS)

static_assert(ENGINE_WORKERS_MAX == WORKERS_MAX, "what callers know");

struct engine {
	struct config config;
	struct worker worker;
	struct port_rules port_rules;
	struct policy_change policy_change;
	struct host_change host_change;
	bool stopped;
	struct team *team; /* NULL: there is one worker alone */
	int queues[WORKERS_MAX]; /* of all but the first one; owned */
};

/* What a filter of system calls around us may refuse */
#define START_CALLS "epoll_create1(2), epoll_ctl(2), epoll_wait(2) or getrandom(2)"

static const char *start_remedy(int code)
{
	switch (-code) {
	case ENOSYS:
	case EPERM:
		return "does a filter of system calls around us refuse " START_CALLS "?";
	default:
		return NULL;
	}
}

int engine_new(const struct config *config, int link_fd, struct engine **ret_engine,
	       struct err *err)
{
	struct engine *engine = mmap(NULL, sizeof(*engine), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc;

	if (engine == MAP_FAILED)
		return err_no_memory(err, "the engine");
	engine->config = *config;
	memset(engine->queues, -1, sizeof(engine->queues));
	policy_change_init(&engine->policy_change, &engine->worker);
	host_change_init(&engine->host_change, &engine->worker, &engine->policy_change,
			 &engine->config);
	rc = worker_init(&engine->worker, &engine->config, link_fd);
	if (!rc)
		rc = port_rules_init(&engine->port_rules, &engine->config, &engine->worker);
	if (rc) {
		engine_free(engine);
		if (rc == -ENOMEM)
			return err_no_memory(err, "the engine");
		err_set(err, rc, "cannot start the engine: %s", strerror(-rc));
		return err_remedy(err, rc, start_remedy(rc));
	}
	*ret_engine = engine;
	return 0;
}

/* No thread has it, or will */
static void drop_last_worker(struct engine *engine)
{
	const uint32_t number = engine->team->count - 1;
	struct worker *w = engine->team->workers[number];

	duty_leave(w);
	worker_fini(w);
	team_remove_last(engine->team);
	map_drop(w, sizeof(*w));
	fds_close(&engine->queues[number]);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	if (engine->team) {
		crew_end(&engine->team->crew);
		while (engine->team->count > 1)
			drop_last_worker(engine);
	}
	worker_fini(&engine->worker);
	team_free(engine->team);
	port_rules_fini(&engine->port_rules);
	policy_change_fini(&engine->policy_change);
	munmap(engine, sizeof(*engine));
}

static int add_worker(struct engine *engine, int link_fd)
{
	struct worker *w = map_lazily(sizeof(*w));
	int rc = -ENOMEM;

	if (!engine->team)
		engine->team = team_new(&engine->worker);
	if (w && engine->team) {
		rc = worker_init_other(w, &engine->worker, engine->team->count, link_fd);
		if (!rc)
			rc = team_add(engine->team, w);
		if (!rc) {
			rc = duty_join(w);
			if (rc)
				team_remove_last(engine->team);
		}
		if (rc)
			worker_fini(w);
	}
	if (rc) {
		map_drop(w, sizeof(*w));
		return rc;
	}
	engine->queues[w->number] = link_fd;
	hand_over_init(&engine->worker);
	hand_over_init(w);
	dgram_team_join(&engine->worker);
	dgram_team_join(w);
	hand_over_table(&engine->worker, w);
	return 0;
}

int engine_add_worker(struct engine *engine, int link_fd, struct err *err)
{
	int rc = add_worker(engine, link_fd);

	if (!rc)
		return 0;
	fds_close(&link_fd);
	return err_set(err, rc, "cannot make another worker: %s", strerror(-rc));
}

static void wake_worker(void *arg)
{
	worker_ring(arg);
}

static bool run_worker(void *arg)
{
	struct worker *w = arg;
	int rc = worker_batch(w, -1);

	if (rc >= 0)
		return true;
	atomic_store(&w->team->failure, rc);
	worker_ring(w->team->workers[0]);
	return false;
}

uint32_t engine_workers(const struct engine *engine)
{
	return engine->team ? engine->team->count : 1;
}

/* What all have together is as much as one alone would have */
static void share_limits(struct engine *engine)
{
	const uint32_t count = engine_workers(engine);
	struct worker *w;

	for (uint32_t i = 0; (w = worker_of(&engine->worker, i)); i++) {
		chunk_pool_share(&w->tcp.chunks, count);
		w->icmp_limit.parts = count;
	}
}

int engine_start(struct engine *engine, engine_enter_fn enter, void *arg, struct err *err)
{
	struct team *team = engine->team;
	int rc = 0;

	for (uint32_t i = 1; team && i < team->count && !rc; i++) {
		const struct crew_job job = { run_worker, wake_worker, team->workers[i] };
		char name[16];

		snprintf(name, sizeof(name), "worker %u", i % WORKERS_MAX);
		rc = crew_add(&team->crew, &job, name, enter, arg, err);
	}
	while (rc && team->count > team->crew.count + 1)
		drop_last_worker(engine);
	share_limits(engine);
	if (team)
		dgram_team_look(&engine->worker);
	return rc;
}

void engine_pause(struct engine *engine)
{
	team_pause(&engine->worker);
}

void engine_resume(struct engine *engine)
{
	team_resume(&engine->worker);
}

int engine_connect(struct engine *engine, int fd)
{
	return worker_connect(&engine->worker, fd);
}

const char *engine_reason(const struct engine *engine)
{
	return link_reason(&engine->worker.link);
}

void engine_capture(struct engine *engine, int pcap_fd)
{
	worker_capture(&engine->worker, pcap_fd);
}

struct live_capture *engine_live_capture(struct engine *engine)
{
	return &engine->worker.live_capture;
}

void engine_open_ports(struct engine *engine)
{
	automatic_look(&engine->worker.automatic, clock_now_ns());
}

struct loop *engine_loop(struct engine *engine)
{
	return &engine->worker.loop;
}

void engine_set_resolv(struct engine *engine, const struct resolv *resolv)
{
	engine->config.resolv = *resolv;
	forwarding_resolv(&engine->worker.forwarding, resolv);
}

void engine_host_is(struct engine *engine, const struct host_state *state)
{
	host_change_start(&engine->host_change, state);
}

void engine_host_changed(struct engine *engine, const struct host_state *state, uint64_t now_ns)
{
	host_change_apply(&engine->host_change, state, now_ns);
}

void engine_awake(struct engine *engine, uint64_t now_ns)
{
	host_change_awake(&engine->host_change, now_ns);
}

void engine_grow(struct engine *engine, bool ipv4, const struct addressing_family *given,
		 uint64_t now_ns)
{
	host_change_grow(&engine->host_change, ipv4, given, now_ns);
}

void engine_mirror(struct engine *engine, bool ipv4, const struct addressing_family *given,
		   uint64_t now_ns)
{
	host_change_mirror(&engine->host_change, ipv4, given, now_ns);
}

static void add_stats(const struct worker *w, struct engine_stats *stats)
{
	const struct link_stats *link = &w->link.stats;

	stats->rx_frames += link->rx_frames;
	stats->rx_bytes += link->rx_bytes;
	stats->tx_frames += link->tx_frames;
	stats->tx_bytes += link->tx_bytes;
	stats->spliced_bytes += w->splice.stats.bytes + w->udp_local.stats.bytes;
	stats->invalid += link->rx_invalid + w->stats.malformed;
	stats->unhandled += w->stats.unhandled;
	stats->tx_failed += link->tx_failed;
	stats->flows += w->flows.used + w->splice.used;
	stats->buffer_bytes += (uint64_t)w->tcp.chunks.used * CHUNK_BYTES;
	stats->buffer_bytes_max += (uint64_t)w->tcp.chunks.capacity * CHUNK_BYTES;
	stats->displaced += w->dgram_shares.to_host.displaced + w->dgram_shares.to_ns.displaced +
			    w->udp_local.share.displaced;
	counters_add(w, stats->counters);
}

void engine_stats(struct engine *engine, struct engine_stats *ret_stats)
{
	const struct worker *w;

	*ret_stats = (struct engine_stats){ 0 };
	engine_pause(engine);
	for (uint32_t i = 0; (w = worker_of(&engine->worker, i)); i++)
		add_stats(w, ret_stats);
	engine_resume(engine);
}

void engine_log_level(struct engine *engine, enum log_level level)
{
	engine_pause(engine);
	log_set_level(level);
	worker_set_trace(&engine->worker);
	engine_resume(engine); /* which has the others do it, too */
}

const struct config *engine_config(const struct engine *engine)
{
	return &engine->config;
}

const struct fwd_table *engine_fwd(const struct engine *engine)
{
	return forwarding_table(&engine->worker.forwarding);
}

const struct dns_resolvers *engine_resolvers(const struct engine *engine)
{
	return &engine->worker.forwarding.resolvers;
}

const struct fwd_rules *engine_rules(const struct engine *engine)
{
	return engine->config.rules;
}

struct fwd_change *engine_rules_edit(struct engine *engine)
{
	return port_rules_edit(&engine->port_rules);
}

int engine_rules_replace(struct engine *engine, uint64_t now_ns, uint32_t *ret_rule_id,
			 struct err *err)
{
	return port_rules_replace(&engine->port_rules, now_ns, ret_rule_id, err);
}

int engine_policy_replace(struct engine *engine, struct policy *policy, uint32_t *ret_ended)
{
	return policy_change_apply(&engine->policy_change, policy, ret_ended);
}

struct timer_wheel *engine_timers(struct engine *engine)
{
	return &engine->worker.timers;
}

/* Of each worker's numbers in turn, so that none changes when another worker gets more */
uint32_t engine_flows_end(struct engine *engine)
{
	const struct worker *w;
	uint32_t end = 0;

	for (uint32_t i = 0; (w = worker_of(&engine->worker, i)); i++)
		end = MAX(end, flow_report_end(w));
	return end * engine_workers(engine);
}

bool engine_flow_at(struct engine *engine, uint32_t number, uint64_t now_ns,
		    struct flow_report *ret_report)
{
	const uint32_t count = engine_workers(engine);
	const struct worker *w = worker_of(&engine->worker, number % count);

	return number / count < flow_report_end(w) &&
	       flow_report_at(w, number / count, now_ns, ret_report);
}

/* The first worker's. Return: events; -errno if any can't go on */
static int engine_batch(struct engine *engine, int timeout_ms)
{
	int rc = worker_batch(&engine->worker, timeout_ms);
	int others = engine->team ? atomic_load(&engine->team->failure) : 0;

	if (engine->team) {
		dgram_team_look(&engine->worker);
		duty_look(&engine->worker);
	}
	return others ? others : rc;
}

/* Whether nothing that the namespace has sent is still held anywhere. The first worker's queue is
 * empty
 */
static bool engine_is_empty(struct engine *engine)
{
	const struct worker *w;
	bool is_empty = true;

	engine_pause(engine);
	for (uint32_t i = 0; (w = worker_of(&engine->worker, i)); i++)
		is_empty &=
			worker_is_empty(w) && !worker_has_mail(w) && !w->holds && (!i || w->quiet);
	engine_resume(engine);
	return is_empty;
}

/* After the last batch: what others have told of is noted, whatever follows */
static void engine_rest(struct engine *engine)
{
	engine_pause(engine);
	if (engine->team)
		worker_take_mail(&engine->worker, clock_now_ns());
}

int engine_run(struct engine *engine)
{
	int rc = 0;

	engine->stopped = false;
	engine_resume(engine);
	while (!engine->stopped && rc >= 0)
		rc = engine_batch(engine, -1);
	engine_rest(engine);
	return rc < 0 ? rc : 0;
}

void engine_stop(struct engine *engine)
{
	engine->stopped = true;
}

static int run_until(struct engine *engine, bool (*done)(void *arg), void *arg, int timeout_ms)
{
	const uint64_t start_ns = clock_now_ns(), timeout_ns = (unsigned int)timeout_ms * NS_PER_MS;
	uint64_t spent_ns = 0, asked_ns = 0;
	int rc = engine_batch(engine, 0);

	engine->stopped = false;
	while (rc >= 0) {
		/* A pause says that the link's queue is empty; traffic that never pauses is not
		 * ours to wait for: what was in the queue at the start has been read long before
		 */
		bool settled = !rc || (spent_ns >= ENGINE_SETTLE_NS &&
				       spent_ns - asked_ns >= ENGINE_DONE_INTERVAL_MS * NS_PER_MS);

		if (settled && engine_is_empty(engine)) {
			if (done(arg))
				return 0;
			asked_ns = spent_ns;
		}
		if (engine->stopped || spent_ns >= timeout_ns)
			return -ETIMEDOUT;
		rc = engine_batch(engine, rc ? 0 : ENGINE_DONE_INTERVAL_MS);
		spent_ns = clock_now_ns() - start_ns;
	}
	return rc;
}

int engine_run_until(struct engine *engine, bool (*done)(void *arg), void *arg, int timeout_ms)
{
	struct worker *w;
	int rc;

	for (uint32_t i = 1; (w = worker_of(&engine->worker, i)); i++)
		w->quiet &= !w->on_duty; /* if so, it is to look at its queue once more */
	engine_resume(engine);
	rc = run_until(engine, done, arg, timeout_ms);
	engine_rest(engine);
	return rc;
}
