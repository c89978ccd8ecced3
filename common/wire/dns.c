/* SPDX-License-Identifier: Apache-2.0
 *
 * A compression pointer has to lead backwards, so that names end. How many records of an answer are
 * looked at, and how many aliases are followed, is bounded: no zone that people use comes near.
 */
#include "common/wire/dns.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/util.h"

/* RFC 1035, 4.1.1 */
#define FLAG_RESPONSE 0x8000
#define FLAG_RECURSION_DESIRED 0x0100
#define FLAG_RECURSION_AVAILABLE 0x0080
#define OPCODE(flags) ((flags) >> 11 & 0xf)
#define RCODE(flags) ((flags)&0xf)
#define RCODE_NXDOMAIN 3

#define CLASS_IN 1
/* RFC 1035, 3.2.2; RFC 3596; RFC 9460; RFC 6891 */
#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define TYPE_OPT 41
#define TYPE_SVCB 64
#define TYPE_HTTPS 65
/* RFC 9460, 14.3.2 */
#define SVCB_IPV4HINT 4
#define SVCB_IPV6HINT 6
/* RFC 8914, 5.2: by the policy of who runs the server */
#define OPTION_EXTENDED_ERROR 15
#define ERROR_BLOCKED 15
#define ERROR_TEXT "blocked by policy"
/* That we could take: DNS flag day 2020 */
#define UDP_SIZE 1232

#define LABEL_MAX 63
#define WIRE_NAME_MAX 255
#define RECORDS_MAX 256
#define ALIASES_MAX 16

/* --- names ---------------------------------------------------------------- */

static char name_char(uint8_t byte)
{
	char c = name_lower((char)byte);

	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : '?';
}

/* The name at *@at, which is moved behind it. Return: 0 or -EBADMSG */
static int name_read(const uint8_t *message, size_t len, size_t *at, char text[NAME_TEXT_MAX + 1])
{
	size_t pos = *at, lowest = *at, used = 0, wire = 1;
	bool jumped = false;

	for (;;) {
		uint8_t label;

		if (pos >= len)
			return -EBADMSG;
		label = message[pos++];
		if (!label)
			break;
		if (label > LABEL_MAX) { /* a pointer: 4.1.4 */
			size_t to;

			if (label < 0xc0 || pos >= len)
				return -EBADMSG;
			to = (size_t)(label & 0x3f) << 8 | message[pos++];
			if (to >= lowest)
				return -EBADMSG;
			if (!jumped)
				*at = pos;
			jumped = true;
			pos = lowest = to;
			continue;
		}
		wire += 1U + label;
		if (wire > WIRE_NAME_MAX || label > len - pos)
			return -EBADMSG;
		if (used)
			text[used++] = '.';
		for (uint8_t i = 0; i < label; i++)
			text[used++] = name_char(message[pos++]);
	}
	if (!jumped)
		*at = pos;
	text[used] = '\0';
	return 0;
}

/* --- messages ------------------------------------------------------------- */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* How many records the three sections have that follow the question */
static uint32_t record_count(const uint8_t *message)
{
	return (uint32_t)get16(message + 6) + get16(message + 8) + get16(message + 10);
}

struct record {
	char owner[NAME_TEXT_MAX + 1];
	uint16_t type, class;
	uint32_t ttl_s;
	const uint8_t *data;
	size_t data_at, data_len;
};

/* Records one after another */
struct walk {
	const uint8_t *message;
	size_t len, at;
	uint32_t left;
};

static bool walk_next(struct walk *walk, struct record *record)
{
	const uint8_t *fixed;

	if (!walk->left || name_read(walk->message, walk->len, &walk->at, record->owner) ||
	    walk->len - walk->at < 10)
		return false;
	walk->left--;
	fixed = walk->message + walk->at;
	record->type = get16(fixed);
	record->class = get16(fixed + 2);
	record->ttl_s = get32(fixed + 4);
	if (record->ttl_s > INT32_MAX) /* RFC 2181, 8 */
		record->ttl_s = 0;
	record->data_len = get16(fixed + 8);
	record->data_at = walk->at + 10;
	record->data = fixed + 10;
	if (record->data_len > walk->len - record->data_at)
		return false;
	walk->at = record->data_at + record->data_len;
	return true;
}

static bool has_opt(const uint8_t *message, size_t len, size_t at)
{
	struct walk walk = { message, len, at, MIN(record_count(message), (uint32_t)RECORDS_MAX) };
	struct record record;

	while (walk_next(&walk, &record))
		if (record.type == TYPE_OPT)
			return true;
	return false;
}

int dns_parse(const uint8_t *message, size_t len, struct dns_question *ret)
{
	struct dns_question question = { .end = DNS_HEADER_LEN };
	uint16_t flags;

	if (len < DNS_HEADER_LEN || get16(message + 4) != 1 ||
	    name_read(message, len, &question.end, question.name) || len - question.end < 4)
		return -EBADMSG;
	flags = get16(message + 2);
	question.id = get16(message);
	question.response = flags & FLAG_RESPONSE;
	question.opcode = OPCODE(flags);
	question.type = get16(message + question.end);
	question.class = get16(message + question.end + 2);
	question.end += 4;
	question.edns = has_opt(message, len, question.end);
	*ret = question;
	return 0;
}

/* --- addresses of an answer ----------------------------------------------- */

/* The names that mean the one that was asked for */
struct aliases {
	char names[ALIASES_MAX][NAME_TEXT_MAX + 1];
	size_t count;
	uint32_t ttl_s; /* the shortest of those that lead from one to another */
};

struct found {
	struct dns_address *addresses;
	size_t count;
	uint32_t ttl_s;
};

static bool is_alias(const struct aliases *aliases, const char *name)
{
	for (size_t i = 0; i < aliases->count; i++)
		if (!strcmp(aliases->names[i], name))
			return true;
	return false;
}

static struct walk walk_answer(const uint8_t *message, size_t len,
			       const struct dns_question *question)
{
	return (struct walk){ message, len, question->end,
			      MIN(get16(message + 6), (uint16_t)RECORDS_MAX) };
}

/* Aliases need not be in order
 * @aliases:	of one name
 */
static void find_aliases(const uint8_t *message, size_t len, const struct dns_question *question,
			 struct aliases *aliases)
{
	memcpy(aliases->names[0], question->name, sizeof(question->name));
	for (size_t i = 0; i < aliases->count; i++) {
		struct walk walk = walk_answer(message, len, question);
		struct record record;

		while (aliases->count < ALIASES_MAX && walk_next(&walk, &record)) {
			char *name = aliases->names[aliases->count];
			size_t at = record.data_at;

			if (record.type != TYPE_CNAME || record.class != CLASS_IN ||
			    strcmp(record.owner, aliases->names[i]) != 0 ||
			    name_read(message, len, &at, name) || is_alias(aliases, name))
				continue;
			aliases->ttl_s = MIN(aliases->ttl_s, record.ttl_s);
			aliases->count++;
		}
	}
}

static void found_add(struct found *found, const uint8_t *data, size_t len)
{
	struct in6_addr addr;

	if (found->count == DNS_ADDRESSES_MAX)
		return;
	if (len == sizeof(addr)) {
		memcpy(&addr, data, sizeof(addr));
	} else {
		uint32_t ip4;

		memcpy(&ip4, data, sizeof(ip4));
		addr = addr_from_be32(ip4);
	}
	found->addresses[found->count++] = (struct dns_address){ addr, found->ttl_s };
}

/* RFC 9460, 2.2: a priority, a name, and parameters, of which two are lists of addresses */
static void add_hints(struct found *found, const uint8_t *message, size_t len,
		      const struct record *record)
{
	size_t at = record->data_at + 2, end = record->data_at + record->data_len;
	char target[NAME_TEXT_MAX + 1];

	if (record->data_len < 2 || name_read(message, len, &at, target))
		return;
	while (at < end && end - at >= 4) {
		uint16_t key = get16(message + at), size = get16(message + at + 2);
		size_t addr_len = key == SVCB_IPV4HINT ? 4 : key == SVCB_IPV6HINT ? 16 : 0;

		at += 4;
		if (size > end - at)
			return;
		for (size_t i = 0; addr_len && i + addr_len <= size; i += addr_len)
			found_add(found, message + at + i, addr_len);
		at += size;
	}
}

size_t dns_addresses(const uint8_t *message, size_t len, const struct dns_question *question,
		     struct dns_address ret[DNS_ADDRESSES_MAX])
{
	struct found found = { .addresses = ret };
	struct aliases aliases = { .count = 1, .ttl_s = INT32_MAX };
	struct record record;
	struct walk walk;

	if (RCODE(get16(message + 2)))
		return 0;
	find_aliases(message, len, question, &aliases);
	walk = walk_answer(message, len, question);
	while (walk_next(&walk, &record)) {
		if (record.class != CLASS_IN || !is_alias(&aliases, record.owner))
			continue;
		found.ttl_s = MIN(aliases.ttl_s, record.ttl_s);
		if ((record.type == TYPE_A && record.data_len == 4) ||
		    (record.type == TYPE_AAAA && record.data_len == 16))
			found_add(&found, record.data, record.data_len);
		else if (record.type == TYPE_SVCB || record.type == TYPE_HTTPS)
			add_hints(&found, message, len, &record);
	}
	return found.count;
}

/* --- our own answer ------------------------------------------------------- */

/* The pseudo-record that says why: RFC 6891, 6.1.2, with one option */
static int emit_why(struct writer *w)
{
	const uint8_t opt[] = {
		0,
		0,
		TYPE_OPT,
		UDP_SIZE >> 8,
		UDP_SIZE & 0xff,
		0,
		0,
		0,
		0,
		0,
		6 + sizeof(ERROR_TEXT) - 1, /* the record's data: the option */
		0,
		OPTION_EXTENDED_ERROR,
		0,
		2 + sizeof(ERROR_TEXT) - 1,
		0,
		ERROR_BLOCKED,
	};
	uint8_t *p = writer_take(w, sizeof(opt) + sizeof(ERROR_TEXT) - 1);

	if (!p)
		return -ENOBUFS;
	memcpy(p, opt, sizeof(opt));
	memcpy(p + sizeof(opt), ERROR_TEXT, sizeof(ERROR_TEXT) - 1);
	return 0;
}

int dns_block_emit(struct writer *w, const uint8_t *query, const struct dns_question *question)
{
	struct writer attempt = *w;
	uint8_t *p = writer_take(&attempt, question->end);
	uint16_t flags = (uint16_t)(FLAG_RESPONSE | question->opcode << 11 |
				    (get16(query + 2) & FLAG_RECURSION_DESIRED) |
				    FLAG_RECURSION_AVAILABLE | RCODE_NXDOMAIN);

	if (!p)
		return -ENOBUFS;
	memcpy(p, query, question->end); /* the question as it was written */
	p[2] = (uint8_t)(flags >> 8);
	p[3] = (uint8_t)flags;
	memset(p + 6, 0, 6);
	p[11] = question->edns;
	if (question->edns && emit_why(&attempt))
		return -ENOBUFS;
	*w = attempt;
	return 0;
}
