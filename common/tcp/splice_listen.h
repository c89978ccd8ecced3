/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to forwarded ports of the namespace: accepted, decided, and handed to the splice
 * path, to be connected on the host.
 */
#ifndef COMMON_TCP_SPLICE_LISTEN_H
#define COMMON_TCP_SPLICE_LISTEN_H

#include "common/base/log.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/fwd/refusals.h"
#include "common/tcp/splice.h"

/* The handler's argument */
struct splice_listen {
	struct splice *splice;
	const struct fwd_table *fwd; /* the one in force */
	struct fwd_refusals *refusals; /* the worker's */
	struct log_limit starved_limit;
};

/* splice_listen_ready() - the handler for FWD_TCP_TO_HOST */
void splice_listen_ready(struct watch *watch, uint32_t events, uint64_t now_ns);

#endif
