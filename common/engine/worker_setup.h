/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker's beginning and end, and a guest's within it: what is not on the data path.
 */
#ifndef COMMON_ENGINE_WORKER_SETUP_H
#define COMMON_ENGINE_WORKER_SETUP_H

#include "common/engine/worker.h"

/* worker_init() - make everything that the worker owns
 * @config:	must outlive the worker
 * @link_fd:	not owned, -1: none
 *
 * Return: 0 or -errno; worker_fini() is needed either way
 */
int worker_init(struct worker *worker, const struct config *config, int link_fd);

/* worker_init_other() - one more
 * @first:	of the same engine, must outlive it
 * @number:	that no other one has
 */
int worker_init_other(struct worker *worker, const struct worker *first, uint32_t number,
		      int link_fd);
void worker_fini(struct worker *worker);

/* worker_connect() - the link's next guest, for whom all is new: flows of the last one are reset
 * @fd:		not owned; -1: nobody is there
 *
 * Return: 0 or -errno
 */
int worker_connect(struct worker *worker, int fd);

/* worker_capture() - from here on, write the link's frames to @pcap_fd, which the worker owns */
void worker_capture(struct worker *worker, int pcap_fd);

/* worker_set_trace() - say what every frame is, or no longer, as the log's level has it now */
void worker_set_trace(struct worker *worker);

#endif
