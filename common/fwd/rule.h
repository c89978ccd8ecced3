/* SPDX-License-Identifier: Apache-2.0
 *
 * One port forwarding rule, as a value and as text, in the words of spec.h. What rules mean
 * together is for rules.h. Pure.
 */
#ifndef COMMON_FWD_RULE_H
#define COMMON_FWD_RULE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "common/base/err.h"
#include "common/fwd/direction.h"
#include "common/fwd/spec.h"

/* Of a table */
#define FWD_RULES_MAX 4096

/* Text of one rule, terminator included */
#define FWD_RULE_TEXT_MAX 224

enum fwd_rule_kind {
	FWD_RULE_RANGE, /* ports named by the user */
	FWD_RULE_ALL, /* wide: those that can't be bound are left out quietly */
	FWD_RULE_AUTO, /* wide, and always @automatic */
	FWD_RULE_EXCLUDE, /* forwards nothing itself */
};

struct fwd_rule {
	uint32_t id; /* from 1, ascending in the table; never changes, never another one's */
	enum fwd_direction direction;
	enum fwd_rule_kind kind;
	bool automatic; /* only while something listens on the other side */
	bool implied; /* FWD_RULE_ALL: nobody has said so, but exclusions were all there was */
	struct fwd_listen listen; /* the family is known if the target's is */
	struct fwd_range ports; /* as written; wide: 1 to 65535 */
	uint16_t to_first; /* where ports.first goes */
	struct in6_addr to_addr; /* unspecified: wherever the direction's connections go */
	uint32_t ranges_at, ranges_count; /* what is left of @ports, by fwd_rules_finish() */
};

/* fwd_rule_is_for_lo() - whether it listens in the namespace, and on no address in particular: then
 * that is the loopback, since what it offers there is the host's own
 */
static inline bool fwd_rule_is_for_lo(const struct fwd_rule *rule)
{
	return fwd_direction_source(rule->direction) == SOCKET_NS &&
	       addr_is_unspecified(&rule->listen.addr);
}

/* fwd_rule_to_port() - where the rule takes @port, one of its own */
static inline uint16_t fwd_rule_to_port(const struct fwd_rule *rule, uint16_t port)
{
	return (uint16_t)(rule->to_first + (port - rule->ports.first));
}

/* fwd_listen_equal() - whether both are the same place */
bool fwd_listen_equal(const struct fwd_listen *a, const struct fwd_listen *b);

/* fwd_rule_equal() - whether both say the same, their numbers aside */
bool fwd_rule_equal(const struct fwd_rule *a, const struct fwd_rule *b);

/* fwd_rule_format_spec() - the rule as a spec that fwd_spec_parse() reads
 *
 * Return: @buf, of FWD_RULE_TEXT_MAX bytes
 */
const char *fwd_rule_format_spec(const struct fwd_rule *rule, char *buf);

/* fwd_rule_name_option() - errors about rules speak of directions: say the option's name instead
 * @value:	of the option; NULL: not known
 *
 * Return: @rc
 */
int fwd_rule_name_option(enum fwd_direction direction, const char *value, int rc, struct err *err);

#endif
