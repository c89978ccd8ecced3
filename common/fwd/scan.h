/* SPDX-License-Identifier: Apache-2.0
 *
 * Automatic ports: from what listens on the side that a direction leads to, and the rules, to the
 * ports that are to be opened on its other side, family by family. The namespace's loopback gets
 * what the host's has: what listens on 127.0.0.53 there is offered on 127.0.0.53, what listens on
 * all addresses on all of the loopback, so that no address is taken for nothing. What we listen on
 * ourselves is no service: sockets that are the opposite direction's, by address and port, are left
 * out, so that no port goes round in a loop. So are services on addresses that no connection is led
 * to. What can't be opened (something else has it) is tried again only now and then.
 *
 * Sets of ports only; who lists sockets and who opens them is told apart. A struct fwd_scan is
 * large and mostly untouched: keep it in a mapping that starts as zeroes. Pure.
 */
#ifndef COMMON_FWD_SCAN_H
#define COMMON_FWD_SCAN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/fwd/listeners_open.h"
#include "common/fwd/rules.h"
#include "common/fwd/scan_ports.h"

/* Services on other loopback addresses of the host's, all together; what is more is left out */
#define FWD_SCAN_OTHERS_MAX 256

/* A port on one of these in the namespace */
struct fwd_scan_other {
	struct in6_addr addr;
	uint16_t port;
	bool wanted, open, failed, partly; /* as the sets of ports */
};

struct fwd_scan_service {
	struct in6_addr addr;
	uint16_t port;
};

struct fwd_scan_direction {
	bool automatic; /* any rule is */
	uint32_t services_count, others_count;
	struct fwd_scan_ports ports;
	struct fwd_scan_service services[FWD_SCAN_OTHERS_MAX]; /* on other loopback addresses */
	struct fwd_scan_other others[FWD_SCAN_OTHERS_MAX];
};

struct fwd_scan {
	const struct fwd_rules *rules; /* borrowed, as all of these */
	const struct fwd_listeners *listeners; /* what is ours */
	const struct fwd_table *fwd; /* from fwd_scan_begin() to fwd_scan_end() */
	bool host_lo_to_ns_lo; /* connections to the namespace go to its loopback */
	struct fwd_scan_direction direction[FWD_DIRECTIONS];
};

/* A port to be opened or closed */
struct fwd_scan_change {
	enum fwd_direction direction;
	struct fwd_place place;
	uint16_t port;
	bool open;
	uint32_t set; /* for fwd_scan_done(): FWD_SCAN_SETS for one of the others, */
	uint32_t index; /* which is this */
};

/* Where fwd_scan_next() is; starts as all zeroes */
struct fwd_scan_cursor {
	uint32_t set, at;
};

/* fwd_scan_init() - @scan is all zeroes; the rules have been finished */
void fwd_scan_init(struct fwd_scan *scan, const struct fwd_rules *rules,
		   const struct fwd_listeners *listeners, bool host_lo_to_ns_lo);

/* fwd_scan_rules() - @rules have replaced the others: what is open for a rule that is gone was
 * closed, and what is open for some may have to be opened for others
 */
void fwd_scan_rules(struct fwd_scan *scan, const struct fwd_rules *rules);

/* fwd_scan_begin() - forget what listens
 * @fwd:	has the namespace's addresses
 * @retry:	and what could not be opened
 */
void fwd_scan_begin(struct fwd_scan *scan, const struct fwd_table *fwd, bool retry);

/* fwd_scan_found() - something listens on the side that @direction leads to
 * @addr:	may be unspecified, :: then for both families unless @ip6_only
 */
void fwd_scan_found(struct fwd_scan *scan, enum fwd_direction direction,
		    const struct in6_addr *addr, uint16_t port, bool ip6_only);

/* fwd_scan_end() - work out which ports should be open */
void fwd_scan_end(struct fwd_scan *scan);

/* fwd_scan_next() - the next difference. Return: false if there is none left */
bool fwd_scan_next(struct fwd_scan *scan, struct fwd_scan_cursor *cursor,
		   struct fwd_scan_change *ret_change);

/* What came of a change; closing is always done */
enum fwd_scan_result {
	FWD_SCAN_NONE, /* not open, for any rule */
	FWD_SCAN_SOME,
	FWD_SCAN_ALL,
};

/* fwd_scan_done() - the change was made, or could not be */
void fwd_scan_done(struct fwd_scan *scan, const struct fwd_scan_change *change,
		   enum fwd_scan_result result);

#endif
