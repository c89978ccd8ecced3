/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that are no UTF-8 become U+FFFD, one each, as decoders do.
 */
#include "common/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/addr.h"

#define REPLACEMENT "\xef\xbf\xbd"

void json_start(struct json *json, char *buf, size_t size, bool comma)
{
	*json = (struct json){ .buf = buf, .size = size, .comma = comma };
}

static void put(struct json *json, const char *text, size_t len)
{
	if (json->overflow || len > json->size - json->len) {
		json->overflow = true;
		return;
	}
	memcpy(json->buf + json->len, text, len);
	json->len += len;
}

static void put_text(struct json *json, const char *text)
{
	put(json, text, strlen(text));
}

/* What stands in front of a value */
static void put_name(struct json *json, const char *name)
{
	if (json->comma)
		put_text(json, ",");
	json->comma = true;
	if (!name)
		return;
	put_text(json, "\"");
	put_text(json, name);
	put_text(json, "\":");
}

void json_put_object(struct json *json, const char *name)
{
	put_name(json, name);
	put_text(json, "{");
	json->comma = false;
}

void json_put_array(struct json *json, const char *name)
{
	put_name(json, name);
	put_text(json, "[");
	json->comma = false;
}

void json_end_object(struct json *json)
{
	put_text(json, "}");
	json->comma = true;
}

void json_end_array(struct json *json)
{
	put_text(json, "]");
	json->comma = true;
}

void json_put_uint(struct json *json, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_name(json, name);
	put_text(json, text);
}

void json_put_bool(struct json *json, const char *name, bool value)
{
	put_name(json, name);
	put_text(json, value ? "true" : "false");
}

/* Bytes of the character at @text, 0 if it is none (RFC 3629, 4: nothing overlong, no surrogates,
 * nothing beyond U+10FFFF)
 */
static size_t utf8_len(const char *text)
{
	const unsigned char *b = (const unsigned char *)text;
	size_t len = b[0] < 0x80	     ? 1
		     : (b[0] & 0xe0) == 0xc0 ? 2
		     : (b[0] & 0xf0) == 0xe0 ? 3
		     : (b[0] & 0xf8) == 0xf0 ? 4
					     : 0;

	for (size_t i = 1; i < len; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((len == 2 && b[0] < 0xc2) || (len == 3 && b[0] == 0xe0 && b[1] < 0xa0) ||
	    (len == 3 && b[0] == 0xed && b[1] > 0x9f) ||
	    (len == 4 && b[0] == 0xf0 && b[1] < 0x90) ||
	    (len == 4 && (b[0] > 0xf4 || (b[0] == 0xf4 && b[1] > 0x8f))))
		return 0;
	return len;
}

static void put_escaped(struct json *json, const char *value)
{
	char text[8];

	while (*value) {
		size_t len = utf8_len(value);

		if (!len) {
			put_text(json, REPLACEMENT);
			value++;
			continue;
		}
		if (*value == '"' || *value == '\\') {
			put_text(json, "\\");
			put(json, value, 1);
		} else if ((unsigned char)*value < ' ' || *value == 0x7f) {
			snprintf(text, sizeof(text), "\\u%04x", (unsigned char)*value);
			put_text(json, text);
		} else {
			put(json, value, len);
		}
		value += len;
	}
}

void json_put_string(struct json *json, const char *name, const char *value)
{
	put_name(json, name);
	if (!value) {
		put_text(json, "null");
		return;
	}
	put_text(json, "\"");
	put_escaped(json, value);
	put_text(json, "\"");
}

void json_put_addr(struct json *json, const char *name, const struct in6_addr *value)
{
	char text[ADDR_TEXT_MAX];

	json_put_string(json, name, addr_is_unspecified(value) ? NULL : addr_format(value, text));
}

void json_put_newline(struct json *json)
{
	put_text(json, "\n");
	json->comma = false;
}
