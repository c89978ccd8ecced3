/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a frame that the inner side has sent: told by its headers, and given to the
 * protocol or service that it is for.
 */
#ifndef COMMON_ENGINE_WORKER_INPUT_H
#define COMMON_ENGINE_WORKER_INPUT_H

#include <stdint.h>

#include "common/engine/worker.h"

/* worker_hear() - the inner side has @addr, or none that means anything: to be learnt, if it
 * configures itself. The first worker's
 */
void worker_hear(struct worker *w, const struct in6_addr *addr, uint64_t now_ns);

/* worker_frame() - one frame of the worker's link */
void worker_frame(struct worker *w, const struct link_frame *frame, uint64_t now_ns);

#endif
