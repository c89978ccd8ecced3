/* SPDX-License-Identifier: Apache-2.0
 *
 * What a flow of datagrams has carried one way: no kernel counts that for us, as for connections.
 * Whoever owns the flow adds to it as datagrams come, whatever becomes of them.
 */
#ifndef COMMON_FLOW_COUNT_H
#define COMMON_FLOW_COUNT_H

#include <stddef.h>
#include <stdint.h>

struct flow_count {
	uint64_t bytes; /* payload */
	uint64_t packets;
};

/* flow_count_add() - a message has come
 * @size:	bytes of each of its datagrams, but the last may be shorter; @len or more: it is one
 */
static inline void flow_count_add(struct flow_count *count, size_t len, size_t size)
{
	count->bytes += len;
	count->packets += size < len && size ? (len + size - 1) / size : 1;
}

#endif
