/* SPDX-License-Identifier: Apache-2.0
 *
 * All port forwarding rules in one ordered table: what the specs of spec.h mean together.
 *
 * Specs add up, and 'none' takes away what was before it. A range names its ports; "all" and "auto"
 * without a range are *wide*: they take what is left when the ranges whose connections they could
 * also get have had theirs, so that a port published on one address only is never opened on others
 * by a wide rule. An exclusion cuts every rule that listens within the exclusion's own address and
 * interface; where there is no such rule, it stands for all other ports. "all" leaves out ephemeral
 * ports; "auto" does so for TCP to the namespace, where they are the host's, and only from 32768
 * on.
 *
 * A table is one plain value without pointers into itself, large (below half a MiB) and mostly
 * untouched: keep it in a mapping, not on the stack. Fill a copy and swap it for the old one to
 * change rules while running. Pure.
 */
#ifndef COMMON_FWD_RULES_H
#define COMMON_FWD_RULES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/fwd/direction.h"
#include "common/fwd/rule.h"
#include "common/fwd/spec.h"

/* Of all rules together; a rule that others cut has more than one */
#define FWD_RULES_RANGES_MAX 16384

struct fwd_direction_state {
	bool given; /* asked for, or set by fwd_rules_finish() */
	bool none;
	bool follows; /* UDP: its rules are copies of TCP's */
};

struct fwd_rules {
	struct fwd_direction_state direction[FWD_DIRECTIONS];
	uint32_t count, ranges_count, last_id;
	struct fwd_rule rule[FWD_RULES_MAX];
	struct fwd_range range[FWD_RULES_RANGES_MAX];
};

/* A set of ports */
struct fwd_portmap {
	uint64_t word[65536 / 64];
};

/* fwd_portmap_test() - whether @port is in the set */
static inline bool fwd_portmap_test(const struct fwd_portmap *map, uint16_t port)
{
	return map->word[port / 64] >> (port % 64) & 1;
}

/* fwd_rules_init() - an empty table; only what is in use is written to */
void fwd_rules_init(struct fwd_rules *rules);

/* fwd_rules_add() - one spec more. It has no effect before fwd_rules_finish().
 *
 * Return: 0, or -E2BIG; the table is of no use then
 */
int fwd_rules_add(struct fwd_rules *rules, enum fwd_direction direction,
		  const struct fwd_spec *spec, struct err *err);

/* fwd_rules_finish() - add the defaults, resolve exclusions and wide rules, check for conflicts
 * @ephemeral:	ports that the kernel gives to clients; first 0: none
 *
 * More specs may be added to the finished table, and it be finished again.
 *
 * Return: 0, -EINVAL for a conflict, or -E2BIG; the table is of no use then
 */
int fwd_rules_finish(struct fwd_rules *rules, struct fwd_range ephemeral, struct err *err);

/* What fwd_rules_add() and fwd_rules_finish() are made of; change.h is the other user
 *
 * fwd_rule_of_spec() - the rules of a spec, by @number from 0; false: there are no more
 * fwd_rules_append() - Return: 0, or -E2BIG with @err set
 * fwd_rules_clear() - all rules of a direction go, others keep their order
 * fwd_rules_cut_by() - whether an exclusion has anything to cut; else it stands for all other
 *			ports, which are fwd_rule_all_others()
 * fwd_rules_resolve() - all of fwd_rules_finish() but the defaults; rules up to the number
 *			 @checked_id have stood together in a finished table; @ret_rule_id is set to
 *			 the rule that is in the way of others, if it fails
 */
bool fwd_rule_of_spec(const struct fwd_spec *spec, enum fwd_direction direction, uint32_t number,
		      struct fwd_rule *ret_rule);
int fwd_rules_append(struct fwd_rules *rules, const struct fwd_rule *rule, struct err *err);
void fwd_rules_clear(struct fwd_rules *rules, enum fwd_direction direction);
bool fwd_rules_cut_by(const struct fwd_rules *rules, const struct fwd_rule *exclusion);
struct fwd_rule fwd_rule_all_others(const struct fwd_rule *exclusion);
int fwd_rules_resolve(struct fwd_rules *rules, struct fwd_range ephemeral, uint32_t checked_id,
		      uint32_t *ret_rule_id, struct err *err);

/* fwd_rule_has_port() - whether @port is one that others have left to the rule */
bool fwd_rule_has_port(const struct fwd_rules *rules, const struct fwd_rule *rule, uint16_t port);

/* Where fwd_rules_next() is; starts as all zeroes */
struct fwd_rules_cursor {
	uint32_t rule, range;
};

/* Ports of one rule to listen on: @ports go to the ports from @to_first on */
struct fwd_rules_entry {
	const struct fwd_rule *rule;
	struct fwd_range ports;
	uint16_t to_first;
};

/* fwd_rules_next() - the next ports to listen on, in the order of the table; no port comes twice
 * for one address and interface
 *
 * Return: false at the end
 */
bool fwd_rules_next(const struct fwd_rules *rules, enum fwd_direction direction,
		    struct fwd_rules_cursor *cursor, struct fwd_rules_entry *ret_entry);

/* fwd_rules_find() - the rule of an id, NULL: there is none, or none any more */
const struct fwd_rule *fwd_rules_find(const struct fwd_rules *rules, uint32_t id);

/* fwd_rules_match() - the rule for a connection
 * @local:	address that it came to, NULL: any
 * @ifname:	interface that it came in by, NULL: any
 *
 * Return: NULL if there is none
 */
const struct fwd_rule *fwd_rules_match(const struct fwd_rules *rules, enum fwd_direction direction,
				       const struct in6_addr *local, const char *ifname,
				       uint16_t port);

/* fwd_rules_portmap() - ports that any rule of the direction forwards
 * @automatic_only:	by automatic rules
 */
void fwd_rules_portmap(const struct fwd_rules *rules, enum fwd_direction direction,
		       bool automatic_only, struct fwd_portmap *ret_map);

/* fwd_rules_format() - one line: number, direction, spec, and how many ports are left of it
 *
 * Return: @buf, of FWD_RULE_TEXT_MAX bytes
 */
const char *fwd_rules_format(const struct fwd_rules *rules, const struct fwd_rule *rule, char *buf);

#endif
