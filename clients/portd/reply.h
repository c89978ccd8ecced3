/* SPDX-License-Identifier: Apache-2.0
 *
 * What is answered to a client, before it is known how it gets there: a status of HTTP, and a body
 * that whoever takes the reply owns.
 */
#ifndef CLIENTS_PORTD_REPLY_H
#define CLIENTS_PORTD_REPLY_H

#include <jansson.h>
#include <stddef.h>

#include "common/base/err.h"

struct reply {
	unsigned int status;
	const char *type; /* of the body */
	const char *allow; /* methods that the place has instead; NULL: no matter */
	char *body; /* for free(); NULL: empty */
	size_t len;
};

/* reply_json() - @json: taken over; NULL: there was no memory, which is what is replied then */
void reply_json(struct reply *reply, unsigned int status, json_t *json);

/* reply_error() - a failure, as rootlesskit's clients read it */
void reply_error(struct reply *reply, unsigned int status, const struct err *err);

/* reply_text() - the text of a failure as a JSON string, whatever bytes it quotes. Return: for
 * json_decref(); NULL if there is no memory
 */
json_t *reply_text(const struct err *err);

#endif
