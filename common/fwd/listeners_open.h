/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sockets a rule's ports take, on which addresses, and what it means if one can't be had.
 * They are added to the set of listeners.h, which owns them.
 */
#ifndef COMMON_FWD_LISTENERS_OPEN_H
#define COMMON_FWD_LISTENERS_OPEN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"

/* Where an automatic port is listened on
 *
 * Rules that say an address, and all of the host's, need none: @addr is :: for these. The others,
 * in the namespace, take it from here: a loopback address, or 0.0.0.0 for all of IPv4's.
 */
struct fwd_place {
	int family; /* AF_INET or AF_INET6 */
	struct in6_addr addr;
};

/* What is to be opened, and what came of it */
struct fwd_opening {
	const struct fwd_rules *rules;
	const struct fwd_rules *old; /* that are in force: what they have is passed over; NULL */
	/* For wide rules, which take what they can get; ports that are named are opened whatever it
	 * says
	 */
	uint32_t sockets_max;
	uint32_t left_out; /* ports of wide rules, for @sockets_max or for want of descriptors */
	uint32_t failed_id; /* the rule whose ports can't be had */
};

/* fwd_listeners_open_rules() - listen on all ports of one direction's rules that aren't automatic
 *
 * Return: 0; or -errno with @err set: a port that was named can't be had, or none of a wide rule's
 */
int fwd_listeners_open_rules(struct fwd_listeners *set, enum fwd_direction direction,
			     struct fwd_opening *opening, struct err *err);

/* fwd_listeners_probe() - whether a rule that opens its ports later can do so at all
 *
 * Return: 0; or, with @err set, -ENODEV, -EADDRNOTAVAIL or -EAFNOSUPPORT: its interface, address or
 * family is not there
 */
int fwd_listeners_probe(struct fwd_listeners *set, const struct fwd_rule *rule, struct err *err);

/* fwd_listeners_open_auto() - listen on a port, for all automatic rules that have it and don't yet
 * @place:	rules for other families or places are passed over
 * @ret_any:	whether any socket is open now
 *
 * Return: 0 if all are; or the last -errno with @err set
 */
int fwd_listeners_open_auto(struct fwd_listeners *set, const struct fwd_rules *rules,
			    enum fwd_direction direction, const struct fwd_place *place,
			    uint16_t port, bool *ret_any, struct err *err);

/* fwd_listeners_close_auto() - the opposite. Flows that have come by it live on if they can */
void fwd_listeners_close_auto(struct fwd_listeners *set, enum fwd_direction direction,
			      const struct fwd_place *place, uint16_t port);

#endif
