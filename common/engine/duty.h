/* SPDX-License-Identifier: Apache-2.0
 *
 * Which workers are on duty. One that isn't sleeps, and its queue of the tap is read by the first
 * one, as if it were that one's: the kernel spreads flows over all queues, and a program that makes
 * one connection after the other would have to wake another worker for each. What the first one
 * begins is written to its own queue, and so the kernel soon sends it there.
 *
 * All are on duty from the moment that a few flows are open which any of them could have. A worker
 * goes off duty after a while with fewer, when it has none; by then, nobody misses it. What has
 * begun stays where it is.
 */
#ifndef COMMON_ENGINE_DUTY_H
#define COMMON_ENGINE_DUTY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/worker.h"

/* duty_join() - a worker that is no thread's yet, and not the first one. Return: 0 or -errno */
int duty_join(struct worker *w);

/* duty_leave() - it joined, and no thread has it or will */
void duty_leave(struct worker *w);

/* duty_tell() - how much there is to do here; at the end of each of @w's batches */
void duty_tell(struct worker *w);

/* duty_look() - have those be on duty that there is work for; between the first one's batches */
void duty_look(struct worker *first);

/* duty_watch() - read all queues of @w, or none for now */
void duty_watch(struct worker *w, bool read);

/* duty_turn() - the worker that a new connection is for. Return: its number */
uint32_t duty_turn(struct worker *first);

#endif
