/* SPDX-License-Identifier: Apache-2.0
 *
 * One line for a packet, for --trace: who talks to whom, and what a person looks for first. The
 * capture file is there for the rest.
 */
#ifndef COMMON_ENGINE_TRACE_H
#define COMMON_ENGINE_TRACE_H

#include <stdbool.h>
#include <sys/uio.h>

/* trace_frame() - log one frame at trace level; a link_trace_fn
 * @to_host:	from the namespace, else to it
 */
void trace_frame(bool to_host, const struct iovec *iov, int count);

#endif
