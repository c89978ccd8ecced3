/* SPDX-License-Identifier: Apache-2.0
 *
 * Every counter of a worker, with a name: whoever adds one adds its line in counters.c, and it is
 * in engine_stats(). Words: "refused" is what we decided against, "failed" what the other side or
 * its network said no to, "no room" what there was no record, descriptor or memory for.
 */
#ifndef COMMON_ENGINE_COUNTERS_H
#define COMMON_ENGINE_COUNTERS_H

#include <stdint.h>

/* How many there are */
#define COUNTERS 96

struct worker;

/* counter_name() - @index: below COUNTERS */
const char *counter_name(unsigned int index);

/* counters_add() - add those of a worker as of now, in the order of counter_name() */
void counters_add(const struct worker *worker, uint64_t values[static COUNTERS]);

#endif
