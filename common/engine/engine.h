/* SPDX-License-Identifier: Apache-2.0
 *
 * The translation engine: given a link and a const configuration, moves packets between
 * the link and ordinary sockets of the calling thread's network namespace until told to stop.
 * Everything hangs off struct engine: two engines can live in one process. It opens nothing but
 * sockets, never forks, never reads argv, and allocates nothing once engine_run() is entered.
 */
#ifndef COMMON_ENGINE_ENGINE_H
#define COMMON_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/engine/config.h"
#include "common/engine/counters.h"
#include "common/engine/flow_report.h"
#include "common/engine/host_change.h"
#include "common/engine/live_capture.h"
#include "common/flow/timer.h"
#include "common/fwd/change.h"

/* Workers at most */
#define ENGINE_WORKERS_MAX 8

struct engine;

/* Sums since the start */
struct engine_stats {
	uint64_t rx_frames, rx_bytes; /* from the namespace */
	uint64_t tx_frames, tx_bytes; /* to it */
	uint64_t spliced_bytes; /* from socket to socket */
	uint64_t invalid, unhandled; /* frames that were dropped */
	uint64_t tx_failed; /* frames that the namespace's kernel did not take */
	uint32_t flows; /* now, local ones too */
	uint64_t buffer_bytes, buffer_bytes_max; /* memory for what connections wait to pass on */
	uint64_t displaced; /* flows of datagrams that ended for new ones */
	uint64_t counters[COUNTERS]; /* each by itself, see counter_name() */
};

/* engine_new() - reserve every table and buffer
 * @config:	copied
 * @link_fd:	non-blocking, with virtio-net headers; not owned, must outlive the engine; -1: none,
 *only what goes from socket to socket is forwarded
 *
 * Return: 0 with *ret_engine set, to be freed with engine_free(); or -errno with @err set
 */
int engine_new(const struct config *config, int link_fd, struct engine **ret_engine,
	       struct err *err);
void engine_free(struct engine *engine);

/* engine_add_worker() - one more, for flows of the namespace's and for connections, with a thread
 * and a queue of the tap of its own; before engine_start(), ENGINE_WORKERS_MAX in all
 * @link_fd:	the queue, as engine_new() has one; the engine's from here on, for every outcome
 *
 * Return: 0, or -errno with @err set: it works without, too
 */
int engine_add_worker(struct engine *engine, int link_fd, struct err *err);

/* What a worker's thread does first of all. Return: 0, or -errno with @err set */
typedef int (*engine_enter_fn)(void *arg, struct err *err);

/* engine_start() - make the threads of the workers that were added. They do nothing yet
 *
 * Return: 0; or -errno with @err set: it works with those that there are
 */
int engine_start(struct engine *engine, engine_enter_fn enter, void *arg, struct err *err);

/* engine_workers() - how many there are */
uint32_t engine_workers(const struct engine *engine);

/* engine_pause() and engine_resume() - have all other workers rest in between, so that what several
 * functions tell is of one moment, and captures may begin and end; nested as one likes. For
 * callbacks in the loop
 */
void engine_pause(struct engine *engine);
void engine_resume(struct engine *engine);

/* engine_connect() - if the inner side is a guest: the next one, for whom all is new
 * @fd:		not owned; -1: nobody is there. What connects to ports is reset then
 *
 * Return: 0 or -errno
 */
int engine_connect(struct engine *engine, int fd);

/* engine_reason() - why engine_run() has returned -EPROTO, until engine_connect() */
const char *engine_reason(const struct engine *engine);

/* engine_capture() - write every frame of the link to @pcap_fd, which is owned from here on; to be
 * called before engine_run()
 */
void engine_capture(struct engine *engine, int pcap_fd);

/* engine_live_capture() - a capture that begins and ends while it runs; for callbacks in the loop,
 * in a pause
 */
struct live_capture *engine_live_capture(struct engine *engine);

/* engine_open_ports() - open the automatic ports that there are services for
 *
 * They would open by themselves, but not before engine_run().
 */
void engine_open_ports(struct engine *engine);

/* engine_loop() - for the caller's own descriptors (signals, the command's status) */
struct loop *engine_loop(struct engine *engine);

/* engine_set_resolv() - the host's resolv.conf has changed; for callbacks in the loop */
void engine_set_resolv(struct engine *engine, const struct resolv *resolv);

/* engine_host_is() - what the host's network is like at start; before engine_run()
 * engine_host_changed() and engine_awake() - see host_change_apply() and host_change_awake(); for
 * callbacks in the loop
 */
void engine_host_is(struct engine *engine, const struct host_state *state);
void engine_host_changed(struct engine *engine, const struct host_state *state, uint64_t now_ns);
void engine_awake(struct engine *engine, uint64_t now_ns);

/* engine_grow() and engine_mirror() - see host_change_grow() and host_change_mirror(); for
 * callbacks in the loop
 */
void engine_grow(struct engine *engine, bool ipv4, const struct addressing_family *given,
		 uint64_t now_ns);
void engine_mirror(struct engine *engine, bool ipv4, const struct addressing_family *given,
		   uint64_t now_ns);

/* engine_stats() - counters as of now; for callbacks in the loop */
void engine_stats(struct engine *engine, struct engine_stats *ret_stats);

/* engine_log_level() - change the log's level; for callbacks in the loop */
void engine_log_level(struct engine *engine, enum log_level level);

/* engine_config() - what it was made with */
const struct config *engine_config(const struct engine *engine);

/* engine_fwd() - the forwarding table in force, until the end of the batch */
const struct fwd_table *engine_fwd(const struct engine *engine);

/* engine_resolvers() - what is known of the host's, and where queries go by it; likewise */
const struct dns_resolvers *engine_resolvers(const struct engine *engine);

/* engine_rules() - the forwarding rules in force, until the end of the batch; NULL: there are none
 */
const struct fwd_rules *engine_rules(const struct engine *engine);

/* engine_rules_edit() and engine_rules_replace() - change them; see port_rules_edit() and
 * port_rules_replace(). For callbacks in the loop
 */
struct fwd_change *engine_rules_edit(struct engine *engine);
int engine_rules_replace(struct engine *engine, uint64_t now_ns, uint32_t *ret_rule_id,
			 struct err *err);

/* engine_policy_replace() - have another policy hold: see policy_change.h
 * @policy:	finished; the engine's, unless this fails
 * @ret_ended:	flows that had to end for it
 *
 * Return: 0 or -ENOMEM
 */
int engine_policy_replace(struct engine *engine, struct policy *policy, uint32_t *ret_ended);

/* engine_timers() - for the caller's own timers */
struct timer_wheel *engine_timers(struct engine *engine);

/* engine_flows_end() and engine_flow_at() - see flow_report_end() and flow_report_at(); in a pause
 */
uint32_t engine_flows_end(struct engine *engine);
bool engine_flow_at(struct engine *engine, uint32_t number, uint64_t now_ns,
		    struct flow_report *ret_report);

/* engine_run() - translate until engine_stop(); Return: 0, or -errno if the link is gone */
int engine_run(struct engine *engine);

/* engine_stop() - make engine_run() return after the current batch; for callbacks in the loop */
void engine_stop(struct engine *engine);

/* engine_run_until() - after engine_run(): go on for at most @timeout_ms, until @done says so
 * @done:	called between batches, at most every few milliseconds, once the engine itself
 *		holds nothing undelivered
 *
 * Return: 0; -ETIMEDOUT if the time was over, or engine_stop() was called, with something left;
 *	   -errno if the link is gone
 */
int engine_run_until(struct engine *engine, bool (*done)(void *arg), void *arg, int timeout_ms);

#endif
