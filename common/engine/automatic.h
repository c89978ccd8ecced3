/* SPDX-License-Identifier: Apache-2.0
 *
 * Automatic ports while the engine runs: looks at short, regular intervals at what listens in
 * either namespace, and opens and closes listening sockets in the other to match. Costs nothing if
 * no rule is automatic.
 */
#ifndef COMMON_ENGINE_AUTOMATIC_H
#define COMMON_ENGINE_AUTOMATIC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/sockets.h"
#include "common/flow/timer.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"
#include "common/fwd/scan.h"

struct automatic {
	const struct socket_source *sockets; /* borrowed, as all of these */
	struct fwd_listeners *listeners;
	const struct fwd_rules *rules;
	const struct fwd_table *fwd; /* in force: replaced when another is */
	struct timer_wheel *timers;
	struct timer timer;
	struct fwd_scan *scan; /* NULL: nobody can see what listens */
	bool on; /* any rule is automatic */
	uint64_t fingerprints[FWD_DIRECTIONS]; /* of what listened when the ports were last worked
						  out */
	struct in6_addr ip4_addr, ip6_addr; /* the namespace's at that time: they may be learnt */
	uint32_t fds_max; /* descriptors that automatic ports may take */
	uint32_t round; /* of looks */
	uint32_t failures, failed_round; /* since all was tried again; when the first one was */
	bool more; /* ports are to be opened or closed that this round had no time for */
	bool retrying; /* these are what failed before */
	struct log_limit failed_limit;
	bool failing; /* the last look at what listens failed, and it was said */
};

/* automatic_init() - start looking, the first time at once; what @automatic borrows is set
 *
 * Return: 0 or -errno; automatic_fini() is needed either way
 */
int automatic_init(struct automatic *automatic, bool host_lo_to_ns_lo, uint64_t now_ns);

/* automatic_rules() - @rules have replaced the others, and the sockets of those that are gone are
 * closed
 */
void automatic_rules(struct automatic *automatic, const struct fwd_rules *rules, uint64_t now_ns);

/* automatic_look() - look now: what is there already is open when this returns */
void automatic_look(struct automatic *automatic, uint64_t now_ns);

void automatic_fini(struct automatic *automatic);

#endif
