/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule without an address listens on both families: on the host in one IPv6 socket where the
 * kernel has that, in the namespace on the loopback.
 *
 * There, a socket on all addresses that is bound to lo takes 127.0.0.2 and 127.0.0.53 as well. But
 * while it's there, nobody can have that port on any address: to the kernel, sockets that are bound
 * to no interface are in each other's way whatever interface another one is bound to. So where the
 * address is known that is wanted, as with automatic ports, the socket is on that one alone; and
 * where the namespace has the port already, on 127.0.0.1.
 */
#include "common/fwd/listeners_open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/fwd/listen.h"
#include "common/fwd/rule.h"

/* Between two attempts to get a port that somebody else has */
#define TAKEN_PAUSE_MS 10

static bool family_missing(int rc)
{
	return rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL;
}

/* On a loopback address of the namespace, or on all of IPv4's */
static int loopback_open(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
			 const struct fwd_place *place)
{
	struct fwd_listen at = rule->listen;
	int rc;

	at.family = place->family;
	at.addr = place->addr;
	if (!at.ifname[0])
		memcpy(at.ifname, FWD_LO, sizeof(FWD_LO));
	rc = fwd_listeners_add(set, rule, port, &at);
	if (rc != -EADDRINUSE || !addr_is_unspecified(&place->addr))
		return rc;
	at.addr = addr_loopback(place->family);
	return fwd_listeners_add(set, rule, port, &at);
}

/* All of the loopback, in both families or in the one there is */
static int loopbacks_open(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
			  bool ip4, bool ip6)
{
	const struct fwd_place at4 = { AF_INET, addr_from_be32(INADDR_ANY) };
	const struct fwd_place at6 = { AF_INET6, addr_loopback(AF_INET6) };
	int rc4 = ip4 ? loopback_open(set, rule, port, &at4) : -EAFNOSUPPORT;
	int rc6 = ip6 ? loopback_open(set, rule, port, &at6) : -EAFNOSUPPORT;

	if (rc4 && !family_missing(rc4))
		return rc4;
	return rc4 || !family_missing(rc6) ? rc6 : 0;
}

/* A rule's port, for one family or for all that it has
 *
 * Return: 0; -EAFNOSUPPORT if these are not enabled; or another -errno
 */
static int port_open(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port,
		     int family)
{
	int only = rule->listen.family == AF_UNSPEC ? family : rule->listen.family;
	bool ip4 = set->ip4 && only != AF_INET6, ip6 = set->ip6 && only != AF_INET;
	struct fwd_listen at = rule->listen;
	int rc;

	if ((!ip4 && !ip6) || (family != AF_UNSPEC && only != family))
		return -EAFNOSUPPORT;
	if (fwd_rule_is_for_lo(rule))
		return loopbacks_open(set, rule, port, ip4, ip6);
	at.family = ip4 && ip6 ? AF_UNSPEC : ip4 ? AF_INET : AF_INET6;
	rc = fwd_listeners_add(set, rule, port, &at);
	if (!family_missing(rc) || at.family != AF_UNSPEC)
		return rc;
	at.family = AF_INET;
	return fwd_listeners_add(set, rule, port, &at);
}

/* Who had the port may be on its way out: callers that restart a container start the next pasta
 * when they have told the last one to end, and don't wait for it.
 */
static int port_open_named(struct fwd_listeners *set, const struct fwd_rule *rule, uint16_t port)
{
	const struct timespec pause = { .tv_nsec = TAKEN_PAUSE_MS * 1000000L };
	int rc = port_open(set, rule, port, AF_UNSPEC);

	if (fwd_direction_source(rule->direction) != SOCKET_HOST)
		return rc;
	while (rc == -EADDRINUSE && set->patience_ms >= TAKEN_PAUSE_MS) {
		nanosleep(&pause, NULL);
		set->patience_ms -= TAKEN_PAUSE_MS;
		rc = port_open(set, rule, port, AF_UNSPEC);
	}
	return rc;
}

static const char *open_remedy(const struct fwd_rule *rule, int rc)
{
	const struct fwd_listen *listen = &rule->listen;

	switch (rc) {
	case -EACCES:
	case -EPERM:
		return " (net.ipv4.ip_unprivileged_port_start says from which port on users may "
		       "listen)";
	case -EADDRNOTAVAIL:
		if (fwd_direction_source(rule->direction) == SOCKET_NS)
			return " (the namespace does not have this address)";
		return " (the host does not have this address; --freebind listens on it anyway)";
	case -EINVAL:
		return addr_is_link_local(&listen->addr) && !listen->ifname[0]
			       ? " (a link-local address needs its interface: ADDR%NAME/PORTS)"
			       : "";
	case -ENODEV:
		return " (there is no such interface)";
	case -EAFNOSUPPORT:
		return " (this address family is not enabled)";
	case -EMFILE:
	case -ENFILE:
		return " (RLIMIT_NOFILE is too low)";
	default:
		return "";
	}
}

/* @port: 0: any of the rule's */
static int open_error(const struct fwd_rule *rule, uint16_t port, int rc, struct err *err)
{
	char text[FWD_RULE_TEXT_MAX], which[sizeof(" 65535")] = "s";

	if (port)
		snprintf(which, sizeof(which), " %u", port);
	return err_set(err, rc, "'%s': cannot listen on %s port%s: %s%s",
		       fwd_rule_format_spec(rule, text),
		       fwd_direction_is_udp(rule->direction) ? "UDP" : "TCP", which, strerror(-rc),
		       open_remedy(rule, rc));
}

int fwd_listeners_probe(struct fwd_listeners *set, const struct fwd_rule *rule, struct err *err)
{
	int any = set->ip4 ? AF_INET : AF_INET6;
	struct fwd_listen_request request = {
		.side = fwd_direction_source(rule->direction),
		.type = SOCK_DGRAM, /* listens at once, with whatever port there is */
		.family = rule->listen.family == AF_UNSPEC ? any : rule->listen.family,
		.addr = rule->listen.addr,
		.ifname = rule->listen.ifname,
	};
	int fd;

	request.freebind = fwd_listeners_freebind(set, request.side, request.family);
	if (!(request.family == AF_INET ? set->ip4 : set->ip6))
		return open_error(rule, 0, -EAFNOSUPPORT, err);
	fd = fwd_listen_open(set->sockets, &request);
	if (fd == -ENODEV || fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT)
		return open_error(rule, 0, fd, err);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* What came of one rule's ports so far */
struct rule_result {
	uint32_t opened, left_out;
	int rc; /* the last failure */
};

/* Whether the rules in force have that port for that very rule: what became of it stays */
static bool had_port(const struct fwd_opening *opening, const struct fwd_rule *rule, uint16_t port)
{
	const struct fwd_rule *was = opening->old ? fwd_rules_find(opening->old, rule->id) : NULL;

	return was && fwd_rule_has_port(opening->old, was, port);
}

/* Return: 0, or -errno of a port that has to be had */
static int port_result(const struct fwd_rule *rule, uint16_t port, bool follows, int rc,
		       struct rule_result *result, struct err *err)
{
	bool wide = rule->kind != FWD_RULE_RANGE, starved = rc == -EMFILE || rc == -ENFILE;

	if (!rc) {
		result->opened++;
	} else if (wide && starved) {
		result->left_out++;
	} else if (wide) {
		result->rc = rc;
	} else {
		open_error(rule, port, rc, err);
		if (!follows || starved)
			return rc;
		log_warning("%s", err->text);
	}
	return 0;
}

/* Ports that were named must be had, unless only as those of another protocol, which somebody has
 */
static int entry_open(struct fwd_listeners *set, const struct fwd_rules_entry *entry,
		      struct fwd_opening *opening, struct rule_result *result, struct err *err)
{
	const struct fwd_rule *rule = entry->rule;
	bool follows = opening->rules->direction[rule->direction].follows;

	for (uint32_t port = entry->ports.first; port <= entry->ports.last; port++) {
		int rc = -EMFILE;

		if (had_port(opening, rule, (uint16_t)port))
			continue;
		if (rule->kind == FWD_RULE_RANGE)
			rc = port_open_named(set, rule, (uint16_t)port);
		else if (set->used < opening->sockets_max)
			rc = port_open(set, rule, (uint16_t)port, AF_UNSPEC);
		rc = port_result(rule, (uint16_t)port, follows, rc, result, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int wide_check(const struct fwd_rule *rule, const struct rule_result *result,
		      struct err *err)
{
	int rc = result->left_out ? -EMFILE : result->rc;
	char text[FWD_RULE_TEXT_MAX];

	if (rule->kind == FWD_RULE_RANGE || result->opened || !rc)
		return 0;
	return err_set(err, rc, "'%s': not one %s port could be opened: %s%s",
		       fwd_rule_format_spec(rule, text),
		       fwd_direction_is_udp(rule->direction) ? "UDP" : "TCP", strerror(-rc),
		       open_remedy(rule, rc));
}

/* All of one rule, from @entry on, which is behind it in the end. Return: as entry_open() does
 * @any:	there is another rule's entry
 */
static int rule_open(struct fwd_listeners *set, struct fwd_rules_cursor *cursor,
		     struct fwd_rules_entry *entry, struct fwd_opening *opening, bool *any,
		     struct err *err)
{
	const struct fwd_rule *rule = entry->rule;
	struct rule_result result = { 0 };
	int rc = 0;

	while (*any && entry->rule == rule && !rc) {
		if (!rule->automatic)
			rc = entry_open(set, entry, opening, &result, err);
		if (!rc)
			*any = fwd_rules_next(opening->rules, rule->direction, cursor, entry);
	}
	if (!rc)
		rc = wide_check(rule, &result, err);
	opening->left_out += result.left_out;
	opening->failed_id = rule->id;
	return rc;
}

int fwd_listeners_open_rules(struct fwd_listeners *set, enum fwd_direction direction,
			     struct fwd_opening *opening, struct err *err)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;
	bool any = fwd_rules_next(opening->rules, direction, &cursor, &entry);
	int rc = 0;

	while (any && !rc)
		rc = rule_open(set, &cursor, &entry, opening, &any, err);
	return rc;
}

static bool is_at(const struct fwd_listener *listener, const struct fwd_place *place)
{
	return listener->automatic && listener->family == place->family &&
	       addr_equal(&listener->place, &place->addr);
}

static bool is_open_auto(struct fwd_listeners *set, const struct fwd_rule *rule,
			 const struct fwd_place *place, uint16_t port)
{
	const struct fwd_listener *listener = fwd_listeners_first(set, rule->direction, port);

	for (; listener; listener = fwd_listeners_next(set, listener))
		if (listener->rule_id == rule->id && is_at(listener, place))
			return true;
	return false;
}

/* Whether the place is one for that rule */
static bool is_for(const struct fwd_rule *rule, const struct fwd_place *place)
{
	return fwd_rule_is_for_lo(rule) == !IN6_IS_ADDR_UNSPECIFIED(&place->addr);
}

/* One rule's port. Return: as port_open() does */
static int auto_open(struct fwd_listeners *set, const struct fwd_rule *rule,
		     const struct fwd_place *place, uint16_t port)
{
	bool enabled = place->family == AF_INET ? set->ip4 : set->ip6;
	int rc, only = rule->listen.family;

	if (!fwd_rule_is_for_lo(rule))
		return port_open(set, rule, port, place->family);
	if (!enabled || (only != AF_UNSPEC && only != place->family))
		return -EAFNOSUPPORT;
	rc = loopback_open(set, rule, port, place);
	if (!rc) /* the chain's first is the newest */
		fwd_listeners_first(set, rule->direction, port)->place = place->addr;
	return rc;
}

int fwd_listeners_open_auto(struct fwd_listeners *set, const struct fwd_rules *rules,
			    enum fwd_direction direction, const struct fwd_place *place,
			    uint16_t port, bool *ret_any, struct err *err)
{
	struct fwd_rules_cursor cursor = { 0 };
	struct fwd_rules_entry entry;
	int last = 0;

	*ret_any = false;
	while (fwd_rules_next(rules, direction, &cursor, &entry)) {
		int rc = 0;

		if (!entry.rule->automatic || port < entry.ports.first || port > entry.ports.last ||
		    !is_for(entry.rule, place))
			continue;
		if (!is_open_auto(set, entry.rule, place, port))
			rc = auto_open(set, entry.rule, place, port);
		if (rc == -EAFNOSUPPORT)
			continue;
		if (rc)
			last = open_error(entry.rule, port, rc, err);
		else
			*ret_any = true;
	}
	return last || *ret_any ? last
				: err_set(err, -ENOENT, "no rule is for IPv%c port %u",
					  place->family == AF_INET ? '4' : '6', port);
}

void fwd_listeners_close_auto(struct fwd_listeners *set, enum fwd_direction direction,
			      const struct fwd_place *place, uint16_t port)
{
	struct fwd_listener *listener = fwd_listeners_first(set, direction, port), *next;

	for (; listener; listener = next) {
		next = fwd_listeners_next(set, listener);
		if (is_at(listener, place))
			fwd_listener_close(listener);
	}
}
