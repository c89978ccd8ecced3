/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that change the forwarding rules, alone or many at a time. What a client asks for
 * between "begin" and "commit" is kept as text, in a buffer of fixed size of its own, and carried
 * out as a whole then: a client that goes away before has changed nothing, and nobody waits for
 * another.
 */
#ifndef COMMON_CONTROL_FORWARD_H
#define COMMON_CONTROL_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/json.h"
#include "common/control/request.h"
#include "common/engine/engine.h"

/* Of all requests of a transaction, each with a byte more */
#define CONTROL_TRANSACTION_MAX 262144

struct control_transaction {
	bool open; /* between "begin" and "commit" or "abort" */
	uint32_t count; /* requests of it */
	uint32_t failed; /* the first one that has failed; 0: none has */
	struct err err; /* likewise */
	uint32_t len;
	char text[CONTROL_TRANSACTION_MAX]; /* lines, each with a NUL behind it */
};

void control_transaction_init(struct control_transaction *transaction);

/* control_transaction_fail() - something that was asked for was no request: then nothing will be
 * done */
void control_transaction_fail(struct control_transaction *transaction, const struct err *err);

/* control_forward_is() - whether the request is one of these: changes, "begin", "commit", "abort"
 */
bool control_forward_is(const struct control_request *request);

struct control_forward_result {
	uint32_t
		request; /* its number in a transaction, or that of the one that has failed; or 0 */
	bool done; /* it has taken effect, or a whole transaction has */
	uint32_t changed,
		unchanged; /* then: rules added or removed, and those that were so already */
};

/* control_forward() - carry it out, or keep it
 * @line:	of @request
 *
 * Return: 0; or -errno with @err set, then nothing is changed. *ret_result is set either way
 */
int control_forward(struct control_transaction *transaction, struct engine *engine,
		    const struct control_request *request, const char *line, uint64_t now_ns,
		    struct control_forward_result *ret_result, struct err *err);

/* control_forward_ids() - the rules of an addition that has taken effect, new or not, as an array;
 * of other requests nothing
 */
void control_forward_ids(const struct engine *engine, const struct control_request *request,
			 struct json *json);

#endif
