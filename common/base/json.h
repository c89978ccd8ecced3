/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer of JSON (RFC 8259) into a buffer of fixed size: no allocation, no recursion, nothing is
 * read. What does not fit is left out, and json_is_whole() says so: whoever owns the buffer takes
 * it back to where it was. Names of members are ours, without anything to be escaped; values may be
 * anybody's: whatever bytes they have, the text stays one line of valid UTF-8.
 */
#ifndef COMMON_BASE_JSON_H
#define COMMON_BASE_JSON_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *buf; /* borrowed */
	size_t size, len;
	bool comma; /* the next value is not the first one of its object or array */
	bool overflow;
};

/* json_start() - write to @buf, from its start
 * @comma:	as the last json had it that has written here; false: for a text of its own
 */
void json_start(struct json *json, char *buf, size_t size, bool comma);

static inline bool json_is_whole(const struct json *json)
{
	return !json->overflow;
}

/* For all of these: @name is NULL in an array, and for a text's outermost value */
void json_put_object(struct json *json, const char *name);
void json_put_array(struct json *json, const char *name);
void json_end_object(struct json *json);
void json_end_array(struct json *json);

void json_put_uint(struct json *json, const char *name, uint64_t value);
void json_put_bool(struct json *json, const char *name, bool value);

/* json_put_string() - @value: NULL for null */
void json_put_string(struct json *json, const char *name, const char *value);

/* json_put_addr() - null for an unspecified one */
void json_put_addr(struct json *json, const char *name, const struct in6_addr *value);

/* json_put_newline() - the end of a text that is a line */
void json_put_newline(struct json *json);

#endif
