/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking connections from a listening socket, whatever becomes of them. What can't be taken, mostly
 * for want of descriptors, stays in the kernel's queue, and the listener is left alone for a
 * moment: being told of it again and again would help nobody.
 */
#ifndef COMMON_TCP_ACCEPTING_H
#define COMMON_TCP_ACCEPTING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"

/* One connection
 * @fd:		non-blocking; owned by the function from here on
 *
 * Return: whether another one can be taken now
 */
typedef bool (*accepted_fn)(struct fwd_listener *listener, int fd,
			    const struct fwd_arrival *arrival, uint64_t now_ns);

/* accepting_is_shortage() - whether an errno of socket(), bind() or connect() says that this
 * machine ran out of something; EADDRINUSE: of source ports
 */
bool accepting_is_shortage(int error);

/* accepting_ready() - a listening socket has something: call @fn for a bounded number
 *
 * Return: 0, or -errno if none can be taken now: the listener is paused then
 */
int accepting_ready(struct fwd_listener *listener, accepted_fn fn, uint64_t now_ns);

/* accepting_starved() - say why connections stay in the kernel's queue for now */
void accepting_starved(struct log_limit *limit, const struct fwd_listener *listener,
		       const char *why, uint64_t now_ns);

#endif
