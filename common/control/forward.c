/* SPDX-License-Identifier: Apache-2.0
 *
 * A request by itself is a transaction of one.
 */
#include "common/control/forward.h"

#include <errno.h>
#include <string.h>

#include "common/base/util.h"
#include "common/fwd/change.h"
#include "common/fwd/spec.h"

void control_transaction_init(struct control_transaction *t)
{
	t->open = false;
	t->count = t->failed = t->len = 0;
}

void control_transaction_fail(struct control_transaction *t, const struct err *err)
{
	if (!t->open)
		return;
	t->count++;
	if (t->failed)
		return;
	t->failed = t->count;
	t->err = *err;
}

bool control_forward_is(const struct control_request *request)
{
	switch (request->verb) {
	case CONTROL_FORWARD:
	case CONTROL_BEGIN:
	case CONTROL_COMMIT:
	case CONTROL_ABORT:
		return true;
	case CONTROL_STATUS:
	case CONTROL_COUNTERS:
	case CONTROL_FLOWS:
	case CONTROL_FORWARD_LIST:
	case CONTROL_POLICY_SHOW:
	case CONTROL_POLICY_TEST:
	case CONTROL_POLICY_LOAD:
	case CONTROL_POLICY_LEARNT:
	case CONTROL_DNS:
	case CONTROL_LOG:
	case CONTROL_CAPTURE:
	case CONTROL_QUIT:
		break;
	}
	return false;
}

static int change_one(struct fwd_change *change, const struct control_forward *forward,
		      struct err *err)
{
	struct fwd_spec spec;
	int rc = 0;

	spec.mode = FWD_SPEC_NONE;
	if (forward->spec)
		rc = fwd_spec_parse(forward->spec, &spec, err);
	if (rc)
		return rc;
	switch (forward->kind) {
	case CONTROL_FORWARD_CLEAR:
		for (int d = 0; d < FWD_DIRECTIONS; d++)
			if (forward->cleared[d])
				fwd_change_clear(change, (enum fwd_direction)d);
		return 0;
	case CONTROL_FORWARD_REMOVE:
		if (forward->id)
			fwd_change_remove_id(change, forward->id);
		else
			fwd_change_remove(change, forward->direction, &spec);
		return 0;
	case CONTROL_FORWARD_REPLACE:
		fwd_change_clear(change, forward->direction);
		if (spec.mode == FWD_SPEC_NONE)
			return 0;
		break;
	case CONTROL_FORWARD_ADD:
		break;
	}
	return fwd_change_add(change, forward->direction, &spec, err);
}

/* All requests of a transaction, or those up to the one that has made the rule of @until
 * @ret_at:	the number of the last one that was carried out, or was to be
 */
static int change_all(struct fwd_change *change, const struct control_transaction *t,
		      uint32_t until, uint32_t *ret_at, struct err *err)
{
	int rc = 0;

	*ret_at = 0;
	for (uint32_t at = 0; at < t->len && !rc; at += (uint32_t)strlen(t->text + at) + 1) {
		struct control_request request;

		++*ret_at;
		rc = control_request_parse(t->text + at, &request, err);
		if (!rc)
			rc = change_one(change, &request.forward, err);
		if (until && fwd_rules_find(change->rules, until))
			break;
	}
	return rc;
}

/* Which request has brought the rule of that number; 0: none of them has */
static uint32_t blame(const struct control_transaction *t, struct engine *engine, uint32_t rule_id)
{
	struct fwd_change *change = engine_rules_edit(engine);
	struct err unused;
	uint32_t at = 0;

	if (rule_id && !fwd_rules_find(change->rules, rule_id))
		change_all(change, t, rule_id, &at, &unused);
	return at;
}

static int carry_out(const struct control_transaction *t, struct engine *engine, uint64_t now_ns,
		     struct control_forward_result *result, struct err *err)
{
	struct fwd_change *change = engine_rules_edit(engine);
	uint32_t rule_id;
	int rc;

	if (!change)
		return err_set(err, -EOPNOTSUPP, "forward: no port can be forwarded here");
	rc = change_all(change, t, 0, &result->request, err);
	if (rc)
		return rc;
	result->request = 0;
	rc = engine_rules_replace(engine, now_ns, &rule_id, err);
	if (rc) {
		result->request = blame(t, engine, rule_id);
		return rc;
	}
	result->done = true;
	result->changed = change->changed;
	result->unchanged = change->unchanged;
	return 0;
}

/* The transaction ends, whatever becomes of it */
static int commit(struct control_transaction *t, struct engine *engine, uint64_t now_ns,
		  struct control_forward_result *result, struct err *err)
{
	int rc = -EINVAL;

	result->request = t->failed;
	if (t->failed)
		*err = t->err;
	else
		rc = carry_out(t, engine, now_ns, result, err);
	control_transaction_init(t);
	return rc;
}

/* Return: 0, or -E2BIG */
static int keep(struct control_transaction *t, const char *line, struct err *err)
{
	size_t size = strlen(line) + 1;

	if (size > sizeof(t->text) - t->len)
		return err_set(err, -E2BIG, "transaction: longer than %d bytes",
			       CONTROL_TRANSACTION_MAX);
	memcpy(t->text + t->len, line, size);
	t->len += (uint32_t)size;
	t->count++;
	return 0;
}

static int change_rules(struct control_transaction *t, struct engine *engine, const char *line,
			uint64_t now_ns, struct control_forward_result *result, struct err *err)
{
	int rc = keep(t, line, err);

	if (t->open) {
		if (rc)
			control_transaction_fail(t, err);
		result->request = t->count;
		return rc;
	}
	if (!rc)
		rc = commit(t, engine, now_ns, result, err);
	result->request = 0;
	return rc;
}

int control_forward(struct control_transaction *t, struct engine *engine,
		    const struct control_request *request, const char *line, uint64_t now_ns,
		    struct control_forward_result *ret_result, struct err *err)
{
	bool begins = request->verb == CONTROL_BEGIN;

	*ret_result = (struct control_forward_result){ 0 };
	if (request->verb == CONTROL_FORWARD)
		return change_rules(t, engine, line, now_ns, ret_result, err);
	if (begins && t->open)
		return err_set(err, -EINVAL, "begin: a transaction is under way already");
	if (!begins && !t->open)
		return err_set(err, -EINVAL, "%s: no transaction is under way",
			       request->verb == CONTROL_COMMIT ? "commit" : "abort");
	if (request->verb == CONTROL_COMMIT)
		return commit(t, engine, now_ns, ret_result, err);
	control_transaction_init(t);
	t->open = begins;
	return 0;
}

void control_forward_ids(const struct engine *engine, const struct control_request *request,
			 struct json *json)
{
	const struct control_forward *forward = &request->forward;
	struct fwd_spec spec;
	struct fwd_rule rule;
	struct err unused;

	if (request->verb != CONTROL_FORWARD || forward->kind != CONTROL_FORWARD_ADD ||
	    fwd_spec_parse(forward->spec, &spec, &unused))
		return;
	json_put_array(json, "ids");
	for (uint32_t i = 0; fwd_rule_of_spec(&spec, forward->direction, i, &rule); i++) {
		const struct fwd_rule *there = fwd_change_find(engine_rules(engine), &rule);

		if (there)
			json_put_uint(json, NULL, there->id);
	}
	json_end_array(json);
}
