/* SPDX-License-Identifier: Apache-2.0
 *
 * The text is cut into its three parts first, at characters that cannot be in an address: a slash
 * behind a protocol's name, and the colon that begins the ports. Readers return NULL, or in plain
 * words what is wrong; the caller knows which part to quote.
 */
#include "common/policy/rule.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/quote.h"
#include "common/base/util.h"
#include "common/base/values.h"

static const struct {
	const char *prefix;
	unsigned int bit;
	const char *name;
} protocols[] = {
	{ "tcp/", POLICY_TCP, "TCP" },
	{ "udp/", POLICY_UDP, "UDP" },
	{ "icmp/", POLICY_ICMP, "ICMP" },
};
#define NO_DESTINATION "not 'any', an address, a network, a group or a DNS name"
#define PROTOCOLS_ALL (POLICY_TCP | POLICY_UDP | POLICY_ICMP)

static const struct {
	const char *word;
	const char *meaning;
} groups[POLICY_GROUPS] = {
	[POLICY_HOST] = { "@host", "the host itself (@host)" },
	[POLICY_LAN] = { "@lan", "the networks that the host is directly connected to (@lan)" },
	[POLICY_PRIVATE] = { "@private", "private and link-local networks (@private)" },
	[POLICY_METADATA] = { "@metadata", "the metadata services of clouds (@metadata)" },
	[POLICY_INTERNET] = { "@internet", "all public addresses (@internet)" },
	[POLICY_DNS] = { "@dns", "the host's resolvers (@dns)" },
};

/* --- reading -------------------------------------------------------------- */

/* A part of the text: @len bytes, no terminator */
struct part {
	const char *text;
	size_t len;
};

static bool part_is(const struct part *part, const char *word)
{
	return part->len == strlen(word) && !memcmp(part->text, word, part->len);
}

static const char *read_network(const struct part *part, struct policy_network *ret)
{
	char text[ADDR_TEXT_MAX + sizeof("/128")];
	struct policy_network network = { .len = 128 };
	const char *cursor = text;
	unsigned int bits;
	uint32_t len;

	if (part->len >= sizeof(text))
		return NO_DESTINATION;
	memcpy(text, part->text, part->len);
	text[part->len] = '\0';
	if (value_addr(&cursor, &network.addr))
		return NO_DESTINATION;
	bits = addr_is_ipv4(&network.addr) ? 32 : 128;
	if (value_literal(&cursor, "/")) {
		if (value_number(&cursor, bits, &len))
			return bits == 32 ? "the length is a number from 0 to 32"
					  : "the length is a number from 0 to 128";
		network.len = (uint8_t)(128 - bits + len);
	}
	if (*cursor)
		return "nothing may follow the address but a length, and a colon with ports";
	if (policy_network_trim(&network))
		return "there are bits behind the network's length";
	*ret = network;
	return NULL;
}

static const char *read_group(const struct part *part, enum policy_group *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (part_is(part, groups[i].word)) {
			*ret = (enum policy_group)i;
			return NULL;
		}
	return "the groups are @host, @lan, @private, @metadata, @internet and @dns";
}

/* What no address has: a wildcard, or a last part with anything but digits. Where that is not all
 * that is wrong with it, it's still a name that was meant
 */
static bool is_name(const struct part *part)
{
	size_t len = part->len;
	const char *dot;

	if (!len || memchr(part->text, ':', len) || memchr(part->text, '/', len))
		return false;
	if (part->text[len - 1] == '.')
		len--;
	dot = memrchr(part->text, '.', len);
	for (const char *c = dot ? dot + 1 : part->text; c < part->text + len; c++)
		if (*c < '0' || *c > '9')
			return true;
	return part->text[0] == '*';
}

static const char *read_name(const struct part *part, struct policy_rule *rule)
{
	size_t skip = part->len > 2 && !memcmp(part->text, "*.", 2) ? 2 : 0;
	size_t len = part->len - skip;
	const char *text = part->text + skip;

	/* The root's label is at the end of every name */
	if (len > 1 && part->text[part->len - 1] == '.')
		len--;
	rule->destination = POLICY_TO_NAME;
	rule->name = (struct policy_named){
		.text = text,
		.len = (uint8_t)MIN(len, (size_t)UINT8_MAX),
		.below = skip,
	};
	if (memchr(text, '*', len))
		return "a '*' stands for all below a name, and only in front: *.example.org";
	return policy_name_check(text, len);
}

static const char *read_destination(const struct part *part, bool bracket, struct policy_rule *rule)
{
	bool colon = memchr(part->text, ':', part->len);

	if (bracket && !colon)
		return "only IPv6 addresses stand in brackets";
	if (part->len && part->text[0] == '@') {
		rule->destination = POLICY_TO_GROUP;
		return read_group(part, &rule->group);
	}
	if (part_is(part, "any")) {
		rule->destination = POLICY_TO_ANY;
		return NULL;
	}
	if (is_name(part))
		return read_name(part, rule);
	rule->destination = POLICY_TO_NETWORK;
	return read_network(part, &rule->network);
}

static const char *read_port(const char **cursor, uint16_t *ret)
{
	uint32_t port;
	int rc = value_number(cursor, UINT16_MAX, &port);

	if (rc)
		return rc == -ERANGE ? "the highest port is 65535"
				     : "ports are numbers or ranges, separated by commas";
	if (!port)
		return "the lowest port is 1";
	*ret = (uint16_t)port;
	return NULL;
}

static const char *read_ports(const char *text, struct policy_rule *rule)
{
	do {
		struct policy_ports ports = { 0, 0 };
		const char *why = read_port(&text, &ports.first);

		ports.last = ports.first;
		if (!why && value_literal(&text, "-"))
			why = read_port(&text, &ports.last);
		if (why)
			return why;
		if (ports.last < ports.first)
			return "the range ends before it starts";
		if (rule->ports_count == POLICY_PORTS_MAX)
			return "a rule has 16 ports and ranges at most";
		rule->ports[rule->ports_count++] = ports;
	} while (value_literal(&text, ","));
	return *text ? "ports are numbers or ranges, separated by commas" : NULL;
}

static void read_protocol(const char **text, struct policy_rule *rule)
{
	rule->protocols = PROTOCOLS_ALL;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (value_literal(text, protocols[i].prefix)) {
			rule->protocols = protocols[i].bit;
			return;
		}
}

/* Where the destination ends. Return: NULL, or what is wrong */
static const char *cut(const char *text, struct part *ret_destination, const char **ret_rest)
{
	const char *slash, *end;
	struct in6_addr addr;

	if (*text == '[') {
		end = strchr(text, ']');
		if (!end)
			return "the closing bracket after the address is missing";
		*ret_destination = (struct part){ text + 1, (size_t)(end - text - 1) };
		*ret_rest = end + 1;
		return NULL;
	}
	if (!addr_parse(text, &addr) && !addr_is_ipv4(&addr))
		return "IPv6 addresses stand in brackets, as [2001:db8::1]";
	slash = strchr(text, '/'); /* an IPv6 network has colons before that */
	end = strchr(slash ? slash : text, ':');
	if (!end)
		end = text + strlen(text);
	*ret_destination = (struct part){ text, (size_t)(end - text) };
	*ret_rest = end;
	return NULL;
}

int policy_rule_parse(const char *text, enum policy_verdict verdict, struct policy_rule *ret_rule,
		      struct err *err)
{
	struct policy_rule rule = { .verdict = verdict, .text = text };
	struct part destination = { 0 };
	const char *why, *rest = "";

	read_protocol(&text, &rule);
	destination = (struct part){ text, strlen(text) };
	why = cut(text, &destination, &rest);
	if (!why)
		why = read_destination(&destination, *text == '[', &rule);
	if (why)
		return err_set(err, -EINVAL, "'%s': %s",
			       quote_make(destination.text, destination.len).text, why);
	if (*rest) {
		why = *rest == ':' ? read_ports(rest + 1, &rule) : "ports come behind a colon";
		if (!why && rule.protocols == POLICY_ICMP)
			why = "ICMP has no ports";
	}
	if (why)
		return err_set(err, -EINVAL, "'%s': %s", quote_make(rest, strlen(rest)).text, why);
	*ret_rule = rule;
	return 0;
}

/* --- in words ------------------------------------------------------------- */

const char *policy_verdict_text(enum policy_verdict verdict)
{
	static const char *const texts[] = { "allow", "deny", "drop" };

	return texts[verdict];
}

/* A text that grows, and stays cut where there is no more room */
struct text {
	char *buf;
	size_t size, used;
};

static void __attribute__((format(printf, 2, 3))) text_add(struct text *text, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text->buf + text->used, text->size - text->used, fmt, args);
	va_end(args);
	if (n > 0)
		text->used = MIN(text->used + (size_t)n, text->size - 1);
}

static void add_destination(struct text *text, const struct policy_rule *rule)
{
	const struct policy_network *net = &rule->network;
	bool ip4 = addr_is_ipv4(&net->addr) && net->len >= 96;
	char addr[ADDR_TEXT_MAX];

	switch (rule->destination) {
	case POLICY_TO_ANY:
		/* See policy.h: of the host, that has no say */
		text_add(text,
			 rule->verdict == POLICY_ALLOW ? "everything but the host" : "everything");
		break;
	case POLICY_TO_GROUP:
		text_add(text, "%s", groups[rule->group].meaning);
		break;
	case POLICY_TO_NAME:
		text_add(text, "%s%.*s", rule->name.below ? "all names below " : "", rule->name.len,
			 rule->name.text);
		break;
	case POLICY_TO_NETWORK:
		text_add(text, "%s", addr_format(&net->addr, addr));
		if (net->len < 128)
			text_add(text, "/%d", ip4 ? net->len - 96 : net->len);
		break;
	}
}

const char *policy_rule_format(const struct policy_rule *rule, char buf[POLICY_RULE_TEXT_MAX])
{
	struct text text = { buf, POLICY_RULE_TEXT_MAX, 0 };
	/* Those with ports are for what has some */
	unsigned int bits = rule->protocols & (rule->ports_count ? ~POLICY_ICMP : ~0U);
	const char *comma = "";

	text_add(&text, "%s ", policy_verdict_text(rule->verdict));
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (bits & protocols[i].bit) {
			text_add(&text, "%s%s", comma, protocols[i].name);
			comma = ", ";
		}
	text_add(&text, " to ");
	add_destination(&text, rule);
	for (unsigned int i = 0; i < rule->ports_count; i++) {
		const struct policy_ports *ports = &rule->ports[i];

		text_add(&text, "%s%u", i ? ", " : ", port ", ports->first);
		if (ports->last != ports->first)
			text_add(&text, "-%u", ports->last);
	}
	return buf;
}
