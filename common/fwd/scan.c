/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole words of ports wherever a rule takes ports as they are; port by port where it maps them.
 */
#include "common/fwd/scan.h"

#include "common/base/addr.h"
#include "common/base/util.h"

static uint32_t index_of(int family)
{
	return family == AF_INET ? 0 : 1;
}

static int family_at(uint32_t index)
{
	return index ? AF_INET6 : AF_INET;
}

static struct fwd_place place_of(uint32_t set)
{
	switch ((enum fwd_scan_set)set) {
	case FWD_SCAN_IP4:
		return (struct fwd_place){ AF_INET, in6addr_any };
	case FWD_SCAN_IP6:
		break;
	case FWD_SCAN_LO4:
		return (struct fwd_place){ AF_INET, addr_loopback(AF_INET) };
	case FWD_SCAN_LO6:
		return (struct fwd_place){ AF_INET6, addr_loopback(AF_INET6) };
	case FWD_SCAN_ALL_LO4:
		return (struct fwd_place){ AF_INET, addr_from_be32(INADDR_ANY) };
	}
	return (struct fwd_place){ AF_INET6, in6addr_any };
}

void fwd_scan_init(struct fwd_scan *scan, const struct fwd_rules *rules,
		   const struct fwd_listeners *listeners, bool host_lo_to_ns_lo)
{
	scan->listeners = listeners;
	scan->host_lo_to_ns_lo = host_lo_to_ns_lo;
	fwd_scan_rules(scan, rules);
}

static void forget_failures(struct fwd_scan_direction *dir)
{
	fwd_scan_ports_clear(&dir->ports, FWD_SCAN_FAILED, FWD_SCAN_PARTLY);
	for (uint32_t i = 0; i < dir->others_count; i++)
		dir->others[i].failed = false;
}

/* What is open is looked at again, rule by rule */
static void doubt_open(struct fwd_scan_direction *dir)
{
	const struct fwd_range all = { 0, UINT16_MAX };

	for (uint32_t set = 0; set < FWD_SCAN_SETS; set++)
		fwd_scan_ports_add_all(&dir->ports, FWD_SCAN_PARTLY + set, FWD_SCAN_OPEN + set,
				       all);
	for (uint32_t i = 0; i < dir->others_count; i++)
		dir->others[i].partly = dir->others[i].open;
}

void fwd_scan_rules(struct fwd_scan *scan, const struct fwd_rules *rules)
{
	bool automatic[FWD_DIRECTIONS] = { false };

	scan->rules = rules;
	for (uint32_t i = 0; i < rules->count; i++)
		if (rules->rule[i].automatic && rules->rule[i].ranges_count)
			automatic[rules->rule[i].direction] = true;
	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		struct fwd_scan_direction *dir = &scan->direction[d];

		if (dir->automatic && automatic[d]) {
			forget_failures(dir);
			doubt_open(dir);
		} else if (dir->automatic) {
			fwd_scan_ports_clear(&dir->ports, 0, FWD_SCAN_PORTS_END);
			dir->services_count = dir->others_count = 0;
		}
		dir->automatic = automatic[d];
	}
}

void fwd_scan_begin(struct fwd_scan *scan, const struct fwd_table *fwd, bool retry)
{
	scan->fwd = fwd;
	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		struct fwd_scan_direction *dir = &scan->direction[d];

		if (!dir->automatic)
			continue;
		fwd_scan_ports_clear(&dir->ports, FWD_SCAN_FIRST, FWD_SCAN_FOUND_END);
		dir->services_count = 0;
		if (retry)
			forget_failures(dir);
	}
}

/* The one address that connections of the rule get to; unspecified: there are several. What comes
 * to a loopback address gets to the same one, where it gets to the loopback at all.
 */
static struct in6_addr target_of(const struct fwd_scan *scan, const struct fwd_rule *rule)
{
	bool to_loopback =
		fwd_direction_target(rule->direction) == SOCKET_HOST || scan->host_lo_to_ns_lo;

	if (addr_is_unspecified(&rule->to_addr) && to_loopback &&
	    addr_is_loopback(&rule->listen.addr))
		return rule->listen.addr;
	return rule->to_addr;
}

/* A socket on one address, which may be where a rule leads */
static void target_found(struct fwd_scan *scan, enum fwd_direction direction, uint32_t f,
			 const struct in6_addr *addr, uint16_t port)
{
	for (uint32_t i = 0; i < scan->rules->count; i++) {
		const struct fwd_rule *rule = &scan->rules->rule[i];
		uint32_t offset = (uint32_t)port - rule->to_first; /* huge if it is below */
		const struct in6_addr target = target_of(scan, rule);

		if (rule->automatic && rule->direction == direction && addr_equal(&target, addr) &&
		    offset < fwd_range_count(rule->ports))
			fwd_scan_ports_add(&scan->direction[direction].ports, FWD_SCAN_TARGETS + f,
					   (uint16_t)(rule->ports.first + offset));
	}
}

static void service_found(struct fwd_scan_direction *dir, const struct in6_addr *addr,
			  uint16_t port)
{
	if (dir->services_count < FWD_SCAN_OTHERS_MAX)
		dir->services[dir->services_count++] = (struct fwd_scan_service){ *addr, port };
}

static void family_found(struct fwd_scan *scan, enum fwd_direction direction, int family,
			 const struct in6_addr *addr, uint16_t port)
{
	struct fwd_scan_direction *dir = &scan->direction[direction];
	const struct in6_addr first = addr_loopback(family);
	uint32_t f = index_of(family);
	bool any = addr_is_unspecified(addr);

	if (fwd_listeners_has(scan->listeners, fwd_direction_opposite(direction), family, addr,
			      port))
		return;
	if (addr_equal(addr, &first))
		fwd_scan_ports_add(&dir->ports, FWD_SCAN_FIRST + f, port);
	else if (addr_is_loopback(addr) && fwd_direction_target(direction) == SOCKET_HOST)
		service_found(dir, addr, port);
	if (any || addr_is_loopback(addr))
		fwd_scan_ports_add(&dir->ports, FWD_SCAN_LOOPBACK + f, port);
	if (any || fwd_is_ns_addr(f ? &scan->fwd->ip6 : &scan->fwd->ip4, addr))
		fwd_scan_ports_add(&dir->ports, FWD_SCAN_ASSIGNED + f, port);
	if (any)
		fwd_scan_ports_add(&dir->ports, FWD_SCAN_ANY + f, port);
	else
		target_found(scan, direction, f, addr, port);
}

void fwd_scan_found(struct fwd_scan *scan, enum fwd_direction direction,
		    const struct in6_addr *addr, uint16_t port, bool ip6_only)
{
	family_found(scan, direction, addr_family(addr), addr, port);
	if (IN6_IS_ADDR_UNSPECIFIED(addr) && !ip6_only)
		family_found(scan, direction, AF_INET, addr, port);
}

/* What listens where connections of the rule arrive */
static uint32_t reachable(const struct fwd_scan *scan, const struct fwd_rule *rule, uint32_t f)
{
	bool loopback =
		fwd_direction_target(rule->direction) == SOCKET_HOST || scan->host_lo_to_ns_lo;
	const struct in6_addr target = target_of(scan, rule);

	if (!IN6_IS_ADDR_UNSPECIFIED(&target))
		return FWD_SCAN_ANY + f; /* see target_found() for the rest */
	return loopback ? FWD_SCAN_LOOPBACK + f : FWD_SCAN_ASSIGNED + f;
}

static void want_found(struct fwd_scan_ports *ports, uint32_t found,
		       const struct fwd_rules_entry *entry, uint32_t wanted)
{
	if (entry->to_first == entry->ports.first) {
		fwd_scan_ports_add_all(ports, wanted, found, entry->ports);
		return;
	}
	for (uint32_t port = entry->ports.first; port <= entry->ports.last; port++)
		if (fwd_scan_ports_has(ports, found, fwd_rule_to_port(entry->rule, (uint16_t)port)))
			fwd_scan_ports_add(ports, wanted, (uint16_t)port);
}

static void want_other(struct fwd_scan_direction *dir, const struct in6_addr *addr, uint16_t port)
{
	for (uint32_t i = 0; i < dir->others_count; i++) {
		struct fwd_scan_other *other = &dir->others[i];

		if (other->port != port || !addr_equal(&other->addr, addr))
			continue;
		other->wanted = true;
		return;
	}
	if (dir->others_count < FWD_SCAN_OTHERS_MAX)
		dir->others[dir->others_count++] = (struct fwd_scan_other){
			.addr = *addr,
			.port = port,
			.wanted = true,
		};
}

static void want_others(struct fwd_scan_direction *dir, const struct fwd_rules_entry *entry)
{
	for (uint32_t i = 0; i < dir->services_count; i++) {
		const struct fwd_scan_service *service = &dir->services[i];
		uint32_t offset =
			(uint32_t)service->port - entry->to_first; /* as in target_found() */

		if (offset < fwd_range_count(entry->ports))
			want_other(dir, &service->addr, (uint16_t)(entry->ports.first + offset));
	}
}

/* The loopback of the namespace: addresses stay the same there, unless the rule says another */
static void entry_want_lo(struct fwd_scan_direction *dir, const struct fwd_rules_entry *entry)
{
	bool ip4 = entry->rule->listen.family != AF_INET6;
	bool ip6 = entry->rule->listen.family != AF_INET;
	bool same = IN6_IS_ADDR_UNSPECIFIED(&entry->rule->to_addr);
	struct fwd_scan_ports *ports = &dir->ports;

	if (ip4) {
		want_found(ports, FWD_SCAN_ANY, entry, FWD_SCAN_WANTED + FWD_SCAN_ALL_LO4);
		fwd_scan_ports_add_all(ports, FWD_SCAN_WANTED + FWD_SCAN_ALL_LO4, FWD_SCAN_TARGETS,
				       entry->ports);
	}
	if (ip6) {
		want_found(ports, FWD_SCAN_ANY + 1, entry, FWD_SCAN_WANTED + FWD_SCAN_LO6);
		fwd_scan_ports_add_all(ports, FWD_SCAN_WANTED + FWD_SCAN_LO6, FWD_SCAN_TARGETS + 1,
				       entry->ports);
	}
	if (ip4 && same) {
		want_found(ports, FWD_SCAN_FIRST, entry, FWD_SCAN_WANTED + FWD_SCAN_LO4);
		want_others(dir, entry);
	}
	if (ip6 && same)
		want_found(ports, FWD_SCAN_FIRST + 1, entry, FWD_SCAN_WANTED + FWD_SCAN_LO6);
}

static void entry_want(struct fwd_scan *scan, const struct fwd_rules_entry *entry)
{
	struct fwd_scan_direction *dir = &scan->direction[entry->rule->direction];

	if (fwd_rule_is_for_lo(entry->rule)) {
		entry_want_lo(dir, entry);
		return;
	}
	for (uint32_t f = 0; f < FWD_SCAN_FAMILIES; f++) {
		if (entry->rule->listen.family != AF_UNSPEC &&
		    entry->rule->listen.family != family_at(f))
			continue;
		want_found(&dir->ports, reachable(scan, entry->rule, f), entry,
			   FWD_SCAN_WANTED + f);
		fwd_scan_ports_add_all(&dir->ports, FWD_SCAN_WANTED + f, FWD_SCAN_TARGETS + f,
				       entry->ports);
	}
}

/* Where all of the loopback is listened on, no single address is */
static void leave_out_covered(struct fwd_scan_direction *dir)
{
	const uint32_t all = FWD_SCAN_WANTED + FWD_SCAN_ALL_LO4;

	fwd_scan_ports_subtract(&dir->ports, FWD_SCAN_WANTED + FWD_SCAN_LO4, all);
	for (uint32_t i = 0; i < dir->others_count; i++)
		if (fwd_scan_ports_has(&dir->ports, all, dir->others[i].port))
			dir->others[i].wanted = false;
}

static void wanted_begin(struct fwd_scan_direction *dir)
{
	uint32_t kept = 0;

	fwd_scan_ports_clear(&dir->ports, FWD_SCAN_WANTED, FWD_SCAN_OPEN);
	for (uint32_t i = 0; i < dir->others_count; i++) {
		struct fwd_scan_other other = dir->others[i];

		if (!other.open && !(other.failed && other.wanted))
			continue;
		other.wanted = false;
		dir->others[kept++] = other;
	}
	dir->others_count = kept;
}

void fwd_scan_end(struct fwd_scan *scan)
{
	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		struct fwd_rules_cursor cursor = { 0 };
		struct fwd_rules_entry entry;

		if (!scan->direction[d].automatic)
			continue;
		wanted_begin(&scan->direction[d]);
		while (fwd_rules_next(scan->rules, (enum fwd_direction)d, &cursor, &entry))
			if (entry.rule->automatic)
				entry_want(scan, &entry);
		leave_out_covered(&scan->direction[d]);
	}
	scan->fwd = NULL;
}

/* Closed first, in all directions: what is to be opened may need the same port */
static uint64_t changes_at(const struct fwd_scan_ports *ports, uint32_t set, uint32_t w, bool open)
{
	uint64_t wanted = fwd_scan_ports_word(ports, FWD_SCAN_WANTED + set, w);
	uint64_t is_open = fwd_scan_ports_word(ports, FWD_SCAN_OPEN + set, w);

	if (!open)
		return is_open & ~wanted;
	return wanted & ~(is_open & ~fwd_scan_ports_word(ports, FWD_SCAN_PARTLY + set, w)) &
	       ~fwd_scan_ports_word(ports, FWD_SCAN_FAILED + set, w);
}

/* The next one of a set, from @cursor on */
static bool next_of_set(const struct fwd_scan_ports *ports, struct fwd_scan_cursor *cursor,
			struct fwd_scan_change *change)
{
	uint32_t from = (change->open ? FWD_SCAN_WANTED : FWD_SCAN_OPEN) + change->set;

	for (;; cursor->at++) {
		uint64_t word;

		cursor->at = fwd_scan_ports_next(ports, from, cursor->at);
		if (cursor->at == FWD_SCAN_WORDS)
			return false;
		word = changes_at(ports, change->set, cursor->at, change->open);
		if (!word)
			continue;
		change->place = place_of(change->set);
		change->port = (uint16_t)(cursor->at * 64 + (uint32_t)__builtin_ctzll(word));
		return true;
	}
}

static bool next_other(const struct fwd_scan_direction *dir, struct fwd_scan_cursor *cursor,
		       struct fwd_scan_change *change)
{
	for (; cursor->at < dir->others_count; cursor->at++) {
		const struct fwd_scan_other *other = &dir->others[cursor->at];

		if (other->wanted == (other->open && !other->partly) ||
		    other->wanted != change->open || (change->open && other->failed) ||
		    (!change->open && !other->open))
			continue;
		change->place = (struct fwd_place){ AF_INET, other->addr };
		change->port = other->port;
		change->index = cursor->at;
		return true;
	}
	return false;
}

bool fwd_scan_next(struct fwd_scan *scan, struct fwd_scan_cursor *cursor,
		   struct fwd_scan_change *ret_change)
{
	const uint32_t sets = FWD_SCAN_SETS + 1, all = FWD_DIRECTIONS * sets;

	for (; cursor->set < 2 * all; cursor->set++, cursor->at = 0) {
		struct fwd_scan_change change = {
			.direction = (enum fwd_direction)(cursor->set % all / sets),
			.set = cursor->set % sets,
			.open = cursor->set >= all,
		};
		const struct fwd_scan_direction *dir = &scan->direction[change.direction];

		if (!dir->automatic)
			continue;
		if (change.set < FWD_SCAN_SETS ? next_of_set(&dir->ports, cursor, &change)
					       : next_other(dir, cursor, &change)) {
			*ret_change = change;
			return true;
		}
	}
	return false;
}

void fwd_scan_done(struct fwd_scan *scan, const struct fwd_scan_change *change,
		   enum fwd_scan_result result)
{
	struct fwd_scan_direction *dir = &scan->direction[change->direction];
	struct fwd_scan_ports *ports = &dir->ports;
	uint32_t set = change->set;

	if (set == FWD_SCAN_SETS) {
		dir->others[change->index].open = change->open && result != FWD_SCAN_NONE;
		dir->others[change->index].failed = change->open && result != FWD_SCAN_ALL;
		dir->others[change->index].partly = false;
		return;
	}
	if (!change->open)
		fwd_scan_ports_remove(ports, FWD_SCAN_OPEN + set, change->port);
	else if (result != FWD_SCAN_NONE)
		fwd_scan_ports_add(ports, FWD_SCAN_OPEN + set, change->port);
	if (change->open && result != FWD_SCAN_ALL)
		fwd_scan_ports_add(ports, FWD_SCAN_FAILED + set, change->port);
	if (change->open && result == FWD_SCAN_SOME)
		fwd_scan_ports_add(ports, FWD_SCAN_PARTLY + set, change->port);
	else
		fwd_scan_ports_remove(ports, FWD_SCAN_PARTLY + set, change->port);
}
