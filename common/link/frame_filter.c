/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser has one operator stack and no recursion: an operator is written behind its operands
 * once nothing that binds tighter can follow. Matching then takes one bit a result.
 */
#include "common/link/frame_filter.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/base/values.h"
#include "common/wire/ip.h"

#define WORD_MAX 64

static const struct {
	const char *word;
	struct frame_step step;
} protocols[] = {
	{ "ip", { .kind = FRAME_STEP_TYPE, .type = ETH_P_IP } },
	{ "ip6", { .kind = FRAME_STEP_TYPE, .type = ETH_P_IPV6 } },
	{ "arp", { .kind = FRAME_STEP_TYPE, .type = ETH_P_ARP } },
	{ "tcp", { .kind = FRAME_STEP_PROTOCOL, .protocol = IPPROTO_TCP } },
	{ "udp", { .kind = FRAME_STEP_PROTOCOL, .protocol = IPPROTO_UDP } },
	{ "icmp", { FRAME_STEP_PROTOCOL, .type = ETH_P_IP, .protocol = IPPROTO_ICMP } },
	{ "icmp6", { FRAME_STEP_PROTOCOL, .type = ETH_P_IPV6, .protocol = IPPROTO_ICMPV6 } },
};

enum frame_operator {
	OPERATOR_OPEN, /* a bracket */
	OPERATOR_NOT,
	OPERATOR_AND,
	OPERATOR_OR,
};

struct parser {
	const char *at;
	char word[WORD_MAX]; /* the one to be read next, "" at the end */
	struct frame_filter *filter;
	enum frame_operator stack[FRAME_FILTER_STEPS_MAX];
	uint32_t depth;
	struct err *err;
};

static int word_error(const struct parser *p, const char *wanted)
{
	if (!p->word[0])
		return err_set(p->err, -EINVAL, "filter: a word is missing at the end: %s", wanted);
	return err_set(p->err, -EINVAL, "filter: '%s': %s", p->word, wanted);
}

/* Brackets and the sign for "not" are words wherever they stand. Return: 0 or -E2BIG */
static int next_word(struct parser *p)
{
	size_t len;

	value_blanks(&p->at);
	len = strcspn(p->at, " \t()!");
	if (!len && *p->at)
		len = 1;
	if (len >= sizeof(p->word))
		return err_set(p->err, -E2BIG, "filter: '%.*s...': a word is not that long",
			       WORD_MAX / 2, p->at);
	memcpy(p->word, p->at, len);
	p->word[len] = '\0';
	p->at += len;
	return 0;
}

static bool word_is(const struct parser *p, const char *word)
{
	return !strcmp(p->word, word);
}

static int emit(struct parser *p, const struct frame_step *step)
{
	if (p->filter->count == FRAME_FILTER_STEPS_MAX)
		return err_set(p->err, -E2BIG, "filter: more than %d tests and words between them",
			       FRAME_FILTER_STEPS_MAX);
	p->filter->steps[p->filter->count++] = *step;
	return 0;
}

static int push(struct parser *p, enum frame_operator op)
{
	if (p->depth == ARRAY_SIZE(p->stack))
		return err_set(p->err, -E2BIG, "filter: more than %d brackets and words open",
			       FRAME_FILTER_STEPS_MAX);
	p->stack[p->depth++] = op;
	return next_word(p);
}

static int pop(struct parser *p)
{
	struct frame_step step = { .kind = FRAME_STEP_NOT };

	p->depth--;
	if (p->stack[p->depth] != OPERATOR_NOT)
		step.kind = p->stack[p->depth] == OPERATOR_AND ? FRAME_STEP_AND : FRAME_STEP_OR;
	return emit(p, &step);
}

static bool on_top(const struct parser *p, enum frame_operator op)
{
	return p->depth && p->stack[p->depth - 1] == op;
}

static int take_net(struct parser *p, struct frame_step *step)
{
	bool host = word_is(p, "host");
	unsigned int len, whole;
	const char *cursor;
	int rc = next_word(p);

	if (rc)
		return rc;
	cursor = p->word;
	step->kind = FRAME_STEP_NET;
	rc = value_addr_prefix(&cursor, &step->net, &len);
	if (rc || *cursor || host != !len)
		return word_error(p, host ? "must be an address" : "must be ADDR/LEN");
	whole = addr_is_ipv4(&step->net) ? 32 : 128;
	step->prefix_len = (uint8_t)(host ? whole : len);
	return emit(p, step);
}

static int take_ports(struct parser *p, struct frame_step *step)
{
	bool range = word_is(p, "portrange");
	uint32_t first = 0, last;
	const char *cursor;
	int rc = next_word(p);

	if (rc)
		return rc;
	cursor = p->word;
	rc = value_number(&cursor, UINT16_MAX, &first);
	last = first;
	if (!rc && range)
		rc = *cursor++ == '-' ? value_number(&cursor, UINT16_MAX, &last) : -EINVAL;
	if (rc || *cursor || last < first)
		return word_error(p, range ? "must be FIRST-LAST, up to 65535"
					   : "must be a port, from 0 to 65535");
	step->kind = FRAME_STEP_PORTS;
	step->first = (uint16_t)first;
	step->last = (uint16_t)last;
	return emit(p, step);
}

static bool is_where(const struct parser *p)
{
	return word_is(p, "src") || word_is(p, "dst") || word_is(p, "host") || word_is(p, "net") ||
	       word_is(p, "port") || word_is(p, "portrange");
}

static int take_where(struct parser *p)
{
	struct frame_step step = { .side = FRAME_SIDE_ANY };
	int rc = 0;

	if (word_is(p, "src") || word_is(p, "dst")) {
		step.side = word_is(p, "src") ? FRAME_SIDE_SRC : FRAME_SIDE_DST;
		rc = next_word(p);
	}
	if (rc)
		return rc;
	if (word_is(p, "host") || word_is(p, "net"))
		rc = take_net(p, &step);
	else if (word_is(p, "port") || word_is(p, "portrange"))
		rc = take_ports(p, &step);
	else
		return word_error(p, "must be host, net, port or portrange");
	return rc ? rc : next_word(p);
}

/* Return: 0 or -errno */
static int take_test(struct parser *p)
{
	const struct frame_step both = { .kind = FRAME_STEP_AND };
	int rc = 0;

	if (is_where(p))
		return take_where(p);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!word_is(p, protocols[i].word))
			continue;
		rc = emit(p, &protocols[i].step);
		if (!rc)
			rc = next_word(p);
		if (rc || !is_where(p))
			return rc;
		rc = take_where(p);
		return rc ? rc : emit(p, &both);
	}
	return word_error(p, "must be ip, ip6, arp, tcp, udp, icmp, icmp6, src, dst, host, net, "
			     "port, portrange, not or (");
}

/* One test is whole: what is not, is; and brackets may end. Return: 0 or -errno */
static int close_test(struct parser *p)
{
	int rc = 0;

	for (;;) {
		while (!rc && on_top(p, OPERATOR_NOT))
			rc = pop(p);
		if (rc || !word_is(p, ")"))
			return rc;
		while (!rc && p->depth && !on_top(p, OPERATOR_OPEN))
			rc = pop(p);
		if (!rc && !p->depth)
			return word_error(p, "nothing is open");
		if (!rc) {
			p->depth--;
			rc = next_word(p);
		}
	}
}

/* Up to a whole test. Return: 0 or -errno */
static int take_operand(struct parser *p)
{
	int rc = 0;

	while (!rc) {
		if (word_is(p, "("))
			rc = push(p, OPERATOR_OPEN);
		else if (word_is(p, "not") || word_is(p, "!"))
			rc = push(p, OPERATOR_NOT);
		else
			break;
	}
	if (!rc)
		rc = take_test(p);
	return rc ? rc : close_test(p);
}

/* What joins two tests; none of them waits for the next one. Return: 0 or -errno */
static int take_operator(struct parser *p)
{
	bool is_and = word_is(p, "and") || word_is(p, "&&");
	int rc = 0;

	if (!is_and && !word_is(p, "or") && !word_is(p, "||"))
		return word_error(p, "must be and, or, or the end");
	while (!rc && (on_top(p, OPERATOR_AND) || on_top(p, OPERATOR_OR)))
		rc = pop(p);
	return rc ? rc : push(p, is_and ? OPERATOR_AND : OPERATOR_OR);
}

int frame_filter_parse(const char *text, struct frame_filter *ret_filter, struct err *err)
{
	struct frame_filter filter = { 0 };
	struct parser p = { .at = text, .filter = &filter, .err = err };
	int rc = next_word(&p);

	if (!rc)
		rc = take_operand(&p);
	while (!rc && p.word[0]) {
		rc = take_operator(&p);
		if (!rc)
			rc = take_operand(&p);
	}
	while (!rc && p.depth) {
		if (on_top(&p, OPERATOR_OPEN))
			return word_error(&p, "must be )");
		rc = pop(&p);
	}
	if (!rc)
		*ret_filter = filter;
	return rc;
}

/* What of a frame can be asked for */
struct facts {
	uint16_t type; /* of the Ethernet header, 0: there is none */
	bool has_addrs, is_ip, has_ports;
	uint8_t protocol;
	struct in6_addr addr[2]; /* from, to */
	uint16_t port[2];
};

/* Ethernet and IPv4 alone (RFC 826): addresses of who asks and who is asked for */
static void read_arp(struct reader *r, struct facts *facts)
{
	static const uint8_t ether_ip4[] = { 0, 1, 8, 0, ETH_ALEN, 4 };
	const uint8_t *arp = reader_take(r, 28);

	if (!arp || memcmp(arp, ether_ip4, sizeof(ether_ip4)) != 0)
		return;
	facts->has_addrs = true;
	facts->addr[0] = ip4_addr_get(arp + 14);
	facts->addr[1] = ip4_addr_get(arp + 24);
}

static void read_ip(struct reader *r, struct facts *facts)
{
	struct ip_packet ip;

	if (ip_parse(r, facts->type, true, &ip))
		return;
	facts->has_addrs = facts->is_ip = true;
	facts->protocol = ip.protocol;
	facts->addr[0] = ip.src;
	facts->addr[1] = ip.dst;
	if ((ip.protocol != IPPROTO_TCP && ip.protocol != IPPROTO_UDP) || ip.fragment_offset ||
	    ip.payload_len < 4)
		return;
	facts->has_ports = true;
	for (size_t i = 0; i < 2; i++)
		facts->port[i] = (uint16_t)(ip.payload[2 * i] << 8 | ip.payload[2 * i + 1]);
}

static struct facts read_frame(const uint8_t *frame, size_t len)
{
	struct facts facts = { 0 };
	struct reader r = { frame, len };
	struct eth_header eth;

	if (eth_parse(&r, &eth))
		return facts;
	facts.type = eth.type;
	if (eth.type == ETH_P_ARP)
		read_arp(&r, &facts);
	else if (eth.type == ETH_P_IP || eth.type == ETH_P_IPV6)
		read_ip(&r, &facts);
	return facts;
}

static bool end_passes(const struct frame_step *step, const struct facts *facts, size_t end)
{
	if (step->kind == FRAME_STEP_PORTS)
		return facts->has_ports && facts->port[end] >= step->first &&
		       facts->port[end] <= step->last;
	return facts->has_addrs && addr_in_prefix(&facts->addr[end], &step->net, step->prefix_len);
}

static bool test_passes(const struct frame_step *step, const struct facts *facts)
{
	switch (step->kind) {
	case FRAME_STEP_TYPE:
		return facts->type == step->type;
	case FRAME_STEP_PROTOCOL:
		return facts->is_ip && facts->protocol == step->protocol &&
		       (!step->type || facts->type == step->type);
	case FRAME_STEP_NET:
	case FRAME_STEP_PORTS:
		return (step->side != FRAME_SIDE_DST && end_passes(step, facts, 0)) ||
		       (step->side != FRAME_SIDE_SRC && end_passes(step, facts, 1));
	case FRAME_STEP_NOT:
	case FRAME_STEP_AND:
	case FRAME_STEP_OR:
		break;
	}
	return false;
}

bool frame_filter_match(const struct frame_filter *filter, const uint8_t *frame, size_t len)
{
	const struct facts facts = read_frame(frame, len);
	uint64_t results = 1; /* the last one is the lowest bit */

	for (uint32_t i = 0; i < filter->count; i++) {
		const struct frame_step *step = &filter->steps[i];

		if (step->kind == FRAME_STEP_NOT)
			results ^= 1;
		else if (step->kind == FRAME_STEP_AND)
			results = results >> 1 & (~1ULL | (results & 1));
		else if (step->kind == FRAME_STEP_OR)
			results = results >> 1 | (results & 1);
		else
			results = results << 1 | test_passes(step, &facts);
	}
	return results & 1;
}
