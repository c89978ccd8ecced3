/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker: one link, one epoll instance, one flow table, one timer wheel, one set of
 * buffers. It shares nothing that it writes, but for what team.h says. Frames from its queue and
 * events of its sockets are handled in batches; between batches it decides whether to poll or to
 * sleep.
 *
 * Of several, the first one has more than the others: team.h.
 */
#ifndef COMMON_ENGINE_WORKER_H
#define COMMON_ENGINE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "common/base/loop.h"
#include "common/dgram/dgram_shares.h"
#include "common/engine/automatic.h"
#include "common/engine/config.h"
#include "common/engine/forwarding.h"
#include "common/engine/learn.h"
#include "common/engine/live_capture.h"
#include "common/engine/poll.h"
#include "common/flow/flow.h"
#include "common/flow/timer.h"
#include "common/icmp/icmp.h"
#include "common/service/autoconf.h"
#include "common/service/icmp_error.h"
#include "common/link/fragment.h"
#include "common/link/pcap.h"
#include "common/link/reassembly.h"
#include "common/link/link.h"
#include "common/tcp/splice.h"
#include "common/tcp/splice_listen.h"
#include "common/tcp/tcp.h"
#include "common/udp/udp_local.h"
#include "common/udp/udp.h"

struct worker_stats {
	uint64_t malformed; /* frames that are no Ethernet, ARP or IP that makes sense */
	uint64_t unhandled; /* protocols that nobody here translates */
	uint64_t handed_over; /* frames, to another worker */
	uint64_t not_handed_over; /* and those that it had no room for */
	uint64_t not_told; /* decisions, lessons and names, likewise */
	uint64_t resolver_failures; /* questions to the host's that got no answer */
};

struct team;

struct worker {
	const struct config *config; /* the engine's */
	struct loop loop;
	struct timer_wheel timers;
	struct forwarding forwarding;
	struct policy_learnt learnt; /* of a policy with names */
	struct fwd_own own;
	struct fwd_questions questions;
	struct flow_table flows;
	struct link link;
	struct pcap pcap;
	struct watch link_watch;
	struct watch pcap_watch; /* of a capture into a pipe */
	struct live_capture live_capture;
	struct reassembly reassembly;
	struct icmp_error_limit icmp_limit;
	struct fragment_ids fragment_ids;
	struct dgram_shares dgram_shares;
	struct autoconf autoconf;
	struct tcp tcp;
	struct udp udp;
	struct icmp icmp;
	struct splice splice;
	struct splice_listen splice_listen;
	struct udp_local udp_local;
	struct automatic automatic;
	struct poll_policy poll;
	struct worker_stats stats;
	struct fwd_refusals refusals; /* of all protocols */
	uint64_t batch; /* number of the current one */
	uint64_t last_bytes; /* moved in the last batch */
	uint64_t aged_ns; /* when delayed acknowledgements last aged */
	uint64_t link_batch; /* the last one in which the link had frames */
	struct learn learn; /* of a guest */
	uint32_t link_due; /* events of the link that nothing will tell of: EPOLL* */
	bool link_waits; /* for a full stream: its watch is for that, too */
	int failure; /* -errno once the link is gone */
	uint32_t number; /* from 0 on */
	struct team *team; /* NULL: it is the only one */
	struct watch bell; /* there's a message of another one, or a pause */
	_Atomic bool rung; /* and it has not heard that yet */
	/* A frame of the link that is to be handed over to a worker that had no room for it: until
	 * it has, the link isn't read, so that who sends hears of a full queue as ever
	 */
	bool holds;
	uint32_t held_for;
	struct link_frame held;
	bool mailed; /* the frame that is looked at is in a mailbox, and stays there for now */
	uint64_t heard_ns; /* when it has last told the first one where packets come from */
	bool whole; /* the packet that is looked at came in fragments */
	bool quiet; /* it has had nothing to do, and has got nothing since then */
	bool on_duty; /* it reads its queue itself: duty.h, which has all of these */
	struct watch spare; /* if it doesn't: its queue, in the first one's loop */
	uint32_t begun; /* flows in the table that any worker could have */
	_Atomic uint32_t open; /* as it has told all: these and local connections */
	struct policy_audit audit; /* those of all but the first one: they tell the first one */
	struct policy_lessons lessons;
};

/* worker_ring() - have it come out of its sleep; from any thread */
static inline void worker_ring(const struct worker *w)
{
	eventfd_write(w->bell.fd, 1); /* full means rung */
}

/* worker_call() - the same, unless it has been rung for already and not heard that yet */
static inline void worker_call(struct worker *w)
{
	if (!atomic_exchange(&w->rung, true))
		worker_ring(w);
}

/* worker_fwd() - the forwarding table in force */
static inline const struct fwd_table *worker_fwd(const struct worker *w)
{
	return forwarding_table(&w->forwarding);
}

#endif
