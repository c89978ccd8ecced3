/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a connection may go is decided for each: what it was sent to makes the difference.
 */
#include "common/tcp/splice_listen.h"

#include <string.h>

#include "common/fwd/egress.h"
#include "common/fwd/fwd_local.h"
#include "common/fwd/round.h"
#include "common/tcp/accepting.h"

static bool accepted(struct fwd_listener *listener, int fd, const struct fwd_arrival *arrival,
		     uint64_t now_ns)
{
	const struct splice_listen *self = listener->set->handlers[listener->direction].arg;
	struct fwd_target target;
	enum fwd_verdict verdict = fwd_local(self->fwd, arrival, &target);

	if (verdict == FWD_ALLOW && fwd_round_find(self->fwd, listener, arrival, NULL))
		verdict = FWD_REFUSE_ROUND;
	if (verdict == FWD_ALLOW)
		verdict = fwd_egress_local(self->fwd, arrival, &target.addr, target.port);
	if (verdict != FWD_ALLOW) {
		fwd_refusals_count(self->refusals, verdict);
		log_debug("TCP connection to the host refused: %s", fwd_verdict_text(verdict));
		splice_refuse(self->splice, fd);
		return true;
	}
	splice_place(self->splice, fd,
		     &(struct splice_target){ SOCKET_HOST, target.addr, target.port,
					      target.scope_id, target.other },
		     now_ns);
	return true;
}

void splice_listen_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);
	struct splice_listen *self = listener->set->handlers[listener->direction].arg;
	int rc = accepting_ready(listener, accepted, now_ns);

	(void)events;
	if (rc)
		accepting_starved(&self->starved_limit, listener, strerror(-rc), now_ns);
}
