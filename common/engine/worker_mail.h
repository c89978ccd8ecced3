/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker gets from the others: see hand_over.h.
 */
#ifndef COMMON_ENGINE_WORKER_MAIL_H
#define COMMON_ENGINE_WORKER_MAIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/engine/worker.h"

/* worker_has_mail() - whether there is something; false if it is alone */
static inline bool worker_has_mail(const struct worker *w)
{
	return w->team && atomic_load_explicit(&w->rung, memory_order_acquire);
}

/* worker_take_mail() - take it */
void worker_take_mail(struct worker *w, uint64_t now_ns);

/* worker_drop_mail() - at the end: what was passed in it is closed */
void worker_drop_mail(struct worker *w);

#endif
