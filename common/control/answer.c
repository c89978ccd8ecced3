/* SPDX-License-Identifier: Apache-2.0
 *
 * What is short is one piece. A list's first piece has what stands before its entries, each further
 * one has some of these, the last one what stands behind them.
 */
#include "common/control/answer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/json.h"
#include "common/base/util.h"
#include "common/control/policy.h"
#include "common/control/policy_load.h"
#include "common/control/status.h"
#include "common/fwd/rule.h"

/* Of a list, records that one piece looks at, and entries that it shows: each flow takes a few
 * system calls
 */
#define PIECE_RECORDS 1024
#define PIECE_ENTRIES 16

static void begin(struct json *json, bool ok)
{
	json_put_object(json, NULL);
	json_put_uint(json, "protocol", CONTROL_PROTOCOL);
	json_put_bool(json, "ok", ok);
}

static void end(struct json *json)
{
	json_end_object(json);
	json_put_newline(json);
}

size_t control_answer_error(const char *text, char *buf)
{
	struct json json;

	json_start(&json, buf, CONTROL_PIECE_MAX, false);
	begin(&json, false);
	json_put_string(&json, "error", text);
	end(&json);
	return json.len;
}

static void answer_counters(struct engine *engine, struct json *json)
{
	struct engine_stats stats;

	engine_stats(engine, &stats);
	json_put_uint(json, "from_namespace_frames", stats.rx_frames);
	json_put_uint(json, "from_namespace_bytes", stats.rx_bytes);
	json_put_uint(json, "to_namespace_frames", stats.tx_frames);
	json_put_uint(json, "to_namespace_bytes", stats.tx_bytes);
	json_put_uint(json, "local_bytes", stats.spliced_bytes);
	json_put_uint(json, "flows", stats.flows);
	json_put_object(json, "counters");
	for (unsigned int i = 0; i < COUNTERS; i++)
		json_put_uint(json, counter_name(i), stats.counters[i]);
	json_end_object(json);
}

static void answer_log(struct engine *engine, const struct control_request *request,
		       struct json *json)
{
	if (request->has_level)
		engine_log_level(engine, request->level);
	json_put_string(json, "log", control_level_name(control_log_level()));
}

static void flow_end_json(struct json *json, const char *name, const struct flow_end *end)
{
	json_put_object(json, name);
	json_put_addr(json, "addr", &end->addr);
	json_put_uint(json, "port", end->port);
	json_end_object(json);
}

static void flow_json(struct json *json, const struct flow_report *flow)
{
	json_put_object(json, NULL);
	json_put_string(json, "kind", flow_kind_name(flow->kind));
	json_put_string(json, "path", flow->local ? "local" : "tap");
	json_put_string(json, "state", flow->state);
	flow_end_json(json, "namespace", &flow->ns);
	flow_end_json(json, "remote", &flow->remote);
	flow_end_json(json, "own", &flow->own);
	flow_end_json(json, "peer", &flow->peer);
	if (flow->inode)
		json_put_uint(json, "inode", flow->inode);
	if (flow->rule_id)
		json_put_uint(json, "rule", flow->rule_id);
	json_put_uint(json, "age_ms", flow->age_ms);
	if (flow->has_idle)
		json_put_uint(json, "idle_ms", flow->idle_ms);
	if (flow->has_counts) {
		json_put_uint(json, "to_host_bytes", flow->to_host_bytes);
		json_put_uint(json, "to_host_packets", flow->to_host_packets);
		json_put_uint(json, "to_namespace_bytes", flow->to_ns_bytes);
		json_put_uint(json, "to_namespace_packets", flow->to_ns_packets);
	}
	json_end_object(json);
}

static bool flow_is_wanted(const struct control_flow_filter *filter, const struct flow_report *flow)
{
	const struct flow_end *ends[] = { &flow->ns, &flow->remote, &flow->own, &flow->peer };
	bool addr = !filter->has_addr, port = !filter->port;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		addr |= filter->has_addr && addr_equal(&filter->addr, &ends[i]->addr);
		port |= filter->port && filter->port == ends[i]->port;
	}
	return addr && port && (!filter->has_kind || filter->kind == flow->kind) &&
	       (!filter->has_path || filter->local == flow->local);
}

/* What became of a list */
enum piece {
	PIECE_MORE, /* there may be more of it */
	PIECE_END, /* that was all */
	PIECE_CUT, /* there is more, but as much was not asked for */
};

/* In a pause */
static enum piece put_flows(struct control_answer *answer, uint64_t now_ns, struct json *json)
{
	struct engine *engine = answer->subject->engine;
	uint32_t numbers_end = engine_flows_end(engine);
	struct flow_report flow;
	int entries = 0;

	for (int i = 0; i < PIECE_RECORDS && entries < PIECE_ENTRIES; i++) {
		if (answer->next >= numbers_end)
			return PIECE_END;
		if (!engine_flow_at(engine, answer->next++, now_ns, &flow) ||
		    !flow_is_wanted(&answer->request.flows, &flow))
			continue;
		if (!answer->left)
			return PIECE_CUT;
		flow_json(json, &flow);
		answer->left--;
		entries++;
	}
	return PIECE_MORE;
}

static enum piece flows_piece(struct control_answer *answer, uint64_t now_ns, struct json *json)
{
	enum piece piece;

	engine_pause(answer->subject->engine);
	piece = put_flows(answer, now_ns, json);
	engine_resume(answer->subject->engine);
	return piece;
}

static const char *rule_kind_name(enum fwd_rule_kind kind)
{
	switch (kind) {
	case FWD_RULE_RANGE:
		return "ports";
	case FWD_RULE_ALL:
		return "all";
	case FWD_RULE_AUTO:
		return "auto";
	case FWD_RULE_EXCLUDE:
		break;
	}
	return "exclude";
}

static uint32_t rule_ports(const struct fwd_rules *rules, const struct fwd_rule *rule)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rule->ranges_count; i++)
		count += fwd_range_count(rules->range[rule->ranges_at + i]);
	return count;
}

static void rule_json(const struct fwd_rules *rules, const struct fwd_rule *rule, struct json *json)
{
	char text[FWD_RULE_TEXT_MAX];

	json_put_object(json, NULL);
	json_put_uint(json, "id", rule->id);
	json_put_string(json, "option", control_direction_option(rule->direction));
	json_put_string(json, "spec", fwd_rule_format_spec(rule, text));
	json_put_string(json, "kind", rule_kind_name(rule->kind));
	json_put_bool(json, "automatic", rule->automatic);
	json_put_uint(json, "ports", rule_ports(rules, rule));
	json_end_object(json);
}

static enum piece forwards_piece(struct control_answer *answer, struct json *json)
{
	const struct fwd_rules *rules = engine_rules(answer->subject->engine);

	for (int i = 0; i < PIECE_ENTRIES; i++) {
		if (!rules || answer->next >= rules->count)
			return PIECE_END;
		rule_json(rules, &rules->rule[answer->next++], json);
	}
	return PIECE_MORE;
}

/* Of these, fewer fit in a piece */
static enum piece policy_piece(struct control_answer *answer, struct json *json)
{
	for (int i = 0; i < CONTROL_PIECE_MAX / CONTROL_POLICY_RULE_MAX - 1; i++)
		if (!control_policy_rule(answer->subject->engine, answer->next++, json))
			return PIECE_END;
	return PIECE_MORE;
}

static enum piece lessons_piece(struct control_answer *answer, struct json *json)
{
	for (int i = 0; i < PIECE_ENTRIES; i++)
		if (!control_policy_lesson(answer->subject->engine, &answer->next, json))
			return PIECE_END;
	return PIECE_MORE;
}

bool control_answer_more(struct control_answer *answer, uint64_t now_ns, char *buf, size_t *ret_len)
{
	enum piece piece = PIECE_END;
	struct json json;

	json_start(&json, buf, CONTROL_PIECE_MAX, answer->comma);
	if (answer->request.verb == CONTROL_FLOWS)
		piece = flows_piece(answer, now_ns, &json);
	else if (answer->request.verb == CONTROL_POLICY_SHOW)
		piece = policy_piece(answer, &json);
	else if (answer->request.verb == CONTROL_POLICY_LEARNT)
		piece = lessons_piece(answer, &json);
	else
		piece = forwards_piece(answer, &json);
	if (piece != PIECE_MORE) {
		json_end_array(&json);
		json_put_bool(&json, "more", piece == PIECE_CUT);
		end(&json);
	}
	assert(json_is_whole(&json));
	answer->comma = json.comma;
	*ret_len = json.len;
	return piece == PIECE_MORE;
}

/* Return: whether there is more */
static bool answer_request(struct control_answer *answer, uint64_t now_ns, struct json *json)
{
	const struct control_subject *subject = answer->subject;

	switch (answer->request.verb) {
	case CONTROL_STATUS:
		control_status(subject, now_ns, json);
		return false;
	case CONTROL_COUNTERS:
		answer_counters(subject->engine, json);
		return false;
	case CONTROL_POLICY_SHOW:
		control_policy_show(subject->engine, json);
		json_put_array(json, "rules");
		return true;
	case CONTROL_POLICY_LEARNT:
		json_put_array(json, "learnt");
		return true;
	case CONTROL_POLICY_TEST:
		control_policy_test(subject->engine, &answer->request.test, json);
		return false;
	case CONTROL_DNS:
		control_resolvers(subject, json);
		return false;
	case CONTROL_LOG:
		answer_log(subject->engine, &answer->request, json);
		return false;
	case CONTROL_QUIT:
		subject->quit(subject->quit_arg, answer->request.now);
		return false;
	case CONTROL_FLOWS:
		answer->left = answer->request.flows.limit;
		json_put_array(json, "flows");
		return true;
	case CONTROL_FORWARD_LIST:
		json_put_array(json, "forwards");
		return true;
	case CONTROL_FORWARD:
	case CONTROL_BEGIN:
	case CONTROL_COMMIT:
	case CONTROL_ABORT: /* see answer_forward() */
	case CONTROL_CAPTURE: /* see answer_capture() */
	case CONTROL_POLICY_LOAD: /* see answer_policy_load() */
		break;
	}
	return false;
}

/* Return: bytes of the answer, which ends here */
static size_t in_one_piece(struct json *json)
{
	end(json);
	assert(json_is_whole(json));
	return json->len;
}

static size_t answer_forward(struct control_answer *answer, const char *line, uint64_t now_ns,
			     char *buf)
{
	struct engine *engine = answer->subject->engine;
	struct control_forward_result result;
	struct json json;
	struct err err;
	int rc = control_forward(answer->transaction, engine, &answer->request, line, now_ns,
				 &result, &err);

	json_start(&json, buf, CONTROL_PIECE_MAX, false);
	begin(&json, !rc);
	if (rc)
		json_put_string(&json, "error", err.text);
	if (result.request)
		json_put_uint(&json, "request", result.request);
	if (result.done) {
		json_put_uint(&json, "changed", result.changed);
		json_put_uint(&json, "unchanged", result.unchanged);
		control_forward_ids(engine, &answer->request, &json);
	}
	return in_one_piece(&json);
}

static size_t answer_capture(struct control_answer *answer, char *buf)
{
	struct engine *engine = answer->subject->engine;
	struct json json;
	struct err err;

	if (control_capture(answer->capture, engine, &answer->request, answer->attached, &err))
		return control_answer_error(err.text, buf);
	json_start(&json, buf, CONTROL_PIECE_MAX, false);
	begin(&json, true);
	control_capture_show(engine, &json);
	return in_one_piece(&json);
}

static size_t answer_policy_load(struct control_answer *answer, char *buf)
{
	struct control_policy_loaded loaded = { 0, 0 };
	struct json json;
	struct err err;

	if (control_policy_load(answer->subject->engine, control_attached_fd_take(answer->attached),
				answer->request.policy_name, &loaded, &err))
		return control_answer_error(err.text, buf);
	json_start(&json, buf, CONTROL_PIECE_MAX, false);
	begin(&json, true);
	json_put_uint(&json, "rules", loaded.rules);
	json_put_uint(&json, "ended", loaded.ended);
	return in_one_piece(&json);
}

/* Return: 0, or -errno with @err set */
static int reread(const struct control_subject *subject, struct err *err)
{
	int rc = subject->reread ? subject->reread(subject->reread_arg) : -ENOENT;

	if (rc == -ENOENT)
		return err_set(err, rc,
			       "dns: nothing that resolv.conf says makes a difference here");
	return rc ? err_set(err, rc, "dns: who watches resolv.conf can't be asked: %s",
			    strerror(-rc))
		  : 0;
}

bool control_answer_begin(struct control_answer *answer, const char *line, uint64_t now_ns,
			  char *buf, size_t *ret_len)
{
	struct json json;
	struct err err;
	bool more;

	answer->comma = false;
	answer->next = answer->left = 0;
	if (control_request_parse(line, &answer->request, &err)) {
		control_transaction_fail(answer->transaction, &err);
		*ret_len = control_answer_error(err.text, buf);
		return false;
	}
	if (control_forward_is(&answer->request)) {
		*ret_len = answer_forward(answer, line, now_ns, buf);
		return false;
	}
	if (answer->request.verb == CONTROL_CAPTURE) {
		*ret_len = answer_capture(answer, buf);
		return false;
	}
	if (answer->request.verb == CONTROL_POLICY_LOAD) {
		*ret_len = answer_policy_load(answer, buf);
		return false;
	}
	if (answer->request.verb == CONTROL_POLICY_LEARNT &&
	    !control_policy_learn(answer->subject->engine)) {
		*ret_len = control_answer_error("policy learnt: nothing is, without --policy-learn",
						buf);
		return false;
	}
	if (answer->request.reread && reread(answer->subject, &err)) {
		*ret_len = control_answer_error(err.text, buf);
		return false;
	}
	json_start(&json, buf, CONTROL_PIECE_MAX, false);
	begin(&json, true);
	more = answer_request(answer, now_ns, &json);
	if (!more)
		end(&json);
	assert(json_is_whole(&json));
	answer->comma = json.comma;
	*ret_len = json.len;
	return more;
}
