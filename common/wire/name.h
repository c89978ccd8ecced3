/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain names in the form that DNS has on the wire (RFC 1035, 3.1), which DHCP, DHCPv6 and router
 * advertisements use too. Never compressed: not every reader of theirs may expect that. Pure.
 */
#ifndef COMMON_WIRE_NAME_H
#define COMMON_WIRE_NAME_H

#include <stddef.h>

#include "common/wire/cursor.h"

/* Text of a name, without a dot at the end or a terminator */
#define NAME_TEXT_MAX 253

/* name_lower() - a letter of ASCII in lower case, anything else as it is: RFC 4343 */
static inline char name_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* name_emit() - a name of @len bytes of text, labels with one dot between them
 *
 * Return: 0; -EINVAL if it is no name; -ENOBUFS. Nothing is consumed unless 0
 */
int name_emit(struct writer *w, const char *text, size_t len);

/* name_canonical() - a host's name as a client says it to a server, so that equal ones are equal:
 * in small letters, without the dot that may be at the end
 * @len:	of @text; letters, digits, '-' and '_', in labels that have one dot between them
 * @ret_name:	with a terminator
 *
 * Return: 0, or -EINVAL if it is no name
 */
int name_canonical(const char *text, size_t len, char ret_name[NAME_TEXT_MAX + 1]);

/* name_list_emit() - the names of @list, which have one space between them; the last ones are left
 * out if there is no room for them
 */
void name_list_emit(struct writer *w, const char *list);

#endif
