/* SPDX-License-Identifier: Apache-2.0 */
#include "common/link/backlog.h"

#include <string.h>

bool backlog_make_room(struct backlog *backlog, size_t bytes)
{
	size_t waiting = backlog_waiting(backlog);

	if (backlog->size - backlog->end >= bytes)
		return true;
	if (backlog->size - waiting < bytes)
		return false;
	memmove(backlog->bytes, backlog->bytes + backlog->at, waiting);
	backlog->at = 0;
	backlog->end = waiting;
	return true;
}
