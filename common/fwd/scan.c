/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of 64 ports wherever a rule takes ports as they are; port by port where it maps them.
 * Clearing writes only to what isn't clear, so that pages nobody has used stay untouched.
 */
#include "common/fwd/scan.h"

#include "common/base/addr.h"
#include "common/base/util.h"

#define PORTMAP_WORDS ARRAY_SIZE(((struct fwd_portmap *)0)->word)

static void portmap_set(struct fwd_portmap *map, uint16_t port)
{
	map->word[port / 64] |= 1ULL << port % 64;
}

static void portmap_unset(struct fwd_portmap *map, uint16_t port)
{
	map->word[port / 64] &= ~(1ULL << port % 64);
}

static void portmaps_clear(struct fwd_portmap maps[FWD_SCAN_FAMILIES])
{
	for (int f = 0; f < FWD_SCAN_FAMILIES; f++)
		for (size_t i = 0; i < PORTMAP_WORDS; i++)
			if (maps[f].word[i])
				maps[f].word[i] = 0;
}

static int index_of(int family)
{
	return family == AF_INET ? 0 : 1;
}

static int family_at(uint32_t index)
{
	return index ? AF_INET6 : AF_INET;
}

void fwd_scan_init(struct fwd_scan *scan, const struct fwd_rules *rules,
		   const struct fwd_listeners *listeners, bool host_lo_to_ns_lo)
{
	scan->rules = rules;
	scan->listeners = listeners;
	scan->host_lo_to_ns_lo = host_lo_to_ns_lo;
	for (uint32_t i = 0; i < rules->count; i++)
		if (rules->rule[i].automatic && rules->rule[i].ranges_count)
			scan->direction[rules->rule[i].direction].automatic = true;
}

void fwd_scan_begin(struct fwd_scan *scan, const struct fwd_table *fwd, bool retry)
{
	scan->fwd = fwd;
	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		struct fwd_scan_direction *dir = &scan->direction[d];

		if (!dir->automatic)
			continue;
		portmaps_clear(dir->first);
		portmaps_clear(dir->loopback);
		portmaps_clear(dir->assigned);
		portmaps_clear(dir->any);
		portmaps_clear(dir->targets);
		if (retry)
			portmaps_clear(dir->failed);
	}
}

/* A socket on one address, which may be where a rule leads */
static void target_found(struct fwd_scan *scan, enum fwd_direction direction, int f,
			 const struct in6_addr *addr, uint16_t port)
{
	for (uint32_t i = 0; i < scan->rules->count; i++) {
		const struct fwd_rule *rule = &scan->rules->rule[i];
		uint32_t offset = (uint32_t)port - rule->to_first; /* huge if it is below */

		if (rule->automatic && rule->direction == direction &&
		    addr_equal(&rule->to_addr, addr) && offset < fwd_range_count(rule->ports))
			portmap_set(&scan->direction[direction].targets[f],
				    (uint16_t)(rule->ports.first + offset));
	}
}

static void family_found(struct fwd_scan *scan, enum fwd_direction direction, int family,
			 const struct in6_addr *addr, uint16_t port)
{
	struct fwd_scan_direction *dir = &scan->direction[direction];
	const struct in6_addr first = addr_loopback(family);
	int f = index_of(family);
	bool any = addr_is_unspecified(addr);

	if (fwd_listeners_has(scan->listeners, fwd_direction_opposite(direction), family, addr,
			      port))
		return;
	if (any || addr_equal(addr, &first))
		portmap_set(&dir->first[f], port);
	if (any || addr_is_loopback(addr))
		portmap_set(&dir->loopback[f], port);
	if (any || fwd_is_ns_addr(f ? &scan->fwd->ip6 : &scan->fwd->ip4, addr))
		portmap_set(&dir->assigned[f], port);
	if (any)
		portmap_set(&dir->any[f], port);
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
static const struct fwd_portmap *reachable(const struct fwd_scan *scan, const struct fwd_rule *rule,
					   int f)
{
	const struct fwd_scan_direction *dir = &scan->direction[rule->direction];
	bool loopback =
		fwd_direction_target(rule->direction) == SOCKET_HOST || scan->host_lo_to_ns_lo;

	if (!IN6_IS_ADDR_UNSPECIFIED(&rule->to_addr))
		return &dir->any[f]; /* see target_found() for the rest */
	if (fwd_direction_target(rule->direction) == SOCKET_HOST &&
	    addr_is_unspecified(&rule->listen.addr))
		return &dir->first[f]; /* that is where it listens, and addresses stay the same */
	return loopback ? &dir->loopback[f] : &dir->assigned[f];
}

static void want_same(const struct fwd_portmap *found, struct fwd_range ports,
		      struct fwd_portmap *wanted)
{
	for (uint32_t w = ports.first / 64; w <= ports.last / 64u; w++) {
		uint64_t word = found->word[w];

		if (w == ports.first / 64u)
			word &= UINT64_MAX << ports.first % 64;
		if (w == ports.last / 64u)
			word &= UINT64_MAX >> (63 - ports.last % 64);
		if (word)
			wanted->word[w] |= word;
	}
}

static void want_mapped(const struct fwd_portmap *found, const struct fwd_rules_entry *entry,
			struct fwd_portmap *wanted)
{
	for (uint32_t port = entry->ports.first; port <= entry->ports.last; port++)
		if (fwd_portmap_test(found, fwd_rule_to_port(entry->rule, (uint16_t)port)))
			portmap_set(wanted, (uint16_t)port);
}

static void entry_want(struct fwd_scan *scan, const struct fwd_rules_entry *entry)
{
	struct fwd_scan_direction *dir = &scan->direction[entry->rule->direction];

	for (uint32_t f = 0; f < FWD_SCAN_FAMILIES; f++) {
		const struct fwd_portmap *found = reachable(scan, entry->rule, (int)f);

		if (entry->rule->listen.family != AF_UNSPEC &&
		    entry->rule->listen.family != family_at(f))
			continue;
		if (entry->to_first == entry->ports.first)
			want_same(found, entry->ports, &dir->wanted[f]);
		else
			want_mapped(found, entry, &dir->wanted[f]);
		want_same(&dir->targets[f], entry->ports, &dir->wanted[f]);
	}
}

void fwd_scan_end(struct fwd_scan *scan)
{
	for (int d = 0; d < FWD_DIRECTIONS; d++) {
		struct fwd_rules_cursor cursor = { 0 };
		struct fwd_rules_entry entry;

		if (!scan->direction[d].automatic)
			continue;
		portmaps_clear(scan->direction[d].wanted);
		while (fwd_rules_next(scan->rules, (enum fwd_direction)d, &cursor, &entry))
			if (entry.rule->automatic)
				entry_want(scan, &entry);
	}
	scan->fwd = NULL;
}

/* Closed first, in all directions: what is to be opened may need the same port */
static uint64_t changes_at(const struct fwd_scan_direction *dir, uint32_t f, uint32_t w, bool open)
{
	uint64_t wanted = dir->wanted[f].word[w], is_open = dir->open[f].word[w];

	if (!open)
		return is_open & ~wanted;
	return wanted & ~(is_open & ~dir->partly[f].word[w]) & ~dir->failed[f].word[w];
}

bool fwd_scan_next(struct fwd_scan *scan, struct fwd_scan_cursor *cursor,
		   struct fwd_scan_change *ret_change)
{
	const uint32_t sets = FWD_DIRECTIONS * FWD_SCAN_FAMILIES;

	for (; cursor->set < 2 * sets; cursor->set++, cursor->word = 0) {
		bool open = cursor->set >= sets;
		uint32_t d = cursor->set % sets / FWD_SCAN_FAMILIES;
		uint32_t f = cursor->set % FWD_SCAN_FAMILIES;

		if (!scan->direction[d].automatic)
			continue;
		for (; cursor->word < PORTMAP_WORDS; cursor->word++) {
			uint64_t word = changes_at(&scan->direction[d], f, cursor->word, open);

			if (!word)
				continue;
			*ret_change = (struct fwd_scan_change){
				.direction = (enum fwd_direction)d,
				.family = family_at(f),
				.port = (uint16_t)(cursor->word * 64 +
						   (uint32_t)__builtin_ctzll(word)),
				.open = open,
			};
			return true;
		}
	}
	return false;
}

void fwd_scan_done(struct fwd_scan *scan, const struct fwd_scan_change *change,
		   enum fwd_scan_result result)
{
	struct fwd_scan_direction *dir = &scan->direction[change->direction];
	int f = index_of(change->family);

	if (!change->open)
		portmap_unset(&dir->open[f], change->port);
	else if (result != FWD_SCAN_NONE)
		portmap_set(&dir->open[f], change->port);
	if (change->open && result != FWD_SCAN_ALL)
		portmap_set(&dir->failed[f], change->port);
	if (change->open && result == FWD_SCAN_SOME)
		portmap_set(&dir->partly[f], change->port);
	else if (fwd_portmap_test(&dir->partly[f], change->port))
		portmap_unset(&dir->partly[f], change->port);
}
