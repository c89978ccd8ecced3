/* SPDX-License-Identifier: Apache-2.0
 *
 * Two layers: records, which carry handshake messages as a stream (RFC 8446, 5.1), and the first of
 * these messages. That is copied out of its records, and looked at when it is complete.
 */
#include "common/wire/tls_hello.h"

#include <stdbool.h>

#include "common/base/util.h"
#include "common/wire/cursor.h"

/* RFC 8446, 5.1 and 4 */
#define RECORD_TYPE_FIRST 20
#define RECORD_TYPE_LAST 24
#define RECORD_TYPE_HANDSHAKE 22
#define RECORD_MAJOR 3
#define RECORD_MAJOR_END 16 /* some servers take any version before the hello has agreed on one */
#define RECORD_TEXT_MAX (1 << 14)
#define MESSAGE_TYPE_CLIENT_HELLO 1
#define RANDOM_LEN 32
#define SESSION_ID_MAX 32

/* RFC 6066, 3 */
#define EXTENSION_SERVER_NAME 0
#define NAME_TYPE_HOST 0

struct record_header {
	uint8_t type;
	struct be16 version;
	struct be16 len;
};

struct message_header {
	uint8_t type;
	uint8_t len[3];
};

struct extension_header {
	struct be16 type;
	struct be16 len;
};

/* The part of a ClientHello before its variable fields */
struct hello_fixed {
	struct be16 version;
	uint8_t random[RANDOM_LEN];
};

_Static_assert(sizeof(struct record_header) == 5, "record header has holes");
_Static_assert(sizeof(struct message_header) == 4, "message header has holes");

struct message {
	uint8_t data[FIRST_BYTES_MAX];
	size_t len; /* that are here */
};

/* A field of variable length, after that in one byte or two. Return: whether it's all there */
static bool take8(struct reader *r, struct reader *ret_field)
{
	const uint8_t *len = reader_take(r, 1);
	const uint8_t *data = len ? reader_take(r, *len) : NULL;

	if (!data)
		return false;
	*ret_field = (struct reader){ data, *len };
	return true;
}

static bool take16(struct reader *r, struct reader *ret_field)
{
	const struct be16 *len = reader_take(r, sizeof(*len));
	const uint8_t *data = len ? reader_take(r, be16_get(*len)) : NULL;

	if (!data)
		return false;
	*ret_field = (struct reader){ data, be16_get(*len) };
	return true;
}

/* Types that nobody knows begin with a length too, as RFC 6066 has it for all to come */
static enum first_bytes server_name(struct reader extension, struct reader *ret_name)
{
	enum first_bytes outcome = FIRST_BYTES_NO_NAME;
	struct reader list, entry;
	const uint8_t *type;

	if (!take16(&extension, &list) || extension.left || !list.left)
		return FIRST_BYTES_BROKEN;
	while ((type = reader_take(&list, 1))) {
		if (!take16(&list, &entry))
			return FIRST_BYTES_BROKEN;
		if (*type != NAME_TYPE_HOST)
			continue;
		if (outcome == FIRST_BYTES_NAME)
			return FIRST_BYTES_BROKEN;
		outcome = FIRST_BYTES_NAME;
		*ret_name = entry;
	}
	return outcome;
}

static enum first_bytes extensions_name(struct reader r, struct reader *ret_name)
{
	enum first_bytes outcome = FIRST_BYTES_NO_NAME;
	const struct be16 *type;
	struct reader field;
	bool seen = false;

	while (r.left) {
		type = reader_take(&r, sizeof(*type));
		if (!type || !take16(&r, &field))
			return FIRST_BYTES_BROKEN;
		if (be16_get(*type) != EXTENSION_SERVER_NAME)
			continue;
		if (seen)
			return FIRST_BYTES_BROKEN;
		seen = true;
		outcome = server_name(field, ret_name);
		if (outcome == FIRST_BYTES_BROKEN)
			return outcome;
	}
	return outcome;
}

/* Up to TLS 1.2 there may be no extensions, not even the length of none (RFC 5246, 7.4.1.2) */
static enum first_bytes hello_name(struct reader r, struct reader *ret_name)
{
	struct reader session, suites, compressions, extensions;

	if (!reader_take(&r, sizeof(struct hello_fixed)) || !take8(&r, &session) ||
	    session.left > SESSION_ID_MAX || !take16(&r, &suites) || !suites.left ||
	    suites.left % 2 || !take8(&r, &compressions) || !compressions.left)
		return FIRST_BYTES_BROKEN;
	if (!r.left)
		return FIRST_BYTES_NO_NAME;
	if (!take16(&r, &extensions) || r.left)
		return FIRST_BYTES_BROKEN;
	return extensions_name(extensions, ret_name);
}

/* Bytes of the first message, its header included; 0: not known yet */
static size_t message_len(const struct message *m)
{
	const struct message_header *h = (const void *)m->data;

	if (m->len < sizeof(*h))
		return 0;
	return sizeof(*h) + ((size_t)h->len[0] << 16 | (size_t)h->len[1] << 8 | h->len[2]);
}

static bool message_is_complete(const struct message *m)
{
	return message_len(m) && m->len >= message_len(m);
}

/* One record, or what is there of it. Return: FIRST_BYTES_NAME for "go on" */
static enum first_bytes take_record(struct reader *r, struct message *m)
{
	const struct record_header *h = reader_take(r, sizeof(*h));
	size_t len;

	if (!h)
		return FIRST_BYTES_MORE;
	if (h->type != RECORD_TYPE_HANDSHAKE || h->version.b[0] != RECORD_MAJOR)
		return FIRST_BYTES_BROKEN;
	len = be16_get(h->len);
	if (!len || len > RECORD_TEXT_MAX)
		return FIRST_BYTES_BROKEN;
	if (len > r->left)
		len = r->left;
	memcpy(m->data + m->len, reader_take(r, len), len);
	m->len += len;
	return FIRST_BYTES_NAME;
}

/* Bytes of the stream to the first message, as far as it's there. Return: FIRST_BYTES_NAME for "go
 * on", when it is complete
 */
static enum first_bytes take_message(struct reader *r, struct message *m)
{
	m->len = 0;
	while (!message_is_complete(m)) {
		enum first_bytes outcome = take_record(r, m);

		if (outcome != FIRST_BYTES_NAME)
			return outcome;
		if ((m->len && m->data[0] != MESSAGE_TYPE_CLIENT_HELLO) ||
		    message_len(m) > FIRST_BYTES_MAX)
			return FIRST_BYTES_BROKEN;
	}
	return FIRST_BYTES_NAME;
}

/* Also what begins with an alert or a wrong version, which is served by somebody all the same */
static bool is_tls(const uint8_t *data, size_t len)
{
	return data[0] >= RECORD_TYPE_FIRST && data[0] <= RECORD_TYPE_LAST &&
	       (len < 2 || data[1] < RECORD_MAJOR_END);
}

enum first_bytes tls_hello_name(const uint8_t *data, size_t len, char ret_name[NAME_TEXT_MAX + 1])
{
	struct reader r = { data, MIN(len, (size_t)FIRST_BYTES_MAX) }, name;
	enum first_bytes outcome;
	struct message m;

	if (len && !is_tls(data, len))
		return FIRST_BYTES_OTHER;
	outcome = take_message(&r, &m);
	if (outcome == FIRST_BYTES_MORE && len >= FIRST_BYTES_MAX)
		return FIRST_BYTES_BROKEN;
	if (outcome != FIRST_BYTES_NAME)
		return outcome;
	r = (struct reader){ m.data, message_len(&m) };
	reader_take(&r, sizeof(struct message_header));
	outcome = hello_name(r, &name);
	if (outcome == FIRST_BYTES_NAME &&
	    name_canonical((const char *)name.data, name.left, ret_name))
		return FIRST_BYTES_BROKEN;
	return outcome;
}
