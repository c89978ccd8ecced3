/* SPDX-License-Identifier: Apache-2.0
 *
 * ctype.h is avoided on purpose: what an option means must not depend on the locale.
 */
#include "common/base/values.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"

#define DIGITS "0123456789"
#define ALT_NAME_BYTES 128 /* ALTIFNAMSIZ of <linux/if.h>, which <net/if.h> excludes */
#define HEX_DIGITS DIGITS "abcdefABCDEF"

bool value_literal(const char **cursor, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*cursor, text, len))
		return false;
	*cursor += len;
	return true;
}

void value_blanks(const char **cursor)
{
	*cursor += strspn(*cursor, " \t");
}

int value_number(const char **cursor, uint32_t max, uint32_t *ret_number)
{
	size_t len = strspn(*cursor, DIGITS);
	uint64_t number = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		number = number * 10 + (uint64_t)((*cursor)[i] - '0');
		if (number > max)
			return -ERANGE;
	}
	*cursor += len;
	*ret_number = (uint32_t)number;
	return 0;
}

int value_addr(const char **cursor, struct in6_addr *ret_addr)
{
	size_t len = strspn(*cursor, HEX_DIGITS ":.");
	char text[ADDR_TEXT_MAX];

	if (!len || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, *cursor, len);
	text[len] = '\0';
	if (addr_parse(text, ret_addr))
		return -EINVAL;
	*cursor += len;
	return 0;
}

int value_addr_prefix(const char **cursor, struct in6_addr *ret_addr, unsigned int *ret_len)
{
	const char *c = *cursor;
	struct in6_addr addr;
	uint32_t len = 0;

	if (value_addr(&c, &addr))
		return -EINVAL;
	if (value_literal(&c, "/")) {
		int rc = value_number(&c, addr_is_ipv4(&addr) ? 32 : 128, &len);

		if (rc)
			return rc;
		if (!len)
			return -ERANGE;
	}
	*cursor = c;
	*ret_addr = addr;
	*ret_len = len;
	return 0;
}

/* Ones first, then zeroes: the complement is one less than a power of two */
static int netmask_len(uint32_t mask, unsigned int *ret_len)
{
	uint32_t host = ~mask;

	if (!mask || (host & (host + 1)))
		return -EINVAL;
	*ret_len = 32 - (unsigned int)__builtin_popcount(host);
	return 0;
}

int value_netmask(const char **cursor, unsigned int *ret_len)
{
	const char *c = *cursor;
	struct in6_addr mask;
	uint32_t bits;
	int rc;

	if (!value_addr(&c, &mask)) {
		if (!addr_is_ipv4(&mask))
			return -EINVAL;
		rc = netmask_len(ntohl(addr_be32(&mask)), ret_len);
	} else {
		rc = value_number(&c, 32, &bits);
		if (!rc && !bits)
			rc = -ERANGE;
		if (!rc)
			*ret_len = bits;
	}
	if (!rc)
		*cursor = c;
	return rc;
}

static uint8_t hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	return (uint8_t)((c | 0x20) - 'a' + 10);
}

int value_mac(const char **cursor, uint8_t ret_mac[ETH_ALEN])
{
	const char *c = *cursor;
	uint8_t mac[ETH_ALEN] = { 0 };

	for (int i = 0; i < ETH_ALEN; i++) {
		if (i && *c++ != ':')
			return -EINVAL;
		if (strspn(c, HEX_DIGITS) != 2)
			return -EINVAL;
		mac[i] = (uint8_t)(hex_value(c[0]) << 4 | hex_value(c[1]));
		c += 2;
	}
	memcpy(ret_mac, mac, ETH_ALEN);
	*cursor = c;
	return 0;
}

/* Control characters would do in a name, but not in a message that quotes it */
static bool is_ifname_char(char c)
{
	return (unsigned char)c > ' ' && !strchr("/:%\x7f", c);
}

int value_ifname(const char **cursor, char ret_name[IFNAMSIZ])
{
	size_t len = 0;

	while (is_ifname_char((*cursor)[len]))
		len++;
	if (!len || (len <= 2 && !strncmp(*cursor, "..", len)))
		return -EINVAL;
	if (len >= IFNAMSIZ)
		return -ENAMETOOLONG;
	memset(ret_name, 0, IFNAMSIZ);
	memcpy(ret_name, *cursor, len);
	*cursor += len;
	return 0;
}

bool value_is_any_ifname(const char *text)
{
	size_t len = 0;

	while (is_ifname_char(text[len]))
		len++;
	return len && !text[len] && len < ALT_NAME_BYTES && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

int value_word(const char **cursor, const char *const *words, size_t count, size_t *ret_index)
{
	size_t len = strspn(*cursor, DIGITS "abcdefghijklmnopqrstuvwxyz-");

	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == len && !strncmp(*cursor, words[i], len)) {
			*cursor += len;
			*ret_index = i;
			return 0;
		}
	}
	return -EINVAL;
}
