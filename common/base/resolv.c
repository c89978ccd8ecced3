/* SPDX-License-Identifier: Apache-2.0
 *
 * One line after the other: a keyword at its very beginning, blanks, values. A comment starts with
 * '#' or ';', also behind an address. ctype.h is avoided: a file means the same in every locale.
 */
#include "common/base/resolv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/util.h"

#define DIGITS "0123456789"

struct text {
	const char *data;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static bool is_comment(char c)
{
	return c == '#' || c == ';';
}

/* Takes the next line, without its end, off @rest. Return: false if there is none */
static bool next_line(struct text *rest, struct text *ret_line)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*ret_line = (struct text){ rest->data, end ? (size_t)(end - rest->data) : rest->len };
	rest->data += ret_line->len + !!end;
	rest->len -= ret_line->len + !!end;
	return true;
}

/* Takes the next word off @line. Return: false if there is none, or a comment begins */
static bool next_word(struct text *line, struct text *ret_word)
{
	size_t at = 0, end;

	while (at < line->len && is_blank(line->data[at]))
		at++;
	if (at == line->len || is_comment(line->data[at]))
		return false;
	for (end = at; end < line->len && !is_blank(line->data[end]); end++)
		if (is_comment(line->data[end]))
			break;
	*ret_word = (struct text){ line->data + at, end - at };
	line->data += end;
	line->len -= end;
	return true;
}

/* A keyword ends with a blank: whether @line has it. It is taken off then */
static bool has_keyword(struct text *line, const char *keyword)
{
	size_t len = strlen(keyword);

	if (line->len <= len || memcmp(line->data, keyword, len) || !is_blank(line->data[len]))
		return false;
	line->data += len;
	line->len -= len;
	return true;
}

/* What stands behind the '%' of a link-local address */
static int parse_scope(const char *text, struct resolv_server *server)
{
	size_t len = strlen(text);
	uint64_t number = 0;

	if (!len)
		return -EINVAL;
	if (strspn(text, DIGITS) != len) {
		if (len >= IFNAMSIZ || strcspn(text, "/:% \t\n\v\f\r") != len)
			return -EINVAL;
		memcpy(server->ifname, text, len);
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		number = number * 10 + (uint64_t)(text[i] - '0');
		if (number > INT32_MAX)
			return -EINVAL;
	}
	server->scope_id = (uint32_t)number;
	return 0;
}

int resolv_server_parse(const char *text, struct resolv_server *ret_server)
{
	const char *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);
	struct resolv_server server;
	char addr[ADDR_TEXT_MAX];

	memset(&server, 0, sizeof(server));
	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (addr_parse(addr, &server.addr) || addr_is_multicast(&server.addr))
		return -EINVAL;
	if (percent && !addr_is_scoped(&server.addr))
		return -EINVAL;
	if (percent && parse_scope(percent + 1, &server))
		return -EINVAL;
	if (addr_is_unspecified(&server.addr))
		server.addr = addr_loopback(addr_family(&server.addr));
	*ret_server = server;
	return 0;
}

const char *resolv_server_format(const struct resolv_server *server, char *buf)
{
	size_t len;

	addr_format(&server->addr, buf);
	len = strlen(buf);
	if (server->ifname[0])
		snprintf(buf + len, RESOLV_SERVER_TEXT_MAX - len, "%%%s", server->ifname);
	else if (server->scope_id)
		snprintf(buf + len, RESOLV_SERVER_TEXT_MAX - len, "%%%u", server->scope_id);
	return buf;
}

bool resolv_server_equal(const struct resolv_server *a, const struct resolv_server *b)
{
	return addr_equal(&a->addr, &b->addr) && a->scope_id == b->scope_id &&
	       !strncmp(a->ifname, b->ifname, IFNAMSIZ);
}

static void add_server(struct text line, struct resolv *resolv)
{
	char text[RESOLV_SERVER_TEXT_MAX];
	struct resolv_server server;
	struct text word;

	if (resolv->server_count == RESOLV_SERVERS_MAX || !next_word(&line, &word) ||
	    word.len >= sizeof(text))
		return;
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	if (resolv_server_parse(text, &server))
		return;
	for (uint32_t i = 0; i < resolv->server_count; i++)
		if (resolv_server_equal(&resolv->servers[i], &server))
			return;
	resolv->servers[resolv->server_count++] = server;
}

/* Printable ASCII in labels of 1 to 63 bytes, none empty */
static bool is_domain(const char *domain, size_t len)
{
	size_t label = 0;

	for (size_t i = 0; i < len; i++) {
		if (domain[i] <= ' ' || domain[i] > '~')
			return false;
		if (domain[i] != '.') {
			if (++label > 63)
				return false;
			continue;
		}
		if (!label)
			return false;
		label = 0;
	}
	return label;
}

int resolv_search_add(char search[RESOLV_SEARCH_MAX], const char *domain, size_t len)
{
	size_t used = strnlen(search, RESOLV_SEARCH_MAX - 1);
	size_t space = used ? 1 : 0;

	if (len > 1 && domain[len - 1] == '.')
		len--;
	if (len > RESOLV_DOMAIN_MAX || !is_domain(domain, len))
		return -EINVAL;
	if (used + space + len >= RESOLV_SEARCH_MAX)
		return -ENOSPC;
	if (space)
		search[used++] = ' ';
	memcpy(search + used, domain, len);
	search[used + len] = '\0';
	return 0;
}

/* "domain" is a list of one; of all such lines the last one counts */
static void set_search(struct text line, bool single, struct resolv *resolv)
{
	struct text word;

	memset(resolv->search, 0, sizeof(resolv->search));
	while (next_word(&line, &word)) {
		resolv_search_add(resolv->search, word.data, word.len);
		if (single)
			break;
	}
}

void resolv_parse(const char *text, size_t len, struct resolv *ret_resolv)
{
	struct text rest = { text, MIN(len, (size_t)RESOLV_FILE_MAX) }, line;

	memset(ret_resolv, 0, sizeof(*ret_resolv));
	while (rest.len < len && rest.len && rest.data[rest.len - 1] != '\n')
		rest.len--; /* the last line is not whole: leave it out */
	while (next_line(&rest, &line)) {
		if (has_keyword(&line, "nameserver"))
			add_server(line, ret_resolv);
		else if (has_keyword(&line, "search"))
			set_search(line, false, ret_resolv);
		else if (has_keyword(&line, "domain"))
			set_search(line, true, ret_resolv);
	}
}

static int line_add(const char *text, size_t len, char *buf, size_t size, size_t *used)
{
	if (*used + len + sizeof("\n") > size)
		return -ENOSPC;
	memcpy(buf + *used, text, len);
	*used += len;
	buf[(*used)++] = '\n';
	buf[*used] = '\0';
	return 0;
}

int resolv_rewrite(const char *text, size_t len, const struct in6_addr *addrs, uint32_t count,
		   char *buf, size_t size)
{
	char server[sizeof("nameserver ") + ADDR_TEXT_MAX], addr[ADDR_TEXT_MAX];
	struct text rest = { text, len }, line;
	size_t used = 0;
	int rc = 0;

	for (uint32_t i = 0; i < count && !rc; i++) {
		int n = snprintf(server, sizeof(server), "nameserver %s",
				 addr_format(&addrs[i], addr));

		rc = line_add(server, (size_t)n, buf, size, &used);
	}
	while (!rc && next_line(&rest, &line)) {
		const struct text whole = line;

		if (!has_keyword(&line, "nameserver"))
			rc = line_add(whole.data, whole.len, buf, size, &used);
	}
	return rc;
}
