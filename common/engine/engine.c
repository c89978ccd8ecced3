/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine runs one worker in the calling thread.
 */
#include "common/engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/clock.h"
#include "common/engine/counters.h"
#include "common/engine/policy_change.h"
#include "common/engine/port_rules.h"
#include "common/engine/worker_batch.h"
#include "common/engine/worker_setup.h"

/* How often the question whether all is done is asked */
#define ENGINE_DONE_INTERVAL_MS 2

/* After so long without a pause, all that was queued at the start is through */
#define ENGINE_SETTLE_NS (100 * NS_PER_MS)

struct engine {
	struct config config;
	struct worker worker;
	struct port_rules port_rules;
	struct policy_change policy_change;
	struct host_change host_change;
	bool stopped;
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

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	worker_fini(&engine->worker);
	port_rules_fini(&engine->port_rules);
	policy_change_fini(&engine->policy_change);
	munmap(engine, sizeof(*engine));
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

void engine_stats(const struct engine *engine, struct engine_stats *ret_stats)
{
	const struct worker *w = &engine->worker;
	const struct link_stats *link = &w->link.stats;

	*ret_stats = (struct engine_stats){
		.rx_frames = link->rx_frames,
		.rx_bytes = link->rx_bytes,
		.tx_frames = link->tx_frames,
		.tx_bytes = link->tx_bytes,
		.spliced_bytes = w->splice.stats.bytes + w->udp_local.stats.bytes,
		.invalid = link->rx_invalid + w->stats.malformed,
		.unhandled = w->stats.unhandled,
		.tx_failed = link->tx_failed,
		.flows = w->flows.used + w->splice.used,
		.buffer_bytes = (uint64_t)w->tcp.chunks.used * CHUNK_BYTES,
		.buffer_bytes_max = (uint64_t)w->tcp.chunks.capacity * CHUNK_BYTES,
		.displaced = w->dgram_shares.to_host.displaced + w->dgram_shares.to_ns.displaced +
			     w->udp_local.share.displaced,
	};
	counters_read(w, ret_stats->counters);
}

void engine_log_level(struct engine *engine, enum log_level level)
{
	log_set_level(level);
	worker_set_trace(&engine->worker);
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

uint32_t engine_flows_end(const struct engine *engine)
{
	return flow_report_end(&engine->worker);
}

bool engine_flow_at(const struct engine *engine, uint32_t number, uint64_t now_ns,
		    struct flow_report *ret_report)
{
	return flow_report_at(&engine->worker, number, now_ns, ret_report);
}

int engine_run(struct engine *engine)
{
	int rc = 0;

	engine->stopped = false;
	while (!engine->stopped && rc >= 0)
		rc = worker_batch(&engine->worker, -1);
	return rc < 0 ? rc : 0;
}

void engine_stop(struct engine *engine)
{
	engine->stopped = true;
}

int engine_run_until(struct engine *engine, bool (*done)(void *arg), void *arg, int timeout_ms)
{
	const uint64_t start_ns = clock_now_ns(), timeout_ns = (unsigned int)timeout_ms * NS_PER_MS;
	uint64_t spent_ns = 0, asked_ns = 0;
	int rc = worker_batch(&engine->worker, 0);

	engine->stopped = false;
	while (rc >= 0) {
		/* A pause says that the link's queue is empty; traffic that never pauses is not
		 * ours to wait for: what was in the queue at the start has been read long before
		 */
		bool settled = !rc || (spent_ns >= ENGINE_SETTLE_NS &&
				       spent_ns - asked_ns >= ENGINE_DONE_INTERVAL_MS * NS_PER_MS);

		if (settled && worker_is_empty(&engine->worker)) {
			if (done(arg))
				return 0;
			asked_ns = spent_ns;
		}
		if (engine->stopped || spent_ns >= timeout_ns)
			return -ETIMEDOUT;
		rc = worker_batch(&engine->worker, rc ? 0 : ENGINE_DONE_INTERVAL_MS);
		spent_ns = clock_now_ns() - start_ns;
	}
	return rc;
}
