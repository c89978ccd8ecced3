/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces, one after another, into a buffer that every rule fits into.
 */
#include "common/fwd/rule.h"

#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"

bool fwd_listen_equal(const struct fwd_listen *a, const struct fwd_listen *b)
{
	return a->family == b->family && addr_equal(&a->addr, &b->addr) &&
	       !strcmp(a->ifname, b->ifname);
}

bool fwd_rule_equal(const struct fwd_rule *a, const struct fwd_rule *b)
{
	return a->ports.first == b->ports.first && a->ports.last == b->ports.last &&
	       a->direction == b->direction && a->kind == b->kind && a->automatic == b->automatic &&
	       a->to_first == b->to_first && fwd_listen_equal(&a->listen, &b->listen) &&
	       addr_equal(&a->to_addr, &b->to_addr);
}

/* Text that grows in a buffer of FWD_RULE_TEXT_MAX bytes, which every rule fits into */
struct text {
	char *at;
	size_t left;
};

static void text_add(struct text *text, const char *piece)
{
	size_t len = MIN(strlen(piece), text->left - 1);

	memcpy(text->at, piece, len);
	text->at += len;
	text->left -= len;
	*text->at = '\0';
}

static void text_add_addr(struct text *text, const struct in6_addr *addr)
{
	char buf[ADDR_TEXT_MAX];

	text_add(text, addr_is_ipv4(addr) ? "" : "[");
	text_add(text, addr_format(addr, buf));
	text_add(text, addr_is_ipv4(addr) ? "" : "]");
}

static void text_add_range(struct text *text, uint16_t first, uint16_t last)
{
	char buf[sizeof("65535-65535")];

	if (first == last)
		snprintf(buf, sizeof(buf), "%u", first);
	else
		snprintf(buf, sizeof(buf), "%u-%u", first, last);
	text_add(text, buf);
}

static void text_add_target(struct text *text, const struct fwd_rule *rule)
{
	bool mapped = rule->to_first != rule->ports.first;
	bool has_addr = !IN6_IS_ADDR_UNSPECIFIED(&rule->to_addr);

	text_add(text, mapped || has_addr ? ":" : "");
	if (has_addr)
		text_add_addr(text, &rule->to_addr);
	text_add(text, mapped && has_addr ? "/" : "");
	if (mapped)
		text_add_range(text, rule->to_first, fwd_rule_to_port(rule, rule->ports.last));
}

static void text_add_spec(struct text *text, const struct fwd_rule *rule)
{
	if (rule->listen.family != AF_UNSPEC)
		text_add_addr(text, &rule->listen.addr);
	text_add(text, rule->listen.ifname[0] ? "%" : "");
	text_add(text, rule->listen.ifname);
	text_add(text, rule->listen.family != AF_UNSPEC || rule->listen.ifname[0] ? "/" : "");
	if (rule->kind == FWD_RULE_AUTO) {
		text_add(text, "auto");
		return;
	}
	text_add(text, rule->kind == FWD_RULE_EXCLUDE ? "~" : "");
	if (rule->kind == FWD_RULE_ALL)
		text_add(text, "all");
	else
		text_add_range(text, rule->ports.first, rule->ports.last);
	text_add_target(text, rule);
	text_add(text, rule->automatic ? ",auto" : "");
}

const char *fwd_rule_format_spec(const struct fwd_rule *rule, char *buf)
{
	struct text text = { buf, FWD_RULE_TEXT_MAX };

	text_add_spec(&text, rule);
	return buf;
}

int fwd_rule_name_option(enum fwd_direction direction, const char *value, int rc, struct err *err)
{
	const char *name = fwd_direction_text(direction), *text = err->text;
	const char *option = fwd_direction_option(direction);
	size_t len = strlen(name);
	char rest[sizeof(err->text)];

	if (!strncmp(text, name, len) && !strncmp(text + len, ": ", 2))
		text += len + 2;
	snprintf(rest, sizeof(rest), "%s", text);
	if (!value)
		return err_set(err, rc, rest[0] == '\'' ? "%s %s" : "%s: %s", option, rest);
	return err_set(err, rc, "%s '%.200s': %s", option, value, rest);
}
