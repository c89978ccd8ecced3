/* SPDX-License-Identifier: Apache-2.0
 *
 * Line by line, and each must be as RFC 9112 has it for a sender; what it lets a tolerant recipient
 * do besides (2.2, 3, 5.2) is where two of them understand different things.
 */
#include "common/wire/http_host.h"

#include <stdbool.h>
#include <strings.h>

#include "common/base/util.h"
#include "common/wire/cursor.h"

#define HTTP2_PREFACE_LINE "PRI * HTTP/2.0" /* RFC 9113, 3.4 */
#define HTTP1_VERSION " HTTP/1." /* and one digit */

struct text {
	const char *data;
	size_t len;
};

enum line {
	LINE_COMPLETE,
	LINE_MORE,
	LINE_BROKEN,
};

struct request {
	bool has_target_name, has_host;
	struct text target_name, host; /* without ports; host: "" if the field is empty */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110, 5.6.2 */
static bool is_token_char(char c)
{
	return is_digit(c) || is_letter(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_len(struct text text)
{
	size_t n = 0;

	while (n < text.len && is_token_char(text.data[n]))
		n++;
	return n;
}

static struct text text_from(struct text text, size_t at)
{
	return (struct text){ text.data + at, text.len - at };
}

static bool text_is(struct text text, const char *word)
{
	return text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

/* Whether @word is somewhere in it, in large letters or small ones */
static bool text_has(struct text text, const char *word)
{
	for (size_t len = strlen(word); text.len >= len; text = text_from(text, 1))
		if (!strncasecmp(text.data, word, len))
			return true;
	return false;
}

/* The next line, without its CR and LF; a bare one of these, or another control character, has
 * meanings of its own for some
 * @ascii:	nothing else
 */
static enum line take_line(struct reader *r, bool ascii, struct text *ret_line)
{
	const char *data = (const char *)r->data;

	for (size_t i = 0; i < r->left; i++) {
		unsigned char c = r->data[i];

		if (c == '\r') {
			if (i + 1 == r->left)
				break;
			if (data[i + 1] != '\n')
				return LINE_BROKEN;
			reader_take(r, i + 2);
			*ret_line = (struct text){ data, i };
			return LINE_COMPLETE;
		}
		if (c == 0x7f || (c < 0x20 && (ascii || c != '\t')) || (ascii && c >= 0x80))
			return LINE_BROKEN;
	}
	return LINE_MORE;
}

/* What a request line may have before it, though it shouldn't (RFC 9112, 2.2) */
static enum line skip_empty_lines(struct reader *r)
{
	while (r->left && (r->data[0] == '\r' || r->data[0] == '\n')) {
		struct text line;
		enum line found = take_line(r, true, &line);

		if (found != LINE_COMPLETE)
			return found;
	}
	return r->left ? LINE_COMPLETE : LINE_MORE;
}

/* By what comes before the first blank, as far as it's there. Blanks of other kinds are blanks for
 * some. Return: FIRST_BYTES_NAME for "go on"
 */
static enum first_bytes judge_method(const struct reader *r)
{
	const struct text text = { (const char *)r->data, r->left };
	size_t n = token_len(text);

	if (n == text.len)
		return FIRST_BYTES_MORE;
	if (text.data[n] == ' ' && n)
		return FIRST_BYTES_NAME;
	if (text.data[n] == ' ' || text.data[n] == '\t' || text.data[n] == '\v' ||
	    text.data[n] == '\f')
		return FIRST_BYTES_BROKEN;
	if (!n || text.data[n] != '\r')
		return FIRST_BYTES_OTHER;
	if (n + 1 == text.len)
		return FIRST_BYTES_MORE;
	return text.data[n + 1] == '\n' ? FIRST_BYTES_OTHER : FIRST_BYTES_BROKEN;
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Git's own protocol (gitprotocol-pack(5)) begins with a length and a command that look like a
 * method, and has a NUL behind its path: a method that no server knows, in a line that none should
 * take. Return: FIRST_BYTES_NAME for "it isn't that"
 */
static enum first_bytes judge_git(const struct reader *r)
{
	const char *data = (const char *)r->data;

	for (size_t i = 0; i < 4; i++)
		if (i >= r->left || !is_hex(data[i]))
			return FIRST_BYTES_NAME;
	if (r->left < 8 || memcmp(data + 4, "git-", 4))
		return FIRST_BYTES_NAME;
	for (size_t i = 8; i < r->left; i++)
		if (r->data[i] < 0x20)
			return data[i] ? FIRST_BYTES_NAME : FIRST_BYTES_OTHER;
	return FIRST_BYTES_MORE;
}

/* A host and perhaps a port (RFC 9110, 7.2); with user and password it is none
 * @port:	must be there
 *
 * Return: whether it's well-formed, but for the name itself
 */
static bool split_port(struct text authority, bool port, struct text *ret_name)
{
	const char *colon = memchr(authority.data, ':', authority.len);
	size_t n = colon ? (size_t)(colon - authority.data) : authority.len;

	if (port && n + 1 >= authority.len)
		return false;
	for (size_t i = n + 1; i < authority.len; i++)
		if (!is_digit(authority.data[i]))
			return false;
	*ret_name = (struct text){ authority.data, n };
	return true;
}

/* scheme "://" authority, up to the path (RFC 3986, 3) */
static bool take_absolute(struct text target, struct request *request)
{
	size_t scheme = 0, end = 0;

	while (scheme < target.len &&
	       (is_letter(target.data[scheme]) ||
		(scheme && (is_digit(target.data[scheme]) || strchr("+-.", target.data[scheme])))))
		scheme++;
	if (!scheme || target.len - scheme < 3 || memcmp(target.data + scheme, "://", 3))
		return false;
	target = text_from(target, scheme + 3);
	while (end < target.len && !strchr("/?#", target.data[end]))
		end++;
	request->has_target_name = true;
	return split_port((struct text){ target.data, end }, false, &request->target_name);
}

/* RFC 9112, 3.2: origin form, asterisk, absolute form, or an authority for CONNECT alone */
static bool take_target(struct text method, struct text target, struct request *request)
{
	if (text_is(method, "CONNECT")) {
		request->has_target_name = true;
		return split_port(target, true, &request->target_name);
	}
	if (target.data[0] == '/' || text_is(target, "*"))
		return true;
	return take_absolute(target, request);
}

/* Return: FIRST_BYTES_NAME for "go on" */
static enum first_bytes take_request_line(struct text line, struct request *request)
{
	const size_t version = strlen(HTTP1_VERSION) + 1;
	struct text method = { line.data, token_len(line) };
	struct text target = text_from(line, method.len + 1);

	if (text_is(line, HTTP2_PREFACE_LINE))
		return FIRST_BYTES_HTTP2;
	/* Some serve lines without a version, of before HTTP/1.0, and those with a name in them */
	if (!text_has(line, "HTTP/") && !text_has(line, "://"))
		return FIRST_BYTES_OTHER;
	if (target.len <= version ||
	    memcmp(target.data + target.len - version, HTTP1_VERSION, version - 1) ||
	    !is_digit(target.data[target.len - 1]))
		return FIRST_BYTES_BROKEN;
	target.len -= version;
	if (memchr(target.data, ' ', target.len) || !take_target(method, target, request))
		return FIRST_BYTES_BROKEN;
	return FIRST_BYTES_NAME;
}

static struct text trim(struct text text)
{
	while (text.len && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = text_from(text, 1);
	while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* Field lines begin with a name, and a colon right after it: no continuation of the one before */
static bool take_field(struct text line, struct request *request)
{
	size_t n = token_len(line);

	if (!n || n == line.len || line.data[n] != ':')
		return false;
	if (n != strlen("Host") || strncasecmp(line.data, "Host", n))
		return true;
	if (request->has_host)
		return false;
	request->has_host = true;
	return split_port(trim(text_from(line, n + 1)), false, &request->host);
}

/* When all of it is there. A target's name wins by RFC 9112, 3.2.2, but not for all */
static enum first_bytes judge(const struct request *request, char ret_name[NAME_TEXT_MAX + 1])
{
	char target[NAME_TEXT_MAX + 1], host[NAME_TEXT_MAX + 1];
	bool has_host = request->has_host && request->host.len;

	if (request->has_target_name &&
	    name_canonical(request->target_name.data, request->target_name.len, target))
		return FIRST_BYTES_BROKEN;
	if (has_host && name_canonical(request->host.data, request->host.len, host))
		return FIRST_BYTES_BROKEN;
	if (request->has_target_name && request->has_host && (!has_host || strcmp(target, host)))
		return FIRST_BYTES_BROKEN;
	if (!request->has_target_name && !has_host)
		return FIRST_BYTES_NO_NAME;
	strcpy(ret_name, has_host ? host : target);
	return FIRST_BYTES_NAME;
}

/* Return: FIRST_BYTES_NAME with all of @ret_request, or what it comes to without */
static enum first_bytes take_request(struct reader *r, struct request *ret_request)
{
	static const enum first_bytes of_line[] = {
		[LINE_MORE] = FIRST_BYTES_MORE,
		[LINE_BROKEN] = FIRST_BYTES_BROKEN,
	};
	enum line found = skip_empty_lines(r);
	enum first_bytes outcome;
	struct text line;

	if (found != LINE_COMPLETE)
		return of_line[found];
	outcome = judge_method(r);
	if (outcome == FIRST_BYTES_NAME)
		outcome = judge_git(r);
	if (outcome != FIRST_BYTES_NAME)
		return outcome;
	found = take_line(r, true, &line);
	if (found != LINE_COMPLETE)
		return of_line[found];
	outcome = take_request_line(line, ret_request);
	if (outcome != FIRST_BYTES_NAME)
		return outcome;
	while ((found = take_line(r, false, &line)) == LINE_COMPLETE && line.len)
		if (!take_field(line, ret_request))
			return FIRST_BYTES_BROKEN;
	return found == LINE_COMPLETE ? FIRST_BYTES_NAME : of_line[found];
}

enum first_bytes http_host_name(const uint8_t *data, size_t len, char ret_name[NAME_TEXT_MAX + 1])
{
	struct reader r = { data, MIN(len, (size_t)FIRST_BYTES_MAX) };
	struct request request = { .has_host = false };
	enum first_bytes outcome = take_request(&r, &request);

	if (outcome == FIRST_BYTES_MORE && len >= FIRST_BYTES_MAX)
		return FIRST_BYTES_BROKEN;
	return outcome == FIRST_BYTES_NAME ? judge(&request, ret_name) : outcome;
}
