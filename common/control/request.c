/* SPDX-License-Identifier: Apache-2.0
 *
 * One function a verb, which reads what follows it.
 */
#include "common/control/request.h"

#include <errno.h>
#include <string.h>

#include "common/base/util.h"
#include "common/base/values.h"
#include "common/fwd/spec.h"
#include "common/policy/rule.h"

/* Of a word in an error */
#define WORD_SHOWN_MAX 64

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_TRACE] = "trace",
};

const char *control_level_name(enum log_level level)
{
	return level_names[level];
}

static size_t word_len(const char *cursor)
{
	return strcspn(cursor, " \t");
}

/* take() - consume @word, if it's the next one */
static bool take(const char **cursor, const char *word)
{
	size_t len = word_len(*cursor);

	if (strlen(word) != len || strncmp(*cursor, word, len) != 0)
		return false;
	*cursor += len;
	value_blanks(cursor);
	return true;
}

static int bad_word(const char *verb, const char *cursor, const char *wanted, struct err *err)
{
	int len = (int)MIN(word_len(cursor), (size_t)WORD_SHOWN_MAX);

	if (!*cursor)
		return err_set(err, -EINVAL, "%s: a word is missing: %s", verb, wanted);
	return err_set(err, -EINVAL, "%s: '%.*s': %s", verb, len, cursor, wanted);
}

/* A value has been read from @start on; it must be all of the word */
static bool ends_word(const char **cursor)
{
	if (**cursor && **cursor != ' ' && **cursor != '\t')
		return false;
	value_blanks(cursor);
	return true;
}

static int number(const char **cursor, uint32_t max, uint32_t *ret_number)
{
	const char *at = *cursor;
	uint32_t value;

	if (value_number(&at, max, &value) || !value || !ends_word(&at))
		return -EINVAL;
	*cursor = at;
	*ret_number = value;
	return 0;
}

static bool flow_kind(const char **cursor, struct control_flow_filter *filter)
{
	for (int kind = 0; kind < FLOW_KINDS; kind++)
		if (take(cursor, flow_kind_name((enum flow_kind)kind))) {
			filter->kind = (enum flow_kind)kind;
			return filter->has_kind = true;
		}
	return false;
}

static bool flow_path(const char **cursor, struct control_flow_filter *filter)
{
	bool local = take(cursor, "local");

	if (!local && !take(cursor, "tap"))
		return false;
	filter->local = local;
	return filter->has_path = true;
}

static int flow_addr(const char **cursor, struct control_flow_filter *filter, struct err *err)
{
	const char *at = *cursor;

	if (value_addr(&at, &filter->addr) || !ends_word(&at))
		return bad_word("flows addr", *cursor, "must be an IPv4 or IPv6 address", err);
	*cursor = at;
	filter->has_addr = true;
	return 0;
}

static int parse_flows(const char *cursor, struct control_request *request, struct err *err)
{
	struct control_flow_filter *filter = &request->flows;
	uint32_t port;
	int rc = 0;

	filter->limit = CONTROL_FLOWS_DEFAULT;
	while (*cursor && !rc) {
		if (flow_kind(&cursor, filter) || flow_path(&cursor, filter))
			continue;
		if (take(&cursor, "addr")) {
			rc = flow_addr(&cursor, filter, err);
		} else if (take(&cursor, "port")) {
			if (number(&cursor, UINT16_MAX, &port))
				return bad_word("flows port", cursor,
						"must be a port, from 1 to 65535", err);
			filter->port = (uint16_t)port;
		} else if (take(&cursor, "limit")) {
			if (number(&cursor, UINT32_MAX, &filter->limit))
				return bad_word("flows limit", cursor, "must be a number from 1 on",
						err);
		} else {
			return bad_word("flows", cursor,
					"must be tcp, udp, ping, local, tap, addr, port or limit",
					err);
		}
	}
	return rc;
}

static int parse_nothing(const char *cursor, struct control_request *request, struct err *err)
{
	(void)request;
	int len = (int)MIN(word_len(cursor), (size_t)WORD_SHOWN_MAX);

	if (!*cursor)
		return 0;
	return err_set(err, -EINVAL, "'%.*s': there is nothing that could follow", len, cursor);
}

/* The option that a rule of the direction is given by */
static const char *const direction_options[FWD_DIRECTIONS] = {
	[FWD_TCP_TO_NS] = "-t",
	[FWD_UDP_TO_NS] = "-u",
	[FWD_TCP_TO_HOST] = "-T",
	[FWD_UDP_TO_HOST] = "-U",
};

const char *control_direction_option(enum fwd_direction direction)
{
	return direction_options[direction];
}

static bool take_direction(const char **cursor, enum fwd_direction *ret_direction)
{
	for (int d = 0; d < FWD_DIRECTIONS; d++)
		if (take(cursor, direction_options[d])) {
			*ret_direction = (enum fwd_direction)d;
			return true;
		}
	return false;
}

/* The whole rest of the line is the specification: blanks may stand around its items */
static int parse_spec(const char *cursor, struct control_forward *forward, struct err *err)
{
	enum fwd_direction direction;
	struct fwd_spec spec;
	struct err why;
	int rc;

	if (!take_direction(&cursor, &direction))
		return bad_word("forward", cursor, "must be -t, -u, -T or -U", err);
	if (!*cursor)
		return bad_word("forward", cursor, "ports", err);
	rc = fwd_spec_parse(cursor, &spec, &why);
	if (!rc && spec.mode == FWD_SPEC_NONE && forward->kind != CONTROL_FORWARD_REPLACE)
		rc = err_set(&why, -EINVAL, "ports 'none': there are none to %s",
			     forward->kind == CONTROL_FORWARD_ADD ? "add" : "remove");
	if (rc)
		return err_set(err, -EINVAL, "%s: %s", direction_options[direction], why.text);
	forward->direction = direction;
	forward->spec = cursor;
	return 0;
}

static int parse_remove(const char *cursor, struct control_forward *forward, struct err *err)
{
	if (*cursor == '-')
		return parse_spec(cursor, forward, err);
	if (number(&cursor, UINT32_MAX, &forward->id) || *cursor)
		return bad_word("forward rm", cursor, "must be a rule's ID, or -t, -u, -T or -U",
				err);
	return 0;
}

static int parse_clear(const char *cursor, struct control_forward *forward, struct err *err)
{
	enum fwd_direction direction;

	do {
		if (!take_direction(&cursor, &direction))
			return bad_word("forward clear", cursor, "must be -t, -u, -T or -U", err);
		forward->cleared[direction] = true;
	} while (*cursor);
	return 0;
}

static const struct {
	const char *word;
	enum control_forward_kind kind;
	int (*parse)(const char *cursor, struct control_forward *forward, struct err *err);
} forward_kinds[] = {
	{ "add", CONTROL_FORWARD_ADD, parse_spec },
	{ "replace", CONTROL_FORWARD_REPLACE, parse_spec },
	{ "rm", CONTROL_FORWARD_REMOVE, parse_remove },
	{ "clear", CONTROL_FORWARD_CLEAR, parse_clear },
};

static int parse_forward(const char *cursor, struct control_request *request, struct err *err)
{
	if (take(&cursor, "list")) {
		request->verb = CONTROL_FORWARD_LIST;
		return parse_nothing(cursor, request, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(forward_kinds); i++) {
		if (!take(&cursor, forward_kinds[i].word))
			continue;
		request->forward.kind = forward_kinds[i].kind;
		return forward_kinds[i].parse(cursor, &request->forward, err);
	}
	return bad_word("forward", cursor, "must be list, add, rm, clear or replace", err);
}

/* Whether it's for one destination */
static bool is_one(const struct policy_rule *rule)
{
	return (rule->destination == POLICY_TO_NETWORK && rule->network.len == 128) ||
	       (rule->destination == POLICY_TO_NAME && !rule->name.below);
}

/* A rule's text that means one flow alone */
static int parse_policy_test(const char *cursor, struct control_request *request, struct err *err)
{
	static const char wanted[] =
		"must be tcp/ADDR:PORT, udp/ADDR:PORT or icmp/ADDR, or have a name for ADDR";
	struct policy_rule rule;
	struct err why;
	bool icmp, one;

	if (!*cursor)
		return bad_word("policy test", cursor, wanted, err);
	if (policy_rule_parse(cursor, POLICY_ALLOW, &rule, &why))
		return err_set(err, -EINVAL, "policy test: %s", why.text);
	icmp = rule.protocols == POLICY_ICMP;
	one = rule.ports_count == 1 && rule.ports[0].first == rule.ports[0].last;
	if ((!icmp && rule.protocols != POLICY_TCP && rule.protocols != POLICY_UDP) ||
	    !is_one(&rule) || one == icmp)
		return bad_word("policy test", cursor, wanted, err);
	request->test = (struct control_policy_test){
		.protocol = rule.protocols,
		.addr = rule.network.addr,
		.port = icmp ? 0 : rule.ports[0].first,
	};
	if (rule.destination == POLICY_TO_NAME)
		policy_name_copy(request->test.name, rule.name.text, rule.name.len);
	return 0;
}

static int parse_policy(const char *cursor, struct control_request *request, struct err *err)
{
	if (take(&cursor, "show"))
		return parse_nothing(cursor, request, err);
	if (take(&cursor, "learnt")) {
		request->verb = CONTROL_POLICY_LEARNT;
		return parse_nothing(cursor, request, err);
	}
	if (take(&cursor, "load")) {
		request->verb = CONTROL_POLICY_LOAD;
		request->policy_name = cursor;
		return *cursor ? 0 : bad_word("policy load", cursor, "must be a name for it", err);
	}
	if (!take(&cursor, "test"))
		return bad_word("policy", cursor, "must be show, load, test or learnt", err);
	request->verb = CONTROL_POLICY_TEST;
	return parse_policy_test(cursor, request, err);
}

static int parse_log(const char *cursor, struct control_request *request, struct err *err)
{
	if (!*cursor)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (take(&cursor, level_names[i])) {
			request->has_level = true;
			request->level = (enum log_level)i;
			return parse_nothing(cursor, request, err);
		}
	return bad_word("log", cursor, "must be error, warning, info, debug or trace", err);
}

/* All that follows "filter" is of it */
static int capture_wanted(const char *cursor, struct pcap_wanted *wanted, struct err *err)
{
	uint32_t value;

	while (*cursor) {
		bool packets = take(&cursor, "packets");

		if (!packets && take(&cursor, "filter"))
			return frame_filter_parse(cursor, &wanted->filter, err);
		if (!packets && !take(&cursor, "bytes"))
			return bad_word("capture start", cursor, "must be packets, bytes or filter",
					err);
		if (number(&cursor, UINT32_MAX, &value))
			return bad_word(packets ? "capture start packets" : "capture start bytes",
					cursor, "must be a number from 1 to 4294967295", err);
		if (packets)
			wanted->frames = value;
		else
			wanted->bytes = value;
	}
	return 0;
}

static int parse_capture(const char *cursor, struct control_request *request, struct err *err)
{
	if (!*cursor)
		return 0;
	if (take(&cursor, "start")) {
		request->capture = CONTROL_CAPTURE_START;
		return capture_wanted(cursor, &request->wanted, err);
	}
	if (!take(&cursor, "stop"))
		return bad_word("capture", cursor, "must be start or stop", err);
	request->capture = CONTROL_CAPTURE_STOP;
	return parse_nothing(cursor, request, err);
}

static int parse_quit(const char *cursor, struct control_request *request, struct err *err)
{
	request->now = take(&cursor, "now");
	if (*cursor && !request->now)
		return bad_word("quit", cursor, "must be now, if anything", err);
	return parse_nothing(cursor, request, err);
}

static int parse_dns(const char *cursor, struct control_request *request, struct err *err)
{
	request->reread = take(&cursor, "reread");
	if (*cursor && !request->reread)
		return bad_word("dns", cursor, "must be reread, if anything", err);
	return parse_nothing(cursor, request, err);
}

static const struct {
	const char *word;
	enum control_verb verb;
	int (*parse)(const char *cursor, struct control_request *request, struct err *err);
} verbs[] = {
	{ "status", CONTROL_STATUS, parse_nothing },
	{ "counters", CONTROL_COUNTERS, parse_nothing },
	{ "flows", CONTROL_FLOWS, parse_flows },
	{ "forward", CONTROL_FORWARD, parse_forward },
	{ "policy", CONTROL_POLICY_SHOW, parse_policy },
	{ "dns", CONTROL_DNS, parse_dns },
	{ "log", CONTROL_LOG, parse_log },
	{ "capture", CONTROL_CAPTURE, parse_capture },
	{ "quit", CONTROL_QUIT, parse_quit },
	{ "begin", CONTROL_BEGIN, parse_nothing },
	{ "commit", CONTROL_COMMIT, parse_nothing },
	{ "abort", CONTROL_ABORT, parse_nothing },
};

int control_request_parse(const char *line, struct control_request *ret_request, struct err *err)
{
	struct control_request request = { 0 };
	int rc;

	value_blanks(&line);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!take(&line, verbs[i].word))
			continue;
		request.verb = verbs[i].verb;
		rc = verbs[i].parse(line, &request, err);
		if (!rc)
			*ret_request = request;
		return rc;
	}
	return bad_word(
		"request", line,
		"must be status, counters, flows, forward, policy, dns, log, capture, quit, begin, "
		"commit or abort",
		err);
}
