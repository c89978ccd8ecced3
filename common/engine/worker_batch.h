/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker at work: events and frames, batch by batch.
 */
#ifndef COMMON_ENGINE_WORKER_BATCH_H
#define COMMON_ENGINE_WORKER_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/worker.h"

/* worker_link_event() - of the link's watch, but for LINK_VHOST's */
void worker_link_event(struct watch *watch, uint32_t events, uint64_t now_ns);

/* worker_control_event() - of LINK_VHOST's; of its rings' watches */
void worker_control_event(struct watch *watch, uint32_t events, uint64_t now_ns);
extern const watch_fn worker_on_kick[VHOST_QUEUES];

/* worker_bell_event() - of the bell's watch */
void worker_bell_event(struct watch *watch, uint32_t events, uint64_t now_ns);

/* worker_batch() - wait for events, @timeout_ms at most (-1: for ever), and handle them
 *
 * Return: number of events, or -errno if the link is gone
 */
int worker_batch(struct worker *worker, int timeout_ms);

/* worker_is_empty() - whether nothing that the namespace sent is still held here */
bool worker_is_empty(const struct worker *worker);

#endif
