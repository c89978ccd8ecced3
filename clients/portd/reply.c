/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON is UTF-8; a text that quotes the first bytes of what a client sent may end within a
 * character.
 */
#include "clients/portd/reply.h"

#include <string.h>

#define TYPE "application/json"
#define NO_MEMORY 500

void reply_json(struct reply *reply, unsigned int status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	*reply = (struct reply){
		.status = text ? status : NO_MEMORY,
		.type = TYPE,
		.body = text,
		.len = text ? strlen(text) : 0,
	};
	json_decref(json);
}

json_t *reply_text(const struct err *err)
{
	json_t *text = json_string(err->text);
	struct err plain = *err;

	if (text)
		return text;
	for (char *c = plain.text; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(plain.text);
}

void reply_error(struct reply *reply, unsigned int status, const struct err *err)
{
	reply_json(reply, status, json_pack("{s:o}", "message", reply_text(err)));
}
