/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker: one tap queue, one epoll instance, one flow table, one timer wheel, one set of
 * buffers. It shares nothing that it writes. Frames from its queue and events of its sockets are
 * handled in batches; between batches it decides whether to poll or to sleep.
 */
#ifndef COMMON_ENGINE_WORKER_H
#define COMMON_ENGINE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/loop.h"
#include "common/dgram/dgram_shares.h"
#include "common/engine/automatic.h"
#include "common/engine/config.h"
#include "common/engine/forwarding.h"
#include "common/engine/live_capture.h"
#include "common/engine/poll.h"
#include "common/flow/flow.h"
#include "common/flow/timer.h"
#include "common/icmp/icmp.h"
#include "common/service/autoconf.h"
#include "common/service/icmp_error.h"
#include "common/tap/fragment.h"
#include "common/tap/pcap.h"
#include "common/tap/reassembly.h"
#include "common/tap/tap.h"
#include "common/tcp/splice.h"
#include "common/tcp/splice_listen.h"
#include "common/tcp/tcp.h"
#include "common/udp/udp_local.h"
#include "common/udp/udp.h"

struct worker_stats {
	uint64_t malformed; /* frames that are no Ethernet, ARP or IP that makes sense */
	uint64_t unhandled; /* protocols that nobody here translates */
};

struct worker {
	const struct config *config; /* the engine's */
	struct loop loop;
	struct timer_wheel timers;
	struct forwarding forwarding;
	struct flow_table flows;
	struct tap tap;
	struct pcap pcap;
	struct watch tap_watch;
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
	uint64_t batch; /* number of the current one */
	uint64_t last_bytes; /* moved in the last batch */
	uint64_t aged_ns; /* when delayed acknowledgements last aged */
	uint64_t tap_batch; /* the last one in which the tap had frames */
	struct worker_guest {
		uint64_t learnt_ns; /* when an address of its own was last taken for the guest's */
		bool uses_given; /* it has been seen to use what it was assigned */
	} guest4, guest6;
	bool tap_waits; /* for a full stream: its watch is for that, too */
	int failure; /* -errno once the tap is gone */
};

/* worker_init() - make everything that the worker owns
 * @config:	must outlive the worker
 * @tap_fd:	not owned, -1: none
 *
 * Return: 0 or -errno; worker_fini() is needed either way
 */
int worker_init(struct worker *worker, const struct config *config, int tap_fd);
void worker_fini(struct worker *worker);

/* worker_connect() - the stream's next peer, for whom all is new: flows of the last one are reset
 * @fd:		not owned; -1: nobody is there
 *
 * Return: 0 or -errno
 */
int worker_connect(struct worker *worker, int fd);

/* worker_capture() - from here on, write the tap's frames to @pcap_fd, which the worker owns */
void worker_capture(struct worker *worker, int pcap_fd);

/* worker_set_trace() - say what every frame is, or no longer, as the log's level has it now */
void worker_set_trace(struct worker *worker);

/* worker_batch() - wait for events, @timeout_ms at most (-1: for ever), and handle them
 *
 * Return: number of events, or -errno if the tap is gone
 */
int worker_batch(struct worker *worker, int timeout_ms);

/* worker_is_empty() - whether nothing that the namespace sent is still held here */
bool worker_is_empty(const struct worker *worker);

#endif
