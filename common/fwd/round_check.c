/* SPDX-License-Identifier: Apache-2.0
 *
 * All ways round lead through the host, so only the sockets there are asked.
 */
#include "common/fwd/round_check.h"

#include <assert.h>
#include <errno.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/fwd/round.h"
#include "common/fwd/rule.h"

/* What is looked at, and what has come of it */
struct check {
	const struct fwd_table *table;
	struct fwd_listeners *set;
	const struct fwd_rules *rules;
	uint32_t left_out[FWD_DIRECTIONS]; /* ports */
	uint32_t failed_id; /* the younger one of the last two rules that lead to each other */
};

/* There is one: a socket is not open any more once its rule is gone */
static const struct fwd_rule *rule_of(const struct check *check,
				      const struct fwd_listener *listener)
{
	const struct fwd_rule *rule = fwd_rules_find(check->rules, listener->rule_id);

	assert(rule);
	return rule;
}

static const char *option_of(const struct fwd_listener *listener)
{
	return fwd_direction_option((enum fwd_direction)listener->direction);
}

/* How little it was asked for just this port and protocol: 0 if by number */
static int yields(const struct check *check, const struct fwd_listener *listener)
{
	const struct fwd_rule *rule = rule_of(check, listener);
	bool wide = rule->kind != FWD_RULE_RANGE;
	bool follows = check->rules->direction[listener->direction].follows;

	return 4 * rule->automatic + 2 * wide + follows;
}

static int round_error(const struct check *check, const struct fwd_round *round, uint16_t port,
		       struct err *err)
{
	bool in_order = round->one->direction <= round->other->direction;
	const struct fwd_listener *first = in_order ? round->one : round->other;
	const struct fwd_listener *second = in_order ? round->other : round->one;
	char one[FWD_RULE_TEXT_MAX], other[FWD_RULE_TEXT_MAX];

	fwd_rule_format_spec(rule_of(check, first), one);
	fwd_rule_format_spec(rule_of(check, second), other);
	if (first == second)
		return err_set(err, -ELOOP,
			       "%s '%s' leads back to itself: what comes to port %u would go round "
			       "for ever",
			       option_of(first), one, port);
	return err_set(
		err, -ELOOP,
		"%s '%s' and %s '%s' lead to each other: what comes to port %u would go round "
		"for ever",
		option_of(first), one, option_of(second), other, port);
}

/* What comes to @listener, at @local. Return: 0 or -ELOOP */
static int check_at(struct check *check, struct fwd_listener *listener,
		    const struct in6_addr *local, struct err *err)
{
	const struct fwd_arrival arrival = {
		.protocol = fwd_direction_is_udp((enum fwd_direction)listener->direction)
				    ? IPPROTO_UDP
				    : IPPROTO_TCP,
		.peer = *local,
		.local = *local,
		.peer_port = 1, /* whatever it is */
		.to_addr = listener->to_addr,
		.to_port = listener->to_port,
		.any_addr = addr_is_unspecified(&listener->addr),
	};
	struct fwd_round round;

	while (fwd_listener_is_open(listener) &&
	       fwd_round_find(check->table, listener, &arrival, &round)) {
		int one = yields(check, round.one), other = yields(check, round.other);
		struct fwd_listener *loser = one > other ? round.one : round.other;

		check->failed_id = MAX(round.one->rule_id, round.other->rule_id);
		if (one == other)
			return round_error(check, &round, listener->port, err);
		check->left_out[loser->direction]++;
		fwd_listeners_leave(check->set, loser);
	}
	return 0;
}

/* At each address that it may be reached by from where our own sockets are */
static int check_listener(struct check *check, struct fwd_listener *listener, struct err *err)
{
	const struct in6_addr locals[] = {
		addr_loopback(AF_INET),
		addr_loopback(AF_INET6),
		check->table->ip4.ns_addr,
		check->table->ip6.ns_addr,
	};
	int rc = 0;

	if (!addr_is_unspecified(&listener->addr))
		return check_at(check, listener, &listener->addr, err);
	for (size_t i = 0; i < ARRAY_SIZE(locals) && !rc; i++)
		if (!addr_is_unspecified(&locals[i]) &&
		    (listener->family == AF_UNSPEC || listener->family == addr_family(&locals[i])))
			rc = check_at(check, listener, &locals[i], err);
	return rc;
}

static void say_left_out(enum fwd_direction direction, uint32_t left_out)
{
	if (left_out)
		log_warning("%s: %u ports are not forwarded: they would lead to ports of %s, and "
			    "these back",
			    fwd_direction_option(direction), left_out,
			    fwd_direction_option(fwd_direction_opposite(direction)));
}

int fwd_round_check(const struct fwd_table *table, struct fwd_listeners *set,
		    const struct fwd_rules *rules, uint32_t *ret_rule_id, struct err *err)
{
	struct check check = { .table = table, .set = set, .rules = rules };
	int rc = 0;

	for (uint32_t i = 0; i < set->touched && !rc; i++) {
		struct fwd_listener *listener = &set->records[i];

		if (fwd_listener_is_open(listener) &&
		    fwd_direction_source((enum fwd_direction)listener->direction) == SOCKET_HOST)
			rc = check_listener(&check, listener, err);
	}
	*ret_rule_id = check.failed_id;
	for (int d = 0; d < FWD_DIRECTIONS && !rc; d++)
		say_left_out((enum fwd_direction)d, check.left_out[d]);
	return rc;
}
