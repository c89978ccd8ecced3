/* SPDX-License-Identifier: Apache-2.0
 *
 * What the inner side doesn't take now, in the order in which it was written, used from its front
 * to its end and then from the front again: what is written as one is never in two pieces.
 */
#ifndef COMMON_LINK_BACKLOG_H
#define COMMON_LINK_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backlog {
	uint8_t *bytes; /* not owned */
	size_t size;
	size_t at, end; /* what was written and has not gone yet */
};

/* backlog_waiting() - Return: bytes */
static inline size_t backlog_waiting(const struct backlog *backlog)
{
	return backlog->end - backlog->at;
}

/* backlog_reset() - nothing waits any more */
static inline void backlog_reset(struct backlog *backlog)
{
	backlog->at = backlog->end = 0;
}

/* backlog_make_room() - for @bytes in one piece behind what waits. Return: whether there is */
bool backlog_make_room(struct backlog *backlog, size_t bytes);

#endif
