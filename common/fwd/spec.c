/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers take a cursor, consume the form that stands there, and return NULL, or in plain words
 * what is wrong with it. Only two places turn such words into an error, for they know the piece to
 * quote: the address to listen on, and an item of the list.
 */
#include "common/fwd/spec.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/quote.h"
#include "common/base/util.h"
#include "common/base/values.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

#define PORT_MAX 65535

/* A word is there only if no letter or digit follows */
static bool read_word(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) || strspn(*at + len, LETTERS DIGITS))
		return false;
	*at += len;
	return true;
}

static const char *read_port(const char **at, uint16_t *ret_port)
{
	const char *c = *at;
	uint32_t port;
	int rc = value_number(&c, PORT_MAX, &port);

	if (rc)
		return rc == -ERANGE ? "the highest port is 65535" : "not a port number";
	if (!port)
		return "the lowest port is 1";
	*at = c;
	*ret_port = (uint16_t)port;
	return NULL;
}

static const char *read_range(const char **at, struct fwd_range *ret_range)
{
	const char *why = read_port(at, &ret_range->first);

	if (why)
		return why;
	ret_range->last = ret_range->first;
	if (**at != '-')
		return NULL;
	(*at)++;
	why = read_port(at, &ret_range->last);
	if (!why && ret_range->last < ret_range->first)
		why = "the range ends before it starts";
	return why;
}

static const char *read_addr(const char **at, struct in6_addr *ret_addr)
{
	bool bracket = **at == '[';
	const char *c = *at + bracket;
	struct in6_addr addr;

	if (value_addr(&c, &addr))
		return "not an address";
	if (bracket && !memchr(*at, ':', (size_t)(c - *at)))
		return "only IPv6 addresses stand in brackets";
	if (bracket && *c != ']')
		return "the closing bracket after the address is missing";
	*at = c + bracket;
	*ret_addr = addr;
	return NULL;
}

/* Up to the slash or the end; a comma is the list's */
static const char *read_ifname(const char **at, char ret_name[IFNAMSIZ])
{
	const char *c = *at;
	char name[IFNAMSIZ];
	int rc = value_ifname(&c, name);

	if (rc == -ENAMETOOLONG)
		return "interface names have at most 15 characters";
	if (!**at || **at == '/')
		return "no interface name after the percent sign";
	if (rc || (*c && *c != '/') || strchr(name, ','))
		return "not the name of an interface";
	*at = c;
	memcpy(ret_name, name, IFNAMSIZ);
	return NULL;
}

static const char *read_listen(const char **at, struct fwd_listen *ret_listen)
{
	struct fwd_listen listen = { .family = AF_UNSPEC };
	const char *why = NULL;

	if (**at != '%' && **at != '/') {
		why = read_addr(at, &listen.addr);
		listen.family = addr_family(&listen.addr);
	}
	if (!why && **at == '%') {
		(*at)++;
		why = read_ifname(at, listen.ifname);
	}
	if (!why && **at != '/')
		why = **at ? "not an address" : "a slash and ports must follow";
	if (!why && addr_is_scoped(&listen.addr) && !listen.ifname[0])
		why = "a link-local address needs its interface (ADDRESS%INTERFACE/PORTS)";
	if (!why && addr_is_multicast(&listen.addr))
		why = "not an address of one host";
	if (!why)
		*ret_listen = listen;
	return why;
}

/* Whether what stands here starts like an item with a target, even if it could be an address */
static bool item_with_target(const char *at)
{
	if (read_word(&at, "all"))
		return *at == ':';
	return at[strspn(at, DIGITS "-")] == ':' && strspn(at, DIGITS);
}

/* The part in front of the first slash, if that slash isn't the target's */
static int parse_listen(const char **at, struct fwd_listen *ret_listen, struct err *err)
{
	const char *end = *at + strcspn(*at, "/,"), *c = *at;
	const char *why;

	*ret_listen = (struct fwd_listen){ .family = AF_UNSPEC };
	if (*end != '/' && *c != '%' && *c != '[')
		return 0;
	why = read_listen(&c, ret_listen);
	if (!why) {
		*at = c + 1;
		return 0;
	}
	if (item_with_target(*at))
		return 0;
	return err_set(err, -EINVAL, "address to listen on '%s': %s",
		       quote_make(*at, (size_t)(end - *at)).text, why);
}

static const char *read_to_addr(const char **at, struct fwd_item *item)
{
	const char *why = read_addr(at, &item->to_addr);

	if (!why && (addr_is_unspecified(&item->to_addr) || addr_is_multicast(&item->to_addr)))
		why = "the target is not the address of one host";
	return why;
}

/* What follows the colon of a range; a dot, a colon or a bracket tells an address from ports */
static const char *read_target(const char **at, struct fwd_item *item)
{
	size_t len = strcspn(*at, ",/");
	struct fwd_range to = item->ports;
	const char *why = NULL;

	if (strcspn(*at, ".:[") >= len) {
		why = read_range(at, &to);
	} else {
		why = read_to_addr(at, item);
		if (!why && **at == '/') {
			(*at)++;
			why = read_range(at, &to);
		}
	}
	if (!why && fwd_range_count(to) != fwd_range_count(item->ports))
		why = "the ranges differ in length (FIRST-LAST:TOFIRST-TOLAST)";
	item->to_first = to.first;
	return why;
}

static const char *read_item(const char **at, struct fwd_item *item)
{
	const char *why;

	if (**at == '~') {
		(*at)++;
		item->kind = FWD_ITEM_EXCLUDE;
	} else if (read_word(at, "all")) {
		item->kind = FWD_ITEM_ALL;
		item->ports = (struct fwd_range){ 1, PORT_MAX };
		item->to_first = 1;
		if (**at != ':')
			return NULL;
		(*at)++;
		return read_to_addr(at, item);
	}
	why = read_range(at, &item->ports);
	item->to_first = item->ports.first;
	if (why || item->kind == FWD_ITEM_EXCLUDE || **at != ':')
		return why;
	(*at)++;
	return read_target(at, item);
}

static const char *family_check(const struct fwd_listen *listen, const struct fwd_item *item)
{
	if (listen->family == AF_UNSPEC || IN6_IS_ADDR_UNSPECIFIED(&item->to_addr) ||
	    listen->family == addr_family(&item->to_addr))
		return NULL;
	return "the target and the address to listen on are not of one family";
}

/* What may be meant by text that no item has */
static const char *rest_advice(const char *piece)
{
	struct in6_addr addr;
	const char *c = piece;

	if (!item_with_target(piece) && !read_addr(&c, &addr) && (!*c || *c == ',' || *c == '%'))
		return "a slash and ports must follow an address";
	if (read_word(&piece, "none"))
		return "'none' stands alone";
	return NULL;
}

/* One item, up to the comma or the end; blanks around it are not part of it */
static int parse_item(const char **at, struct fwd_spec *spec, struct err *err)
{
	const char *piece = *at, *end = piece + strcspn(piece, ","), *why = NULL;
	struct fwd_item item = { .kind = FWD_ITEM_RANGE };
	bool is_auto = read_word(at, "auto");

	if (!is_auto)
		why = read_item(at, &item);
	while (end > piece && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (!why && *at != end)
		why = "unexpected text at its end";
	if (why && rest_advice(piece))
		why = rest_advice(piece);
	if (!why)
		why = family_check(&spec->listen, &item);
	if (why)
		return err_set(err, -EINVAL, "ports '%s': %s",
			       quote_make(piece, (size_t)(end - piece)).text, why);
	if (is_auto) {
		spec->automatic = true;
		return 0;
	}
	if (spec->count == FWD_SPEC_ITEMS_MAX)
		return err_set(err, -E2BIG, "ports '%s': more than %d items in one list",
			       quote_make(piece, (size_t)(end - piece)).text, FWD_SPEC_ITEMS_MAX);
	spec->items[spec->count++] = item;
	return 0;
}

static int parse_items(const char *text, struct fwd_spec *spec, struct err *err)
{
	const char *at = text;
	int rc;

	for (;; at++) {
		value_blanks(&at);
		if (!*at || *at == ',')
			return err_set(err, -EINVAL, "ports '%s': an item of the list is empty",
				       quote_make(text, strlen(text)).text);
		rc = parse_item(&at, spec, err);
		value_blanks(&at);
		if (rc || !*at)
			return rc;
	}
}

static enum fwd_spec_mode spec_mode(const struct fwd_spec *spec)
{
	const struct fwd_item *item = &spec->items[0];

	if (!spec->count)
		return FWD_SPEC_AUTO;
	if (spec->count == 1 && !spec->automatic && item->kind == FWD_ITEM_ALL &&
	    IN6_IS_ADDR_UNSPECIFIED(&item->to_addr))
		return FWD_SPEC_ALL;
	return FWD_SPEC_LIST;
}

static bool is_none(const char *text)
{
	if (!value_literal(&text, "none"))
		return false;
	value_blanks(&text);
	return !*text;
}

int fwd_spec_parse(const char *text, struct fwd_spec *ret_spec, struct err *err)
{
	struct fwd_spec spec; /* large: of its items only those in use are written */
	const char *ports = text;
	int rc;

	spec.mode = FWD_SPEC_NONE;
	spec.listen = (struct fwd_listen){ .family = AF_UNSPEC };
	spec.automatic = false;
	spec.count = 0;
	value_blanks(&ports);
	if (!is_none(ports)) {
		rc = parse_listen(&ports, &spec.listen, err);
		if (!rc)
			rc = parse_items(*ports ? ports : "all", &spec, err);
		if (rc)
			return rc;
		spec.mode = spec_mode(&spec);
	}
	memcpy(ret_spec, &spec,
	       offsetof(struct fwd_spec, items) + spec.count * sizeof(*spec.items));
	return 0;
}
