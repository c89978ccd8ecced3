/* SPDX-License-Identifier: Apache-2.0
 *
 * How many workers there are to be, and their start.
 */
#ifndef LAUNCH_WORKERS_H
#define LAUNCH_WORKERS_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/engine/engine.h"
#include "launch/settings.h"

/* Descriptors that each takes beside those of connections: queue, loop, bell, pipes */
#define WORKERS_FDS 8

/* workers_count() - how many: as --workers says, or one on up to two processors, and then one for
 * every two; no more than the limit on descriptors allows, which is said
 */
uint32_t workers_count(const struct settings *settings);

/* workers_log_level() - how loud it is to be said that there are fewer */
static inline enum log_level workers_log_level(const struct settings *settings)
{
	return settings->workers ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
}

/* workers_add() - have an engine's others, one a queue beside the first
 * @queues:	descriptors, the engine's from here on
 */
void workers_add(struct engine *engine, const int *queues, uint32_t count);

/* workers_start() - their threads, which have of the caller's what lockin_thread() has left, and no
 * capability. Where some can't be had, that is said, and it works with fewer
 */
void workers_start(struct engine *engine);

#endif
