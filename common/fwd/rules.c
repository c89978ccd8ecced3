/* SPDX-License-Identifier: Apache-2.0
 *
 * Two questions about a pair of rules decide everything. Do they *intersect*: could one connection
 * belong to both? (That's also when the kernel refuses to bind both.) Does one *cover* the other:
 * does it get every connection that the other gets? What is cut out of a rule is sorted, and what
 * is between the cuts is left.
 */
#include "common/fwd/rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/sort.h"
#include "common/base/util.h"
#include "common/fwd/rule.h"
#include "common/fwd/rule_index.h"

static const struct fwd_range every_port = { 1, 65535 };

static bool rule_is_wide(const struct fwd_rule *rule)
{
	return rule->kind == FWD_RULE_ALL || rule->kind == FWD_RULE_AUTO;
}

static bool listen_covers(const struct fwd_listen *outer, const struct fwd_listen *inner)
{
	if (outer->family != AF_UNSPEC && outer->family != inner->family)
		return false;
	if (outer->ifname[0] && strcmp(outer->ifname, inner->ifname) != 0)
		return false;
	return addr_is_unspecified(&outer->addr) || addr_equal(&outer->addr, &inner->addr);
}

static bool listen_intersects(const struct fwd_listen *a, const struct fwd_listen *b)
{
	if (a->family != b->family && a->family != AF_UNSPEC && b->family != AF_UNSPEC)
		return false;
	if (a->ifname[0] && b->ifname[0] && strcmp(a->ifname, b->ifname) != 0)
		return false;
	return addr_is_unspecified(&a->addr) || addr_is_unspecified(&b->addr) ||
	       addr_equal(&a->addr, &b->addr);
}

/* Where ports begin that the kernel gives to clients, unless it's told otherwise */
#define EPHEMERAL_FIRST 32768

static void portmap_add(struct fwd_portmap *map, struct fwd_range range)
{
	uint32_t first = range.first / 64, last = range.last / 64;
	uint64_t head = UINT64_MAX << (range.first % 64);
	uint64_t tail = UINT64_MAX >> (63 - range.last % 64);

	if (first == last) {
		map->word[first] |= head & tail;
		return;
	}
	map->word[first] |= head;
	memset(&map->word[first + 1], 0xff, (last - first - 1) * sizeof(map->word[0]));
	map->word[last] |= tail;
}

void fwd_rules_init(struct fwd_rules *rules)
{
	memset(rules->direction, 0, sizeof(rules->direction));
	rules->count = rules->ranges_count = rules->last_id = 0;
}

/* A wide rule that is there already, to the letter */
static bool wide_known(const struct fwd_rules *rules, const struct fwd_rule *rule)
{
	if (!rule_is_wide(rule))
		return false;
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *r = &rules->rule[i];

		if (r->direction == rule->direction && r->kind == rule->kind &&
		    r->automatic == rule->automatic &&
		    fwd_listen_equal(&r->listen, &rule->listen) &&
		    addr_equal(&r->to_addr, &rule->to_addr))
			return true;
	}
	return false;
}

int fwd_rules_append(struct fwd_rules *rules, const struct fwd_rule *rule, struct err *err)
{
	struct fwd_rule *added = &rules->rule[rules->count];

	if (wide_known(rules, rule))
		return 0;
	if (rules->count == FWD_RULES_MAX)
		return err_set(err, -E2BIG, "%s: more than %d port forwarding rules",
			       fwd_direction_text(rule->direction), FWD_RULES_MAX);
	*added = *rule;
	added->id = ++rules->last_id;
	added->ranges_at = added->ranges_count = 0;
	rules->count++;
	return 0;
}

static enum fwd_rule_kind item_rule_kind(const struct fwd_item *item)
{
	switch (item->kind) {
	case FWD_ITEM_RANGE:
		return FWD_RULE_RANGE;
	case FWD_ITEM_ALL:
		return FWD_RULE_ALL;
	case FWD_ITEM_EXCLUDE:
		break;
	}
	return FWD_RULE_EXCLUDE;
}

static struct fwd_rule item_rule(const struct fwd_spec *spec, const struct fwd_item *item)
{
	struct fwd_rule rule = {
		.kind = item_rule_kind(item),
		.automatic = spec->automatic && item->kind != FWD_ITEM_EXCLUDE,
		.listen = spec->listen,
		.ports = item->ports,
		.to_first = item->to_first,
		.to_addr = item->to_addr,
	};

	/* A target of one family can only be told about connections of that family */
	if (rule.listen.family == AF_UNSPEC && !IN6_IS_ADDR_UNSPECIFIED(&rule.to_addr)) {
		rule.listen.family = addr_family(&rule.to_addr);
		rule.listen.addr =
			rule.listen.family == AF_INET ? addr_from_be32(INADDR_ANY) : in6addr_any;
	}
	return rule;
}

/* The other rules keep their order */
void fwd_rules_clear(struct fwd_rules *rules, enum fwd_direction direction)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rules->count; i++) {
		if (rules->rule[i].direction == direction)
			continue;
		if (kept != i)
			rules->rule[kept] = rules->rule[i];
		kept++;
	}
	rules->count = kept;
}

bool fwd_rule_of_spec(const struct fwd_spec *spec, enum fwd_direction direction, uint32_t number,
		      struct fwd_rule *ret_rule)
{
	struct fwd_rule rule = {
		.kind = FWD_RULE_AUTO,
		.automatic = true,
		.listen = spec->listen,
		.ports = every_port,
		.to_first = every_port.first,
	};
	bool includes = !spec->automatic;

	for (uint32_t i = 0; i < spec->count; i++)
		includes |= spec->items[i].kind != FWD_ITEM_EXCLUDE;
	if (number < spec->count)
		rule = item_rule(spec, &spec->items[number]);
	else if (number > spec->count || includes)
		return false;
	rule.direction = direction;
	*ret_rule = rule;
	return true;
}

int fwd_rules_add(struct fwd_rules *rules, enum fwd_direction direction,
		  const struct fwd_spec *spec, struct err *err)
{
	struct fwd_direction_state *state = &rules->direction[direction];
	bool none = spec->mode == FWD_SPEC_NONE;
	struct fwd_rule rule;
	int rc = 0;

	if (none)
		fwd_rules_clear(rules, direction);
	state->given = true;
	state->none = none;
	for (uint32_t i = 0; !rc && fwd_rule_of_spec(spec, direction, i, &rule); i++)
		rc = fwd_rules_append(rules, &rule, err);
	return rc;
}

static int defaults_add(struct fwd_rules *rules, enum fwd_direction tcp, enum fwd_direction udp,
			struct err *err)
{
	const struct fwd_rule automatic = {
		.direction = tcp,
		.kind = FWD_RULE_AUTO,
		.automatic = true,
		.listen.family = AF_UNSPEC,
		.ports = every_port,
		.to_first = every_port.first,
	};
	int rc = 0;

	if (!rules->direction[tcp].given) {
		rules->direction[tcp].given = true;
		rc = fwd_rules_append(rules, &automatic, err);
	}
	if (rc || rules->direction[udp].given)
		return rc;
	rules->direction[udp] = rules->direction[tcp];
	rules->direction[udp].follows = true;
	for (uint32_t i = 0, count = rules->count; i < count && !rc; i++) {
		struct fwd_rule copy = rules->rule[i];

		copy.direction = udp;
		if (rules->rule[i].direction == tcp)
			rc = fwd_rules_append(rules, &copy, err);
	}
	return rc;
}

bool fwd_rules_cut_by(const struct fwd_rules *rules, const struct fwd_rule *exclusion)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];

		if (rule->direction == exclusion->direction && rule->kind != FWD_RULE_EXCLUDE &&
		    !rule->implied && listen_covers(&exclusion->listen, &rule->listen))
			return true;
	}
	return false;
}

struct fwd_rule fwd_rule_all_others(const struct fwd_rule *exclusion)
{
	return (struct fwd_rule){
		.direction = exclusion->direction,
		.kind = FWD_RULE_ALL,
		.implied = true,
		.listen = exclusion->listen,
		.ports = every_port,
		.to_first = every_port.first,
	};
}

static int all_others_add(struct fwd_rules *rules, struct err *err)
{
	uint32_t count = rules->count;
	int rc = 0;

	for (uint32_t i = 0; i < count && !rc; i++) {
		const struct fwd_rule all = fwd_rule_all_others(&rules->rule[i]);

		if (rules->rule[i].kind == FWD_RULE_EXCLUDE &&
		    !fwd_rules_cut_by(rules, &rules->rule[i]))
			rc = fwd_rules_append(rules, &all, err);
	}
	return rc;
}

static int overlap_error(const struct fwd_rule *a, const struct fwd_rule *b, struct err *err)
{
	char a_text[FWD_RULE_TEXT_MAX], b_text[FWD_RULE_TEXT_MAX];

	return err_set(err, -EINVAL, "%s: ports '%s' overlap with '%s' (name each port once)",
		       fwd_direction_text(a->direction), fwd_rule_format_spec(a, a_text),
		       fwd_rule_format_spec(b, b_text));
}

static int exclusion_error(const struct fwd_rule *rule, const struct fwd_rule *exclusion,
			   struct err *err)
{
	char text[FWD_RULE_TEXT_MAX], exclusion_text[FWD_RULE_TEXT_MAX];

	return err_set(err, -EINVAL,
		       "%s: ports '%s' contradict '%s', which excludes a part of where they listen",
		       fwd_direction_text(rule->direction), fwd_rule_format_spec(rule, text),
		       fwd_rule_format_spec(exclusion, exclusion_text));
}

static bool left_overlaps(const struct fwd_rules *rules, const struct fwd_rule *rule,
			  struct fwd_range ports)
{
	for (uint32_t i = 0; i < rule->ranges_count; i++)
		if (fwd_range_overlap(rules->range[rule->ranges_at + i], ports))
			return true;
	return false;
}

/* An exclusion that covers a rule was honoured; one for a part of its connections can't be.
 * Ranges yield to nothing, and wide rules only to ranges. Rules of one direction */
static bool conflict(const struct fwd_rules *rules, const struct fwd_rule *a,
		     const struct fwd_rule *b)
{
	if (!listen_intersects(&a->listen, &b->listen))
		return false;
	if (a->kind == FWD_RULE_EXCLUDE)
		return left_overlaps(rules, b, a->ports);
	if (b->kind == FWD_RULE_EXCLUDE)
		return left_overlaps(rules, a, b->ports);
	return rule_is_wide(a) == rule_is_wide(b) && fwd_range_overlap(a->ports, b->ports);
}

/* The first rule that is in the way of one that was there before it, and of several the first;
 * NULL: none is
 */
struct conflict {
	const struct fwd_rule *rule, *with;
};

static void conflicts_of(const struct fwd_rules *rules, const struct fwd_rule_index *index,
			 const struct fwd_rule *rule, enum fwd_rule_kind kind,
			 struct conflict *first)
{
	struct fwd_rule_span span = fwd_rule_index_find(index, rule->direction, kind, rule->ports);

	for (; span.at < span.end; span.at++) {
		const struct fwd_rule *other = fwd_rule_index_at(index, span.at);
		struct conflict pair = { MAX(rule, other), MIN(rule, other) };

		if (other == rule || !conflict(rules, rule, other))
			continue;
		if (!first->rule || pair.rule < first->rule ||
		    (pair.rule == first->rule && pair.with < first->with))
			*first = pair;
	}
}

/* Rules that were checked are no more in each other's way than before, unless one is an exclusion:
 * what is left of another may have grown
 */
static int conflicts_check(const struct fwd_rules *rules, const struct fwd_rule_index *index,
			   uint32_t checked_id, uint32_t *ret_rule_id, struct err *err)
{
	struct conflict first = { 0 };

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];
		bool excludes = rule->kind == FWD_RULE_EXCLUDE, wide = rule_is_wide(rule);

		if (!excludes && rule->id <= checked_id)
			continue;
		if (!wide)
			conflicts_of(rules, index, rule, FWD_RULE_RANGE, &first);
		if (wide || excludes) {
			conflicts_of(rules, index, rule, FWD_RULE_ALL, &first);
			conflicts_of(rules, index, rule, FWD_RULE_AUTO, &first);
		}
	}
	if (!first.rule)
		return 0;
	*ret_rule_id = first.rule->id;
	if (first.with->kind == FWD_RULE_EXCLUDE)
		return exclusion_error(first.rule, first.with, err);
	if (first.rule->kind == FWD_RULE_EXCLUDE)
		return exclusion_error(first.with, first.rule, err);
	return overlap_error(first.with, first.rule, err);
}

static bool rule_cuts(const struct fwd_rule *other, const struct fwd_rule *rule)
{
	if (!fwd_range_overlap(other->ports, rule->ports))
		return false;
	if (other->kind == FWD_RULE_EXCLUDE)
		return listen_covers(&other->listen, &rule->listen);
	return listen_intersects(&other->listen, &rule->listen);
}

/* What is cut out of one rule's ports, in the order of the ports: first ones in the high halves,
 * last ones in the low
 */
struct cuts {
	uint32_t count;
	uint32_t ports[FWD_RULES_MAX + 1];
};

static void cuts_add(struct cuts *cuts, struct fwd_range range)
{
	cuts->ports[cuts->count++] = (uint32_t)range.first << 16 | range.last;
}

/* Ports that a wide rule leaves to clients of the host's, which would not get them any more. Those
 * who give their clients nearly all there are still have services on the lower ones, as usual, and
 * want these to be seen. Return: none, if @first is 0 or beyond @last
 */
static struct fwd_range kept_for_clients(const struct fwd_rule *rule, struct fwd_range ephemeral)
{
	if (rule->kind == FWD_RULE_ALL)
		return ephemeral;
	if (rule->kind != FWD_RULE_AUTO || rule->direction != FWD_TCP_TO_NS)
		return (struct fwd_range){ 0, 0 };
	return (struct fwd_range){ MAX(ephemeral.first, EPHEMERAL_FIRST), ephemeral.last };
}

static void cuts_add_rules(struct cuts *cuts, const struct fwd_rule_index *index,
			   const struct fwd_rule *rule, enum fwd_rule_kind kind)
{
	struct fwd_rule_span span = fwd_rule_index_find(index, rule->direction, kind, rule->ports);

	for (; span.at < span.end; span.at++) {
		const struct fwd_rule *other = fwd_rule_index_at(index, span.at);

		if (rule_cuts(other, rule))
			cuts_add(cuts, other->ports);
	}
}

static void cuts_of(const struct fwd_rule_index *index, const struct fwd_rule *rule,
		    struct fwd_range ephemeral, struct cuts *ret_cuts)
{
	struct fwd_range clients = kept_for_clients(rule, ephemeral);

	ret_cuts->count = 0;
	if (clients.first && clients.first <= clients.last)
		cuts_add(ret_cuts, clients);
	cuts_add_rules(ret_cuts, index, rule, FWD_RULE_EXCLUDE);
	if (rule_is_wide(rule))
		cuts_add_rules(ret_cuts, index, rule, FWD_RULE_RANGE);
	sort_u32(ret_cuts->ports, ret_cuts->count);
}

/* The ports from @first up to, not including, @end are left of @rule */
static int leave(struct fwd_rules *rules, struct fwd_rule *rule, uint32_t first, uint32_t end,
		 struct err *err)
{
	if (first >= end)
		return 0;
	if (rules->ranges_count == FWD_RULES_RANGES_MAX)
		return err_set(err, -E2BIG, "%s: more than %d separate port ranges",
			       fwd_direction_text(rule->direction), FWD_RULES_RANGES_MAX);
	rules->range[rules->ranges_count++] =
		(struct fwd_range){ (uint16_t)first, (uint16_t)(end - 1) };
	rule->ranges_count++;
	return 0;
}

/* Work out what is left of a rule's ports */
static int rule_cut(struct fwd_rules *rules, const struct fwd_rule_index *index,
		    struct fwd_rule *rule, struct fwd_range ephemeral, struct err *err)
{
	uint32_t at = rule->ports.first, end = rule->ports.last + 1u;
	struct cuts cuts;
	int rc = 0;

	cuts_of(index, rule, ephemeral, &cuts);
	rule->ranges_at = rules->ranges_count;
	rule->ranges_count = 0;
	for (uint32_t i = 0; i < cuts.count && !rc; i++) {
		rc = leave(rules, rule, at, MIN(cuts.ports[i] >> 16, end), err);
		at = MAX(at, (cuts.ports[i] & 0xffff) + 1);
	}
	return rc ? rc : leave(rules, rule, at, end, err);
}

static int left_check(const struct fwd_rules *rules, enum fwd_direction direction, struct err *err)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;

	if (rules->direction[direction].none || fwd_rules_next(rules, direction, &cursor, &entry))
		return 0;
	return err_set(err, -EINVAL, "%s: no port is left to forward ('none' asks for that)",
		       fwd_direction_text(direction));
}

int fwd_rules_resolve(struct fwd_rules *rules, struct fwd_range ephemeral, uint32_t checked_id,
		      uint32_t *ret_rule_id, struct err *err)
{
	struct fwd_rule_index index;
	int rc = 0;

	fwd_rule_index_build(&index, rules->rule, rules->count);
	rules->ranges_count = 0;
	for (uint32_t i = 0; i < rules->count && !rc; i++) {
		if (rules->rule[i].kind == FWD_RULE_EXCLUDE)
			continue;
		*ret_rule_id = rules->rule[i].id;
		rc = rule_cut(rules, &index, &rules->rule[i], ephemeral, err);
	}
	return rc ? rc : conflicts_check(rules, &index, checked_id, ret_rule_id, err);
}

int fwd_rules_finish(struct fwd_rules *rules, struct fwd_range ephemeral, struct err *err)
{
	uint32_t rule_id;
	int rc = defaults_add(rules, FWD_TCP_TO_NS, FWD_UDP_TO_NS, err);

	if (!rc)
		rc = defaults_add(rules, FWD_TCP_TO_HOST, FWD_UDP_TO_HOST, err);
	if (!rc)
		rc = all_others_add(rules, err);
	if (!rc)
		rc = fwd_rules_resolve(rules, ephemeral, 0, &rule_id, err);
	for (int d = 0; d < FWD_DIRECTIONS && !rc; d++)
		rc = left_check(rules, (enum fwd_direction)d, err);
	return rc;
}

bool fwd_rules_next(const struct fwd_rules *rules, enum fwd_direction direction,
		    struct fwd_rules_cursor *cursor, struct fwd_rules_entry *ret_entry)
{
	for (; cursor->rule < rules->count; cursor->rule++, cursor->range = 0) {
		const struct fwd_rule *rule = &rules->rule[cursor->rule];

		if (rule->direction != direction || cursor->range >= rule->ranges_count)
			continue;
		ret_entry->rule = rule;
		ret_entry->ports = rules->range[rule->ranges_at + cursor->range++];
		ret_entry->to_first = fwd_rule_to_port(rule, ret_entry->ports.first);
		return true;
	}
	return false;
}

static bool listen_takes(const struct fwd_listen *listen, const struct in6_addr *local,
			 const char *ifname)
{
	if (ifname && listen->ifname[0] && strcmp(listen->ifname, ifname) != 0)
		return false;
	if (!local || listen->family == AF_UNSPEC)
		return true;
	return listen->family == addr_family(local) &&
	       (addr_is_unspecified(&listen->addr) || addr_equal(&listen->addr, local));
}

const struct fwd_rule *fwd_rules_find(const struct fwd_rules *rules, uint32_t id)
{
	uint32_t first = 0, end = rules->count;

	while (first < end) {
		uint32_t middle = first + (end - first) / 2;

		if (rules->rule[middle].id == id)
			return &rules->rule[middle];
		if (rules->rule[middle].id < id)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

bool fwd_rule_has_port(const struct fwd_rules *rules, const struct fwd_rule *rule, uint16_t port)
{
	return left_overlaps(rules, rule, (struct fwd_range){ port, port });
}

const struct fwd_rule *fwd_rules_match(const struct fwd_rules *rules, enum fwd_direction direction,
				       const struct in6_addr *local, const char *ifname,
				       uint16_t port)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct fwd_rule *rule = &rules->rule[i];

		if (rule->direction == direction &&
		    left_overlaps(rules, rule, (struct fwd_range){ port, port }) &&
		    listen_takes(&rule->listen, local, ifname))
			return rule;
	}
	return NULL;
}

void fwd_rules_portmap(const struct fwd_rules *rules, enum fwd_direction direction,
		       bool automatic_only, struct fwd_portmap *ret_map)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;

	memset(ret_map, 0, sizeof(*ret_map));
	while (fwd_rules_next(rules, direction, &cursor, &entry))
		if (entry.rule->automatic || !automatic_only)
			portmap_add(ret_map, entry.ports);
}

const char *fwd_rules_format(const struct fwd_rules *rules, const struct fwd_rule *rule, char *buf)
{
	bool excludes = rule->kind == FWD_RULE_EXCLUDE;
	char spec[FWD_RULE_TEXT_MAX], ports[sizeof(" (65535 ports)")] = "";
	uint32_t left = 0;

	for (uint32_t i = 0; i < rule->ranges_count; i++)
		left += fwd_range_count(rules->range[rule->ranges_at + i]);
	if (!excludes)
		snprintf(ports, sizeof(ports), " (%u port%s)", left, left == 1 ? "" : "s");
	snprintf(buf, FWD_RULE_TEXT_MAX, "%u %s %s%s", rule->id,
		 fwd_direction_text(rule->direction), fwd_rule_format_spec(rule, spec), ports);
	return buf;
}
