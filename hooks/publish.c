/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the two ranges fit, and whether a port can be had, pasta itself finds out and explains.
 */
#include "hooks/publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Return: 0 and *@cursor behind the number; or -EINVAL */
static int parse_port(const char **cursor, uint16_t *ret)
{
	uint32_t port = 0;
	const char *c = *cursor;

	for (; *c >= '0' && *c <= '9'; c++) {
		port = port * 10 + (uint32_t)(*c - '0');
		if (port > UINT16_MAX)
			return -EINVAL;
	}
	if (c == *cursor || !port)
		return -EINVAL;
	*cursor = c;
	*ret = (uint16_t)port;
	return 0;
}

int publish_parse_range(const char *text, struct port_range *ret)
{
	struct port_range range;

	if (parse_port(&text, &range.first))
		return -EINVAL;
	range.last = range.first;
	if (*text == '-') {
		text++;
		if (parse_port(&text, &range.last))
			return -EINVAL;
	}
	if (*text || range.last < range.first)
		return -EINVAL;
	*ret = range;
	return 0;
}

int publish_parse_address(const char *text, struct in6_addr *ret)
{
	char plain[INET6_ADDRSTRLEN];
	size_t len = strlen(text);
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
	struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (brackets) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(plain))
		return -EINVAL;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (!brackets && inet_pton(AF_INET, plain, &mapped.s6_addr[12]) == 1)
		*ret = mapped;
	else if (inet_pton(AF_INET6, plain, ret) != 1)
		return -EINVAL;
	return 0;
}

/* cut_protocol() - cut "/tcp" or "/udp" off. Return: whether it's UDP */
static bool cut_protocol(char *spec)
{
	size_t len = strlen(spec);
	bool udp = len > 4 && !strcmp(spec + len - 4, "/udp");

	if (udp || (len > 4 && !strcmp(spec + len - 4, "/tcp")))
		spec[len - 4] = '\0';
	return udp;
}

/* Takes its @spec apart */
static int parse_parts(char *spec, struct publish *ret)
{
	char *slash = strchr(spec, '/'), *colon;
	struct port_range to;

	ret->any_address = !slash;
	if (slash) {
		*slash = '\0';
		if (publish_parse_address(spec, &ret->address))
			return -EINVAL;
		spec = slash + 1;
	}
	colon = strchr(spec, ':');
	if (colon) {
		*colon = '\0';
		if (publish_parse_range(colon + 1, &to))
			return -EINVAL;
	}
	return publish_parse_range(spec, &ret->ports);
}

int publish_parse(const char *text, struct publish *ret, struct hook_err *err)
{
	struct publish publish = { 0 };
	char parts[PUBLISH_SPEC_MAX];

	if (strlen(text) < sizeof(publish.spec)) {
		snprintf(publish.spec, sizeof(publish.spec), "%s", text);
		publish.udp = cut_protocol(publish.spec);
		memcpy(parts, publish.spec, sizeof(parts));
		if (!parse_parts(parts, &publish)) {
			*ret = publish;
			return 0;
		}
	}
	return hook_err_set(err, -EINVAL, "cannot publish '%.128s': it is not [ADDRESS/]PORT[-PORT]"
			    "[:PORT[-PORT]][/tcp|/udp]", text);
}
